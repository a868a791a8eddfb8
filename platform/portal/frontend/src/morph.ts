// Changes one tree into another in place: elements with the same id or place stay the same objects, so focus, scroll
// and what somebody folded or opened are kept. Children of [data-keep-children] that the new tree lacks stay.

function key(node: Node): string {
  return node instanceof Element ? node.id : "";
}

function alike(one: Node, other: Node): boolean {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && key(one) === key(other);
}

function setAttributes(now: Element, wanted: Element): void {
  for (const { name } of [...now.attributes]) {
    // What a reader folded or opened is theirs; so is where they moved focus to.
    if (name === "open" || wanted.hasAttribute(name)) continue;
    now.removeAttribute(name);
  }
  for (const { name, value } of [...wanted.attributes]) {
    if (name === "open" && now.hasAttribute("data-seen")) continue;
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  if (now instanceof HTMLDetailsElement) now.setAttribute("data-seen", "");
}

export function morph(now: Element, wanted: Element): void {
  setAttributes(now, wanted);
  if (now.isEqualNode(wanted)) return;
  const keep = now.hasAttribute("data-keep-children");
  const byKey = new Map<string, Element>();
  for (const child of now.children) if (child.id) byKey.set(child.id, child);

  let place: ChildNode | null = now.firstChild;
  for (const next of [...wanted.childNodes]) {
    if (keep) {
      const old = byKey.get(key(next));
      if (old) morph(old, next as Element);
      else if (next instanceof Element) now.append(document.importNode(next, true));
      continue;
    }
    const found: ChildNode | null | undefined = key(next) ? byKey.get(key(next)) : place && alike(place, next) ? place : null;
    if (!found) {
      now.insertBefore(document.importNode(next, true), place);
      continue;
    }
    if (found === place) place = place.nextSibling;
    else now.insertBefore(found, place);
    if (found instanceof Element && next instanceof Element) morph(found, next);
    else if (found.nodeValue !== next.nodeValue) found.nodeValue = next.nodeValue;
  }
  while (!keep && place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}
