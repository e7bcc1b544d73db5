// Runs in every page before its own code, with `self.person = {color, tone, screen}`
// set: its camera shows that colour, its microphone gives that tone, its screen has a
// colour of its own, and ears() says what the page hears over WebRTC. Devices are
// listed as Chromium's own fake ones are. With
// `ports`, WebRTC goes to the second port where the first was meant; with `relay`, it
// goes nowhere but to TURN. ways() says which ways it has found. With `words`, the
// tone is a word of 100 ms every 700 ms: spoken and onsets are when one began, and when
// one was heard, in ms since 1970.
(() => {
  if (!self.person || self !== self.top) return;
  const { color, tone, screen, ports, relay, words } = self.person;
  const camera = (width, height, color) => {
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
  self.spoken = [];
  self.onsets = [];
  const wall = (at) => performance.timeOrigin + performance.now() + (at - audio.currentTime) * 1000;
  const speak = (gain) => {
    let at = audio.currentTime + 0.5;
    setInterval(() => {
      if (audio.currentTime < at + 0.2) return;
      self.spoken.push(wall(at));
      at = Math.max(at + 0.7, audio.currentTime + 0.3);
      gain.setValueAtTime(0.4, at).setValueAtTime(0, at + 0.1);
    }, 20);
  };
  const listen = (ear) => {
    const samples = new Float32Array(2048);
    let last = 0; // when something was heard
    setInterval(() => {
      ear.getFloatTimeDomainData(samples);
      const end = audio.currentTime;
      samples.forEach((v, i) => {
        if (Math.abs(v) < 0.02) return;
        const at = end - (samples.length - i) / 48000;
        if (at - last > 0.2) self.onsets.push(wall(at));
        last = Math.max(last, at);
      });
    }, 10);
  };
  const microphone = () => {
    audio ??= new AudioContext({ sampleRate: 48000 });
    const oscillator = new OscillatorNode(audio, { frequency: tone });
    const out = audio.createMediaStreamDestination();
    const gain = new GainNode(audio, { gain: words ? 0 : 0.08 });
    oscillator.connect(gain).connect(out);
    oscillator.start();
    if (words) speak(gain.gain);
    return out.stream.getAudioTracks()[0];
  };
  navigator.mediaDevices.getUserMedia = async ({ video, audio: sound }) => {
    const stream = new MediaStream();
    if (video) stream.addTrack(camera(320, 180, color));
    if (sound) stream.addTrack(microphone());
    return stream;
  };
  navigator.mediaDevices.getDisplayMedia = async () => new MediaStream([camera(320, 180, screen)]);

  // Whatever sound comes in is listened to beside the page.
  const heard = [];
  const peers = [];
  const Native = self.RTCPeerConnection;
  self.RTCPeerConnection = class extends Native {
    constructor(config) {
      super(relay ? { ...config, iceTransportPolicy: 'relay' } : config);
      peers.push(this);
      this.addEventListener('track', ({ track, transceiver }) => {
        if (track.kind !== 'audio') return;
        audio ??= new AudioContext({ sampleRate: 48000 });
        const ear = new AnalyserNode(audio, { fftSize: 16384, smoothingTimeConstant: 0 });
        const source = audio.createMediaStreamSource(new MediaStream([track]));
        source.connect(ear);
        if (words) listen(source.connect(new AnalyserNode(audio, { fftSize: 2048 })));
        heard.push({ ear, source, track, mid: () => transceiver.mid, over: () => this.connectionState === 'closed' || this.connectionState === 'failed' });
      });
    }
    setRemoteDescription(description) {
      if (!ports) return super.setRemoteDescription(description);
      const sdp = description.sdp.replaceAll(` ${ports[0]} typ `, ` ${ports[1]} typ `);
      return super.setRemoteDescription({ type: description.type, sdp });
    }
  };
  // Of each connection that stands: udp, tcp, or relay-udp and relay-tcp.
  self.ways = async () => {
    const found = [];
    for (const pc of peers) {
      if (pc.connectionState !== 'connected') continue;
      const all = await pc.getStats();
      const transport = [...all.values()].find((s) => s.type === 'transport');
      const local = all.get(all.get(transport?.selectedCandidatePairId)?.localCandidateId);
      found.push(local?.candidateType === 'relay' ? `relay-${local.relayProtocol}` : local?.protocol);
    }
    return found;
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
