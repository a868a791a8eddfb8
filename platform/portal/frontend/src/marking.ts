// Marking by keyboard: digits pick a step of the criterion at hand, letters move, comment, save and turn.

const TYPED = "textarea, input:not([type=radio]):not([type=hidden]), select";

/** Whether keys belong to what has the focus. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TYPED) !== null;
}

class Sheet {
  private readonly criteria: HTMLFieldSetElement[];
  private readonly comment: HTMLTextAreaElement;
  private readonly points: HTMLInputElement;
  private at = 0;
  private changed = false;

  constructor(private readonly form: HTMLFormElement) {
    this.criteria = [...form.querySelectorAll<HTMLFieldSetElement>("[data-criterion]")];
    this.comment = form.querySelector<HTMLTextAreaElement>("[name=comment]")!;
    this.points = form.querySelector<HTMLInputElement>("[name=points]")!;
    this.goTo(this.firstOpen(), false);
    form.addEventListener("input", (event) => {
      this.changed = true;
      this.agree(event.target);
    });
    form.addEventListener("submit", () => (this.changed = false));
    form.addEventListener("focusin", (event) => {
      const inside = (event.target as Element).closest<HTMLFieldSetElement>("[data-criterion]");
      if (inside) this.show(this.criteria.indexOf(inside));
    });
    for (const button of form.querySelectorAll<HTMLButtonElement>("[data-comment]")) {
      button.addEventListener("click", () => this.add(button.dataset["comment"] ?? ""));
    }
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("beforeunload", (event) => {
      if (this.changed) event.preventDefault();
    });
  }

  /** The first criterion without points, or the first of all. */
  private firstOpen(): number {
    const open = this.criteria.findIndex((one) => !one.querySelector("input:checked"));
    return Math.max(0, open);
  }

  private show(at: number): void {
    this.at = at;
    this.criteria.forEach((one, index) => one.classList.toggle("is-at-hand", index === at));
  }

  private goTo(at: number, focus = true): void {
    const bounded = Math.min(Math.max(at, 0), this.criteria.length - 1);
    const criterion = this.criteria[bounded];
    if (!criterion) return;
    this.show(bounded);
    if (!focus) return;
    const input = criterion.querySelector<HTMLInputElement>("input:checked") ?? criterion.querySelector("input");
    input?.focus();
  }

  /** Let what was touched last count: a step in place of a total, and a total in place of the step for the whole. */
  private agree(touched: EventTarget | null): void {
    if (touched instanceof HTMLInputElement && touched.type === "radio") this.points.value = "";
    if (touched !== this.points || !this.points.value.trim()) return;
    const whole = this.form.querySelector<HTMLInputElement>("[name=rubric-whole]:checked");
    if (whole) whole.checked = false;
  }

  private pick(digit: string): boolean {
    const input = this.criteria[this.at]?.querySelector<HTMLInputElement>(`input[data-step="${digit}"]`);
    if (!input) return false;
    input.checked = true;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    if (this.at + 1 < this.criteria.length) this.goTo(this.at + 1);
    else input.focus();
    return true;
  }

  /** Put a comment that was given before into the box, below what is there. */
  private add(text: string): void {
    const there = this.comment.value.trimEnd();
    this.comment.value = there ? `${there}\n${text}` : text;
    this.comment.dispatchEvent(new Event("input", { bubbles: true }));
    this.comment.focus();
  }

  private saveAndNext(): void {
    this.form.requestSubmit(this.form.querySelector<HTMLButtonElement>("[data-save-next]"));
  }

  private turn(name: string): boolean {
    const link = document.querySelector<HTMLAnchorElement>(`[data-marking] [data-${name}]`);
    link?.click();
    return link !== null;
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing || event.altKey || document.querySelector("dialog[open]")) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      this.saveAndNext();
      return;
    }
    if (event.ctrlKey || event.metaKey) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") this.goTo(this.at);
      return;
    }
    if (this.act(event)) event.preventDefault();
  }

  /** Do what a key asks for; whether it asks for anything. */
  private act(event: KeyboardEvent): boolean {
    if (/^[1-9]$/.test(event.key)) return this.pick(event.key);
    switch (event.key) {
      case "j":
        this.goTo(this.at + 1);
        return true;
      case "k":
        this.goTo(this.at - 1);
        return true;
      case "c":
        this.comment.focus();
        return true;
      case "s":
        this.saveAndNext();
        return true;
      case "n":
        return this.turn("next");
      case "p":
        return this.turn("previous");
      case "ArrowRight":
        return !onRadio(event) && this.turn("next");
      case "ArrowLeft":
        return !onRadio(event) && this.turn("previous");
      default:
        return false;
    }
  }
}

/** Whether the browser itself moves among radio buttons by this key, or scrolls what has the focus. */
function onRadio(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest("input[type=radio], [role=region], pre") !== null;
}

const form = document.querySelector<HTMLFormElement>("[data-marking-form]");
if (form) new Sheet(form);
