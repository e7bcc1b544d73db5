// A WHEP viewer with a data channel, as small as one can be. It collects what the
// server says, when pictures were shown and of what size.
(async () => {
  const v = (window.viewer = { said: [], sizes: [], longest: 0, pictures: 0 });
  const pc = (v.pc = new RTCPeerConnection());
  v.channel = pc.createDataChannel("regie");
  v.channel.onmessage = (e) => v.said.push(JSON.parse(e.data));
  const stream = new MediaStream();
  pc.ontrack = (e) => stream.addTrack(e.track);
  for (const kind of ["video", "audio"]) pc.addTransceiver(kind, { direction: "recvonly" });

  const video = Object.assign(document.createElement("video"), { muted: true, autoplay: true, srcObject: stream });
  document.body.append(video);
  let last = 0;
  const shown = (now, meta) => {
    if (last) v.longest = Math.max(v.longest, now - last);
    last = now;
    v.pictures++;
    if (v.sizes.at(-1) !== meta.height) v.sizes.push(meta.height);
    video.requestVideoFrameCallback(shown);
  };
  video.requestVideoFrameCallback(shown);

  await pc.setLocalDescription();
  const answer = await fetch("/live/studio/whep", {
    method: "POST",
    headers: { "Content-Type": "application/sdp" },
    body: pc.localDescription.sdp,
  });
  await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  v.cipher = async () => [...(await pc.getStats()).values()].find((s) => s.type === "transport")?.srtpCipher ?? "";
  return answer.status;
})();
