// While the instructor has paused the quiz: a screen over the page says so, and the server is asked now and then.

import type { Clock } from "./clock";

export interface Standing {
  state: "open" | "closed";
  paused: { reason: string } | null;
  remaining_seconds: number | null;
}

const WHILE_RUNNING = 45_000;
const WHILE_PAUSED = 8_000;

/** Asks how the try stands, at a calm pace that differs from page to page. */
export class Watch {
  private timer = 0;
  private paused = false;
  private readonly dialog = document.querySelector<HTMLDialogElement>("[data-paused-dialog]");

  constructor(
    private readonly url: string,
    private readonly clock: () => Clock | null,
    private readonly goesOn: () => void,
    private readonly ended: () => void,
  ) {
    this.dialog?.addEventListener("cancel", (event) => event.preventDefault());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.soon();
    });
    window.addEventListener("online", () => this.soon());
    this.later();
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Puts the screen up, with the words that came with a refusal until the server's own reason is there. */
  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.clock()?.stand(true);
    if (this.dialog && !this.dialog.open) this.dialog.showModal();
    this.soon();
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), 300 + Math.random() * 700);
  }

  private later(): void {
    clearTimeout(this.timer);
    const pace = this.paused ? WHILE_PAUSED : WHILE_RUNNING;
    this.timer = window.setTimeout(() => void this.ask(), pace * (0.75 + Math.random() / 2));
  }

  private async ask(): Promise<void> {
    try {
      if (!document.hidden || this.paused) {
        const reply = await fetch(this.url, { headers: { Accept: "application/json" }, redirect: "manual", cache: "no-store" });
        if (reply.ok) this.hear((await reply.json()) as Standing);
      }
    } catch {
      // Away: what matters is told beside the answers.
    }
    this.later();
  }

  private hear(standing: Standing): void {
    if (standing.state === "closed") {
      this.ended();
      return;
    }
    this.clock()?.set(standing.remaining_seconds);
    if (standing.paused) {
      const reason = this.dialog?.querySelector("[data-reason]");
      if (reason) reason.textContent = standing.paused.reason;
      this.pause();
    } else if (this.paused) {
      this.paused = false;
      this.dialog?.close();
      this.clock()?.stand(false);
      this.goesOn();
    }
  }
}
