"use strict";
// The data of a live page comes from the service. A standalone page has embedded.js, which answers the same questions.
{
  /** GeoJSON features one by one from a stream of text, as soon as each is complete, however the text is laid out. */
  everycell.featureStream = () => {
    let text = "";
    let at = 0;
    let start = -1;
    let depth = 0;
    let quoted = false;
    let inside = false;
    let ended = false;
    const take = (piece) => {
      const found = [];
      if (ended) return found;
      text += piece;
      if (!inside) {
        const list = /"features"\s*:\s*\[/.exec(text);
        if (!list) return found;
        at = list.index + list[0].length;
        inside = true;
      }
      for (; at < text.length; at += 1) {
        const sign = text[at];
        if (quoted) {
          if (sign === "\\") {
            if (at + 1 >= text.length) break;
            at += 1;
          } else if (sign === '"') quoted = false;
        } else if (sign === '"') quoted = true;
        else if (sign === "]" && depth === 0) {
          ended = true;
          return found;
        } else if (sign === "{" && (depth += 1) === 1) start = at;
        else if (sign === "}" && (depth -= 1) === 0) {
          found.push(JSON.parse(text.slice(start, at + 1)));
          start = -1;
        }
      }
      const done = start < 0 ? at : start;
      text = text.slice(done);
      at -= done;
      if (start >= 0) start = 0;
      return found;
    };
    return { take, complete: () => ended };
  };

  const household = ({ properties, geometry }) => ({
    ...properties,
    lon: geometry?.coordinates?.[0],
    lat: geometry?.coordinates?.[1],
  });

  class Refused extends Error {
    constructor(status, problem) {
      const over = status === 401 ? everycell.t("The session is over.") : null;
      super(over || problem?.detail || problem?.title || `HTTP ${status}`);
      this.status = status;
      this.problem = problem;
    }
  }

  /** An error in words. The service speaks the page's language; the name of a field in front is for programs. */
  everycell.reason = (error) => {
    if (error instanceof TypeError || error.name === "TimeoutError")
      return everycell.t("The service cannot be reached.");
    const { field } = error.problem ?? {};
    const said = [`${field}: `, `${field}：`].find((name) => error.message.startsWith(name));
    return said ? error.message.slice(said.length) : error.message;
  };

  /**
   * The service's HTTP interface. `csrf` is the token that what changes something carries, "" where there is none;
   * `onover()` is called whenever the service no longer knows who asks.
   */
  everycell.LiveSource = class {
    constructor(base, { csrf, onover }) {
      Object.assign(this, { base, csrf, onover, live: true });
    }

    async _ask(path, options = {}) {
      const headers = { "Accept-Language": document.documentElement.lang, ...options.headers };
      const answer = await fetch(this.base + path, { credentials: "same-origin", ...options, headers });
      if (answer.ok) return answer;
      if (answer.status === 401) this.onover();
      throw new Refused(answer.status, await answer.json().catch(() => null));
    }

    async _json(path, options) {
      return (await this._ask(path, { headers: { Accept: "application/json" }, ...options })).json();
    }

    /** Send what changes something; its answer, null where there is none to read. */
    async _send(method, path, body, signal) {
      const headers = { Accept: "application/json", ...(this.csrf && { "X-CSRF-Token": this.csrf }) };
      if (body !== undefined) headers["Content-Type"] = "application/json";
      const answer = await this._ask(path, { method, signal, headers, body: body && JSON.stringify(body) });
      return answer.status === 204 ? null : answer.json();
    }

    /** Send one item of a batch. */
    async _sendOne(path, item) {
      const answer = await this._send("POST", path, [item]);
      const [refused] = answer.refused ?? [];
      if (refused) throw new Refused(200, refused);
      return answer;
    }

    /** Every item of a collection, page by page along the `next` links. */
    async _items(path) {
      const features = [];
      for (let next = path; next;) {
        const page = await this._json(next, { headers: { Accept: "application/geo+json" } });
        features.push(...page.features);
        const link = page.links?.find(({ rel }) => rel === "next")?.href;
        next = link ? this._own(link) : null;
      }
      return { type: "FeatureCollection", features };
    }

    // A proxy may call the service by another name than the browser does: only the path of a link counts.
    _own(link) {
      const { pathname, search } = new URL(link, location.href);
      return pathname.slice(pathname.startsWith(`${this.base}/`) ? this.base.length : 0) + search;
    }

    /** Cells and divisions to be drawn, as GeoJSON: on the way every border of theirs is there once. */
    async grid() {
      const topology = await this._json("/grid");
      const unpacked = (name) => topojson.feature(topology, topology.objects[name]);
      return { cells: unpacked("cells"), divisions: unpacked("divisions") };
    }

    /** Cells as they are stored, for whoever edits them. */
    cells() {
      return this._items("/collections/cells/items?limit=1000");
    }

    divisions() {
      return this._items("/collections/divisions/items?limit=1000");
    }

    sites() {
      return this._items("/collections/sites/items?limit=1000");
    }

    /** Visit rounds, and the code of the `running` one: from it figures of an area ("": of all that is seen) count. */
    rounds(area = "") {
      return this._json(`/rounds${area && `?area=${area}`}`);
    }

    coverage(cutoff) {
      const by = cutoff.kind === "round" ? `round=${encodeURIComponent(cutoff.code)}` : `since=${cutoff.since}`;
      return this._json(`/coverage?level=cell&${by}`);
    }

    /** Unvisited households of an area, longest wait first, in batches as they arrive. */
    async *unvisited(area, since, signal) {
      const where = area ? `area=${encodeURIComponent(area)}&` : "";
      const answer = await this._ask(`/households/unvisited?${where}since=${since}`, {
        signal,
        headers: { Accept: "application/geo+json" },
      });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      const features = everycell.featureStream();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const batch = features.take(part.value).map(household);
        if (batch.length) yield batch;
      }
      if (!features.complete()) throw new Error(everycell.t("The list broke off before its end"));
    }

    door(id) {
      return this._json(`/collections/doorplates/items/${id}`, { cache: "no-cache" }).then(household);
    }

    async units(door) {
      const { features } = await this._items(`/collections/households/items?doorplate=${door}&limit=1000`);
      return features.map(household);
    }

    search(text, most, signal) {
      const path = `/search?q=${encodeURIComponent(text)}&limit=${most}`;
      return this._json(path, { signal }).then(({ features }) => features);
    }

    record(visit) {
      return this._sendOne("/visits", visit);
    }

    async _tile(path, layer, fresh) {
      const answer = await this._ask(path, fresh ? { cache: "no-cache" } : {});
      const body = await answer.arrayBuffer();
      return body.byteLength ? ((await everycell.tileDecoder)(body)[layer] ?? []) : [];
    }

    doorTile(z, x, y, since, fresh) {
      return this._tile(
        `/collections/doorplates/tiles/WebMercatorQuad/${z}/${y}/${x}?since=${since}`,
        "doorplates",
        fresh,
      );
    }

    streetTile(z, x, y) {
      return this._tile(`/collections/streets/tiles/WebMercatorQuad/${z}/${y}/${x}`, "streets", false);
    }
  };
}
