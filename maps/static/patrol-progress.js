"use strict";
// The search for routes, while it runs: what is being done, how far it is, for how long; and how it ended where it failed.
{
  const { h, t, byId } = everycell;
  const N = (message) => message; // Marks a message for the catalogue.
  const STEPS = {
    waiting: N("Waiting for its turn…"),
    streets: N("Reading streets…"),
    times: N("Working out ways between stops…"),
    routes: N("Looking for routes…"),
    check: N("Checking the plan…"),
  };

  /** What is shown in the panel in the place of the plan. `oncancel()` ends the search. */
  everycell.PlanProgress = class {
    constructor(oncancel) {
      byId("cancel").addEventListener("click", oncancel);
      this.clock = null;
    }

    /** Show a plan that is being searched; false where it is not. */
    show(plan) {
      const running = plan.status === "planning";
      byId("progress").hidden = !running;
      clearInterval(this.clock);
      if (!running) {
        this.begun = null;
        return false;
      }
      this.begun ??= Date.now();
      const { share, step } = plan.progress ?? {};
      byId("progress-step").textContent = t(STEPS[step ?? "waiting"] ?? STEPS.routes);
      const bar = byId("progress-bar");
      if (share > 0) bar.value = share;
      else bar.removeAttribute("value");
      this._tick();
      this.clock = setInterval(() => this._tick(), 1000);
      return true;
    }

    _tick() {
      const seconds = Math.round((Date.now() - this.begun) / 1000);
      byId("progress-time").textContent = t("{seconds} s", { seconds });
    }

    stop() {
      clearInterval(this.clock);
      this.begun = null;
    }
  };

  const FAULTS = {
    time: N("No plan was found in time: take fewer stops, or try again."),
    ended: N("The search has ended by itself several times: plan again."),
    unchecked: N("What was found did not pass the check, and is not shown: plan again."),
    unusable: N("Stops, teams or streets cannot be used together: change the plan."),
    unexpected: N("Something unexpected: the log of the service says more."),
  };
  const faultOf = ({ code, title, detail }) =>
    FAULTS[code] ? t(FAULTS[code]) : [title, detail].filter(Boolean).join(": ");

  /** Why there are no routes: a plan that failed or was cancelled; null for any other. */
  everycell.planEnded = ({ status, error }, again) => {
    if (status !== "failed" && status !== "cancelled") return null;
    const title = status === "cancelled" ? t("The search was cancelled.") : t("No plan was found.");
    return h(
      "div",
      { class: "ended" },
      h("p", { class: "late" }, title),
      error ? h("p", {}, faultOf(error)) : null,
      again ? h("button", { type: "button", class: "primary", onclick: again }, t("Plan again")) : null,
    );
  };
}
