// Dragging with a pointer, told in steps. What is dragged stays in the page where it is: whoever listens moves others.

export interface Drag {
  start(): void;
  move(x: number, y: number): void;
  drop(x: number, y: number): void;
  cancel(): void;
}

/** A hand trembles this much, in pixels, while it presses a button. */
const TREMBLE = 5;

/** Lets `handle` be dragged. A press that does not move stays a click; Escape takes the drag back. */
export function letDrag(handle: HTMLElement, drag: Drag, takes: (event: PointerEvent) => boolean = () => true): void {
  let from: { x: number; y: number; pointer: number } | null = null;
  let dragging = false;

  const escape = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    end((_x, _y) => drag.cancel(), 0, 0);
  };
  const end = (last: (x: number, y: number) => void, x: number, y: number) => {
    const wasDragging = dragging;
    if (from && handle.hasPointerCapture(from.pointer)) handle.releasePointerCapture(from.pointer);
    from = null;
    dragging = false;
    document.removeEventListener("keydown", escape, true);
    if (!wasDragging) return;
    handle.addEventListener("click", swallow, { capture: true, once: true });
    // A click follows at once or not at all.
    setTimeout(() => handle.removeEventListener("click", swallow, { capture: true }));
    last(x, y);
  };
  const swallow = (event: Event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  handle.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0 || !takes(event)) return;
    from = { x: event.clientX, y: event.clientY, pointer: event.pointerId };
    // At once: a quick hand has left the handle before it has moved far enough to be dragging.
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!from || event.pointerId !== from.pointer) return;
    if (!dragging) {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) < TREMBLE) return;
      dragging = true;
      document.addEventListener("keydown", escape, true);
      drag.start();
    }
    drag.move(event.clientX, event.clientY);
  });
  handle.addEventListener("pointerup", (event) => end((x, y) => drag.drop(x, y), event.clientX, event.clientY));
  handle.addEventListener("pointercancel", () => end(() => drag.cancel(), 0, 0));
  handle.addEventListener("dragstart", (event) => event.preventDefault());
}
