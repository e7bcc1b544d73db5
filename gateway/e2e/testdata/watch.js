// Runs in every page before its own code: finds the video element, looks at each
// picture it presents and keeps what a viewer would notice.
(() => {
  const seen = (window.seen = { began: Date.now(), first: 0, frames: 0, waits: [], delays: [], unread: 0, freeze: 0, lastAt: 0, width: 0, height: 0, cues: [] });

  // The time that is burned into the picture, in ms since 1970 modulo 2^32.
  const readClock = async (video) => {
    const frame = new VideoFrame(video);
    try {
      const r = frame.visibleRect;
      const rect = { x: r.x & ~1, y: (r.y + Math.floor(r.height / 36)) & ~1, width: r.width & ~1, height: 2 };
      const buffer = new Uint8Array(frame.allocationSize({ rect }));
      await frame.copyTo(buffer, { rect });
      const at = (i) => buffer[Math.floor(((i + 0.5) * rect.width) / 48)];
      const middle = (at(0) + at(1) + at(2) + at(3)) / 4;
      const bytes = [0, 1, 2, 3, 4].map((b) => {
        let v = 0;
        for (let i = 0; i < 8; i++) v = v * 2 + (at(4 + b * 8 + i) > middle ? 1 : 0);
        return v;
      });
      const sum = (bytes[0] + bytes[1] + bytes[2] + bytes[3] + 0x5a) & 255;
      return sum === bytes[4] ? bytes[0] * 2 ** 24 + bytes[1] * 2 ** 16 + bytes[2] * 2 ** 8 + bytes[3] : undefined;
    } finally {
      frame.close();
    }
  };

  // What the page shows of the program's cues, with the clock that is in the picture then.
  document.addEventListener('regie-cue', ({ detail, target }) =>
    readClock(target).then((clock = 0) => seen.cues.push({ id: detail.id, ended: detail.what === 'ended', clock })), true);

  const attach = (video) => {
    video.addEventListener('waiting', () => seen.first && seen.waits.push(Math.round(performance.now())));
    const step = (now, info) => {
      video.requestVideoFrameCallback(step);
      const shown = performance.timeOrigin + Math.max(info.expectedDisplayTime || now, now);
      if (!seen.first) seen.first = Date.now();
      if (seen.lastAt) seen.freeze = Math.max(seen.freeze, shown - seen.lastAt);
      seen.lastAt = shown;
      seen.frames++;
      seen.width = info.width;
      seen.height = info.height;
      readClock(video).then(
        (ms) => {
          if (ms === undefined) return seen.unread++;
          seen.delays.push((Math.floor(shown) % 2 ** 32) - ms);
          if (seen.delays.length > 2000) seen.delays.shift();
        },
        () => seen.unread++, // "Invalid source state", now and then at the start
      );
    };
    video.requestVideoFrameCallback(step);
  };
  const looking = setInterval(() => {
    const video = document.querySelector('video');
    if (video) {
      clearInterval(looking);
      attach(video);
    }
  }, 4);
})();
