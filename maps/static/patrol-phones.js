"use strict";
// Links for the phones of teams, with a code that a phone reads from the screen. A link is a key: it is made when it is asked
// for, shown once, and a new one ends the old.
{
  const { h, svg, t } = everycell;
  const MARGIN = 4; // modules of white around a code, as its norm wants

  /** A QR code ({side, path} in modules) as a picture; null where there is none. */
  const picture = (qr, label) => {
    if (!qr) return null;
    const side = qr.side + 2 * MARGIN;
    const viewBox = `${-MARGIN} ${-MARGIN} ${side} ${side}`;
    const drawn = { viewBox, role: "img", "aria-label": label, "shape-rendering": "crispEdges" };
    return svg("svg", drawn, svg("path", { d: qr.path }));
  };

  const entry = ({ team, url, expires_at: until, qr }) => {
    const address = new URL(url, location.href).href;
    const field = h("input", {
      type: "text",
      readonly: true,
      value: address,
      "aria-label": t("Link of team {team}", { team }),
      onfocus: ({ target }) => target.select(),
    });
    const copy = h("button", { type: "button", class: "quiet" }, t("Copy"));
    copy.addEventListener("click", async () => {
      field.select();
      // The clipboard is there on https and localhost only; by plain http the text is marked, to be copied by hand.
      await navigator.clipboard
        ?.writeText(address)
        .then(() => (copy.textContent = t("Copied")))
        .catch(() => {});
    });
    return h(
      "section",
      {},
      h("h3", {}, t("Team {team}", { team })),
      picture(qr, t("Code with the link of team {team}", { team })),
      h("div", { class: "link" }, field, copy),
      until ? h("small", {}, t("valid until {time}", { time: everycell.clock(until) })) : null,
    );
  };

  const showLinks = (phones) => {
    const close = h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, t("Close"));
    const dialog = h(
      "dialog",
      { class: "ask phones", "aria-label": t("Links for phones") },
      h("h2", {}, t("Links for phones")),
      h(
        "p",
        {},
        t(
          "Scan the code with the team's phone. Whoever has the link sees the route of the team and ticks its stops; nothing is stored of where the phone is.",
        ),
      ),
      h("div", { class: "codes" }, phones.map(entry)),
      h("div", { class: "answers" }, close),
    );
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };

  /** Ask for which teams, make the links, show them. */
  everycell.sendToPhones = async (source, plan) => {
    const teams = plan.teams.filter(({ route }) => route?.stops?.length).map(({ code }) => code);
    const options = [["", t("All teams")], ...teams.map((code) => [code, t("Team {team}", { team: code })])];
    const answer = await everycell.ask({
      title: t("Links for phones"),
      told: t("New links end those that the teams have now."),
      fields: [{ name: "team", label: t("Team"), options }],
      ok: t("Make links"),
    });
    if (!answer) return;
    try {
      showLinks(await source.phones(plan.id, answer.team ? [answer.team] : teams));
    } catch (error) {
      everycell.notice(everycell.reason(error), "bad");
    }
  };
}
