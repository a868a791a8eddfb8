// Sends one question's answers: at most one request at a time, in the order given, again and again until the server
// took or refused it. What waits is in the outbox, so it outlives the page.
//
// A reply that got lost does no harm: the page names itself (`client`) when it sends again, and the server knows its
// own newest revision by that.

import type { Fields, Outbox, Unsent } from "./outbox";

export interface Saved {
  revision: number;
  answered: boolean;
  remaining_seconds: number | null;
}

export interface Trouble {
  code: string;
  message: string;
  saved?: Saved & { words: string; fields: Fields; at: string };
}

export type Outcome =
  | { is: "sending" }
  | { is: "saved"; saved: Saved; fields: Fields; more: boolean }
  | { is: "waiting"; words: string }
  | { is: "paused"; trouble: Trouble }
  | { is: "stale"; trouble: Trouble }
  | { is: "refused"; trouble: Trouble };

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
const PAUSED_WAIT = 20_000;
/** Codes after which no answer to the question can ever be saved any more. */
const FOR_GOOD = new Set(["time_is_up", "attempt_closed", "answer_final", "question_left_behind", "no_such_question"]);

const AWAY = "We cannot reach the server. Your answer is kept in this browser and sent again by itself.";
const BUSY = "The server did not take it just now; it may be restarting. Your answer is kept in this browser and sent again by itself.";
const CROWDED = "Too many requests came from here at once. Your answer is kept in this browser and sent again by itself.";
const SIGNED_OUT =
  "You are signed out. Sign in again in another tab; this answer is kept in this browser and sent again by itself.";
const SOMEBODY_ELSE =
  "This try is not open to whoever is signed in now. Sign in as yourself in another tab; this answer is sent again by itself.";

/** The token Django wants with every POST. The cookie's is the newest: signing in again changes it. */
export function csrfToken(): string {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("drydock_csrf="));
  return (
    cookie?.slice("drydock_csrf=".length) ??
    document.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ??
    ""
  );
}

/** How long to wait after so many failures in a row: doubling, and never everybody at the same moment. */
export function backoff(failures: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

export function post(url: string, body: URLSearchParams, keepalive = false): Promise<Response> {
  return fetch(url, {
    method: "POST",
    body,
    keepalive,
    redirect: "manual",
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
  });
}

export async function troubleIn(reply: Response): Promise<Trouble | null> {
  if (!reply.headers.get("Content-Type")?.startsWith("application/json")) return null;
  try {
    const trouble = (await reply.json()) as Partial<Trouble>;
    return typeof trouble.code === "string" && typeof trouble.message === "string" ? (trouble as Trouble) : null;
  } catch {
    return null;
  }
}

export class Sending {
  private unsent: Unsent | null = null;
  private busy = false;
  private held = false;
  private failures = 0;
  private timer = 0;
  /** Whether this browser could keep what waits. */
  kept = true;

  constructor(
    private readonly url: string,
    private readonly position: string,
    private readonly outbox: Outbox,
    private readonly client: string,
    private readonly heard: (outcome: Outcome) => void,
  ) {}

  /** Whether something waits to be sent, or is on its way. */
  get open(): boolean {
    return this.unsent !== null;
  }

  /** Takes a new answer, to be sent after `wait` milliseconds. */
  give(fields: Fields, revision: number, wait: number): void {
    this.unsent = { position: this.position, fields, revision, client: this.client, at: Date.now() };
    this.kept = this.outbox.keep(this.unsent);
    this.held = false;
    this.failures = 0;
    this.heard({ is: "sending" });
    this.later(wait);
  }

  /** Takes up what an earlier page left unsent. */
  takeUp(entry: Unsent, wait = 0): void {
    this.unsent = entry;
    this.heard({ is: "sending" });
    this.later(wait);
  }

  /** Gives up what waits, as the student wishes. */
  giveUp(): void {
    clearTimeout(this.timer);
    if (this.unsent) this.outbox.drop(this.unsent);
    this.unsent = null;
    this.held = false;
  }

  /** Tries at once: the connection is back, or the page is about to go. */
  now(keepalive = false): void {
    if (!this.unsent || this.held) return;
    clearTimeout(this.timer);
    void this.send(keepalive);
  }

  private later(wait: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(), wait);
  }

  private async send(keepalive = false): Promise<void> {
    const entry = this.unsent;
    if (!entry || this.busy || this.held) return;
    this.busy = true;
    this.heard({ is: "sending" });
    const body = new URLSearchParams(entry.fields);
    body.set("revision", String(entry.revision));
    body.set("client", entry.client);
    let reply: Response | null = null;
    try {
      reply = await post(this.url, body, keepalive);
      await this.hear(entry, reply);
    } catch {
      this.again(reply ? BUSY : AWAY);
    } finally {
      this.busy = false;
    }
    // What was given meanwhile goes after it; a wait that was set stands.
    if (this.unsent && this.unsent !== entry && !this.held) this.later(0);
  }

  private async hear(entry: Unsent, reply: Response): Promise<void> {
    if (reply.ok) {
      this.wasSaved(entry, (await reply.json()) as Saved);
      return;
    }
    const trouble = await troubleIn(reply);
    if (reply.type === "opaqueredirect" || (reply.status === 403 && !trouble)) this.again(SIGNED_OUT);
    else if (reply.status === 429) this.again(CROWDED, Number(reply.headers.get("Retry-After")) * 1000);
    else if (reply.status === 404 && !trouble) this.again(SOMEBODY_ELSE);
    else if (!trouble || reply.status >= 500) this.again(BUSY);
    else if (trouble.code === "quiz_paused") {
      this.later(PAUSED_WAIT * (1 + Math.random()));
      this.heard({ is: "paused", trouble });
    } else if (trouble.code === "stale_revision" && trouble.saved) {
      if (this.unsent !== entry) return;
      this.held = true;
      this.heard({ is: "stale", trouble });
    } else this.wasRefused(entry, trouble);
  }

  private wasSaved(entry: Unsent, saved: Saved): void {
    this.failures = 0;
    this.outbox.drop(entry);
    const more = this.unsent !== entry;
    if (more && this.unsent) {
      // Given while this one was under way, so based on it.
      this.unsent = { ...this.unsent, revision: saved.revision };
      this.kept = this.outbox.keep(this.unsent);
    } else this.unsent = null;
    this.heard({ is: "saved", saved, fields: entry.fields, more });
  }

  private wasRefused(entry: Unsent, trouble: Trouble): void {
    const forGood = FOR_GOOD.has(trouble.code);
    if (this.unsent !== entry && !forGood) return;
    if (forGood) this.giveUp();
    else this.held = true; // no answer yet; it stays here until it is mended
    this.heard({ is: "refused", trouble });
  }

  private again(words: string, wait = 0): void {
    this.later(Math.max(wait || 0, backoff(this.failures)));
    this.failures += 1;
    this.heard({ is: "waiting", words });
  }
}
