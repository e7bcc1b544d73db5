import type { JSX } from 'preact';
import { Icon } from '../components/icons';

const drawn: Record<string, JSX.Element> = {
  heart: <path d="M12 20s-7.500-4.600-7.500-10A4.200 4.200 0 0 1 12 7.300 4.200 4.200 0 0 1 19.500 10c0 5.400-7.500 10-7.500 10Z" />,
  clap: <path d="m9 12-3.300-3.300a1.400 1.400 0 0 1 2-2l4.300 4.300M10 9 7.800 6.800a1.400 1.400 0 0 1 2-2l5 5M14 9l-.6-2.600a1.400 1.400 0 0 1 2.700-.6l1.700 6.700a6 6 0 0 1-1.600 5.700l-.4.4a6 6 0 0 1-8.500 0L4 15.300a1.400 1.400 0 0 1 2-2L7.500 15M19 3l-1 1.500M21.500 6.500 20 7" />,
  laugh: <><circle cx="12" cy="12" r="8.500" /><path d="M7.500 13.500a4.600 4.600 0 0 0 9 0h-9ZM8.500 9.500h.01M15.500 9.500h.01" /></>,
  wow: <><circle cx="12" cy="12" r="8.500" /><circle cx="12" cy="15.500" r="2" /><path d="M8.500 9.500h.01M15.500 9.500h.01" /></>,
  fire: <path d="M12 21a6.500 6.500 0 0 0 6.500-6.500c0-4.500-4-6-4-11-3.500 1-5 4.500-4.500 7.500C8.500 10.500 8 9.500 8 8.500c-1.700 1.500-2.500 3.800-2.500 6A6.500 6.500 0 0 0 12 21Z" />,
};

/** A reaction by its name; a name that this page does not know yet is a heart. */
export const Reaction = ({ kind }: { kind: string }) => <Icon>{drawn[kind] ?? drawn.heart}</Icon>;
export const Up = () => <Icon><path d="M12 19V6m-6 6 6-6 6 6" /></Icon>;
export const Down = () => <Icon><path d="M12 5v13m-6-6 6 6 6-6" /></Icon>;
export const Dots = () => <Icon><path d="M6 12h.01M12 12h.01M18 12h.01" /></Icon>;
export const Cross = () => <Icon><path d="m6 6 12 12M18 6 6 18" /></Icon>;
export const Tag = () => <Icon><path d="M4 4h8l8 8-8 8-8-8V4ZM8.500 8.500h.01" /></Icon>;
