// A live run that no device plays sounds here: this page is a host, as docs/osc.md has them, a moment behind the run.
import { bytes } from "/static/api.js";

const BEHIND = 0.3, SOON = 0.01, ASTRAY = 0.04, CATCHING = 0.01, SAMPLES = 24, SAME = 0.05;

export class PageSound {
  constructor() { Object.assign(this, { context: null, buffers: new Map(), levels: { guide: 0.8, response: 1 }, voice: null, source: null, clocks: [], base: null, frames: 0 }); }

  get on() { return this.context !== null; }

  // From a press of a button: else no browser sounds. `frames` of the run are a second.
  async begin(rate, files) {
    await this.end();
    const context = this.context = new AudioContext({ sampleRate: rate });
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = 2048;
    this.analyser.connect(context.destination);
    this.gains = Object.fromEntries(Object.entries(this.levels).map(([name, level]) => {
      const gain = context.createGain();
      gain.gain.value = level;
      gain.connect(this.analyser);
      return [name, gain];
    }));
    await context.resume();
    await Promise.all(files.map(async file => {
      const decoded = await context.decodeAudioData(await bytes("/api/audio", { file }));
      if (this.context === context) this.buffers.set(file, decoded);
    }));
  }

  async end() {
    const { context } = this;
    Object.assign(this, { context: null, voice: null, source: null, clocks: [], base: null, buffers: new Map() });
    await context?.close();
  }

  setLevel(name, level) {
    this.levels[name] = level;
    this.gains?.[name].gain.setTargetAtTime(level, this.context?.currentTime ?? 0, 0.01);
  }

  // It was `seconds` of the run when a message was sent that has just come: the soonest of the last ones counts.
  clock(seconds) {
    if (!this.on) return;
    this.clocks.push(this.context.currentTime - seconds);
    if (this.clocks.length > SAMPLES) this.clocks.shift();
    const found = Math.min(...this.clocks) + BEHIND;
    if (this.base === null || Math.abs(found - this.base) > ASTRAY) this.base = found;
  }

  // A guide from a file that began at a second of the run.
  guide(file, began, repeats) {
    const buffer = this.buffers.get(file);
    if (!this.on || !buffer || this.base === null || this.source) return;
    const at = began + this.base, now = this.context.currentTime + SOON, late = Math.max(0, now - at);
    if (!repeats && late >= buffer.duration) return;
    this.source = new AudioBufferSourceNode(this.context, { buffer, loop: repeats });
    this.source.connect(this.gains.guide);
    this.source.start(Math.max(at, now), late % buffer.duration);
  }

  commit(told) {
    if (!this.on || this.base === null) return;
    const at = told.frame / this.frames + this.base, { voice } = this;
    const due = voice && voice.from + (at - voice.at);
    if (told.follows && voice?.file === told.file && Math.abs(due - told.source) < SAME) {
      const start = Math.max(at, this.context.currentTime);
      voice.gain.gain.setTargetAtTime(told.gain, start, 0.02);
      Object.assign(voice, { level: told.gain, fadeOut: told.fade_out });
      return;
    }
    this._leave(at, voice?.fadeOut ?? told.fade_in);
    const buffer = this.buffers.get(told.file);
    if (!told.file || !buffer) return;
    const now = this.context.currentTime + SOON, fade = told.fade_in, start = Math.max(at - fade / 2, now), late = start - at;
    const from = told.source + late, source = new AudioBufferSourceNode(this.context, { buffer }), gain = this.context.createGain();
    if (from >= buffer.duration) return;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(told.gain, start + Math.max(fade, CATCHING));
    source.connect(gain).connect(this.gains.response);
    source.onended = () => gain.disconnect();
    source.start(start - Math.min(from, 0), Math.max(from, 0));
    this.voice = { file: told.file, at, from: told.source, source, gain, level: told.gain, fadeOut: told.fade_out };
  }

  silence(told) { if (this.on && this.base !== null) this._leave(Math.max(told.frame / this.frames + this.base - BEHIND, this.context.currentTime), told.fade, 0); }

  // What sounds goes, half of the fade before and half after a time; a copy that nothing follows sounds on until then.
  _leave(at, fade, before = fade / 2) {
    const { voice } = this;
    this.voice = null;
    if (!voice) return;
    const start = Math.max(at - before, this.context.currentTime), end = start + Math.max(fade, CATCHING);
    voice.gain.gain.cancelScheduledValues(start);
    voice.gain.gain.setValueAtTime(voice.level, start);
    voice.gain.gain.linearRampToValueAtTime(0, end);
    voice.source.stop(end + 0.01);
  }

  // The run is over.
  leave() {
    if (!this.on) return;
    this._leave(this.context.currentTime + BEHIND, 0.2);
    try { this.source?.stop(this.context.currentTime + BEHIND); } catch { /* not started */ }
    this.source = null;
    Object.assign(this, { clocks: [], base: null });
  }

  // Loudness of what sounds here, 0 to 1, as it is now.
  level() {
    if (!this.on) return 0;
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
  }
}
