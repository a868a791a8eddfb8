// Taking a quiz: saves every change at once, says truthfully what is saved, and keeps time by the server's clock.

import { Clock } from "./clock";
import { HandingIn, tellWhatCameTooLate } from "./handing_in";
import { isReachable, untilReachable, within } from "./leaving";
import { drawIcon, drawNotice } from "./notices";
import { type Fields, Outbox } from "./outbox";
import { Watch } from "./pausing";
import { LOOKS, type Page, QuestionCard, type State } from "./question_card";
import { QuizMap } from "./quiz_map";
import { type Outcome, type Saved, Sending, onReturn, post, troubleIn } from "./sending";
import { Tabs, type Word } from "./tabs";
import "./uploading";
import "./word_count";

const WORST: State[] = ["lost", "conflict", "paused", "unsaved", "saving", "saved", "ready"];
const PATIENCE = 4_000;
/** The server takes what is on its way for a few seconds more than the clock shows; after that it has handed in. */
const AFTER_THE_END = 6_500;
const client = Math.random().toString(36).slice(2, 12);

class Quiz implements Page {
  private cards: QuestionCard[] = [];
  private readonly elsewhere = new Map<string, Sending>();
  private readonly map: QuizMap;
  private readonly outbox: Outbox;
  private readonly tabs: Tabs;
  private readonly watch: Watch;
  private clock: Clock | null = null;
  private readonly status = document.getElementById("save-state");
  private readonly form: HTMLFormElement;
  private leaving = false;
  private ending = false;

