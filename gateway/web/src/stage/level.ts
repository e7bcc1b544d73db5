// How loud the microphone is, for the meter and for "you are talking but muted".
import { signal } from '@preact/signals';

const EVERY_MS = 80;
/** Above this it is somebody speaking, not the room: RMS of full scale 1. */
const SPEECH = 0.02;

export class Level {
  /** 0 to 1, on the scale of ears. */
  readonly value = signal(0);
  /** Somebody speaks, or did a moment ago. */
  readonly speaking = signal(false);
  /** The same for words, which must not flicker between two sentences of somebody's. */
  readonly talking = signal(false);
  private context: AudioContext | undefined;
  private source: MediaStreamAudioSourceNode | undefined;
  private listened: MediaStreamTrack | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private heardAt = -Infinity;

  /** Listens to this track instead, or to none. */
  of(track: MediaStreamTrack | undefined): void {
    this.stop();
    if (!track || typeof AudioContext === 'undefined') return;
    // A clone: it still hears when the track that we send is muted.
    this.listened = track.clone();
    this.listened.enabled = true;
    this.context ??= new AudioContext();
    this.source = this.context.createMediaStreamSource(new MediaStream([this.listened]));
    const analyser = new AnalyserNode(this.context, { fftSize: 1024 });
    this.source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => {
      if (this.context?.state === 'suspended') void this.context.resume();
      analyser.getFloatTimeDomainData(samples);
      this.heard(Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length));
    }, EVERY_MS);
  }

  private heard(rms: number): void {
    this.value.value = loudness(rms);
    const now = performance.now();
    if (rms > SPEECH) this.heardAt = now;
    this.speaking.value = now - this.heardAt < 600;
    this.talking.value = now - this.heardAt < 4_000;
  }

  private stop(): void {
    clearInterval(this.timer);
    this.source?.disconnect();
    this.listened?.stop();
    this.value.value = 0;
    this.speaking.value = this.talking.value = false;
  }
}

/** RMS of full scale 1 on a scale of 0 to 1: −60 dB and below is 0, −6 dB is 1. */
export const loudness = (rms: number): number => Math.min(1, Math.max(0, (20 * Math.log10(rms + 1e-9) + 60) / 54));
