"use strict";
// Lists that are drawn anew all the time: what stays in them keeps its elements. Whoever presses one gets the click, whoever
// has the focus on one keeps it, and what has been opened stays open. Libraries that do this set `style` as an attribute, which
// the page's policy forbids, and leave a canvas empty.
{
  const OPENED = "open"; // by whoever looks: no drawing closes it

  const keyOf = (node) => node.dataset?.key ?? null;

  // What stands there already for a fresh node: the one of its key; of those without one the next of its kind. What is
  // painted on a canvas does not stand in the document: the fresh one takes its place.
  const standing = (target) => {
    const left = [...target.childNodes].filter(({ nodeName }) => nodeName !== "CANVAS");
    return (fresh) => {
      const at = left.findIndex((one) => one.nodeName === fresh.nodeName && keyOf(one) === keyOf(fresh));
      return at < 0 ? null : left.splice(at, 1)[0];
    };
  };

  const attributesOf = (old, fresh) => {
    for (const { name } of [...old.attributes])
      if (name !== OPENED && !fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) === value) continue;
      if (name === "style")
        old.style.cssText = value; // as an attribute the page's policy forbids it
      else old.setAttribute(name, value);
    }
  };

  const made = (old, fresh) => {
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return old;
    }
    attributesOf(old, fresh);
    everycell.renew(old, [...fresh.childNodes]);
    return old;
  };

  // What is moved loses the focus: so the others are put round what has it. What somebody is pressing is not moved away
  // from under the hand: the next drawing puts it where it belongs.
  const arrange = (target, nodes) => {
    const there = [...target.childNodes];
    const stay = nodes.length === there.length && nodes.every((node) => there.includes(node));
    if (stay && (target.matches(":active") || nodes.every((node, at) => node === there[at]))) return;
    const held = nodes.findIndex((node) => node.contains(document.activeElement));
    if (held < 0) {
      target.replaceChildren(...nodes);
      return;
    }
    for (const node of there) if (!nodes.includes(node)) node.remove();
    nodes[held].before(...nodes.slice(0, held));
    nodes[held].after(...nodes.slice(held + 1));
  };

  /**
   * Fill an element with fresh nodes, keeping the elements it has for those of the same `data-key` (of the same kind, in
   * turn, where they have none): only what differs in them changes. An element that is kept keeps its listeners, not those
   * of the fresh one: they may depend on nothing but its key.
   */
  everycell.renew = (target, nodes) => {
    const find = standing(target);
    const brought = (fresh) => {
      const old = find(fresh);
      return old ? made(old, fresh) : fresh;
    };
    arrange(target, nodes.map(brought));
  };
}
