"use strict";
// The ground under every page: words, numbers, days, elements, the address bar. Data reaches the document as text
// nodes only; nothing in these scripts writes markup.
const everycell = {};
{
  const DAY_MS = 86400000;
  const OPEN = ":popover-open, dialog[open]";
  const number = new Intl.NumberFormat("en-US");

  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  let words = {};
  everycell.theme = "light";
  everycell.look = "desk"; // or that of a wall, by its theme

  /**
   * How large everything is, by the size of the page's text. `body` is the size, in pixels on a desk, of what the map
   * writes as large as that: on a wall, nothing is written smaller.
   */
  everycell.sizeOf = (body = 14) => {
    const size = parseFloat(getComputedStyle(document.documentElement).fontSize);
    everycell.scale = size / body;
    // Writing grows with the distance, lines with the screen: else they would cover small cells.
    everycell.stroke = Math.min(everycell.scale, Math.max(1, innerHeight / 500));
  };

  /** The page's configuration and words; called once, when the document is complete. */
  everycell.open = () => {
    words = read("messages");
    everycell.config = read("config");
    everycell.theme = everycell.config.theme ?? "light";
    everycell.look = everycell.config.theme ? `wall-${everycell.config.theme}` : "desk";
    everycell.sizeOf();
    everycell.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (everycell.still && window.L) jump(); // some pages have no map
  };

  // Leaflet glides when it makes room for a popup or follows an arrow key, whatever its options say of animations.
  const jump = () => {
    const { panBy } = L.Map.prototype;
    L.Map.include({
      panBy(offset, options) {
        return panBy.call(this, offset, { ...options, animate: false });
      },
    });
  };

  /** The zoom as the eye sees it: on a wall, where everything is larger, the same zoom shows less detail a metre. */
  everycell.seenZoom = (zoom) => zoom - Math.log2(everycell.scale);

  /** A message in the page's language; `{name}` is filled from `values`. */
  everycell.t = (message, values = {}) =>
    (words[message] ?? message).replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));

  everycell.number = (value) => (value === null || value === undefined ? "–" : number.format(value));

  /** A share as a percentage that is 100 only where nothing is left and 0 only where nothing is done. */
  everycell.percent = (part, whole) => {
    if (!whole) return "–";
    const floor = Math.floor((part * 100) / whole);
    return floor === 0 && part > 0 ? "<1 %" : `${floor} %`;
  };

  /** Days since 1970-01-01 of an ISO day. */
  everycell.day = (iso) => {
    const [year, month, day] = iso.slice(0, 10).split("-").map(Number);
    return Date.UTC(year, month - 1, day) / DAY_MS;
  };

  everycell.isoDay = (day) => new Date(day * DAY_MS).toISOString().slice(0, 10);

  /** How long ago a day was, in words. */
  everycell.ago = (iso, today) => {
    const days = today - everycell.day(iso);
    if (days <= 0) return everycell.t("today");
    if (days === 1) return everycell.t("yesterday");
    return everycell.t("{days} days ago", { days: everycell.number(days) });
  };

  // Days and hours are those of the county, wherever the reader's computer believes to be; a page that does not say
  // where the county is has the reader's.
  const formats = new Map();
  const partsAt = (instant) => {
    const timeZone = everycell.config?.zone;
    if (!formats.has(timeZone)) {
      const two = "2-digit";
      const options = { year: "numeric", month: two, day: two, hour: two, minute: two, second: two, hourCycle: "h23" };
      formats.set(timeZone, new Intl.DateTimeFormat("en-GB", { ...options, timeZone }));
    }
    const parts = formats.get(timeZone).formatToParts(new Date(instant));
    return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  };

  /** The day of an instant: 2026-11-22. */
  everycell.dayAt = (instant) => {
    const { year, month, day } = partsAt(instant);
    return `${year}-${month}-${day}`;
  };

  /** The time of an instant: 14:05:09. */
  everycell.timeAt = (instant) => {
    const { hour, minute, second } = partsAt(instant);
    return `${hour}:${minute}:${second}`;
  };

  /** Day, hours and minutes of an instant: 2026-11-22 14:05. */
  everycell.clock = (instant) => `${everycell.dayAt(instant)} ${everycell.timeAt(instant).slice(0, 5)}`;

  const filled = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "style") Object.assign(element.style, value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  };

  /** An element; strings become text, `on*` functions listeners, null children nothing. */
  everycell.h = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

  /** The same of a drawing. */
  everycell.svg = (tag, attributes = {}, ...children) =>
    filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

  everycell.byId = (id) => document.getElementById(id);

  /** A random uuid; crypto.randomUUID exists only on https and localhost, and offices open pages by plain http. */
  everycell.uuid = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  };

  const storedIn = (storage) => ({
    get: (key) => {
      try {
        return storage().getItem(`everycell.${key}`);
      } catch {
        return null;
      }
    },
    set: (key, value) => {
      try {
        storage().setItem(`everycell.${key}`, value);
      } catch {
        // Storage is switched off: the next visit asks again.
      }
    },
  });

  /** What this browser remembers; a private window remembers nothing and says nothing. */
  everycell.memory = storedIn(() => localStorage);

  /** What this tab remembers until it is closed. */
  everycell.tab = storedIn(() => sessionStorage);

  /** The part of the address after `#`, so that a view can be shared and survives a reload. */
  everycell.address = {
    read: () => Object.fromEntries(new URLSearchParams(location.hash.slice(1))),
    write: (values) => {
      const state = { ...everycell.address.read(), ...values };
      const parts = Object.entries(state).filter(([, value]) => value !== null && value !== "");
      const text = parts.map(
        ([key, value]) => `${key}=${encodeURIComponent(value).replace(/%2F/g, "/").replace(/%3A/g, ":")}`,
      );
      history.replaceState(history.state, "", `#${text.join("&")}`);
    },
  };

  /**
   * Say something in the corner: kind is "good" or "bad"; a bad one stays until it is closed, and then `onclose` is
   * called; one that is `lasting` cannot be closed.
   */
  everycell.notice = (text, kind = "good", action = null, { onclose = null, lasting = false } = {}) => {
    const { h, t } = everycell;
    const close = h("button", { type: "button", class: "plain", "aria-label": t("Close") }, "×");
    const box = h("div", { class: `notice ${kind}` }, h("span", {}, text), action, lasting ? null : close);
    close.addEventListener("click", () => {
      box.remove();
      onclose?.();
    });
    everycell.byId("notices").append(box);
    if (kind === "good") setTimeout(() => box.remove(), 6000);
    return box;
  };

  /** Whether a key belongs to what is typed into, or to a menu or a dialog that is open, and not to the page. */
  everycell.keysTaken = ({ target }) =>
    Boolean(target.closest?.("input, select, textarea, #account[open]") || document.querySelector(OPEN));

  /** Run `work` at most once a frame. */
  everycell.eachFrame = (work) => {
    let pending = false;
    return (...values) => {
      if (pending) return;
      pending = true;
      requestAnimationFrame(() => {
        pending = false;
        work(...values);
      });
    };
  };

  everycell.tileDecoder = new Promise((resolve) => {
    everycell.setTileDecoder = resolve;
  });

  const foldable = (button) => {
    const fold = (folded) => {
      document.body.classList.toggle("folded", folded);
      button.setAttribute("aria-expanded", String(!folded));
    };
    button.addEventListener("click", () => {
      fold(!document.body.classList.contains("folded"));
      everycell.memory.set("folded", document.body.classList.contains("folded") ? "yes" : "no");
    });
    fold(innerWidth < 720 || everycell.memory.get("folded") === "yes");
    skipBar(() => fold(false));
  };

  // Past the bar into the panel; the address stays, as it tells the view.
  const skipBar = (unfold) => {
    const panel = everycell.byId("panel");
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault();
      unfold();
      panel.tabIndex = -1;
      panel.focus();
    });
  };

  const keepViewInOtherLanguage = () => {
    const link = everycell.byId("language");
    link?.addEventListener("click", () => (link.href = link.href.split("#")[0] + location.hash));
  };

  // What is looked at here is planned there: the area goes along.
  const keepAreaForPatrols = () => {
    const link = everycell.byId("to-patrol");
    link?.addEventListener("click", () => {
      const { area } = everycell.address.read();
      link.href = link.href.split("#")[0] + (area ? `#area=${encodeURIComponent(area)}` : "");
    });
  };

  /** What every page's frame can do: the panel folds and stays so, the other language keeps the view, patrols the area. */
  everycell.frame = () => {
    const button = everycell.byId("fold");
    if (button) foldable(button); // there is no panel where there is nothing to show
    keepViewInOtherLanguage();
    keepAreaForPatrols();
  };
}
