"use strict";
// How old is what is shown. The browser's own clock is not asked: walls have wrong ones.
{
  const DELAYED_S = 30;
  const STALE_S = 120;
  const KEPT = 12; // messages
  const AHEAD_MS = 5000; // what is further ahead of the service's clock was told before that was set back

  /** The service's clock, by what it says of it and by a clock that only counts on. */
  everycell.ServerClock = class {
    constructor(elapsed = () => performance.now()) {
      Object.assign(this, { elapsed, offsets: [] });
    }

    /** The service said that it is `now` (milliseconds since 1970). */
    heard(now) {
      this.offsets.push(now - this.elapsed());
      if (this.offsets.length > KEPT) this.offsets.shift();
    }

    get known() {
      return this.offsets.length > 0;
    }

    /** Milliseconds since 1970, as the service counts them. A message is late, never early: the newest offset counts. */
    now() {
      return this.known ? this.elapsed() + Math.max(...this.offsets) : Date.now();
    }
  };

  /** "live" under 30 seconds, "delayed" up to 120, "stale" after; null (nothing read yet): "stale". */
  everycell.ageState = (age_s) => {
    if (age_s === null || age_s > STALE_S) return "stale";
    return age_s < DELAYED_S ? "live" : "delayed";
  };

  /**
   * The moments of which readings are. As long as the service says that it is up to date and nothing of a reading has
   * changed, it is as new as what the service says.
   */
  everycell.Ages = class {
    constructor(clock) {
      Object.assign(this, { clock, readings: new Map(), heardAt: null, following: false });
    }

    /**
     * A reading has succeeded that was begun at `from` (the service's clock). `as_of`: of what moment it says it is. While
     * the service's events are followed, no reading can be newer than what they say.
     */
    took(name, from, as_of = null) {
      this._setBack();
      const at = as_of ?? (this.following && this.heardAt !== null ? Math.min(from, this.heardAt) : from);
      this.readings.set(name, { at: Math.max(at, this.readings.get(name)?.at ?? 0), current: true });
    }

    /** What a reading shows has changed, or may have: until it is read again its time stays. */
    changed(name) {
      const reading = this.readings.get(name);
      if (reading) reading.current = false;
    }

    /** Nothing is known to be current any more: the stream of events has a hole. */
    lost() {
      for (const name of this.readings.keys()) this.changed(name);
    }

    /** The service was up to date at `as_of` (milliseconds since 1970). */
    heard(as_of) {
      this._setBack();
      this.heardAt = Math.max(as_of, this.heardAt ?? 0);
      for (const reading of this.readings.values()) if (reading.current) reading.at = Math.max(reading.at, as_of);
    }

    // A clock that was ahead has been set right: no moment is ahead of it, or its age would stand still until it is reached.
    _setBack() {
      const now = this.clock.now();
      const behind = (at) => (at > now + AHEAD_MS ? now : at);
      if (this.heardAt !== null) this.heardAt = behind(this.heardAt);
      for (const reading of this.readings.values()) reading.at = behind(reading.at);
    }

    /** The moment of which all of these readings are at least; null where one has never succeeded. */
    at(names) {
      const moments = names.map((name) => this.readings.get(name)?.at ?? null);
      return moments.includes(null) || !moments.length ? null : Math.min(...moments);
    }

    /** Seconds since then; null where one has never succeeded. */
    age_s(names) {
      const at = this.at(names);
      return at === null ? null : Math.max(0, (this.clock.now() - at) / 1000);
    }

    state(names) {
      return everycell.ageState(this.age_s(names));
    }
  };

  /** An age in words. */
  everycell.ageWords = (age_s) => {
    const { t, number } = everycell;
    if (age_s === null) return t("not read yet");
    if (age_s < 100) return t("{seconds} s ago", { seconds: Math.floor(age_s) });
    if (age_s < 6000) return t("{minutes} min ago", { minutes: Math.floor(age_s / 60) });
    return t("{hours} h ago", { hours: number(Math.floor(age_s / 3600)) });
  };
}
