// Every page: theme switch, relative times, menus that close, questions asked once, focus on errors, answers that wait.

import { csrfToken, renewTokens } from "./csrf";
import { forgetAll, forgetOthers, unsentOf } from "./outbox";

function switchTheme(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("[data-theme-switch]")) {
    form.addEventListener("submit", (event) => {
      const button = event.submitter as HTMLButtonElement | null;
      if (!button) return;
      event.preventDefault();
      const root = document.documentElement;
      if (button.value === "system") delete root.dataset["theme"];
      else root.dataset["theme"] = button.value;
      for (const each of document.querySelectorAll("[data-theme-switch] button")) {
        each.setAttribute("aria-pressed", String((each as HTMLButtonElement).value === button.value));
      }
      const body = new FormData();
      body.set("theme", button.value);
      void fetch(form.action, { method: "POST", body, headers: { "X-CSRFToken": csrfToken() }, redirect: "manual" });
    });
  }
}

/** Where tabs do not fit side by side, the one that is open is in sight. The page itself does not move. */
function showOpenTabs(): void {
  for (const tab of document.querySelectorAll<HTMLElement>(".subnav [aria-current]")) {
    const tabs = tab.closest<HTMLElement>(".subnav");
    if (!tabs) continue;
    const [inner, outer] = [tab.getBoundingClientRect(), tabs.getBoundingClientRect()];
    tabs.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
  }
}

/** Forms go with the newest token, whatever happened in other tabs since they were drawn. */
function keepTokensNew(): void {
  document.addEventListener("submit", (event) => renewTokens(event.target as HTMLFormElement), { capture: true });
  window.addEventListener("focus", () => renewTokens());
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The same words as portal.templatetags.times.relative. */
export function relative(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  const distance = Math.abs(seconds);
  if (distance < MINUTE) return seconds > 0 ? "in less than a minute" : "just now";
  const [size, unit] =
    distance < HOUR
      ? [MINUTE, "minute"]
      : distance < 2 * DAY
        ? [HOUR, "hour"]
        : distance < 60 * DAY
          ? [DAY, "day"]
          : [30 * DAY, "month"];
  const count = Math.floor(distance / Number(size));
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds > 0 ? `in ${words}` : `${words} ago`;
}

function keepTimesTrue(): void {
  const refresh = () => {
    for (const element of document.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
      const words = element.querySelector("[data-relative]");
      const now = relative(Date.parse(element.dateTime), Date.now());
      if (words && words.textContent !== now) words.textContent = now;
    }
  };
  setInterval(refresh, 20_000);
}

function closeMenus(): void {
  const open = () => document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]");
  document.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target as Node)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}

/** A button's words without those that only screen readers get: the question beside says what it is about. */
function seenWords(button: HTMLElement): string {
  const copy = button.cloneNode(true) as HTMLElement;
  for (const hidden of copy.querySelectorAll(".visually-hidden")) hidden.remove();
  return copy.textContent?.trim() ?? "";
}

/** A button with data-ask says what is lost and sends its form only after a yes. */
function askOnce(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-ask]");
    if (!button || !button.form || button.dataset["asked"] === "yes") return;
    event.preventDefault();
    const dialog = document.createElement("dialog");
    dialog.className = "ask";
    const words = document.createElement("p");
    words.id = "ask-words";
    words.textContent = button.dataset["ask"] ?? "";
    dialog.setAttribute("aria-labelledby", words.id);
    const choices = document.createElement("div");
    choices.className = "buttons";
    const yes = document.createElement("button");
    yes.className = "button";
    yes.type = "button";
    yes.textContent = seenWords(button) || "Yes";
    const no = document.createElement("button");
    no.className = "button secondary";
    no.type = "button";
    no.textContent = "Keep it as it is";
    choices.append(yes, no);
    dialog.append(words, choices);
    document.body.append(dialog);
    dialog.addEventListener("close", () => {
      dialog.remove();
      button.focus();
    });
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => {
      dialog.close();
      button.dataset["asked"] = "yes";
      button.form?.requestSubmit(button);
      delete button.dataset["asked"];
    });
    dialog.showModal();
    no.focus();
  });
}

/** Answers of a quiz that wait in this browser are nobody else's: they go when their owner does. */
function guardUnsent(): void {
  const user = document.body.dataset["user"];
  if (!user) return;
  forgetOthers(user);
  const leave = document.querySelector<HTMLFormElement>("form[data-sign-out]");
  const button = leave?.querySelector<HTMLButtonElement>("button");
  // Before the click that asks: on the way down to the button.
  leave?.addEventListener(
    "click",
    () => {
      const waiting = unsentOf(user);
      if (!button || waiting === 0) delete button?.dataset["ask"];
      else button.dataset["ask"] = `${waiting === 1 ? "1 answer of a quiz is" : `${waiting} answers of a quiz are`} not saved yet and would be lost. Sign out anyway?`;
    },
    { capture: true },
  );
  leave?.addEventListener("submit", () => forgetAll());
}

/** The page of a paused quiz leads back to the questions once the quiz goes on. */
function waitForQuiz(): void {
  const address = document.querySelector<HTMLElement>("[data-paused]")?.dataset["paused"];
  if (!address) return;
  const look = async () => {
    try {
      const reply = await fetch(address, { headers: { Accept: "application/json" }, redirect: "manual", cache: "no-store" });
      if (!reply.ok || (await reply.json()).paused === null) location.reload();
    } catch {
      // Away: it is asked again.
    }
    again();
  };
  const again = () => setTimeout(() => void look(), 8_000 * (0.75 + Math.random() / 2));
  again();
}

guardUnsent();
waitForQuiz();
keepTokensNew();
switchTheme();
keepTimesTrue();
showOpenTabs();
closeMenus();
askOnce();
document.querySelector<HTMLElement>("[data-focus]")?.focus();
