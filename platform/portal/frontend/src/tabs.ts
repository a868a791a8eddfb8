// Tabs of the same try tell each other that they are there, and what was saved in them.

import type { Fields } from "./outbox";

export type Word =
  | { say: "hello" | "here" | "gone" | "ended" }
  | { say: "saved"; position: string; fields: Fields; revision: number; answered: boolean }
  | { say: "checked"; position: string };

type Sent = Word & { from: string };

const ROLL_CALL = 60_000;
const ANSWERS_WITHIN = 2_000;

export class Tabs {
  private readonly channel: BroadcastChannel | null;
  private others = new Set<string>();

  constructor(
    name: string,
    private readonly me: string,
    private readonly heard: (word: Word) => void,
    private readonly counted: (others: number) => void,
  ) {
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;
    if (!this.channel) return;
    this.channel.addEventListener("message", (event: MessageEvent<Sent>) => this.hear(event.data));
    this.say({ say: "hello" });
    // A tab that crashed said no farewell.
    setInterval(() => this.callTheRoll(), ROLL_CALL);
    window.addEventListener("pagehide", () => this.say({ say: "gone" }));
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.callTheRoll();
    });
  }

  say(word: Word): void {
    this.channel?.postMessage({ ...word, from: this.me });
  }

  private hear(sent: Sent): void {
    if (sent.from === this.me) return;
    if (sent.say === "hello") this.say({ say: "here" });
    if (sent.say === "gone") this.others.delete(sent.from);
    else this.others.add(sent.from);
    this.counted(this.others.size);
    this.heard(sent);
  }

  private callTheRoll(): void {
    this.others = new Set();
    this.say({ say: "hello" });
    setTimeout(() => this.counted(this.others.size), ANSWERS_WITHIN);
  }
}
