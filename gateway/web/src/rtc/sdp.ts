// What we want of codecs, as session descriptions say it.

/**
 * Speech as it should be: with in-band error correction, and never silent. A
 * sender that stops in pauses (DTX) would look like one that is gone. What a
 * browser sends follows the answer, so it is written there.
 */
export function speech(answer: string): string {
  const opus = /a=rtpmap:(\d+) opus\/48000\/2/i.exec(answer)?.[1];
  if (opus === undefined) return answer;
  const line = new RegExp(`a=fmtp:${opus} ([^\r\n]*)`);
  const kept = (line.exec(answer)?.[1] ?? '').split(';').filter((p) => p !== '' && !/^(useinbandfec|usedtx)=/.test(p.trim()));
  const wanted = `a=fmtp:${opus} ${[...kept, 'useinbandfec=1', 'usedtx=0'].join(';')}`;
  if (line.test(answer)) return answer.replace(line, wanted);
  return answer.replace(new RegExp(`(a=rtpmap:${opus} [^\r\n]*\r?\n)`), `$1${wanted}\r\n`);
}

/** Whether pictures of ours can be decoded; Firefox cannot until it has fetched the means. */
export const seesH264 = (codecs: RTCRtpCodec[]): boolean => codecs.some((c) => h264First(c) < 2);

/** H.264 constrained baseline before other H.264, other codecs as the browser has them. */
export function h264First(codec: RTCRtpCodec): number {
  if (!/\/h264$/i.test(codec.mimeType)) return /\/(rtx|red|ulpfec|flexfec-03)$/i.test(codec.mimeType) ? 4 : 3;
  const line = codec.sdpFmtpLine ?? '';
  if (!line.includes('packetization-mode=1')) return 2;
  return /profile-level-id=42[ec]0/i.test(line) ? 0 : 1;
}
