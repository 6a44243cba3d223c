// One AudioContext; tracks that sound together start at one sample of its clock. Guide and response are one group, the
// memory, which has a time of its own, another, versions that are compared a third. Where the sounds come from says who
// makes it: the studio asks its server, a page that stands alone has them in itself.
const SOON = 0.03, MOST_EXCERPTS = 200;

export class Transport extends EventTarget {
  constructor({ bytes, excerpt }) {
    super();
    Object.assign(this, { bytes, excerpt });
    this.context = null;
    this.tracks = new Map();
    this.sounds = new Map();
    this.group = "answer";
    this.playing = false;
    this.from = 0;
    this.began = 0;
    this.loop = null;
    this.asked = 0;
    this.excerpts = new Map();
  }

  open(rate, tracks) {
    this.stop();
    if (this.context && this.context.sampleRate !== rate) { this.context.close(); this.context = null; this.audible = null; this.sounds.clear(); this.excerpts.clear(); }
    this.rate = rate;
    const before = this.tracks;
    this.tracks = new Map(tracks.map(track => {
      const old = before.get(track.name);
      return [track.name, { ...track, level: old?.level ?? 1, muted: old?.muted ?? false, solo: old?.solo ?? false, gain: null, sources: [] }];
    }));
    this._forget();
    this.from = 0;
    this.loop = null;
  }

  // Other tracks of one group, in place of those that it has.
  setGroup(group, tracks) {
    if (this.playing && this.group === group) this.pause();
    for (const [name, track] of this.tracks) if (track.group === group) this.tracks.delete(name);
    for (const track of tracks) this.tracks.set(track.name, { level: 1, muted: false, solo: false, ...track, group, gain: null, sources: [] });
    this._forget();
  }

  // Another sound for a track, from the place where it is: what plays goes on.
  async replace(name, files) {
    const track = this.tracks.get(name);
    if (this.context) await Promise.all(files.map(file => this._sound(file)));
    if (this.tracks.get(name) !== track) return;
    track.files = files;
    if (this.playing && this.group === track.group) await this.play(this.group, this.position());
    this._forget();
  }

  _forget() {
    const used = new Set([...this.tracks.values()].flatMap(track => track.files));
    for (const file of [...this.sounds.keys()]) if (!used.has(file)) this.sounds.delete(file);
  }

  _ready() {
    if (!this.context) {
      this.context = new AudioContext({ sampleRate: this.rate });
      this.analyser = this.context.createAnalyser();
      this.analyser.fftSize = 2048;
      this.analyser.connect(this.context.destination);
    }
    return this.context.resume();
  }

  // A short piece of a file, over whatever plays; the one before it fades.
  async audition(file, start, end) {
    const asked = this.auditioned = {}, key = `${file}:${start}:${end}`, resumed = this._ready();
    if (!this.excerpts.has(key)) this.excerpts.set(key, await this.context.decodeAudioData(await this.excerpt(file, start, end)));
    if (this.excerpts.size > MOST_EXCERPTS) this.excerpts.delete(this.excerpts.keys().next().value);
    await resumed;
    if (asked !== this.auditioned) return 0;
    const now = this.context.currentTime, buffer = this.excerpts.get(key), gain = this.context.createGain();
    this.audible?.gain.setTargetAtTime(0, now, 0.01);
    gain.gain.setValueAtTime(0, now);
    gain.gain.linearRampToValueAtTime(1, now + 0.005);
    gain.gain.setValueAtTime(1, now + Math.max(buffer.duration - 0.01, 0.006));
    gain.gain.linearRampToValueAtTime(0, now + buffer.duration + 0.001);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(gain).connect(this.analyser);
    source.onended = () => gain.disconnect();
    source.start(now);
    this.audible = gain;
    return buffer.duration;
  }

  async play(group, at, end) {
    const asked = ++this.asked;
    const resumed = this._ready();
    this._silence();
    const tracks = [...this.tracks.values()].filter(track => track.group === group);
    this.dispatchEvent(new CustomEvent("loading", { detail: true }));
    try {
      await Promise.all([resumed, ...tracks.flatMap(track => track.files).map(file => this._sound(file))]);
    } finally {
      this.dispatchEvent(new CustomEvent("loading", { detail: false }));
    }
    if (asked !== this.asked) return;
    const loop = group === "memory" ? null : this.loop;
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
    const data = await this.bytes(file);
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

  stop() { this.asked++; this.auditioned = null; this._silence(); this.from = 0; this._say(); }

  seek(at, group = "answer") {
    if (this.playing && this.group === group) return this.play(group, at);
    if (!this.playing) { this.from = at; this.group = group; this._say(); }
    return Promise.resolve();
  }

  setLoop(span) {
    this.loop = span;
    if (this.playing && this.group !== "memory") this.play(this.group, this.position());
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
