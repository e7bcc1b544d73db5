// Icons, drawn on a 24 by 24 grid with a 2 px line. Never emoji: machines without
// an emoji font show nothing.
import type { ComponentChildren } from 'preact';

export const Icon = ({ children }: { children: ComponentChildren }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{children}</svg>
);

export const SoundOff = () => (
  <Icon><path d="M4 9v6h4l5 4V5L8 9H4Z" /><path d="m17 9.5 5 5m0-5-5 5" /></Icon>
);
export const Play = () => <Icon><path d="M7 4.5v15l12-7.5-12-7.5Z" /></Icon>;
export const Bolt = () => <Icon><path d="M13 2.5 5 13.5h6l-1 8 8-11h-6l1-8Z" /></Icon>;
export const Chevron = () => <Icon><path d="m6 9 6 6 6-6" /></Icon>;
export const Keyboard = () => (
  <Icon>
    <rect x="2.5" y="6" width="19" height="12" rx="2.5" />
    <path d="M6.5 10h.01M10 10h.01M14 10h.01M17.5 10h.01M8 14h8" />
  </Icon>
);
export const Tick = () => <Icon><path d="m5 12.5 4.5 4.5L19 7.5" /></Icon>;
