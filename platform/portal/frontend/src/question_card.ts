// One question on the page: gives what changes to be sent, and says truthfully beside it what is saved.

import { fillFields, isAnswer, isFilling, isTyped, readFields } from "./answer_fields";
import { drawButton, drawNotice } from "./notices";
import type { Fields, Outbox, Unsent } from "./outbox";
import { type Outcome, type Saved, Sending, type Trouble } from "./sending";

export type State = "ready" | "saved" | "saving" | "unsaved" | "paused" | "conflict" | "lost";

export const LOOKS: Record<State, { words: string; icon: string; tone: string }> = {
  ready: { words: "Saves as you answer", icon: "cloud", tone: "calm" },
  saved: { words: "Saved", icon: "cloud-check", tone: "good" },
  saving: { words: "Saving…", icon: "turn", tone: "note" },
  unsaved: { words: "Not saved: will retry", icon: "cloud-off", tone: "warn" },
  paused: { words: "Kept until the quiz goes on", icon: "pause", tone: "warn" },
  conflict: { words: "Changed elsewhere", icon: "tabs", tone: "warn" },
  lost: { words: "Not saved", icon: "alert", tone: "bad" },
};

const TYPING = 600;
const NOT_KEPT = " This browser keeps nothing for us: leave this page open until it is saved.";

/** What a card tells the page that it is on. */
export interface Page {
  stateChanged(): void;
  answered(position: string, answered: boolean): void;
  saved(position: string, saved: Saved, fields: Fields): void;
  paused(trouble: Trouble): void;
  ended(): void;
}

export class QuestionCard {
  state: State = "ready";
  readonly position: string;
  readonly sending: Sending;
  private readonly revision: HTMLInputElement | null;
  private readonly words: HTMLElement | null;
  private readonly trouble: HTMLElement | null;

  constructor(
    readonly card: HTMLElement,
    url: string,
    client: string,
    outbox: Outbox,
    private readonly page: Page,
  ) {
    this.position = card.dataset["question"] ?? "";
    this.revision = card.querySelector("[data-revision]");
    this.words = card.querySelector("[data-state-words]");
    this.trouble = card.querySelector("[data-trouble]");
    this.sending = new Sending(url, this.position, outbox, client, (outcome) => this.hear(outcome));
    if (Number(this.revision?.value) > 0) this.state = "saved";
    card.addEventListener("change", (event) => {
      if (isAnswer(event.target) && !isFilling(card)) this.changed(0);
    });
    card.addEventListener("input", (event) => {
      if (isAnswer(event.target) && isTyped(event.target)) this.changed(TYPING);
    });
    // Files are saved by their own request; the card says so like anything else that was saved.
    card.addEventListener("answer-saved", (event) => {
      const { detail: saved } = event as CustomEvent<Saved>;
      this.hear({ is: "saved", saved, fields: readFields(card, this.position), more: false });
    });
  }

  /** Whether the answer can still be changed: a checked one in practice cannot. */
  get isFinal(): boolean {
    return this.card.dataset["final"] !== undefined;
  }

  /** Whether what is on the page differs from what is saved. */
  get open(): boolean {
    return this.sending.open;
  }

  /** Shows what an earlier page left unsent, and sends it. */
  takeUp(entry: Unsent): void {
    if (this.isFinal) return;
    fillFields(this.card, this.position, entry.fields);
    this.sending.takeUp(entry);
  }

  /** Takes over what another tab saved, unless something of one's own is on its way. */
  follow(fields: Fields, revision: number, answered: boolean): void {
    if (this.open || this.isFinal) return;
    fillFields(this.card, this.position, fields);
    if (this.revision) this.revision.value = String(revision);
    this.tell(null);
    this.show("saved");
    if (this.words) this.words.textContent = answered ? "Saved in another tab" : "Taken back in another tab";
    this.page.answered(this.position, answered);
  }

  private changed(wait: number): void {
    if (this.state === "conflict" || this.isFinal) return;
    this.sending.give(readFields(this.card, this.position), Number(this.revision?.value) || 0, wait);
  }

  private hear(outcome: Outcome): void {
    switch (outcome.is) {
      case "sending":
        this.show("saving");
        break;
      case "saved":
        if (this.revision) this.revision.value = String(outcome.saved.revision);
        this.tell(null);
        if (outcome.more) this.show("saving");
        else this.show("saved", outcome.saved.answered);
        this.page.answered(this.position, outcome.saved.answered);
        this.page.saved(this.position, outcome.saved, outcome.fields);
        break;
      case "waiting":
        this.tell(outcome.words + (this.sending.kept ? "" : NOT_KEPT), "warn", "cloud-off");
        this.show("unsaved");
        break;
      case "paused":
        this.tell("The quiz is paused. Your answer is kept in this browser and sent when it goes on.", "warn", "pause");
        this.show("paused");
        this.page.paused(outcome.trouble);
        break;
      case "stale":
        this.ask(outcome.trouble);
        break;
      case "refused":
        this.tell(outcome.trouble.message, "bad", "alert");
        this.show("lost");
        if (outcome.trouble.code === "time_is_up" || outcome.trouble.code === "attempt_closed") this.page.ended();
    }
  }

  private ask(trouble: Trouble): void {
    const saved = trouble.saved;
    if (!saved) return;
    const words = this.tell(
      `In another tab or on another device this was changed at ${saved.at}. Saved there, and what counts now: ${saved.words || "no answer"}. What you have here is not saved.`,
      "warn",
      "tabs",
    );
    const choices = document.createElement("p");
    choices.className = "buttons";
    const decide = (chosen: () => void) => () => {
      if (this.revision) this.revision.value = String(saved.revision);
      this.state = "saving";
      chosen();
      this.card.querySelector<HTMLElement>("[name^=answer]:not([type=hidden])")?.focus();
    };
    choices.append(
      drawButton("Keep what I have here", decide(() => this.changed(0))),
      drawButton("Take the other answer", decide(() => {
        this.sending.giveUp();
        fillFields(this.card, this.position, saved.fields);
        this.tell(null);
        this.show("saved", saved.answered);
        this.page.answered(this.position, saved.answered);
      })),
    );
    words?.append(choices);
    this.show("conflict");
  }

  /** Says what is wrong beside the question; nothing takes the words away again. Returns where to add to them. */
  tell(message: string | null, tone = "warn", icon = "alert"): HTMLElement | null {
    if (!this.trouble) return null;
    if (message === null) {
      this.trouble.replaceChildren();
      return null;
    }
    if (this.trouble.querySelector("p")?.textContent === message) return this.trouble.querySelector(".notice-words");
    const { notice, words } = drawNotice(message, { tone, icon });
    this.trouble.replaceChildren(notice);
    return words;
  }

  private show(state: State, answered?: boolean): void {
    this.state = state;
    if (this.words) {
      this.words.textContent = state === "saved" && answered === false ? "Answer taken back" : LOOKS[state].words;
    }
    this.page.stateChanged();
  }
}
