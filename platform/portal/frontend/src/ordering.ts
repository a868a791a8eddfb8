// Ordering: items that are moved by buttons or dragged by a handle. The selects behind them stay what is sent.

import { letDrag } from "./dragging";
import { type Part, makeButton, makeVoice, partsOf, tellChange } from "./parts";

export function enhanceOrdering(question: HTMLElement): void {
  const parts = partsOf(question);
  const list = parts[0]?.row.parentElement;
  if (!list || parts.length < 2) return;
  const say = makeVoice(question);
  const rows = new Map<HTMLElement, Part>(parts.map((part) => [part.row, part]));
  let telling = false;

  const inOrder = (): Part[] => [...list.children].flatMap((row) => rows.get(row as HTMLElement) ?? []);

  /** The numbers, and which buttons lead somewhere. */
  const show = () => {
    const answered = parts.every((part) => part.select.value !== "");
    list.classList.toggle("is-unanswered", !answered);
    inOrder().forEach((part, index) => {
      const number = part.row.querySelector(".order-number");
      if (number) number.textContent = String(index + 1);
      const [up, down] = part.row.querySelectorAll<HTMLElement>(".order-move");
      up?.setAttribute("aria-disabled", String(index === 0));
      down?.setAttribute("aria-disabled", String(index === parts.length - 1));
    });
  };

  const keep = (moved: Part) => {
    inOrder().forEach((part, index) => {
      part.select.value = String(index + 1);
    });
    show();
    telling = true;
    tellChange(moved.select);
    telling = false;
    say(`${moved.words}: place ${moved.select.value} of ${parts.length}.`);
  };

  /** Neighbours move around the item, which so keeps the focus and the pointer. */
  const step = (part: Part, by: -1 | 1): boolean => {
    const other = by < 0 ? part.row.previousElementSibling : part.row.nextElementSibling;
    if (!other) return false;
    if (by < 0) part.row.after(other);
    else part.row.before(other);
    return true;
  };

  /** Shows the order that the selects hold, if they hold one. */
  const follow = () => {
    if (telling) return;
    const places = parts.map((part) => Number(part.select.value));
    const isOrder = new Set(places).size === parts.length && !places.includes(0);
    if (isOrder) for (const part of [...parts].sort((a, b) => Number(a.select.value) - Number(b.select.value))) list.append(part.row);
    show();
  };

  for (const part of parts) {
    const number = document.createElement("span");
    number.className = "order-number";
    const grip = document.createElement("span");
    grip.className = "order-grip";
    grip.setAttribute("aria-hidden", "true");
    part.row.prepend(grip, number);
    const moves = document.createElement("span");
    moves.className = "order-moves";
    for (const [by, word] of [[-1, "up"], [1, "down"]] as const) {
      moves.append(
        makeButton(`order-move is-${word}`, `Move ${part.words} ${word}`, () => {
          if (step(part, by)) keep(part);
          else say(`${part.words} is ${by < 0 ? "first" : "last"} already.`);
        }),
      );
    }
    part.row.append(moves);
    part.select.hidden = true;

    let before: Element[] = [];
    letDrag(grip, {
      start: () => {
        before = [...list.children];
        part.row.classList.add("is-dragged");
      },
      move: (_x, y) => {
        for (;;) {
          const previous = part.row.previousElementSibling;
          const next = part.row.nextElementSibling;
          if (previous && y < middle(previous)) step(part, -1);
          else if (next && y > middle(next)) step(part, 1);
          else break;
        }
        show();
      },
      drop: () => {
        part.row.classList.remove("is-dragged");
        if ([...list.children].some((row, index) => row !== before[index])) keep(part);
      },
      cancel: () => {
        part.row.classList.remove("is-dragged");
        const at = before.indexOf(part.row);
        for (const row of before.slice(0, at)) part.row.before(row);
        for (const row of before.slice(at + 1).reverse()) part.row.after(row);
        show();
      },
    });
  }
  list.setAttribute("role", "list");
  question.classList.add("is-enhanced");
  question.addEventListener("change", follow);
  follow();
}

function middle(element: Element): number {
  const box = element.getBoundingClientRect();
  return box.top + box.height / 2;
}
