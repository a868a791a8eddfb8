// The console of a lab: sends one line at a time, shows what came of it, keeps the picture of the engine true, and
// makes history and completion work by keyboard. The server draws every line; here they are put in place.
//
// What was typed is never sent twice by itself: where an answer got lost, the journal says whether the line arrived,
// and if it did not, it stands in the field again.
import { Completer } from "./completing";
import { morph } from "./morph";

interface News {
  settled: number;
  state: string;
  busy: boolean;
  live: boolean;
  cleared: boolean;
  html: string;
  names: Record<string, string[]>;
  poll_after_ms: number;
  go: string;
}

interface Trouble {
  code: string;
  message: string;
  retry_after_seconds: number | null;
}

const QUICK = 250;
const ALERT = 1_000;
const CALM = 3_000;
const SLOW = 20_000;
const OFFLINE = 4_000;
const SOON = 5 * 60_000;
const WAITS_LONG = 8_000;
const MOST_RECALLED = 500;
const TOO_OFTEN = "too_fast";
const MUST_WAIT = new Set([TOO_OFTEN, "too_many_waiting"]);

function cookie(name: string): string {
  return document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

function parse(html: string): Document {
  return new DOMParser().parseFromString(html, "text/html");
}

const KEPT = "drydock:console:typed";

/** What was being typed when a console ended: it stands in the field of the next one. */
function keep(line: string): void {
  try {
    sessionStorage.setItem(KEPT, line);
  } catch {
    // No storage: it is lost with the console.
  }
}

function takeKept(): string {
  try {
    const line = sessionStorage.getItem(KEPT) ?? "";
    sessionStorage.removeItem(KEPT);
    return line;
  } catch {
    return "";
  }
}

/** The lines of what was pasted: continued ones put together, empty ones and comments left out. */
function linesOf(text: string): string[] {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/\s*\\\n\s*/g, " ")
    .split("\n")
    .map((line) => line.replace(/^\$ /, "").trim())
    .filter((line) => line && !line.startsWith("#"));
}

/** Earlier commands by arrow up and down, as in a shell; what was being typed is kept for the way back. */
class Recall {
  private place: number;
  private draft = "";

  constructor(private readonly lines: string[]) {
    this.place = lines.length;
  }

  add(line: string): void {
    if (line && this.lines.at(-1) !== line) this.lines.push(line);
    if (this.lines.length > MOST_RECALLED) this.lines.shift();
    this.place = this.lines.length;
    this.draft = "";
  }

  step(by: -1 | 1, now: string): string | null {
    const to = this.place + by;
    if (to < 0 || to > this.lines.length) return null;
    if (this.place === this.lines.length) this.draft = now;
    this.place = to;
    return to === this.lines.length ? this.draft : (this.lines[to] ?? "");
  }
}

class Console {
  private readonly log: HTMLElement;
  private readonly lines: HTMLElement;
  private readonly form: HTMLFormElement | null;
  private readonly field: HTMLInputElement | null;
  private readonly trouble: HTMLElement | null;
  private readonly says: HTMLElement | null;
  private readonly queueNote: HTMLElement | null;
  private readonly recall: Recall;
  private readonly queue: string[] = [];
  private readonly completer: Completer | null;
  private settled: number;
  private tag = "";
  private pace = CALM;
  private timer = 0;
  private sending = false;
  private held = 0;
  private live = true;
  private handingIn: string;
  private asking: AbortController | null = null;

  constructor(private readonly room: HTMLElement) {
    const part = <T extends HTMLElement>(selector: string) => room.querySelector<T>(selector);
    this.log = part("#log")!;
    this.lines = part("#con-lines")!;
    this.form = part<HTMLFormElement>("#prompt");
    this.field = part<HTMLInputElement>("#line");
    this.trouble = part("#console-trouble");
    this.says = part("#console-says");
    this.queueNote = part("#queue");
    this.settled = Number(room.dataset["settled"] ?? 0);
    this.handingIn = room.dataset["handingIn"] ?? "";
    this.recall = new Recall([...this.lines.querySelectorAll<HTMLElement>("[data-typed]")].map((line) => line.dataset["typed"] ?? ""));
    this.completer = this.field
      ? new Completer(this.field, part("#matches")!, (words) => this.say(words), room.dataset["grammar"] ?? "")
      : null;
    if (this.completer) this.completer.names = JSON.parse(room.dataset["names"] ?? "{}") as Record<string, string[]>;
  }

