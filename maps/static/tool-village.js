"use strict";
// Cutting a village anew along its streets, or balancing it: the service proposes, the draft takes it as a step. What is
// proposed is shown by its households on the map, and in the panel by whatever is out of the range, with the reason.
{
  const { h, t, number, percent, inLanguage } = everycell;
  const VILLAGE_DIGITS = 12;
  const USUAL = [300, 500];
  const KEPT = "households"; // the range that this browser asked for last
  const COLOURS = { inside: "#0f6ab4", outside: "#9a5b00" };
  const SECOND_MS = 1000;

  const remembered = () => {
    const [least, most] = (everycell.memory.get(KEPT) ?? "").split("-").map(Number);
    return least > 0 && most >= least ? [least, most] : USUAL;
  };

  const villageOf = (code) => code.slice(0, VILLAGE_DIGITS);

  everycell.VillageTool = class extends everycell.Tool {
    constructor(editor) {
      super(editor);
      const [least, most] = remembered();
      Object.assign(this, { village: "", kind: "cut", least, most, seed: 0, waiting: null, found: null });
    }

    get alone() {
      return true;
    }

    /** The proposal, as long as the draft has it. */
    get proposal() {
      const has = ({ seq, op }) => seq === this.found.seq && op.op === "recut";
      const stands = this.found && (this.found.seq === null || this.editor.draft.steps.some(has));
      return stands && this.found.draft === this.editor.draft.id ? this.found : null;
    }

    get codes() {
      return (this.proposal?.cells ?? []).map(({ code }) => code);
    }

    get ready() {
      return !this.waiting && !this.proposal && Boolean(this.village) && this._range();
    }

    get doneText() {
      return t("Propose");
    }

    start() {
      if (document.body.classList.contains("folded")) everycell.byId("fold").click(); // the question is in the panel
      const [chosen] = this.editor.selection;
      const villages = this._villages().map(([code]) => code);
      const wanted = chosen ? villageOf(chosen) : this.village;
      this.village = villages.includes(wanted) ? wanted : (villages[0] ?? "");
      if (chosen && this.found?.village !== this.village) this.found = null;
      this.editor.showHand();
    }

    stop() {
      this.editor.repaint();
    }

    hint() {
      if (this.waiting) return t("The service is looking for borders along streets…");
      if (this.proposal)
        return t("It is a step of the draft like any other: look at it, take it back, or go on drawing.");
      return t("Click a village on the map or choose it in the list; then say how many households a cell should have.");
    }

    click(latLng) {
      const code = this.editor.grid.at(latLng);
      if (this.waiting || !code || !this.editor.mayEdit(code)) return;
      this.found = null;
      this.village = villageOf(code);
      this._show();
    }

    enter() {
      if (this.ready) this._ask(0);
    }

    /** Give up waiting, or go back from a proposal to the question; the step stays. */
    back() {
      if (this.waiting) this._giveUp();
      else if (this.proposal) this.found = null;
      else return false;
      this._show();
      return true;
    }

    draw(context, toPoint) {
      if (this.proposal) return;
      for (const cell of this._cells()) everycell.paintShape(context, toPoint, [cell.polygon], everycell.looks.chosen);
    }

    drawLabels(context, toPoint, taken) {
      for (const { code, households, why } of this.proposal?.cells ?? []) {
        const { label } = this.editor.grid.get(code) ?? {};
        if (!label) continue;
        const text = `${code.slice(-3)} · ${t("{number} hh.", { number: number(households) })}${why ? " !" : ""}`;
        everycell.paintPill(context, toPoint([label.lat, label.lon]), [text, number(households)], {
          colour: why ? COLOURS.outside : COLOURS.inside,
          taken,
        });
      }
    }

    /** The question, the waiting, or the answer. */
    controls() {
      if (this.waiting) return this._waiting();
      return this.proposal ? this._answer() : this._question();
    }

    // --- the question -------------------------------------------------------------------------------------------

    _villages() {
      const { names, grid, draft } = this.editor;
      const cut = new Set(
        [...grid.cells.values()].filter(({ kind }) => kind === "general").map(({ village }) => village),
      );
      const area = draft.set?.area ?? "";
      return names.villages().filter(([code]) => cut.has(code) && code.startsWith(area));
    }

    _cells() {
      const own = ({ village, kind }) => village === this.village && kind === "general";
      return [...this.editor.grid.cells.values()].filter(own);
    }

    _range() {
      return this.least > 0 && this.most >= this.least;
    }

    _question() {
      const villages = h(
        "select",
        { name: "village", onchange: ({ target }) => this._choose(target.value) },
        this._villages().map(([code, name]) => h("option", { value: code, selected: code === this.village }, name)),
      );
      this.go = h("button", { class: "primary", disabled: !this.ready }, t("Propose"), h("kbd", {}, "Enter"));
      this.now = h("p", { class: "muted" }, this._state());
      const form = h(
        "form",
        { class: "fields proposal", autocomplete: "off" },
        h("h2", {}, t("Cut or balance a village")),
        h("label", {}, t("Village"), villages),
        h("div", { class: "range" }, this._limit("least", t("Households from")), this._limit("most", t("to"))),
        this.now,
        h("fieldset", { class: "choices" }, this._kinds()),
        this.go,
      );
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.enter();
      });
      return form;
    }

    _limit(name, label) {
      const oninput = ({ target }) => {
        this[name] = Math.round(Number(target.value)) || 0;
        this.go.disabled = !this.ready;
        this.now.textContent = this._state();
      };
      return h("label", {}, label, h("input", { name, type: "number", min: 1, value: String(this[name]), oninput }));
    }

    _kinds() {
      const kinds = [
        ["cut", t("Cut anew"), t("All its general cells are drawn anew along streets and get new codes.")],
        [
          "rebalance",
          t("Balance with the fewest moves"),
          t("Cells keep their codes; as few households as can be move."),
        ],
      ];
      return kinds.map(([value, name, told]) => {
        const onchange = () => (this.kind = value);
        const mark = { type: "radio", name: "kind", value, onchange, checked: value === this.kind };
        return h("label", {}, h("input", mark), h("span", {}, name, h("small", {}, told)));
      });
    }

    // How many cells of the village are in the range as it is now.
    _state() {
      if (!this._range()) return t("The second number must not be smaller than the first.");
      const cells = this._cells();
      const inside = cells.filter(({ code }) => this._within(this.editor.names.householdsOf(code)));
      return t("Now {inside} of {cells} cells are in this range.", {
        inside: number(inside.length),
        cells: number(cells.length),
      });
    }

    _within(households) {
      return households !== null && households >= this.least && households <= this.most;
    }

    _choose(village) {
      this.village = village;
      this.editor.view.fit(this._cells().map(({ code }) => code));
      this._show();
      this.editor.hand.target.querySelector("select")?.focus();
    }

    // --- waiting for the answer ---------------------------------------------------------------------------------

    async _ask(seed) {
      const { editor, village, kind } = this;
      const [instead, wait] = [seed ? this.proposal?.seq : null, { since: Date.now(), givenUp: false }];
      const ask = { kind, village, households: [this.least, this.most], seed };
      everycell.memory.set(KEPT, ask.households.join("-"));
      Object.assign(this, { waiting: wait, seed });
      this._show();
      try {
        const how = { instead, givenUp: () => wait.givenUp };
        const found = await editor.draft.propose(ask, editor.work.begun([{ op: "recut", village }]), how);
        if (found) this._found({ ...found, village, draft: editor.draft.id });
      } catch (error) {
        if (!wait.givenUp) this._refused(error);
      } finally {
        if (this.waiting === wait) this.waiting = null;
        if (editor.tools.active === this) this._show();
      }
    }

    _found(found) {
      const { editor } = this;
      this.found = found;
      if (editor.tools.active !== this) everycell.notice(inLanguage(found.sentence));
      else if (found.cells.length) editor.view.fit(found.cells.map(({ code }) => code));
    }

    _refused(error) {
      const { command } = error.problem ?? {};
      if (!command) this.editor.work.refuse(error);
      else
        everycell.notice(
          t("This village is too large for a page. In a shell of the server: {command}", { command }),
          "bad",
        );
    }

    // Whatever comes is not stored; until it comes, further steps wait.
    _giveUp() {
      this.waiting.givenUp = true;
      this.waiting = null;
      everycell.notice(t("Given up. Nothing of it is stored."));
    }

    _waiting() {
      const passed = h("b", { "aria-hidden": "true" });
      const { waiting } = this;
      const tick = () => {
        if (this.waiting !== waiting) return;
        const seconds = Math.round((Date.now() - waiting.since) / SECOND_MS);
        passed.textContent = t("{number} s", { number: seconds });
        setTimeout(tick, SECOND_MS);
      };
      tick();
      const leave = () => this.back();
      return h(
        "div",
        { class: "proposal waits" },
        h("h2", {}, this.editor.names.village(this.village)),
        h("p", {}, t("The service is looking for borders along streets…"), passed),
        h("div", { class: "progress" }, h("i")),
        h("p", { class: "muted" }, t("A few seconds for a village, up to a minute for a large one.")),
        h("button", { type: "button", onclick: leave }, t("Give up"), h("kbd", {}, "Esc")),
      );
    }

    // --- the answer ---------------------------------------------------------------------------------------------

    _answer() {
      const { proposal, editor } = this;
      const { cells, borderM, alongStreetsM, moved, leastMoved, inRange } = proposal;
      const facts = [
        [t("Cells in the range"), `${number(inRange)} / ${number(cells.length)}`],
        [t("Borders along streets"), borderM ? percent(alongStreetsM, borderM) : "–"],
        moved !== null && [t("Households that move"), number(moved)],
        moved !== null && [t("Fewest possible"), number(leastMoved)],
      ].filter(Boolean);
      const another = () => this._ask(this.seed + 1);
      return h(
        "div",
        { class: "proposal" },
        h("h2", {}, editor.names.village(proposal.village)),
        h("p", { class: "muted" }, inLanguage(proposal.sentence)),
        h(
          "dl",
          { class: "meter" },
          facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
        ),
        h(
          "div",
          { class: "does" },
          h("button", { type: "button", onclick: another }, t("Another proposal")),
          proposal.seq && h("button", { type: "button", onclick: () => this._takeBack() }, t("Take back")),
          h("button", { type: "button", onclick: () => this.back() }, t("Ask otherwise")),
        ),
        h(
          "ul",
          { class: "proposed" },
          cells.map((cell) => this._row(cell)),
        ),
      );
    }

    _row({ code, households, doorplates, why }) {
      const go = () => this.editor.view.fit([code]);
      return h(
        "li",
        { class: why ? "outside" : "" },
        h("button", { type: "button", class: "plain", onclick: go }, code.slice(-3)),
        h("b", {}, t("{number} hh.", { number: number(households) })),
        h("span", {}, why ? inLanguage(why.sentence) : t("{number} doors", { number: number(doorplates) })),
      );
    }

    async _takeBack() {
      const { seq } = this.proposal;
      this.found = null;
      await this.editor.work.try(this.editor.draft.backTo(seq));
      this._show();
    }

    _show() {
      this.editor.tools.tell();
      this.editor.showHand();
    }
  };
}
