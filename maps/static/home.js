"use strict";
// The first page: it is there without this script, which adds the search and closes the account's menu.
{
  const AREAS = ["county", "town", "village", "cell"];

  // Where the coverage page shows what was found.
  const placeOf = ({ id, properties, geometry }) => {
    const { kind, code, doorplate } = properties;
    if (AREAS.includes(kind)) return { area: code };
    const [lon, lat] = geometry.coordinates;
    const map = `18/${lat}/${lon}`;
    return kind === "site" ? { map, site: code } : { map, door: kind === "doorplate" ? id : doorplate };
  };

  /** Called by the page when it is complete. */
  everycell.startHome = () => {
    everycell.open();
    everycell.accountMenu();
    const { api, csrf } = everycell.config;
    const form = everycell.byId("search");
    if (form) {
      const source = new everycell.LiveSource(api, { csrf, onover: () => everycell.sayOver() });
      form.hidden = false;
      new everycell.Search(form, source, (feature) => {
        const english = document.documentElement.lang === "en" ? "?lang=en" : "";
        location.assign(`${api}/maps/coverage${english}#${new URLSearchParams(placeOf(feature))}`);
      });
    }
    document.documentElement.dataset.ready = form ? "yes" : "empty";
  };
}