  constructor(
    private readonly root: HTMLElement,
    form: HTMLFormElement,
  ) {
    this.form = form;
    this.map = new QuizMap(root);
    const user = root.dataset["user"] ?? "";
    const attempt = root.dataset["attempt"] ?? "";
    this.outbox = new Outbox(user, attempt);
    this.cards = [...root.querySelectorAll<HTMLElement>("[data-question]")].map((card) => this.makeCard(card));
    const timer = root.querySelector<HTMLElement>("[data-timer]");
    const remaining = Number(root.dataset["remaining"]);
    if (timer && Number.isFinite(remaining)) {
      this.clock = new Clock(timer, root.querySelector("[data-timer-said]"), remaining, () => this.timeIsUp());
    }
    this.tabs = new Tabs(`drydock:try:${user}:${attempt}`, client, (word) => this.heardFromTab(word), (others) => this.countTabs(others));
    this.watch = new Watch(root.dataset["standingUrl"] ?? "", () => this.clock, () => this.sendAll(), () => this.ended());
    this.takeUpUnsent();
    onReturn(() => this.sendAll());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload(); // much may have changed since
    });
    window.addEventListener("beforeunload", (event) => {
      if (!this.leaving && this.hasOpen()) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.sendAll(true);
    });
    document.addEventListener("click", (event) => this.followLink(event));
    this.form.addEventListener("submit", (event) => this.pressed(event));
    this.stateChanged();
  }

  private answerUrl(position: string): string {
    return (this.root.dataset["answerUrl"] ?? "").replace("/0/", `/${position}/`);
  }

  private makeCard(card: HTMLElement): QuestionCard {
    return new QuestionCard(card, this.answerUrl(card.dataset["question"] ?? ""), client, this.outbox, this);
  }

  // ── What earlier pages left ───────────────────────────────────────────────────────────────────────────────────

  private takeUpUnsent(): void {
    this.outbox.all().forEach((entry, index) => {
      const card = this.cards.find((each) => each.position === entry.position);
      if (card) {
        card.takeUp(entry);
        return;
      }
      const sending = new Sending(this.answerUrl(entry.position), entry.position, this.outbox, client, (outcome) =>
        this.heardFromElsewhere(entry.position, outcome),
      );
      this.elsewhere.set(entry.position, sending);
      sending.takeUp(entry, index * 50);
    });
  }

  private heardFromElsewhere(position: string, outcome: Outcome): void {
    this.map.unsaved(position, outcome.is !== "saved");
    if (outcome.is === "saved") {
      this.elsewhere.delete(position);
      if (this.elsewhere.size === 0) this.root.querySelector("[data-about-earlier]")?.remove();
      this.map.answered(position, outcome.saved.answered);
      this.saved(position, outcome.saved, outcome.fields);
    } else if (outcome.is === "stale" || outcome.is === "refused") {
      this.elsewhere.delete(position);
      this.tellPage(`Question ${position}: ${outcome.trouble.message}`, { title: "An earlier answer is not saved" });
    } else if (outcome.is === "waiting") {
      const told = this.tellPage(`Question ${position}: ${outcome.words}`, { title: "An earlier answer is not saved yet" });
      told.dataset["aboutEarlier"] = "";
    } else if (outcome.is === "paused") this.paused();
    this.stateChanged();
  }

  private everySending(): Sending[] {
    return [...this.cards.map((card) => card.sending), ...this.elsewhere.values()];
  }

  private hasOpen(): boolean {
    return this.everySending().some((sending) => sending.open);
  }

  private sendAll(keepalive = false): void {
    this.everySending().forEach((sending) => sending.now(keepalive));
  }

  // ── What cards tell ───────────────────────────────────────────────────────────────────────────────────────────

  /** One state for the page: the worst of its questions. */
  stateChanged(): void {
    const states = new Set<State>(this.cards.map((card) => card.state));
    for (const card of this.cards) this.map.unsaved(card.position, card.state !== "saved" && card.state !== "ready");
    if (this.elsewhere?.size) states.add("unsaved");
    const worst = WORST.find((state) => states.has(state)) ?? "ready";
    if (!this.status || this.status.dataset["state"] === worst) return;
    const look = LOOKS[worst];
    this.status.dataset["state"] = worst;
    this.status.className = `save-state tone-${look.tone}`;
    this.status.querySelector(".icon")?.replaceWith(drawIcon(look.icon));
    const words = this.status.querySelector("[data-words]");
    if (words) words.textContent = look.words;
  }

  answered(position: string, answered: boolean): void {
    this.map.answered(position, answered);
  }

  saved(position: string, saved: Saved, fields: Fields): void {
    this.clock?.set(saved.remaining_seconds);
    this.tabs.say({ say: "saved", position, fields, revision: saved.revision, answered: saved.answered });
  }

  paused(): void {
    this.watch.pause();
  }

  // ── Other tabs ────────────────────────────────────────────────────────────────────────────────────────────────

  private countTabs(others: number): void {
    const place = this.root.querySelector<HTMLElement>("[data-tabs]");
    if (place) place.hidden = others === 0;
  }

  private heardFromTab(word: Word): void {
    const card = "position" in word ? this.cards.find((each) => each.position === word.position) : undefined;
    if (word.say === "saved") {
      // A list of files is the server's to draw.
      if (card?.card.querySelector("[data-files]")) void this.showFilesAnew(card, word.revision, word.answered);
      else if (card) card.follow(word.fields, word.revision, word.answered);
      else this.map.answered(word.position, word.answered);
    } else if (word.say === "checked" && card) this.showAnew(card).catch(() => undefined); // away: the next reload shows it
    else if (word.say === "ended") this.ended();
  }

  // ── Buttons: turning pages, flags, checks ─────────────────────────────────────────────────────────────────────

  private pressed(event: SubmitEvent): void {
    const button = event.submitter as HTMLButtonElement | null;
    if (button?.dataset["byForm"] !== undefined) return;
    event.preventDefault();
    if (button?.name === "flag") void this.flag(button);
    else if (button?.name === "check") void this.check(button);
    else if (button?.name === "go" && button.value !== "stay") void this.turn(button);
    else this.sendAll();
  }

  private async flag(button: HTMLButtonElement): Promise<void> {
    const position = button.dataset["position"] ?? "";
    const flagged = button.getAttribute("aria-pressed") !== "true";
    const show = (on: boolean): void => {
      button.setAttribute("aria-pressed", String(on));
      button.value = `${position}:${on ? "no" : "yes"}`;
      const words = button.querySelector("[data-flag-words]");
      if (words) words.textContent = on ? "Flagged" : "Flag";
      this.map.flagged(position, on);
    };
    show(flagged);
    try {
      const url = (this.root.dataset["flagUrl"] ?? "").replace("/0/", `/${position}/`);
      const reply = await post(url, new URLSearchParams({ flagged: flagged ? "yes" : "no" }));
      if (reply.ok) return;
    } catch {
      // Told below.
    }
    show(!flagged);
    this.tellPage(`The flag on question ${position} could not be changed just now. Try again in a moment.`);
  }

  private async check(button: HTMLButtonElement): Promise<void> {
    const card = this.cards.find((each) => each.position === button.value);
    if (!card) return;
    button.disabled = true;
    card.sending.now();
    await within(PATIENCE, () => !card.open);
    if (card.open) card.tell("Your answer has to be saved before it can be checked. Try again in a moment.", "warn", "cloud-off");
    else await this.askForCheck(card);
    button.disabled = false;
  }

  private async askForCheck(card: QuestionCard): Promise<void> {
    const url = (this.root.dataset["checkUrl"] ?? "").replace("/0/", `/${card.position}/`);
    try {
      const reply = await post(url, new URLSearchParams());
      if (reply.ok) {
        await this.showAnew(card);
        this.tabs.say({ say: "checked", position: card.position });
        return;
      }
      const trouble = await troubleIn(reply);
      if (trouble?.code === "quiz_paused") this.paused();
      if (trouble?.code === "time_is_up" || trouble?.code === "attempt_closed") this.ended();
      card.tell(trouble?.message ?? "It could not be checked just now. Your answer is saved; try again in a moment.");
    } catch {
      card.tell("We cannot reach the server. Your answer is saved; check it once you are connected again.", "warn", "cloud-off");
    }
  }

  /** Draws one question as the server shows it now. */
  private async showAnew(card: QuestionCard): Promise<void> {
    const reply = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const fresh = page.getElementById(card.card.id);
    if (!reply.ok || !fresh) return;
    card.sending.giveUp();
    card.card.replaceWith(fresh);
    this.cards = this.cards.map((each) => (each === card ? this.makeCard(fresh) : each));
    fresh.querySelector<HTMLElement>("[data-verdict]")?.focus();
    this.stateChanged();
  }

  /** Shows the files that another tab added or removed; what is on its way here is left alone. */
  private async showFilesAnew(card: QuestionCard, revision: number, answered: boolean): Promise<void> {
    const place = ".answer-files[data-files]";
    try {
      const reply = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const fresh = page.getElementById(card.card.id)?.querySelector(place);
      const old = card.card.querySelector(place);
      if (!reply.ok || !fresh || !old || old.classList.contains("is-busy")) return;
      const hadFocus = old.contains(document.activeElement);
      old.replaceWith(fresh);
      if (hadFocus) fresh.querySelector<HTMLElement>("input[type=file], [data-remove]")?.focus();
    } catch {
      return; // Away: the next change here is told that it comes too late.
    }
    card.follow([], revision, answered);
  }

  /** Turns the page once what was answered on it is saved. */
  private async turn(button: HTMLButtonElement): Promise<void> {
    this.sendAll();
    await within(PATIENCE, () => !this.isSaving());
    const isOneWay = button.dataset["oneWay"] !== undefined;
    if (isOneWay && this.hasOpen()) {
      this.tellPage("An answer on this page is not saved yet, and there is no way back to it. Mend it if its question says so, and go on once it is saved.", {
        title: "This page stays open",
      });
      return;
    }
    if (!(await this.canLeave())) return;
    this.leaving = true;
    if (button.dataset["href"]) location.assign(button.dataset["href"]);
    else {
      button.dataset["byForm"] = "yes";
      // What is saved need not be sent again with the form.
      for (const card of this.cards) card.card.querySelectorAll<HTMLInputElement>("[name*='@']").forEach((control) => (control.disabled = true));
      this.form.requestSubmit(button);
    }
  }

  private isSaving(): boolean {
    return this.cards.some((card) => card.state === "saving");
  }

  private async canLeave(): Promise<boolean> {
    if (await isReachable(this.root.dataset["standingUrl"] ?? location.href)) return true;
    this.tellPage("We cannot reach the server, so no other page can be shown. Your answers are kept in this browser. Try again in a moment.", {
      title: "You are offline",
    });
    return false;
  }

  /** A link pressed right after typing waits for the answer to be saved, a few seconds at most. */
  private followLink(event: MouseEvent): void {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || event.defaultPrevented || link.target === "_blank" || !this.hasOpen()) return;
    if (link.pathname === location.pathname && link.search === location.search) return;
    event.preventDefault();
    void this.leaveTo(link.href);
  }

  private async leaveTo(href: string): Promise<void> {
    this.sendAll();
    await within(PATIENCE, () => !this.isSaving());
    if (!(await this.canLeave())) return;
    this.leaving = this.cards.every((card) => !card.open || card.sending.kept);
    location.assign(href);
  }

  private tellPage(message: string, { title = "" } = {}): HTMLElement {
    const { notice } = drawNotice(message, { tone: "warn", icon: "cloud-off", title });
    this.root.querySelector("[data-page-trouble]")?.replaceChildren(notice);
    return notice;
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────────────────────

  private timeIsUp(): void {
    if (this.leaving || this.watch?.isPaused) return;
    this.leaving = true;
    this.sendAll();
    setTimeout(() => this.ended(), AFTER_THE_END);
  }

  ended(): void {
    if (this.ending) return;
    this.ending = true;
    this.leaving = true;
    this.tabs.say({ say: "ended" });
    setTimeout(() => void this.leave(), PATIENCE);
  }

  /** Goes to the result once the server can be reached. */
  private async leave(): Promise<void> {
    const result = this.root.dataset["attemptUrl"] ?? "/";
    let wasAway = false;
    await untilReachable(result, () => {
      wasAway = true;
    });
    // Back after a break: what could not be saved is being told just now, and wants to be read.
    if (wasAway) await new Promise((done) => setTimeout(done, PATIENCE));
    location.assign(result);
  }
}

const root = document.querySelector<HTMLElement>("[data-quiz]");
const form = root?.querySelector<HTMLFormElement>("[data-answers]");
if (root && form) new Quiz(root, form);
const outboxOf = (element: HTMLElement): Outbox => new Outbox(element.dataset["user"] ?? "", element.dataset["attempt"] ?? "");
const handingIn = document.querySelector<HTMLElement>("[data-handing-in]");
if (handingIn) new HandingIn(handingIn, outboxOf(handingIn), client);
const review = document.querySelector<HTMLElement>("[data-over]");
if (review) tellWhatCameTooLate(review, outboxOf(review));
