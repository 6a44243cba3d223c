// One AudioContext; tracks that sound together start at one sample of its clock. Guide and response are one group, the
// memory, which has a time of its own, another.
import { bytes } from "/static/api.js";

const SOON = 0.03;

export class Transport extends EventTarget {
  constructor() {
    super();
    this.context = null;
    this.tracks = new Map();
    this.sounds = new Map();
    this.group = "answer";
    this.playing = false;
    this.from = 0;
    this.began = 0;
    this.loop = null;
    this.asked = 0;
  }

  open(rate, tracks) {
    this.stop();
    if (this.context && this.context.sampleRate !== rate) { this.context.close(); this.context = null; this.sounds.clear(); }
    this.rate = rate;
    for (const file of [...this.sounds.keys()]) if (!tracks.some(track => track.files.includes(file))) this.sounds.delete(file);
    const before = this.tracks;
    this.tracks = new Map(tracks.map(track => {
      const old = before.get(track.name);
      return [track.name, { ...track, level: old?.level ?? 1, muted: old?.muted ?? false, solo: old?.solo ?? false, gain: null, sources: [] }];
    }));
    this.from = 0;
    this.loop = null;
  }

  async play(group, at, end) {
    const asked = ++this.asked;
    if (!this.context) {
      this.context = new AudioContext({ sampleRate: this.rate });
      this.analyser = this.context.createAnalyser();
      this.analyser.fftSize = 2048;
      this.analyser.connect(this.context.destination);
    }
    const resumed = this.context.resume();
    this._silence();
    const tracks = [...this.tracks.values()].filter(track => track.group === group);
    this.dispatchEvent(new CustomEvent("loading", { detail: true }));
    try {
      await Promise.all([resumed, ...tracks.flatMap(track => track.files).map(file => this._sound(file))]);
    } finally {
      this.dispatchEvent(new CustomEvent("loading", { detail: false }));
    }
    if (asked !== this.asked) return;
    const loop = group === "answer" ? this.loop : null;
    if (loop && (at < loop[0] || at >= loop[1])) at = loop[0];
    const when = this.context.currentTime + SOON;
    const until = end ?? Math.max(0, ...tracks.map(track => track.seconds));
    if (at >= until - 0.005) at = 0;
    for (const track of tracks) {
      track.gain = this.context.createGain();
      track.gain.connect(this.analyser);
      track.sources = track.files.map(file => {
        const source = new AudioBufferSourceNode(this.context, { buffer: this.sounds.get(file) });
        if (loop) Object.assign(source, { loop: true, loopStart: loop[0], loopEnd: loop[1] });
        source.connect(track.gain);
        source.start(when, at);
        if (!loop && end !== undefined) source.stop(when + end - at);
        return source;
      });
    }
    this._levels();
    Object.assign(this, { group, playing: true, from: at, began: when, until, looped: loop });
    this._say();
  }

  async _sound(file) {
    if (this.sounds.has(file)) return;
    const data = await bytes("/api/audio", { file });
    this.sounds.set(file, await this.context.decodeAudioData(data));
  }

  position() {
    if (!this.playing) return this.from;
    const passed = Math.max(0, this.context.currentTime - this.began), now = this.from + passed;
    if (this.looped) {
      const [start, end] = this.looped;
      return now < end ? now : start + (now - start) % (end - start);
    }
    return Math.min(now, this.until);
  }

  ended() { return this.playing && !this.looped && this.position() >= this.until; }

  pause() {
    this.asked++;
    const here = this.ended() ? 0 : this.position();
    this._silence();
    this.from = here;
    this._say();
  }

  stop() { this.asked++; this._silence(); this.from = 0; this._say(); }

  seek(at, group = "answer") {
    if (this.playing && this.group === group) return this.play(group, at);
    if (!this.playing) { this.from = at; this.group = group; this._say(); }
    return Promise.resolve();
  }

  setLoop(span) {
    this.loop = span;
    if (this.playing && this.group === "answer") this.play("answer", this.position());
  }

  set(name, values) { Object.assign(this.tracks.get(name), values); this._levels(); this._say(); }

  // Loudness of the output, 0 to 1, as it is now.
  level() {
    if (!this.analyser) return 0;
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
  }

  _levels() {
    const tracks = [...this.tracks.values()], soloed = group => tracks.some(track => track.solo && track.group === group);
    for (const track of tracks) {
      const heard = !track.muted && (track.solo || !soloed(track.group));
      if (track.gain) track.gain.gain.setTargetAtTime(heard ? track.level : 0, this.context.currentTime, 0.008);
    }
  }

  _silence() {
    for (const track of this.tracks.values()) {
      for (const source of track.sources) { try { source.stop(); } catch { /* not started */ } source.disconnect(); }
      track.sources = [];
      track.gain?.disconnect();
      track.gain = null;
    }
    this.playing = false;
  }

  _say() { this.dispatchEvent(new Event("change")); }
}
