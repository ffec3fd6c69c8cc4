"use strict";
// A question with a few fields, in a dialog: it resolves to what was answered, or to null.
{
  const { h, t } = everycell;

  const field = ({ name, label, options, value = "", pattern, most, type = "text", min, required = false }) => {
    const control = options
      ? h(
          "select",
          { name, required },
          options.map(([code, text]) => h("option", { value: code, selected: code === value }, text)),
        )
      : h("input", { name, type, value, pattern, maxlength: most, min, required });
    return h("label", {}, label, control);
  };

  /**
   * Ask. `fields` are {name, label, value} with `options` ([value, text]) for a choice, else `type`, `pattern`, `most`
   * letters; one that is `required` must not be "". `told` is text or elements above them. What is typed is trimmed.
   */
  everycell.ask = ({ title, told = null, fields = [], ok, danger = false }) =>
    new Promise((resolve) => {
      const cancel = h("button", { type: "button", onclick: () => dialog.close() }, t("Cancel"));
      const go = h("button", { class: danger ? "danger" : "primary" }, ok);
      const form = h(
        "form",
        { class: "fields", method: "dialog", autocomplete: "off" },
        h("h2", {}, title),
        typeof told === "string" ? h("p", {}, told) : told,
        fields.map(field),
        h("div", { class: "answers" }, go, cancel),
      );
      const dialog = h("dialog", { class: "ask", "aria-label": title }, form);
      let answer = null;
      form.addEventListener("submit", () => {
        answer = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
      });
      dialog.addEventListener("close", () => {
        dialog.remove();
        resolve(answer);
      });
      document.body.append(dialog);
      dialog.showModal();
      (form.querySelector("input, select") ?? go).focus();
    });

  /** The kinds of cells with their names. */
  everycell.kinds = () => [
    ["general", t("General cell")],
    ["dedicated", t("Dedicated cell")],
  ];
}
