// Sends one question's answers: at most one request at a time, in the order given, again and again until the server
// took or refused it. What waits is in the outbox, so it outlives the page.
//
// A reply that got lost does no harm: the page names itself (`client`) when it sends again, and the server knows its
// own newest revision by that.
//
// What may pass (signed out, the wrong place, a pause, a crowd, a server or a network that is away) is tried again and
// again, and at once when the student comes back to the page. Only what blames the answer itself waits for an edit.

import { askForToken, csrfToken } from "./csrf";
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
const LONGEST_ASKED_FOR = 60_000;
/** Codes after which no answer to the question can ever be saved any more. */
const FOR_GOOD = new Set(["time_is_up", "attempt_closed", "answer_final", "question_left_behind", "no_such_question"]);
/** Statuses of refusals that blame the answer: sent again as it is, it would be refused again. */
const BLAME_THE_ANSWER = new Set([400, 413, 422]);

const AWAY = "We cannot reach the server. Your answer is kept in this browser and sent again by itself.";
const BUSY = "The server did not take it just now; it may be restarting. Your answer is kept in this browser and sent again by itself.";
const CROWDED = "Too many requests came from here at once. Your answer is kept in this browser and sent again by itself.";
const SIGNED_OUT =
  "You are signed out. Sign in again in another tab; this answer is kept in this browser and sent again by itself.";
const SOMEBODY_ELSE =
  "This try is not open to whoever is signed in now. If that is not you, sign in as yourself in another tab; if it is you, tell your instructor. This answer is kept in this browser and sent again by itself.";
const NO_COOKIE =
  "Your browser let go of this site's cookies, so you may be signed out. Open this site in another tab and sign in if it asks; this answer is kept in this browser and sent again by itself.";
const TOO_LARGE = "The answer is larger than the server takes.";
const KEPT = "This answer is kept in this browser and sent again by itself.";
const HELD = "It is not saved. Change it, and it is sent at once.";

function same(one: Fields, other: Fields): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Calls `back` whenever the connection or the student comes back: from another tab, window or program. */
export function onReturn(back: () => void): void {
  window.addEventListener("online", back);
  window.addEventListener("focus", back);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) back();
  });
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
  /** The server asked to be left alone until then. */
  private notBefore = 0;
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
    if (this.held && this.unsent?.revision === revision && same(this.unsent.fields, fields)) return; // no edit
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
    if (!this.unsent || this.held || (Date.now() < this.notBefore && !keepalive)) return;
    clearTimeout(this.timer);
    void this.send(keepalive);
  }

  private later(wait: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(), Math.max(wait, this.notBefore - Date.now()));
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
    if (trouble?.code === "csrf_failed") {
      this.again(NO_COOKIE);
      await askForToken().catch(() => undefined); // away: the next try finds out
    } else if (reply.type === "opaqueredirect" || reply.status === 401 || (reply.status === 403 && !trouble)) this.again(SIGNED_OUT);
    else if (reply.status === 429) this.again(CROWDED, Number(reply.headers.get("Retry-After")) * 1000);
    else if (reply.status === 404 && !trouble) this.again(SOMEBODY_ELSE);
    else if (reply.status === 413 && !trouble) this.hold(entry, { code: "too_large", message: TOO_LARGE });
    else if (!trouble || reply.status >= 500) this.again(BUSY);
    else if (trouble.code === "quiz_paused") {
      this.later(PAUSED_WAIT * (1 + Math.random()));
      this.heard({ is: "paused", trouble });
    } else if (trouble.code === "stale_revision" && trouble.saved) {
      if (this.unsent !== entry) return;
      this.held = true;
      this.heard({ is: "stale", trouble });
    } else if (FOR_GOOD.has(trouble.code)) {
      this.giveUp();
      this.heard({ is: "refused", trouble });
    } else if (BLAME_THE_ANSWER.has(reply.status)) this.hold(entry, trouble);
    else this.again(`${trouble.message} ${KEPT}`);
  }

  private wasSaved(entry: Unsent, saved: Saved): void {
    if (typeof saved.revision !== "number") throw new TypeError("This is no reply of ours."); // some network's own page
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

  /** No answer yet: it stays here until it is mended, unless it was already. */
  private hold(entry: Unsent, trouble: Trouble): void {
    if (this.unsent !== entry) return;
    this.held = true;
    this.heard({ is: "refused", trouble: { ...trouble, message: `${trouble.message} ${HELD}` } });
  }

  private again(words: string, wait = 0): void {
    this.notBefore = Date.now() + Math.min(wait || 0, LONGEST_ASKED_FOR);
    this.later(backoff(this.failures));
    this.failures += 1;
    this.heard({ is: "waiting", words });
  }
}
