"use strict";
// How old what is seen is: beside the map always, as a band across it when it is too old to act on.
{
  const { h, t, byId } = everycell;
  const SAME_MS = 10000;
  const N = (message) => message; // Marks a message for the catalogue.
  const SIGNS = { live: "●", delayed: "◐", stale: "○" };
  const SPOKEN = {
    live: N("The data is live again."),
    delayed: N("The data is delayed."),
    stale: N("The data is old."),
  };

  /** The moment of a reading in words: its time, and its day where that is not today. */
  everycell.momentAt = (instant, now) => {
    if (instant === null) return "–";
    const [day, time] = [everycell.dayAt(instant), everycell.timeAt(instant)];
    return day === everycell.dayAt(now) ? time : `${day} ${time}`;
  };

  /** The clock, the time of the data, the band. `live` tells of the connection, `ages` of the readings. */
  everycell.WallStatus = class {
    constructor({ live, ages }) {
      Object.assign(this, { live, ages, over: null, said: "live" });
      this.chip = h("span", { class: "sign", "aria-hidden": "true" });
      this.words = h("span", {});
      byId("datatime").replaceChildren(this.chip, this.words);
    }

    /** Show it for the readings (names) that are seen now. */
    show(names) {
      const { ages } = this;
      const now = ages.clock.now();
      const [age_s, state] = [ages.age_s(names), ages.state(names)];
      this._clock(now);
      document.body.dataset.age = state;
      this.chip.textContent = SIGNS[state];
      const time = everycell.momentAt(ages.at(names), now);
      this.words.textContent = `${t("Data {time}", { time })} · ${this._inWords(state, age_s)}`;
      this._band(state, time, age_s);
      this._say(state);
      for (const box of document.querySelectorAll(".aged[data-of]")) this._stamp(box, now, names);
    }

    // Each part tells the time of what is in it; its own style shows it.
    _stamp(box, now, seen) {
      const names = box.dataset.of.split(" ").filter((name) => this.ages.readings.has(name));
      box.classList.toggle("same", this.ages.at(names) - this.ages.at(seen) < SAME_MS);
      box.dataset.at = names.length ? everycell.momentAt(this.ages.at(names), now) : "";
      box.dataset.age = names.length ? this.ages.state(names) : "live";
    }

    _inWords(state, age_s) {
      if (state === "live") return t("live");
      return state === "delayed"
        ? t("delayed, {age}", { age: everycell.ageWords(age_s) })
        : t("old, {age}", { age: everycell.ageWords(age_s) });
    }

    _clock(now) {
      const clock = byId("clock");
      clock.replaceChildren(h("b", {}, everycell.timeAt(now).slice(0, 5)), h("small", {}, everycell.dayAt(now)));
      clock.classList.toggle("unset", !this.ages.clock.known);
    }

    _band(state, time, age_s) {
      const band = byId("band");
      const shown = this.over || (state === "stale" && document.documentElement.dataset.ready === "yes");
      band.hidden = !shown;
      if (!shown) return this._room(0);
      const text = this.over ?? this._why();
      if (band.dataset.text === text && band.dataset.time === `${time}${everycell.ageWords(age_s)}`) return;
      Object.assign(band.dataset, { text, time: `${time}${everycell.ageWords(age_s)}` });
      const words = t("Data of {time}, {age}", { time, age: everycell.ageWords(age_s) });
      band.replaceChildren(h("b", {}, words), h("span", {}, text));
      this._room(band.offsetHeight);
    }

    // Read out is only what it has become: what is seen changes every second.
    _say(state) {
      const now = this.over ?? state;
      if (now === this.said || document.documentElement.dataset.ready !== "yes") return;
      this.said = now;
      const words = this.over ?? t(SPOKEN[state]);
      byId("spoken-age").textContent = now === "stale" ? `${words} ${this._why()}` : words;
    }

    // What stands at the sides begins below the band.
    _room(height) {
      document.documentElement.style.setProperty("--band", `${height}px`);
    }

    _why() {
      return this.live.online
        ? t("The service answers, but not with newer data. It goes on by itself.")
        : t("The service cannot be reached. It goes on by itself when it can.");
    }
  };
}
