// Taking a quiz: saves every change at once, says truthfully what is saved, and keeps time by the server's clock.
//
// Each question has at most one request under way. What was typed meanwhile is sent after it, so answers arrive in the
// order in which they were given. A reply that got lost does no harm: the page names itself (`client`) when it sends
// again, and the server knows its own newest revision by that.

type State = "ready" | "saved" | "saving" | "unsaved" | "conflict" | "lost";

interface Saved {
  revision: number;
  answered: boolean;
  remaining_seconds: number | null;
}

interface Trouble {
  code: string;
  message: string;
  saved?: Saved & { words: string; values: string[]; at: string };
}

const LOOKS: Record<State, { words: string; icon: string; tone: string }> = {
  ready: { words: "Saves as you answer", icon: "cloud", tone: "calm" },
  saved: { words: "Saved", icon: "cloud-check", tone: "good" },
  saving: { words: "Saving…", icon: "turn", tone: "note" },
  unsaved: { words: "Not saved: will retry", icon: "cloud-off", tone: "warn" },
  conflict: { words: "Changed in another tab", icon: "tabs", tone: "warn" },
  lost: { words: "Not saved", icon: "alert", tone: "bad" },
};
const WORST: State[] = ["lost", "conflict", "unsaved", "saving", "saved", "ready"];
const TYPING = 600;
const RETRY = [1_000, 2_000, 4_000, 8_000, 15_000];
const client = Math.random().toString(36).slice(2, 12);
const CALM = 5 * 60;
const PATIENCE = 4_000;

function cookie(name: string): string {
  return document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

function csrf(form: HTMLFormElement): string {
  // The cookie's token is the newest: it changes when somebody signs in again in another tab.
  return cookie("drydock_csrf") || form.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value || "";
}

class Question {
  state: State = "ready";
  private sending = false;
  private again = false;
  private failures = 0;
  private timer = 0;
  private readonly revision: HTMLInputElement;
  private readonly words: HTMLElement | null;
  private readonly trouble: HTMLElement | null;
  readonly position: string;

  constructor(
    readonly card: HTMLElement,
    private readonly form: HTMLFormElement,
    private readonly quiz: Quiz,
  ) {
    this.position = card.dataset["question"] ?? "";
    this.revision = form.elements.namedItem("revision") as HTMLInputElement;
    this.words = form.querySelector("[data-state-words]");
    this.trouble = form.querySelector("[data-trouble]");
    if (Number(this.revision.value) > 0) this.state = "saved";
    form.addEventListener("change", () => this.changed(0));
    form.addEventListener("input", (event) => {
      if ((event.target as HTMLInputElement).type === "text") this.changed(TYPING);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.changed(0);
    });
  }

  get open(): boolean {
    return this.state === "unsaved" || this.state === "saving" || this.state === "conflict";
  }

  private changed(wait: number): void {
    if (this.state === "conflict") return;
    this.failures = 0;
    this.show("saving");
    this.later(wait);
  }

  private later(wait: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(), wait);
  }

  retryNow(): void {
    if (this.state === "unsaved") void this.send();
  }

  flush(): void {
    if (this.state !== "saving" && this.state !== "unsaved") return;
    clearTimeout(this.timer);
    void this.send(true);
  }

  private async send(keepalive = false): Promise<void> {
    if (this.sending) {
      this.again = true;
      return;
    }
    this.sending = true;
    this.show("saving");
    try {
      const body = new URLSearchParams();
      for (const [name, value] of new FormData(this.form)) if (typeof value === "string") body.append(name, value);
      body.set("client", client);
      const answer = await fetch(this.form.action, {
        method: "POST",
        body,
        keepalive,
        redirect: "manual",
        headers: { Accept: "application/json", "X-CSRFToken": csrf(this.form) },
      });
      await this.heard(answer);
    } catch {
      this.retry("We cannot reach the server. Your answer is kept on this page and sent again by itself.");
    } finally {
      this.sending = false;
      if (this.again) {
        this.again = false;
        void this.send();
      }
    }
  }

  private async heard(answer: Response): Promise<void> {
    if (answer.ok) {
      const saved = (await answer.json()) as Saved;
      this.failures = 0;
      this.revision.value = String(saved.revision);
      this.quiz.clock?.set(saved.remaining_seconds);
      this.tell(null);
      if (!this.again) this.show("saved", saved.answered);
      else this.quiz.mapAnswered(this.position, saved.answered);
      return;
    }
    const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
    const trouble = isJson ? ((await answer.json()) as Trouble) : null;
    if (trouble?.code === "stale_revision" && trouble.saved) this.conflict(trouble);
    else if (trouble && answer.status < 500 && answer.status !== 429) this.refuse(trouble);
    else if (answer.type === "opaqueredirect" || answer.status === 403)
      this.retry("You are signed out. Sign in again in another tab; this answer is kept here and sent again by itself.");
    else this.retry("The server did not take it. Your answer is kept on this page and sent again by itself.");
  }

  private retry(message: string): void {
    const wait = RETRY[Math.min(this.failures, RETRY.length - 1)] ?? 15_000;
    this.failures += 1;
    this.show("unsaved");
    this.tell(message, "warn", "cloud-off");
    this.later(wait);
  }

  private refuse(trouble: Trouble): void {
    this.show("lost");
    this.tell(trouble.message, "bad", "alert");
    if (trouble.code === "time_is_up" || trouble.code === "attempt_closed") this.quiz.ended();
  }

  private conflict(trouble: Trouble): void {
    const saved = trouble.saved;
    if (!saved) return;
    this.show("conflict");
    const notice = this.tell(
      `In another tab or on another device this was changed at ${saved.at}. Saved there, and what counts now: ${saved.words || "no answer"}. What you have here is not saved.`,
      "warn",
      "tabs",
    );
    const choices = document.createElement("p");
    choices.className = "buttons";
    const keep = this.choice("Keep what I have here", () => {
      this.revision.value = String(saved.revision);
      this.state = "saving";
      this.changed(0);
    });
    const take = this.choice("Take the other answer", () => {
      this.revision.value = String(saved.revision);
      this.fill(saved.values);
      this.tell(null);
      this.show("saved", saved.answered);
    });
    choices.append(keep, take);
    notice?.append(choices);
  }

  private choice(words: string, chosen: () => void): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small secondary";
    button.textContent = words;
    button.addEventListener("click", () => {
      chosen();
      this.form.querySelector<HTMLElement>("input:not([type=hidden])")?.focus();
    });
    return button;
  }

  private fill(values: string[]): void {
    for (const input of this.form.querySelectorAll<HTMLInputElement>("input[name=answer]")) {
      if (input.type === "radio" || input.type === "checkbox") input.checked = values.includes(input.value);
      else if (input.type === "text") input.value = values[0] ?? "";
    }
  }

  /** Says what is wrong beside the question; nothing takes the words away again. Returns where to add to them. */
  private tell(message: string | null, tone = "warn", icon = "alert"): HTMLElement | null {
    if (!this.trouble) return null;
    if (message === null) {
      this.trouble.replaceChildren();
      return null;
    }
    const notice = document.createElement("div");
    notice.className = `notice tone-${tone}`;
    const words = document.createElement("div");
    words.className = "notice-words";
    const line = document.createElement("p");
    line.textContent = message;
    words.append(line);
    notice.append(drawIcon(icon), words);
    this.trouble.replaceChildren(notice);
    return words;
  }

  private show(state: State, answered?: boolean): void {
    this.state = state;
    if (this.words) this.words.textContent = state === "saved" && answered === false ? "Answer taken back" : LOOKS[state].words;
    if (answered !== undefined) this.quiz.mapAnswered(this.position, answered);
    this.quiz.mapUnsaved(this.position, state !== "saved" && state !== "ready");
    this.quiz.summarise();
  }
}

