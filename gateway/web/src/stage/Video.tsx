// A stream in the page: pictures are always silent, sounds have elements of
// their own, so that a person is heard whether or not their picture shows.
import { type Signal, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

interface VideoProps {
  stream: MediaStream | undefined;
  mirrored?: boolean;
  label: string;
  /** Of the picture's place, width to height: it is filled as the mixer would. Else it is filled whatever is cut off. */
  ratio?: number;
  /** Nothing may be cut off. */
  whole?: boolean;
}

/** The mixer crops a picture as long as half of it stays; see transcode.Fit. */
const crops = (picture: number, place: number): boolean => Math.min(picture / place, place / picture) >= 0.49;

export function Video({ stream, mirrored, label, ratio, whole }: VideoProps) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (!video || video.srcObject === (stream ?? null)) return;
    video.srcObject = stream ?? null;
    if (stream) void video.play().catch(() => {}); // a silent picture always may
  }, [stream]);
  const fit = () => {
    const video = element.current;
    if (!video || ratio === undefined || video.videoHeight === 0) return;
    video.style.objectFit = !whole && crops(video.videoWidth / video.videoHeight, ratio) ? 'cover' : 'contain';
  };
  useEffect(fit, [ratio, whole]);
  return <video ref={element} onResize={fit} class={mirrored ? 'mirrored' : undefined} muted autoPlay playsInline aria-label={label} />;
}

/** The browser wants a click before it lets anything be heard. */
export const soundBlocked = signal(false);
const sounds = new Set<HTMLAudioElement>();

/** To be called by a click. */
export function allowSound(): void {
  soundBlocked.value = false;
  for (const audio of sounds) void play(audio);
}

async function play(audio: HTMLAudioElement): Promise<void> {
  await audio.play().catch((error: unknown) => {
    if ((error as { name?: unknown }).name === 'NotAllowedError') soundBlocked.value = true;
  });
}

function Sound({ stream, speaker }: { stream: MediaStream; speaker: string | undefined }) {
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const audio = element.current!;
    sounds.add(audio);
    audio.srcObject = new MediaStream(stream.getAudioTracks());
    void play(audio);
    return () => {
      sounds.delete(audio);
      audio.srcObject = null;
    };
  }, [stream]);
  useEffect(() => {
    const audio = element.current as (HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> }) | null;
    if (speaker) void audio?.setSinkId?.(speaker).catch(() => {}); // it was unplugged: the default speaks
  }, [speaker]);
  return <audio ref={element} />;
}

/** Everybody who is carried, to be heard. */
export const Sounds = ({ streams, speaker }: { streams: Signal<Map<string, MediaStream>>; speaker: string | undefined }) => (
  <div hidden>
    {[...streams.value].map(([id, stream]) => <Sound key={id} stream={stream} speaker={speaker} />)}
  </div>
);
