"use strict";
// What a leader changes in a plan. Each change tells the version that was read; where somebody else was faster, the plan is
// read again and nothing is written over.
{
  const { h, t } = everycell;

  /** `view` is the plan in the panel: {plan, desk, changed(plan), reload()}. */
  everycell.PlanChanges = class {
    constructor(view) {
      Object.assign(this, { view, busy: false });
    }

    get _source() {
      return this.view.desk.source;
    }

    move(stop, team, position = null) {
      return this._change(
        { do: "move", stop: stop.key, team, position },
        t("{stop}: now with team {team}", { stop: everycell.titleOfStop(stop), team }),
      );
    }

    pin(stop) {
      return this._change({ do: stop.pinned ? "unpin" : "pin", stop: stop.key });
    }

    remove(stop) {
      return this._change(
        { do: "remove", stop: stop.key },
        t("{stop}: taken out", { stop: everycell.titleOfStop(stop) }),
      );
    }

    restore(stop) {
      return this._change(
        { do: "restore", stop: stop.key },
        t("{stop}: back where it fits best", {
          stop: everycell.titleOfStop(stop),
        }),
      );
    }

    add(place) {
      return this._change({ do: "add", ...place }, t("Added where it fits best"));
    }

    undo() {
      return this._send((plan) => this._source.undo(plan.id, plan.version), t("Taken back"));
    }

    replan({ aim, from = null }) {
      return this._send((plan) => this._source.replan(plan.id, { version: plan.version, aim, from }));
    }

    _change(change, said = null) {
      const back = said && h("button", { type: "button" }, t("Undo"));
      back?.addEventListener("click", () => {
        back.closest(".notice").remove();
        this.undo();
      });
      return this._send((plan) => this._source.change(plan.id, plan.version, [change]), said, back);
    }

    // One after the other: the version of the next is that of the answer.
    async _send(ask, said = null, action = null) {
      if (this.busy) return false;
      this._busy(true);
      try {
        const plan = await ask(this.view.plan);
        this.view.changed(plan);
        if (said) everycell.notice(said, "good", action);
        return true;
      } catch (error) {
        await this._failed(error);
        return false;
      } finally {
        this._busy(false);
      }
    }

    _busy(yes) {
      this.busy = yes;
      document.documentElement.classList.toggle("busy", yes);
      everycell.byId("plan").setAttribute("aria-busy", String(yes));
    }

    async _failed(error) {
      if (error.status === 412 || (error.status === 409 && error.problem?.field === "version")) {
        await this.view.reload();
        everycell.notice(
          t("Somebody else has changed this plan meanwhile. It was read again; your change was not made."),
          "bad",
        );
      } else if (error.status !== 401) everycell.notice(`${t("Not changed.")} ${everycell.reason(error)}`, "bad");
    }
  };
}