  start(): void {
    this.toEnd();
    if (this.field && !this.field.value) this.field.value = takeKept();
    if (location.hash === "#line") this.field?.focus({ preventScroll: true });
    if (this.form && this.field) this.listen(this.form, this.field);
    this.room.querySelector("[data-copy]")?.addEventListener("click", (event) => void this.copy(event.currentTarget as HTMLElement));
    this.room.addEventListener("click", (event) => {
      const link = (event.target as Element).closest<HTMLElement>("[data-earlier]");
      if (!link) return;
      event.preventDefault();
      void this.showEarlier();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.again(this.pace);
      else this.again(0);
    });
    window.addEventListener("online", () => this.again(0));
    setInterval(() => this.tick(), 1_000);
    const busy = this.busy() || this.handingIn !== "";
    this.pace = busy ? QUICK : CALM;
    this.again(busy ? QUICK : 400);
  }

  private listen(form: HTMLFormElement, field: HTMLInputElement): void {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const line = field.value.trim();
      field.value = "";
      this.completer?.close();
      field.focus();
      if (line) this.enter([line]);
    });
    field.addEventListener("paste", (event) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!/[\r\n]/.test(text.trim())) return;
      event.preventDefault();
      const before = field.value.slice(0, field.selectionStart ?? 0);
      const after = field.value.slice(field.selectionEnd ?? 0);
      field.value = "";
      this.enter(linesOf(before + text + after));
    });
    field.addEventListener("keydown", (event) => {
      if (event.isComposing || event.altKey || event.metaKey) return;
      if (this.completer?.key(event)) return;
      if (event.ctrlKey) this.control(event, field);
      else if (event.key === "ArrowUp" || event.key === "ArrowDown") this.recallInto(event, field);
    });
    this.queueNote?.querySelector("[data-queue-drop]")?.addEventListener("click", () => {
      this.queue.length = 0;
      this.tellQueue();
      field.focus();
    });
    // What waits here has not been sent: it would be lost with the page, and missing from what is handed in.
    window.addEventListener("beforeunload", (event) => {
      if (this.queue.length) event.preventDefault();
    });
    document.getElementById("hand-in")?.addEventListener("submit", (event) => {
      if (!this.queue.length) return;
      event.preventDefault();
      this.fault("Not handed in yet: lines that you pasted still wait. Let them be carried out, or drop them.");
    });
    // A click into the log that selects nothing goes on typing.
    this.log.addEventListener("click", (event) => {
      const aims = (event.target as Element).closest("a, summary, button");
      if (!aims && !String(document.getSelection() ?? "") && matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
    });
  }

  private control(event: KeyboardEvent, field: HTMLInputElement): void {
    if (event.key === "l") {
      event.preventDefault();
      this.enter(["clear"]);
    } else if (event.key === "c" && field.selectionStart === field.selectionEnd) {
      event.preventDefault();
      field.value = "";
      this.completer?.close();
    }
  }

  private recallInto(event: KeyboardEvent, field: HTMLInputElement): void {
    const line = this.recall.step(event.key === "ArrowUp" ? -1 : 1, field.value);
    event.preventDefault();
    if (line === null) return;
    field.value = line;
    field.setSelectionRange(line.length, line.length);
  }

  private enter(lines: string[]): void {
    this.queue.push(...lines);
    for (const line of lines) this.recall.add(line);
    this.tellQueue();
    void this.sendNext();
  }

  private async sendNext(): Promise<void> {
    // One at a time: the next one goes when this one is done.
    if (this.sending || this.held || !this.live || this.busy()) return;
    const line = this.queue.shift();
    if (line === undefined) return;
    this.sending = true;
    this.tellQueue();
    this.fault("");
    this.showSent(line);
    clearTimeout(this.timer);
    this.asking?.abort();
    const body = new FormData();
    body.set("line", line);
    body.set("after", String(this.settled));
    try {
      const answer = await this.ask(this.room.dataset["lines"] ?? "", { method: "POST", body, headers: { "X-CSRFToken": cookie("drydock_csrf") } });
      if (answer.ok) this.take((await answer.json()) as News, answer);
      else await this.refused(line, answer);
    } catch {
      await this.missed(line);
    }
    this.sending = false;
    this.again(this.pace);
    void this.sendNext();
  }

  private ask(address: string, options: RequestInit = {}): Promise<Response> {
    const headers = { Accept: "application/json", ...(options.headers as Record<string, string>) };
    return fetch(address, { ...options, headers, cache: "no-store", redirect: "manual" });
  }

  /** The line as it was sent, until the server's own takes its place. */
  private showSent(line: string): void {
    document.getElementById("con-hello")?.remove();
    const sent = document.createElement("li");
    sent.className = "con-line is-waiting";
    sent.id = "line-sent";
    const typed = document.createElement("p");
    typed.className = "con-typed";
    const sign = document.createElement("span");
    sign.className = "con-sign";
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = "$";
    const words = document.createElement("code");
    words.textContent = line;
    typed.append(sign, words);
    const note = document.createElement("p");
    note.className = "con-note con-wait";
    const seconds = document.createElement("span");
    seconds.className = "con-seconds";
    seconds.setAttribute("aria-hidden", "true");
    seconds.dataset["since"] = new Date().toISOString();
    note.append("Sent ", seconds);
    sent.append(typed, note);
    this.lines.append(sent);
    this.toEnd();
  }

  private async refused(line: string, answer: Response): Promise<void> {
    document.getElementById("line-sent")?.remove();
    if (answer.type === "opaqueredirect" || answer.status === 404 || answer.status === 403) {
      this.giveBack(line);
      // Signed out, or no longer allowed: the server's own page says which.
      location.reload();
      return;
    }
    let trouble: Trouble;
    try {
      trouble = (await answer.json()) as Trouble;
    } catch {
      this.giveBack(line);
      this.fault("Something went wrong on our side. Your engine is as it was; press Enter to try the line again.");
      return;
    }
    if (MUST_WAIT.has(trouble.code) && trouble.retry_after_seconds !== null && this.queue.length) {
      this.queue.unshift(line);
      this.hold(trouble.retry_after_seconds);
    } else this.giveBack(line);
    this.fault(trouble.message);
    if (answer.status === 409) this.again(0);
  }

  private hold(seconds: number): void {
    this.held = window.setTimeout(() => {
      this.held = 0;
      this.fault("");
      void this.sendNext();
    }, seconds * 1_000);
  }

  /** No answer came. Either the line arrived and is in the journal, or it stands in the field again. */
  private async missed(line: string): Promise<void> {
    const before = new Set([...this.lines.querySelectorAll("[data-number]")].map((one) => one.id));
    this.fault("There is no connection. Your engine goes on as it is; what you typed is kept here.");
    for (;;) {
      await new Promise((done) => setTimeout(done, OFFLINE));
      try {
        const answer = await this.ask(`${this.room.dataset["since"]}?after=${this.settled}`);
        if (!answer.ok) break;
        this.take((await answer.json()) as News, answer);
        break;
      } catch {
        continue;
      }
    }
    document.getElementById("line-sent")?.remove();
    this.fault("");
    const arrived = [...this.lines.querySelectorAll<HTMLElement>("[data-typed]")].some((one) => !before.has(one.id) && one.dataset["typed"] === line);
    if (arrived) return;
    this.giveBack(line);
    this.fault("The connection is back. This line had not arrived: press Enter to send it.");
  }

  /** Into the field again, with what was to come after it behind it, unless something is being typed there already. */
  private giveBack(line: string): void {
    if (!this.field || this.field.value) {
      this.recall.add(line);
      return;
    }
    this.field.value = line;
    if (this.queue.length) {
      this.say(`${this.queue.length} lines that waited behind it were dropped`);
      this.queue.length = 0;
      this.tellQueue();
    }
  }

  private take(news: News, answer: Response): void {
    this.tag = answer.headers.get("ETag") ?? this.tag;
    const drawn = parse(news.html);
    const atEnd = this.isAtEnd();
    document.getElementById("line-sent")?.remove();
    const hello = document.getElementById("con-hello");
    if (hello && drawn.querySelector(".con-line")) hello.remove();
    if (news.cleared) {
      this.lines.replaceChildren();
      document.getElementById("con-earlier")?.remove();
      const earlier = drawn.getElementById("con-earlier");
      if (earlier) this.log.prepend(document.importNode(earlier, true));
      this.say("The view is cleared");
    }
    const lines = drawn.getElementById("con-lines");
    if (lines) morph(this.lines, lines);
    for (const id of ["console-state", "engine"]) {
      const wanted = drawn.getElementById(id);
      const now = document.getElementById(id);
      if (!wanted || !now) continue;
      if (id === "engine") this.redraw(now, wanted);
      else morph(now, wanted);
    }
    if (this.completer) this.completer.names = news.names;
    this.settled = news.settled;
    if (atEnd) this.toEnd();
    this.pace = news.busy ? QUICK : Math.max(CALM, news.poll_after_ms);
    if (news.go && this.handingIn) location.replace(news.go);
    if (!news.live && this.live) {
      this.live = false;
      if (this.field?.value) keep(this.field.value);
      location.reload();
    }
  }

  /** The picture, with what changed lit up for a moment, and said where the engine did it by itself. */
  private redraw(now: HTMLElement, wanted: HTMLElement): void {
    const sums = new Map<string, string>();
    const states = new Map<string, string>();
    for (const part of now.querySelectorAll<HTMLElement>(".part")) {
      sums.set(part.id, part.dataset["sum"] ?? "");
      states.set(part.id, part.dataset["state"] ?? "");
    }
    const told = now.querySelector<HTMLElement>("#wire")?.dataset["line"];
    morph(now, wanted);
    const said: string[] = [];
    for (const part of now.querySelectorAll<HTMLElement>(".part")) {
      const changed = sums.get(part.id) !== part.dataset["sum"];
      if (changed) this.light(part, "is-changed");
      const state = part.dataset["state"];
      if (changed && !this.sending && state && states.has(part.id) && states.get(part.id) !== state) {
        said.push(`${part.dataset["name"]}: ${part.querySelector(".chip")?.textContent?.trim() ?? ""}`);
      }
    }
    if (said.length) this.say(said.join(", "));
    const wire = now.querySelector<HTMLElement>("#wire");
    if (wire && wire.dataset["line"] !== told) this.light(wire, "is-new");
  }

  private light(part: HTMLElement, name: string): void {
    part.classList.remove(name);
    void part.offsetWidth; // starts the animation anew
    part.classList.add(name);
    part.addEventListener("animationend", () => part.classList.remove(name), { once: true });
  }

  private again(pause: number): void {
    clearTimeout(this.timer);
    const idle = !this.busy() && !this.queue.length;
    if ((document.hidden && idle) || !this.room.dataset["since"]) return;
    this.timer = window.setTimeout(() => void this.poll(), pause);
  }

  private async poll(): Promise<void> {
    if (this.sending) return;
    this.asking = new AbortController();
    try {
      const answer = await this.ask(`${this.room.dataset["since"]}?after=${this.settled}${this.waitsLong() ? "&waits=1" : ""}`, {
        headers: this.tag ? { "If-None-Match": this.tag } : {},
        signal: this.asking.signal,
      });
      if (this.sending) return;
      if (answer.status === 304) this.pace = Math.min(this.busy() ? ALERT : SLOW, this.pace * 1.25);
      else if (answer.ok) {
        this.take((await answer.json()) as News, answer);
        void this.sendNext();
      } else if (answer.type === "opaqueredirect" || answer.status === 404 || answer.status === 403) {
        location.reload();
        return;
      } else this.pace = SLOW;
    } catch {
      if (this.sending) return;
      this.pace = Math.max(this.pace, OFFLINE);
    }
    this.again(this.pace);
  }

  private async showEarlier(): Promise<void> {
    const first = this.lines.querySelector<HTMLElement>("[data-number]")?.dataset["number"] ?? "";
    const answer = await this.ask(`${this.room.dataset["since"]}?before=${first}`).catch(() => null);
    if (!answer?.ok) return this.fault("The earlier lines could not be fetched. Try again in a moment.");
    const drawn = parse(((await answer.json()) as News).html);
    const height = this.log.scrollHeight;
    const lines = drawn.getElementById("con-lines");
    const note = document.getElementById("con-earlier");
    const more = drawn.getElementById("con-earlier");
    this.log.setAttribute("aria-live", "off");
    if (lines) this.lines.prepend(...[...lines.children].map((line) => document.importNode(line, true)));
    if (note && more) note.replaceWith(document.importNode(more, true));
    else note?.remove();
    this.log.scrollTop += this.log.scrollHeight - height;
    this.log.focus({ preventScroll: true });
    setTimeout(() => this.log.setAttribute("aria-live", "polite"), 500);
  }

  private async copy(button: HTMLElement): Promise<void> {
    const words = button.querySelector("[data-copy-words]");
    let told = "Copied";
    try {
      const answer = await fetch(this.room.dataset["journal"] ?? "");
      if (!answer.ok) throw new Error(String(answer.status));
      await navigator.clipboard.writeText(await answer.text());
    } catch {
      told = "Not copied";
    }
    if (words) words.textContent = told;
    this.say(told === "Copied" ? "The journal is copied" : "The journal could not be copied: take it as text instead");
    setTimeout(() => words && (words.textContent = "Copy journal"), 3_000);
  }

  /** Whether something has been waiting for so long that the reader should be told for what. */
  private waitsLong(): boolean {
    const waiting = this.lines.querySelector<HTMLElement>(".is-waiting .con-seconds");
    return waiting !== null && Date.now() - Date.parse(waiting.dataset["since"] ?? "") > WAITS_LONG;
  }

  private busy(): boolean {
    return this.lines.querySelector(".is-waiting, .is-running") !== null;
  }

  private tick(): void {
    const until = Date.parse(document.querySelector<HTMLElement>("#console-state [data-until]")?.dataset["until"] ?? "");
    const soon = document.querySelector<HTMLElement>("#console-state [data-soon]");
    if (soon && until) soon.hidden = until - Date.now() > SOON;
    for (const seconds of this.lines.querySelectorAll<HTMLElement>(".con-seconds")) {
      const since = Date.parse(seconds.dataset["since"] ?? "");
      seconds.textContent = `${Math.max(0, Math.round((Date.now() - since) / 1_000))} s`;
    }
  }

  private isAtEnd(): boolean {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
  }

  private toEnd(): void {
    this.log.scrollTop = this.log.scrollHeight;
  }

  private say(words: string): void {
    if (this.says) this.says.textContent = words;
  }

  private fault(words: string): void {
    if (!this.trouble) return;
    this.trouble.hidden = !words;
    if (this.trouble.textContent !== words) this.trouble.textContent = words;
  }

  private tellQueue(): void {
    if (!this.queueNote) return;
    const count = this.queue.length;
    this.queueNote.hidden = count === 0;
    const words = this.queueNote.querySelector("[data-queue-words]");
    if (words) words.textContent = count === 1 ? "1 more line waits its turn." : `${count} more lines wait their turn.`;
  }
}

/** Saving the folder without leaving the page; the editor and its drafts are told by an event. */
function saveFolder(form: HTMLFormElement): void {
  const words = form.querySelector<HTMLElement>("[data-saved-words]");
  const tell = (text: string) => words && (words.textContent = text);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tell("Saving…");
    void fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json", "X-CSRFToken": cookie("drydock_csrf") },
      redirect: "manual",
    })
      .then(async (answer) => {
        if (answer.type === "opaqueredirect" || answer.status === 404) return location.reload();
        const said = (await answer.json()) as { message: string };
        tell(said.message);
        if (answer.ok) form.dispatchEvent(new Event("drydock:saved"));
      })
      .catch(() => tell("Not saved: there is no connection. What you wrote is kept in this browser; save again later."));
  });
  form.addEventListener("input", () => tell("Not saved yet."));
  form.addEventListener("drydock:changed", () => tell("Not saved yet."));
}

const room = document.getElementById("console");
if (room) new Console(room).start();
const folder = document.querySelector<HTMLFormElement>("form[data-saves]");
if (folder) saveFolder(folder);