function drawIcon(name: string): SVGSVGElement {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("class", name === "turn" ? "icon icon-turn" : "icon");
  icon.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  icon.append(use);
  return icon;
}

class Clock {
  private endsAt: number;
  private said = Infinity;

  constructor(
    private readonly shown: HTMLElement,
    private readonly voice: HTMLElement | null,
    remaining: number,
    private readonly over: () => void,
  ) {
    this.endsAt = Date.now() + remaining * 1000;
    setInterval(() => this.tick(), 1000);
    this.tick();
  }

  set(remaining: number | null): void {
    if (remaining !== null) this.endsAt = Date.now() + remaining * 1000;
  }

  private tick(): void {
    const left = Math.max(0, Math.ceil((this.endsAt - Date.now()) / 1000));
    const words = this.shown.querySelector("[data-timer-words]");
    const text =
      left === 0
        ? "Time is up"
        : left > CALM
          ? `${Math.ceil(left / 60)} min left`
          : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`;
    if (words && words.textContent !== text) words.textContent = text;
    this.shown.classList.toggle("is-near", left <= CALM && left > 60);
    this.shown.classList.toggle("is-over", left <= 60);
    for (const mark of [300, 60]) {
      if (left <= mark && this.said > mark && left > 0 && this.voice) {
        this.said = mark;
        this.voice.textContent = mark === 60 ? "One minute left." : "Five minutes left.";
      }
    }
    if (left === 0) this.over();
  }
}

class Quiz {
  readonly questions: Question[] = [];
  clock: Clock | null = null;
  private readonly status = document.getElementById("save-state");
  private leaving = false;
  private ending = false;

  constructor(private readonly root: HTMLElement) {
    for (const card of root.querySelectorAll<HTMLElement>("[data-question]")) {
      const form = card.querySelector<HTMLFormElement>("[data-answer-form]");
      if (form) this.questions.push(new Question(card, form, this));
      this.makeFlag(card);
    }
    const timer = root.querySelector<HTMLElement>("[data-timer]");
    const remaining = Number(root.dataset["remaining"]);
    if (timer && Number.isFinite(remaining)) {
      this.clock = new Clock(timer, root.querySelector("[data-timer-said]"), remaining, () => this.timeIsUp());
    }
    window.addEventListener("online", () => this.questions.forEach((question) => question.retryNow()));
    window.addEventListener("beforeunload", (event) => {
      if (!this.leaving && this.questions.some((question) => question.open)) event.preventDefault();
    });
    document.addEventListener("click", (event) => this.saveBeforeLeaving(event));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.questions.forEach((question) => question.flush());
    });
    this.summarise();
  }

  /** A link pressed right after typing waits for the answer to be saved, a few seconds at most. */
  private saveBeforeLeaving(event: MouseEvent): void {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    const saving = () => this.questions.some((question) => question.state === "saving");
    if (!link || !plain || event.defaultPrevented || !saving()) return;
    if (link.pathname === location.pathname && link.search === location.search) return;
    event.preventDefault();
    this.questions.forEach((question) => question.flush());
    const until = Date.now() + PATIENCE;
    const leave = () => {
      if (saving() && Date.now() < until) setTimeout(leave, 30);
      else location.assign(link.href);
    };
    leave();
  }

  /** One state for the page: the worst of its questions. */
  summarise(): void {
    const states = new Set(this.questions.map((question) => question.state));
    const worst = WORST.find((state) => states.has(state)) ?? "ready";
    if (!this.status || this.status.dataset["state"] === worst) return;
    const look = LOOKS[worst];
    this.status.dataset["state"] = worst;
    this.status.className = `save-state tone-${look.tone}`;
    this.status.querySelector(".icon")?.replaceWith(drawIcon(look.icon));
    const words = this.status.querySelector("[data-words]");
    if (words) words.textContent = look.words;
  }

  private entry(position: string): HTMLElement | null {
    return this.root.querySelector<HTMLElement>(`[data-map="${position}"]`);
  }

  private describe(entry: HTMLElement): void {
    const words = entry.querySelector("[data-map-words]");
    const has = (name: string) => entry.classList.contains(name);
    if (words) {
      words.textContent = `${has("is-answered") ? ", answered" : ", not answered"}${has("is-flagged") ? ", flagged" : ""}${has("is-unsaved") ? ", not saved" : ""}`;
    }
  }

  mapAnswered(position: string, answered: boolean): void {
    const entry = this.entry(position);
    if (!entry) return;
    entry.classList.toggle("is-answered", answered);
    this.describe(entry);
    const progress = this.root.querySelector("[data-progress]");
    const all = this.root.querySelectorAll("[data-map]").length;
    const done = this.root.querySelectorAll("[data-map].is-answered").length;
    if (progress) progress.textContent = `${done} of ${all} answered`;
  }

  mapUnsaved(position: string, unsaved: boolean): void {
    const entry = this.entry(position);
    if (!entry || entry.classList.contains("is-unsaved") === unsaved) return;
    entry.classList.toggle("is-unsaved", unsaved);
    this.describe(entry);
  }

  private makeFlag(card: HTMLElement): void {
    const form = card.querySelector<HTMLFormElement>("[data-flag-form]");
    const button = form?.querySelector("button");
    const wanted = form?.elements.namedItem("flagged") as HTMLInputElement | null;
    if (!form || !button || !wanted) return;
    const show = (flagged: boolean) => {
      button.setAttribute("aria-pressed", String(flagged));
      wanted.value = flagged ? "no" : "yes";
      const words = button.querySelector("[data-flag-words]");
      if (words) words.textContent = flagged ? "Flagged" : "Flag";
      const entry = this.entry(card.dataset["question"] ?? "");
      entry?.classList.toggle("is-flagged", flagged);
      if (entry) this.describe(entry);
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const flagged = wanted.value === "yes";
      const body = new URLSearchParams({ flagged: wanted.value });
      show(flagged);
      fetch(form.action, {
        method: "POST",
        body,
        redirect: "manual",
        headers: { Accept: "application/json", "X-CSRFToken": csrf(form) },
      })
        .then((answer) => {
          if (!answer.ok) show(!flagged);
        })
        .catch(() => show(!flagged));
    });
  }

  private timeIsUp(): void {
    if (this.leaving) return;
    this.leaving = true;
    this.questions.forEach((question) => question.flush());
    // The server takes what is on its way for a few seconds more; after that it has handed the quiz in.
    setTimeout(() => this.ended(), 6_500);
  }

  ended(): void {
    if (this.ending) return;
    this.ending = true;
    this.leaving = true;
    setTimeout(() => void this.leave(), PATIENCE);
  }

  /** Goes to the result once the server can be reached: without it, the browser would show its own error instead. */
  private async leave(wasAway = false): Promise<void> {
    const result = this.root.dataset["attempt"] ?? "/";
    try {
      await fetch(result, { method: "HEAD", redirect: "manual", cache: "no-store" });
    } catch {
      setTimeout(() => void this.leave(true), PATIENCE);
      return;
    }
    // Back after a break: what could not be saved is being told just now, and wants to be read.
    if (wasAway) setTimeout(() => void this.leave(), PATIENCE);
    else location.assign(result);
  }
}

const root = document.querySelector<HTMLElement>("[data-quiz]");
if (root) new Quiz(root);
