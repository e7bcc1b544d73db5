// Runs in every page before its own code, with `self.person = {color, tone}` set: its
// camera shows that colour, its microphone gives that tone, and ears() says what the
// page hears over WebRTC. Devices are listed as Chromium's own fake ones are.
(() => {
  if (!self.person || self !== self.top) return;
  const { color, tone } = self.person;
  const camera = (width, height) => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const pen = canvas.getContext('2d');
    let n = 0;
    const draw = () => {
      pen.fillStyle = color;
      pen.fillRect(0, 0, width, height);
      pen.fillStyle = 'white';
      pen.fillRect((n++ * 4) % (width - 16), height * 0.75, 16, 16);
    };
    draw();
    setInterval(draw, 66);
    return canvas.captureStream(15).getVideoTracks()[0];
  };
  let audio;
  const microphone = () => {
    audio ??= new AudioContext({ sampleRate: 48000 });
    const oscillator = new OscillatorNode(audio, { frequency: tone });
    const out = audio.createMediaStreamDestination();
    oscillator.connect(new GainNode(audio, { gain: 0.08 })).connect(out);
    oscillator.start();
    return out.stream.getAudioTracks()[0];
  };
  navigator.mediaDevices.getUserMedia = async ({ video, audio: sound }) => {
    const stream = new MediaStream();
    if (video) stream.addTrack(camera(320, 180));
    if (sound) stream.addTrack(microphone());
    return stream;
  };
  navigator.mediaDevices.getDisplayMedia = async () => new MediaStream([camera(320, 180)]);

  // Whatever sound comes in is listened to beside the page.
  const heard = [];
  const Native = self.RTCPeerConnection;
  self.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener('track', ({ track, transceiver }) => {
        if (track.kind !== 'audio') return;
        audio ??= new AudioContext({ sampleRate: 48000 });
        const ear = new AnalyserNode(audio, { fftSize: 16384, smoothingTimeConstant: 0 });
        const source = audio.createMediaStreamSource(new MediaStream([track]));
        source.connect(ear);
        heard.push({ ear, source, track, mid: () => transceiver.mid, over: () => this.connectionState === 'closed' || this.connectionState === 'failed' });
      });
    }
  };
  // The tones that are heard now, in Hz, the lowest first.
  self.ears = () => {
    const tones = [];
    for (const { ear, over } of heard) {
      if (over()) continue;
      const bins = new Float32Array(ear.frequencyBinCount);
      ear.getFloatFrequencyData(bins);
      const loudest = bins.reduce((a, b) => Math.max(a, b));
      bins.forEach((db, i) => {
        if (db > Math.max(-60, loudest - 20) && db >= bins[i - 1] && db > bins[i + 1]) tones.push(Math.round((i * 48000) / 2 / bins.length));
      });
    }
    return tones.sort((a, b) => a - b);
  };
})();
