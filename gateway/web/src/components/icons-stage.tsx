// Icons of the stage: devices, people and what is done to them.
import { Icon } from './icons';

export const Mic = () => <Icon><rect x="9" y="3" width="6" height="11" rx="3" /><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" /></Icon>;
export const MicOff = () => (
  <Icon><path d="M9 9v2a3 3 0 0 0 5 2.2M15 10V6a3 3 0 0 0-5.7-1.3M5.5 11.5a6.5 6.5 0 0 0 10.6 5M18.5 11.5c0 .7-.1 1.4-.3 2M12 18v3M4 4l16 16" /></Icon>
);
export const Camera = () => <Icon><rect x="2.5" y="6" width="13" height="12" rx="2.5" /><path d="m15.5 11 6-3.5v9l-6-3.5" /></Icon>;
export const CameraOff = () => (
  <Icon><path d="M10 6h3a2.5 2.5 0 0 1 2.5 2.5V11l6-3.5v9l-2.5-1.5M15.5 15.5A2.5 2.5 0 0 1 13 18H5a2.5 2.5 0 0 1-2.5-2.5v-7A2.5 2.5 0 0 1 5 6M4 4l16 16" /></Icon>
);
export const ScreenShare = () => <Icon><rect x="2.5" y="4" width="19" height="13" rx="2" /><path d="M8 21h8M12 13V8m-2.5 2.5L12 8l2.5 2.5" /></Icon>;
export const Speaker = () => <Icon><path d="M4 9v6h4l5 4V5L8 9H4Z" /><path d="M16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11" /></Icon>;
export const Hand = () => (
  <Icon><path d="M7 12V6.5a1.5 1.5 0 0 1 3 0V11m0-6V4.5a1.5 1.5 0 0 1 3 0V11m0-5a1.5 1.5 0 0 1 3 0v5.5m0-2.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6h-1.5a6 6 0 0 1-4.5-2L4 15.5c-1-1.300.8-2.800 2-1.700L7 15" /></Icon>
);
export const Door = () => <Icon><path d="M10 4H5v16h5M14 8l4 4-4 4M18 12H9" /></Icon>;
export const Star = () => <Icon><path d="m12 3.5 2.600 5.5 6 .8-4.400 4.200 1.100 6L12 17.100 6.700 20l1.100-6L3.400 9.800l6-.8L12 3.5Z" /></Icon>;
export const Letter = () => <Icon><path d="M4 5h16v11H9l-5 4V5Z" /></Icon>;
export const Bin = () => <Icon><path d="M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5" /></Icon>;
export const Back = () => <Icon><path d="M9 6 4 11l5 5M4 11h11a5 5 0 0 1 0 10h-2" /></Icon>;
export const Gear = () => (
  <Icon><circle cx="12" cy="12" r="3" /><path d="M12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3M5.300 5.300l2.100 2.100M16.600 16.600l2.100 2.100M5.300 18.700l2.100-2.100M16.600 7.400l2.100-2.100" /></Icon>
);
export const Link = () => <Icon><path d="M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.700-5.700L12 7M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.700 5.700L12 17" /></Icon>;
