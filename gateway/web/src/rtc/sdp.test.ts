import assert from 'node:assert/strict';
import { test } from 'node:test';
import { h264First, seesH264, speech } from './sdp';

test('an answer asks for error correction and against silence', () => {
  const sdp = (fmtp: string) => `m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n${fmtp}a=rtpmap:9 G722/8000\r\n`;
  assert.equal(speech(sdp('a=fmtp:111 minptime=10;useinbandfec=0;usedtx=1\r\n')), sdp('a=fmtp:111 minptime=10;useinbandfec=1;usedtx=0\r\n'));
  assert.equal(speech(sdp('')), sdp('a=fmtp:111 useinbandfec=1;usedtx=0\r\n'));
  assert.equal(speech('m=video 9 UDP/TLS/RTP/SAVPF 96\r\n'), 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\n');
});

test('constrained baseline comes first, helpers last', () => {
  const codecs = [
    { mimeType: 'video/VP8' },
    { mimeType: 'video/rtx' },
    { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f' },
    { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f' },
    { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f' },
  ].map((c) => ({ clockRate: 90000, ...c }));
  assert.deepEqual(codecs.map(h264First), [3, 4, 1, 2, 0]);
  assert.ok(seesH264(codecs));
  assert.ok(!seesH264(codecs.filter((c) => h264First(c) > 1)), 'packetization mode 0 is none of ours');
});
