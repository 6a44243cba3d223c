// The sounds of one question. All sound at once and in step, and one of them is heard: who goes from one to another
// hears the same moment of both.
const FADE = 0.012; // seconds: no click where the sound changes

export class Sounds {
  constructor() {
    this.context = new AudioContext();
    this.meter = new AnalyserNode(this.context, { fftSize: 2048, smoothingTimeConstant: 0 });
    this.meter.connect(this.context.destination);
    this.clear();
  }

  clear() {
    this.stop();
    this.buffers = {}; this.heard = {}; this.plays = {}; this.offset = 0; this.current = null;
  }

  async load(name, bytes) {
    this.buffers[name] = await this.context.decodeAudioData(bytes);
    this.heard[name] = 0; this.plays[name] = 0;
  }

  get duration() { return Math.max(...Object.values(this.buffers).map(buffer => buffer.duration), 1e-6); }

  get position() {
    if (!this.playing) return this.offset;
    return (this.offset + this.context.currentTime - this.since) % this.duration;
  }

  // Begin to hear a sound, at the moment where another one is.
  play(name) {
    if (!this.buffers[name]) return;
    this.account();
    if (!this.playing) this.begin();
    for (const [each, gain] of Object.entries(this.gains))
      gain.gain.setTargetAtTime(each === name ? 1 : 0, this.context.currentTime, FADE / 3);
    if (this.current !== name) this.plays[name] += 1;
    this.current = name;
  }

  begin() {
    this.context.resume();
    this.gains = {}; this.sources = [];
    for (const [name, buffer] of Object.entries(this.buffers)) {
      const source = new AudioBufferSourceNode(this.context, { buffer, loop: true });
      const gain = new GainNode(this.context, { gain: 0 });
      source.connect(gain).connect(this.meter);
      source.start(0, Math.min(this.offset, buffer.duration));
      this.gains[name] = gain; this.sources.push(source);
    }
    this.since = this.context.currentTime; this.playing = true; this.counted = this.since;
  }

  stop() {
    if (!this.playing) return;
    this.account();
    this.offset = this.position;
    for (const source of this.sources) source.stop();
    this.playing = false; this.current = null;
  }

  rewind() {
    const name = this.current;
    this.stop(); this.offset = 0;
    if (name) this.play(name);
  }

  // How long each sound was heard.
  account() {
    if (!this.playing || !this.current) return;
    this.heard[this.current] += this.context.currentTime - this.counted;
    this.counted = this.context.currentTime;
  }

  // The level of what is heard, root mean square.
  level() {
    const samples = new Float32Array(this.meter.fftSize);
    this.meter.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
  }
}
