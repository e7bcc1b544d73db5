// How well we send, in three words, from RTCStatsReport.
export type Quality = 'good' | 'weak' | 'bad';

/** What is read of a report. Times are in seconds. */
export interface Report {
  type: string;
  kind?: string;
  fractionLost?: number;
  roundTripTime?: number;
  framesEncoded?: number;
  timestamp?: number;
  qualityLimitationReason?: string;
}

/** Fewer frames than this in a second is no moving picture. */
const FEW_FPS = 10;
/** So many reports in a row make it a fact, and so many make it past. */
const IN_A_ROW = 3;
const PAST = 10;

export class Sending {
  /** The picture had too few frames for a while, for want of a way, and that is not long past. */
  starved = false;
  private frames = 0;
  private at = 0;
  private short = 0;
  private wide = 0;

  read(reports: Iterable<Report>): Quality {
    let lost = 0;
    let trip = 0;
    let limited = 'none';
    let fps: number | undefined;
    for (const r of reports) {
      if (r.type === 'remote-inbound-rtp') {
        lost = Math.max(lost, r.fractionLost ?? 0);
        trip = Math.max(trip, r.roundTripTime ?? 0);
      }
      if (r.type !== 'outbound-rtp' || r.kind !== 'video') continue;
      limited = r.qualityLimitationReason ?? 'none';
      fps = this.rate(r.framesEncoded ?? 0, r.timestamp ?? 0);
    }
    this.short = limited === 'bandwidth' && fps !== undefined && fps < FEW_FPS ? this.short + 1 : 0;
    this.wide = limited === 'none' ? this.wide + 1 : 0;
    if (this.short >= IN_A_ROW) this.starved = true;
    else if (this.wide >= PAST) this.starved = false;
    if (lost > 0.1 || trip > 1 || this.starved) return 'bad';
    if (lost > 0.03 || trip > 0.4 || limited === 'bandwidth') return 'weak';
    return 'good';
  }

  /** Frames in a second since the last report; timestamps are in milliseconds. */
  private rate(frames: number, at: number): number | undefined {
    const [n, ms] = [frames - this.frames, at - this.at];
    const first = this.at === 0;
    [this.frames, this.at] = [frames, at];
    return first || ms <= 0 ? undefined : (n * 1000) / ms;
  }
}
