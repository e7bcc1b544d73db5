// The custom elements of media-chrome that the player uses.
import type { HTMLAttributes } from 'preact';

type Control = HTMLAttributes<HTMLElement> & {
  slot?: string;
  notooltip?: boolean;
  tooltipplacement?: 'top' | 'right' | 'bottom' | 'left';
};

declare module 'preact' {
  interface ButtonHTMLAttributes {
    /** In a media-controller: stays when the controls hide. */
    noautohide?: boolean;
  }

  namespace JSX {
    interface IntrinsicElements {
      'media-controller': Control & {
        defaultstreamtype?: 'live' | 'on-demand';
        noautoseektolive?: boolean;
        nohotkeys?: boolean;
        nomutedpref?: boolean;
        autohide?: string;
      };
      'media-control-bar': Control & { noautohide?: boolean };
      'media-play-button': Control;
      'media-mute-button': Control;
      'media-volume-range': Control;
      'media-pip-button': Control;
      'media-fullscreen-button': Control;
    }
  }
}
