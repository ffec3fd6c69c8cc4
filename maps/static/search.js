"use strict";
// Search by code or address: a combobox that works with the keyboard alone.
{
  const PAUSE_MS = 180;
  const MOST = 50;

  const N = (message) => message; // Marks a message for the catalogue.
  const KINDS = {
    county: N("County"),
    town: N("Town"),
    village: N("Village"),
    cell: N("Cell"),
    doorplate: N("Doorplate"),
    household: N("Household"),
    site: N("Key site"),
  };

  everycell.Search = class {
    constructor(form, source, onpick) {
      Object.assign(this, { form, source, onpick, found: [], active: -1 });
      this.input = form.querySelector("input");
      this.list = form.querySelector("ul");
      this.input.addEventListener("input", () => this._later());
      this.input.addEventListener("keydown", (event) => this._key(event));
      this.input.addEventListener("focus", () => this.found.length && this._open(true));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this._enter();
      });
      document.addEventListener("pointerdown", (event) => form.contains(event.target) || this._open(false));
      document.addEventListener("keydown", (event) => this._slash(event));
    }

    // "/" leads here, wherever nothing is typed.
    _slash(event) {
      const { key, target, ctrlKey, metaKey, altKey } = event;
      if (key !== "/" || ctrlKey || metaKey || altKey || document.querySelector("dialog[open]")) return;
      if (target.matches?.("input:not([type=radio], [type=checkbox]), select, textarea")) return;
      event.preventDefault();
      this.input.focus();
      this.input.select();
    }

    _later() {
      clearTimeout(this.timer);
      this.asked?.abort();
      this.answer = null;
      const text = this.input.value.trim();
      if (text) this.timer = setTimeout(() => this._ask(text), PAUSE_MS);
      else this._show([]);
    }

    _ask(text) {
      clearTimeout(this.timer);
      this.asked?.abort();
      this.asked = new AbortController();
      this.answer = this.source.search(text, MOST, this.asked.signal).then(
        (found) => this._show(found, text),
        (error) => error.name === "AbortError" || this._say(everycell.reason(error)),
      );
      return this.answer;
    }

    async _enter() {
      const text = this.input.value.trim();
      if (!text) return;
      await (this.answer ?? this._ask(text));
      const pick = this.found[Math.max(0, this.active)];
      if (pick) this._pick(pick);
    }

    _show(found, text = "") {
      const { h, t } = everycell;
      this.found = found;
      this.active = -1;
      this.input.removeAttribute("aria-activedescendant");
      if (!found.length && text) return this._say(t("Nothing found for {text}", { text }));
      const rows = found.map((feature, index) => {
        const { kind, code, name, address, unit } = feature.properties;
        const words = [name ?? address, unit].filter(Boolean).join(" ") || code;
        return h(
          "li",
          {
            role: "option",
            id: `found-${index}`,
            "aria-selected": "false",
            onpointerdown: (event) => event.preventDefault(),
            onclick: () => this._pick(feature),
          },
          h("b", {}, t(KINDS[kind] ?? N("Place"))),
          h("span", {}, words, h("small", {}, code)),
        );
      });
      const more = t("The first {number}. Type more to find the rest.", { number: MOST });
      if (found.length >= MOST) rows.push(h("li", { class: "muted", role: "option", "aria-disabled": "true" }, more));
      this.list.replaceChildren(...rows);
      return this._open(found.length > 0);
    }

    _say(text) {
      this.found = [];
      this.list.replaceChildren(everycell.h("li", { class: "muted", role: "option", "aria-disabled": "true" }, text));
      this._open(true);
    }

    _open(open) {
      this.list.hidden = !open;
      this.input.setAttribute("aria-expanded", String(open));
    }

    _key(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") this._open(false);
      if (!step || !this.found.length) return;
      event.preventDefault();
      this._open(true);
      this.active = (this.active + step + this.found.length) % this.found.length;
      [...this.list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === this.active)));
      this.list.children[this.active].scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", `found-${this.active}`);
    }

    _pick(feature) {
      this._open(false);
      this.input.blur();
      this.onpick(feature);
    }
  };
}
