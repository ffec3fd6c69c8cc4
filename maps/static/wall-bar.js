"use strict";
// What the bar of the wall says: where we are, which scene it is, how long it stays.
{
  const { h, t, byId } = everycell;

  everycell.WallBar = class {
    /** `rotation` turns the scenes; `onpick(key)` is called when somebody chooses one, `ontoggle()` stops it or goes on. */
    constructor({ rotation, onpick, ontoggle }) {
      this.rotation = rotation;
      this.buttons = rotation.keys.map((key, index) => this._button(key, index, onpick));
      this.pause = byId("pause");
      this.pause.addEventListener("click", ontoggle);
      byId("scenes").replaceChildren(...this.buttons);
      byId("scenes").hidden = this.pause.hidden = rotation.keys.length < 2;
    }

    _button(key, index, onpick) {
      const title = t(everycell.wallScenes[key].title);
      const left = h("i", { class: "dwell" });
      const attributes = { type: "button", title, "aria-label": `${index + 1} ${title}`, "data-scene": key };
      return h("button", { ...attributes, onclick: () => onpick(key) }, h("b", {}, String(index + 1)), left);
    }

    /** Show which scene it is. */
    show() {
      const { key } = this.rotation;
      byId("scene").textContent = t(everycell.wallScenes[key].title);
      for (const button of this.buttons) {
        if (button.dataset.scene === key) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
      }
      this.progress();
    }

    /** Show how much of its time the scene has had, and what holds it. */
    progress() {
      const { rotation } = this;
      const held = rotation.holds("key");
      this.pause.setAttribute("aria-pressed", String(held));
      this.pause.setAttribute("aria-label", held ? t("Go on") : t("Stop the rotation"));
      document.body.classList.toggle("paused", rotation.holders.size > 0);
      // Without motion it moves in five steps, not all the time.
      const share = everycell.still ? Math.floor(rotation.progress * 5) / 5 : rotation.progress;
      for (const button of this.buttons) {
        const current = button.dataset.scene === rotation.key;
        button.lastElementChild.style.transform = `scaleX(${current ? share.toFixed(3) : 0})`;
      }
    }
  };
}
