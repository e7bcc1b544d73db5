// A stream in the page: pictures are always silent, sounds have elements of
// their own, so that a person is heard whether or not their picture shows.
import { type Signal, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

export function Video({ stream, mirrored, label }: { stream: MediaStream | undefined; mirrored?: boolean; label: string }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (!video || video.srcObject === (stream ?? null)) return;
    video.srcObject = stream ?? null;
    if (stream) void video.play().catch(() => {}); // a silent picture always may
  }, [stream]);
  return <video ref={element} class={mirrored ? 'mirrored' : undefined} muted autoPlay playsInline aria-label={label} />;
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
