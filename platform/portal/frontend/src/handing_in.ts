// The page before handing in: sends what this browser still keeps, and hands in only once that is done.

import { renewTokens } from "./csrf";
import { drawNotice } from "./notices";
import { untilReachable } from "./leaving";
import type { Outbox } from "./outbox";
import { type Outcome, Sending, onReturn } from "./sending";

const MANY = (count: number): string => (count === 1 ? "1 answer is" : `${count} answers are`);

export class HandingIn {
  private readonly waiting = new Map<string, Sending>();
  private readonly refused = new Map<string, string>();
  /** What keeps answers waiting, in words; empty while they are simply on their way. */
  private why = "";
  private readonly form: HTMLFormElement | null;
  private readonly place: HTMLElement | null;
  private isAsked = false;
  private isGoing = false;

  constructor(
    private readonly root: HTMLElement,
    outbox: Outbox,
    client: string,
  ) {
    this.form = root.querySelector("[data-hand-in]");
    this.place = root.querySelector("[data-page-trouble]");
    const answers = root.dataset["answerUrl"] ?? "";
    outbox.all().forEach((entry, index) => {
      const url = answers.replace("/0/", `/${entry.position}/`);
      const sending = new Sending(url, entry.position, outbox, client, (outcome) => this.hear(entry.position, outcome));
      this.waiting.set(entry.position, sending);
      sending.takeUp(entry, index * 50);
    });
    onReturn(() => this.waiting.forEach((sending) => sending.now()));
    this.form?.addEventListener("submit", (event) => {
      if (this.isGoing) return;
      event.preventDefault();
      this.isAsked = true;
      this.waiting.forEach((sending) => sending.now());
      this.goOn();
    });
    this.say();
  }

  private hear(position: string, outcome: Outcome): void {
    if (outcome.is === "saved" && !outcome.more) {
      this.why = "";
      this.waiting.delete(position);
      if (!this.isAsked) this.showSaved(position, outcome.saved.answered);
    } else if (outcome.is === "stale" || outcome.is === "refused") {
      this.waiting.delete(position);
      this.refused.set(position, outcome.trouble.message);
      this.isAsked = false;
    } else if (outcome.is === "waiting") this.why = outcome.words;
    else if (outcome.is === "paused") this.why = outcome.trouble.message;
    else return;
    this.say();
    this.goOn();
  }

  /** The list of what is unanswered was drawn before this answer came. */
  private showSaved(position: string, answered: boolean): void {
    if (!answered) return;
    this.root.querySelector(`[data-unanswered="${CSS.escape(position)}"]`)?.remove();
    const list = this.root.querySelector<HTMLElement>("[data-unanswered-list]");
    if (list && !list.querySelector("li")) list.hidden = true;
  }

  private goOn(): void {
    if (!this.isAsked || this.waiting.size > 0 || !this.form) return;
    this.isGoing = true;
    const form = this.form;
    form.setAttribute("aria-busy", "true");
    void untilReachable(location.href, () =>
      this.tell(
        "We cannot reach the server, so the quiz is not handed in yet. What is saved is safe. Leave this page open: it is handed in by itself as soon as the connection is back.",
        "Waiting for the connection",
      ),
    ).then(() => {
      renewTokens(form); // this way of submitting calls no listener
      form.submit();
    });
  }

  private say(): void {
    if (this.refused.size > 0) {
      const words = [...this.refused].map(([position, message]) => `Question ${position}: ${message}`).join(" ");
      this.tell(`${words} Go back to the questions to settle it, or hand in without.`, "Not everything is saved");
    } else if (this.waiting.size > 0) {
      const positions = [...this.waiting.keys()].sort((one, other) => Number(one) - Number(other)).join(", ");
      this.tell(
        `${MANY(this.waiting.size)} kept in this browser and being sent (question ${positions}). Handing in waits for that. ${this.why}`.trim(),
        "Not everything is saved yet",
      );
    } else this.place?.replaceChildren();
  }

  private tell(message: string, title: string): void {
    if (this.place?.querySelector("p:not(.notice-title)")?.textContent === message) return;
    this.place?.replaceChildren(drawNotice(message, { tone: "warn", icon: "cloud-off", title }).notice);
  }
}

/** The result of a try that is over: says what this browser still keeps of it, which came too late, and forgets it. */
export function tellWhatCameTooLate(root: HTMLElement, outbox: Outbox): void {
  const left = outbox.all();
  if (left.length === 0) return;
  const positions = left.map((entry) => entry.position).sort((one, other) => Number(one) - Number(other));
  const which = positions.length === 1 ? `question ${positions[0]}` : `questions ${positions.join(", ")}`;
  const { notice } = drawNotice(
    `Your last answer to ${which} was given in this browser and did not reach us before the end. What was saved before counts.`,
    { tone: "warn", icon: "cloud-off", title: "Not everything arrived in time" },
  );
  root.querySelector("[data-page-trouble]")?.replaceChildren(notice);
  left.forEach((entry) => outbox.drop(entry));
}
