// colors('video', [[0.5, 0.5]]) gives the colour of an element's picture at each of
// these places, as [r, g, b]; none while there is no picture.
self.colors = (selector, places) => {
  const video = document.querySelector(selector);
  if (!video || video.readyState < 2 || video.videoWidth === 0) return [];
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  pen.drawImage(video, 0, 0);
  return places.map(([x, y]) => [...pen.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data].slice(0, 3));
};
