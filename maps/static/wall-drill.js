"use strict";
// From the county down to a cell and its doors, by clicks; and back by itself when nobody looks any more.
{
  const DIGITS = [6, 9, 12, 15];

  /**
   * `home` is the code where the wall begins ("" is everything that is seen), `named(code)` whether there is such an area,
   * `onchange(code)` is called when another one is looked at, `ondoors(code)` when a cell is clicked that is looked at
   * already. After `return_s` seconds without anybody it goes home. Call `tick()` about every second.
   */
  everycell.Drill = class {
    constructor({ home, named, onchange, ondoors, return_s, elapsed = () => performance.now() }) {
      Object.assign(this, { home, named, onchange, ondoors, return_ms: return_s * 1000, elapsed });
      Object.assign(this, { area: home, at: elapsed() });
    }

    get down() {
      return this.area !== this.home;
    }

    /** Somebody is there. */
    touched() {
      this.at = this.elapsed();
    }

    tick() {
      if (this.down && this.elapsed() - this.at >= this.return_ms) this.go(this.home);
    }

    go(code) {
      this.touched();
      if (code === this.area || !code.startsWith(this.home)) return;
      this.area = code;
      this.onchange(code);
    }

    /** One level up. */
    up() {
      const above = DIGITS.map((digits) => this.area.slice(0, digits)).filter((code) => code.length < this.area.length);
      const code = above.findLast((one) => one.length >= this.home.length && this.named(one)) ?? this.home;
      this.go(code.startsWith(this.home) ? code : this.home);
    }

    /** A click on a cell: one level down towards it; beside the area that is looked at, to its neighbour there. */
    click(cell) {
      this.touched();
      if (cell === this.area) return this.ondoors(cell);
      const { length } = this.area;
      if (length && !cell.startsWith(this.area)) return this.go(cell.slice(0, length));
      const next = DIGITS.find(
        (digits) => digits > length && (digits === cell.length || this.named(cell.slice(0, digits))),
      );
      return this.go(cell.slice(0, next));
    }
  };
}
