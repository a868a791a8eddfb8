// Categorise: items that are dragged into groups, or picked and put there. The selects behind them stay what is sent.

import { letDrag } from "./dragging";
import { type Part, makeVoice, partsOf, tellChange } from "./parts";

interface Zone {
  id: string;
  name: string;
  element: HTMLElement;
  list: HTMLElement;
  put: HTMLButtonElement;
}

export function enhancePlacing(question: HTMLElement): void {
  const parts = partsOf(question);
  const first = parts[0];
  const rows = first?.row.parentElement;
  if (!first || !rows) return;
  const say = makeVoice(question);
  const chips = new Map<Part, HTMLButtonElement>();
  let picked: Part | null = null;
  let telling = false;

  const groups = [...first.select.options].filter((option) => option.value !== "");
  const pool = makeZone("", "Not placed yet");
  const zones = [pool, ...groups.map((option) => makeZone(option.value, option.text))];
  const board = document.createElement("div");
  board.className = "board";
  const columns = document.createElement("div");
  columns.className = "board-groups";
  columns.append(...zones.slice(1).map((zone) => zone.element));
  board.append(pool.element, columns);

  const zoneOf = (part: Part): Zone => zones.find((zone) => zone.id === part.select.value) ?? pool;

  const pick = (part: Part | null) => {
    picked = part;
    for (const [other, chip] of chips) chip.setAttribute("aria-pressed", String(other === part));
    board.classList.toggle("is-picking", part !== null);
    for (const zone of zones) {
      zone.put.hidden = part === null || zoneOf(part) === zone;
      const where = zone === pool ? "Take back" : "Put here";
      zone.put.textContent = where;
      zone.put.setAttribute("aria-label", part === null ? where : `${where}: ${part.words}, ${zone.name}`);
    }
    if (part) say(`${part.words} is picked. Choose its group.`);
  };

  const show = () => {
    for (const part of parts) {
      const item = chips.get(part)?.parentElement;
      const zone = zoneOf(part);
      if (item && item.parentElement !== zone.list) zone.list.append(item);
    }
    for (const zone of zones) zone.element.classList.toggle("is-empty", zone.list.children.length === 0);
  };

  const place = (part: Part, zone: Zone) => {
    const moved = zoneOf(part) !== zone;
    part.select.value = zone.id;
    pick(null);
    show();
    const next = parts.find((other) => zoneOf(other) === pool) ?? part;
    chips.get(next)?.focus();
    if (!moved) return;
    telling = true;
    tellChange(part.select);
    telling = false;
    const placed = parts.filter((other) => zoneOf(other) !== pool).length;
    say(`${part.words}: ${zone.name}. ${placed} of ${parts.length} placed.`);
  };

  for (const zone of zones) {
    zone.put.addEventListener("click", () => {
      if (picked) place(picked, zone);
    });
    zone.element.addEventListener("click", (event) => {
      if (picked && !(event.target as Element).closest("button")) place(picked, zone);
    });
  }
  const zoneAt = (x: number, y: number): Zone | undefined => {
    const under = document.elementFromPoint(x, y)?.closest(".zone");
    return zones.find((zone) => zone.element === under);
  };
  const mark = (over: Zone | undefined) => {
    for (const zone of zones) zone.element.classList.toggle("is-over", zone === over);
  };
  for (const part of parts) {
    const chip = makeChip(part);
    chips.set(part, chip);
    chip.addEventListener("click", () => pick(picked === part ? null : part));
    let from = { x: 0, y: 0 };
    const putBack = () => {
      chip.classList.remove("is-dragged");
      chip.style.removeProperty("transform");
      mark(undefined);
    };
    chip.addEventListener("pointerdown", (event) => {
      from = { x: event.clientX, y: event.clientY };
    });
    // A finger scrolls the page, and taps to pick and to put.
    const takes = (event: PointerEvent) => event.pointerType !== "touch";
    letDrag(
      chip,
      {
        start: () => {
          pick(null);
          chip.classList.add("is-dragged");
        },
        move: (x, y) => {
          chip.style.transform = `translate(${x - from.x}px, ${y - from.y}px)`;
          mark(zoneAt(x, y));
        },
        drop: (x, y) => {
          const zone = zoneAt(x, y);
          putBack();
          if (zone) place(part, zone);
        },
        cancel: putBack,
      },
      takes,
    );
    const item = document.createElement("li");
    item.append(chip);
    pool.list.append(item);
  }
  board.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !picked) return;
    const chip = chips.get(picked);
    pick(null);
    chip?.focus();
  });
  question.addEventListener("change", () => {
    if (telling) return;
    pick(null);
    show();
  });
  rows.hidden = true;
  rows.before(board);
  question.classList.add("is-enhanced");
  pick(null);
  show();
}

function makeZone(id: string, name: string): Zone {
  const element = document.createElement("div");
  element.className = id === "" ? "zone zone-pool" : "zone";
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", name);
  const title = document.createElement("span");
  title.className = "zone-name";
  title.textContent = name;
  const list = document.createElement("ul");
  list.className = "chips";
  list.setAttribute("role", "list");
  const put = document.createElement("button");
  put.type = "button";
  put.className = "button small secondary zone-put";
  element.append(title, list, put);
  return { id, name, element, list, put };
}

/** The item as its author wrote it; a link inside a button would be none, and is its words alone. */
function makeChip(part: Part): HTMLButtonElement {
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "chip-item";
  chip.append(...[...part.label.childNodes].map((node) => node.cloneNode(true)));
  for (const link of chip.querySelectorAll("a")) link.replaceWith(link.textContent ?? "");
  return chip;
}
