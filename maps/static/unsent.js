"use strict";
// What this account has entered and the service has not confirmed: kept by the tab alone, so that signing in again, which
// leaves the page, loses nothing. An item has the id by which it is sent again without counting twice.
{
  const keptAs = (kind) => {
    const key = () => `${kind}.${everycell.config.who}`;
    const write = (items) => everycell.tab.set(key(), JSON.stringify(items));
    const all = () => JSON.parse(everycell.tab.get(key()) ?? "[]");
    const others = (id) => all().filter((item) => item.id !== id);
    return {
      all,
      keep: (item) => write([...others(item.id), item]),
      drop: (id) => write(others(id)),
      clear: () => write([]),
    };
  };

  /** Visits: {id, household, visit}. */
  everycell.unsent = keptAs("unsent");

  /** Cases: {id, one, words}. */
  everycell.unsentCases = keptAs("unsent-cases");
}
