"use strict";
// Which cases the desk lists: the filters above the list, in the address too, and whether a case is one of them.
{
  const { h, t } = everycell;
  const OPEN = "open";
  const EVERY = "all"; // in the address, where nothing says "open"

  /** `form` has the fields; `onchange()` is called when something else is to be listed, `onarea(code)` for an area. */
  everycell.DeskFilters = class {
    constructor(form, { onchange, onarea }) {
      Object.assign(this, { fields: form.elements, onchange, onarea });
      form.addEventListener("change", ({ target }) => this._changed(target));
      form.addEventListener("submit", (event) => event.preventDefault());
    }

    /** Set the fields to what an address asks for. */
    restore(asked) {
      const { fields } = this;
      if (asked.state) fields.state.value = asked.state === EVERY ? "" : asked.state;
      for (const name of ["category", "level"]) fields[name].value = asked[name] ?? "";
      fields.overdue.checked = ["true", "yes"].includes(asked.overdue);
      for (const name of ["state", "category", "level"])
        if (fields[name].selectedIndex < 0) fields[name].selectedIndex = 0; // there is no such entry
    }

    /** Offer the areas inside the one that is shown: [{code, name}]. */
    offer(inside) {
      const select = this.fields.inside;
      const first = inside.length ? t("All of it") : "–";
      const options = [{ code: "", name: first }, ...inside];
      select.replaceChildren(...options.map(({ code, name }) => h("option", { value: code }, name)));
      select.disabled = !inside.length;
    }

    /** What is asked of the service, but for the area. */
    get question() {
      const { state, category, level, overdue } = this.fields;
      return {
        state: state.value,
        category: category.value,
        level: level.value,
        overdue: overdue.checked ? "true" : "",
      };
    }

    /** Whether a case stands in a list of what is asked for. */
    fits(one) {
      const { state, category, level, overdue } = this.question;
      const inState = state === OPEN ? !one.ended_at : !state || one.state === state;
      return (
        inState &&
        (!category || one.category === category) &&
        (!level || one.level === level) &&
        (!overdue || one.overdue)
      );
    }

    _changed({ name, value }) {
      if (name === "inside") {
        if (value) this.onarea(value);
        return;
      }
      const { state, category, level, overdue } = this.question;
      everycell.address.write({ state: state === OPEN ? null : state || EVERY, category, level, overdue });
      this.onchange();
    }
  };
}
