/** Seconds: further behind than this, a viewer is not live any more. */
export const LIVE_WITHIN_S = 3;
