// Numbers of a stream as its creator reads them.
import { page } from '../app/state';
import { t, type Key } from '../app/i18n';
import type { Advice, Encoders, Health } from './types';

const digits = (n: number, most: number): string => new Intl.NumberFormat(page.lang, { maximumFractionDigits: most }).format(n);

/** The figures of a seat's line, as name and value; what is not known is left out. */
export function figures(h: Health): [Key, string][] {
  const rows: [Key, string | undefined][] = [];
  const { video: v, audio: a } = h;
  if (v) {
    rows.push(
      ['health.codec', [codec(v.codec), v.profile].filter(Boolean).join(' ')],
      ['health.size', v.width ? `${v.width} × ${v.height}` : undefined],
      ['health.fps', v.fps ? digits(v.fps, 2) : undefined],
      ['health.bitrate', v.kbps ? t('health.kbps', { n: v.kbps }) : undefined],
      ['health.keyframes', v.keyframe_seconds ? t('health.seconds', { n: digits(v.keyframe_seconds, 1) }) : undefined],
    );
  }
  if (a) {
    const channels = a.channels === 1 ? t('health.mono') : a.channels === 2 ? t('health.stereo') : undefined;
    rows.push(
      ['health.audio', [codec(a.codec), a.rate && t('health.khz', { n: digits(a.rate / 1000, 1) }), channels, a.kbps && t('health.kbps', { n: a.kbps })].filter(Boolean).join(' · ')],
      ['health.loudness', a.loudness_lufs !== undefined ? t('health.lufs', { n: digits(a.loudness_lufs, 1) }) : undefined],
    );
  }
  rows.push(['health.offset', h.av_offset_ms !== undefined ? t('health.ms', { n: h.av_offset_ms }) : undefined]);
  return rows.filter((r): r is [Key, string] => Boolean(r[1]));
}

const codecs: Record<string, string> = { h264: 'H.264', h265: 'H.265', vp8: 'VP8', vp9: 'VP9', av1: 'AV1', aac: 'AAC', opus: 'Opus', mp3: 'MP3', pcma: 'G.711', pcmu: 'G.711', lpcm: 'PCM' };
const codec = (c: string): string => codecs[c] ?? c;

/** A piece of advice as a sentence; one that is new to this page is not shown. */
export function adviceOf(a: Advice): string | undefined {
  const key = `advice.${a.code}`;
  if (page.messages[key] === undefined) return undefined;
  const values = Object.fromEntries(Object.entries(a.values ?? {}).map(([k, v]) => [k, k === 'w' || k === 'h' || k === 'pw' || k === 'ph' ? String(v) : digits(Math.abs(v), 1)]));
  return t(key as Key, values);
}

const host = (): string => (location.hostname.includes(':') && !location.hostname.startsWith('[') ? `[${location.hostname}]` : location.hostname);

/** An address with its port, unless that is the protocol's own. */
const withPort = (scheme: string, port: string, usual: string): string => `${scheme}://${host()}${port === usual ? '' : `:${port}`}`;

export interface Addresses {
  rtmp?: string;
  rtmps?: string;
  rtsp?: string;
  whip?: string;
}

/** Where encoders send, as this browser reaches the server. */
export function addresses(e: Encoders): Addresses {
  return {
    ...(e.rtmp && { rtmp: `${withPort('rtmp', e.rtmp, '1935')}/live` }),
    ...(e.rtmps && { rtmps: `${withPort('rtmps', e.rtmps, '443')}/live` }),
    ...(e.rtsp && { rtsp: `${withPort('rtsp', e.rtsp, '554')}/live` }),
    ...(e.whip && { whip: `${location.origin}/whip` }),
  };
}

/** Lines for a terminal, which send a test picture with the program's size. */
export function oneLiners(at: Addresses, e: Encoders, key: string): [name: string, line: string][] {
  const gop = e.fps * 2;
  const picture = `-re -f lavfi -i testsrc2=s=${e.width}x${e.height}:r=${e.fps} -f lavfi -i sine=440:r=48000`;
  const code = `-pix_fmt yuv420p -c:v libx264 -preset veryfast -tune zerolatency -b:v ${e.kbps}k -g ${gop} -c:a aac -b:a 160k -ac 2`;
  const lines: [string, string][] = [];
  if (at.rtmp) {
    lines.push(['ffmpeg · RTMP', `ffmpeg ${picture} ${code} -f flv ${at.rtmp}/${key}`]);
    lines.push([
      'GStreamer · RTMP',
      `gst-launch-1.0 videotestsrc is-live=true ! video/x-raw,width=${e.width},height=${e.height},framerate=${e.fps}/1 ! x264enc tune=zerolatency bitrate=${e.kbps} key-int-max=${gop} ! h264parse ! flvmux name=m streamable=true ! rtmp2sink location=${at.rtmp}/${key} audiotestsrc is-live=true wave=ticks ! audio/x-raw,rate=48000,channels=2 ! voaacenc bitrate=160000 ! aacparse ! m.`,
    ]);
  }
  if (at.rtsp) lines.push(['ffmpeg · RTSP', `ffmpeg ${picture} ${code} -f rtsp -rtsp_transport tcp ${at.rtsp}/${key}`]);
  return lines;
}
