// Publishes a file with FFmpeg 8.1's own WHIP muxer, at the file's pace:
//   node whip-ffmpeg.mjs FILE URL KEY
// H.264 and Opus are sent as they are. It ends with the file, or on SIGINT, by
// DELETE as the muxer does it.

// node-av wants Node 22; this is the one thing that Node 20 lacks.
Promise.withResolvers ??= () => {
  let resolve, reject;
  const promise = new Promise((a, b) => ([resolve, reject] = [a, b]));
  return { promise, resolve, reject };
};
const { Dictionary, FFmpegError, FormatContext, Packet } = await import('node-av/lib');
const check = (code, what) => FFmpegError.throwIfError(code, what);

const [file, url, key] = process.argv.slice(2);
let going = true;
process.on('SIGINT', () => (going = false));

const input = new FormatContext();
check(await input.openInput(file), 'open the file');
check(await input.findStreamInfo(), 'read the file');
const output = new FormatContext();
check(output.allocOutputContext2(null, 'whip', url), 'find the WHIP muxer');
for (const stream of input.streams) {
  const copy = output.newStream();
  check(stream.codecpar.copy(copy.codecpar), 'copy the parameters');
  copy.codecpar.codecTag = 0;
}
check(await output.writeHeader(Dictionary.fromObject({ authorization: key })), 'publish');
console.log('publishing');

const packet = new Packet();
packet.alloc();
const began = performance.now();
while (going && (await input.readFrame(packet)) >= 0) {
  const from = input.streams[packet.streamIndex].timeBase;
  const to = output.streams[packet.streamIndex].timeBase;
  const due = (Number(packet.dts) * from.num * 1000) / from.den - (performance.now() - began);
  if (due > 0) await new Promise((resolve) => setTimeout(resolve, due));
  packet.rescaleTs(from, to);
  check(await output.interleavedWriteFrame(packet), 'send');
}
await output.writeTrailer();
console.log('done');
process.exit(0);
