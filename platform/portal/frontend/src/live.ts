// The result page while a submission is graded: asks for news at a slowing pace and changes only what changed,
// so that focus, scroll and folded steps stay as they are.
import { morph } from "./morph";

const FAST = 700;
const SLOW = 5_000;
const IDLE = 15_000;

interface News {
  after: number;
  state: string;
  finished: boolean;
  html: string;
}

function parse(html: string): Document {
  return new DOMParser().parseFromString(html, "text/html");
}

/** What the reader is looking at: what has focus, else the first step or check in view. Found again by its id. */
function lookedAt(): HTMLElement | null {
  const focused = document.activeElement?.closest<HTMLElement>(".log-step[id], .check[id]");
  if (focused) return focused;
  if (window.scrollY < 80) return null;
  const parts = document.querySelectorAll<HTMLElement>(".log-step[id], .check[id]");
  return [...parts].find((part) => part.getBoundingClientRect().bottom > 0) ?? null;
}

/** Puts the end in place; the same steps and checks stand elsewhere there, so focus, folds and scroll go with them. */
function keepPlace(change: () => void): void {
  const before = lookedAt();
  const id = before?.id;
  const top = before?.getBoundingClientRect().top ?? 0;
  const hadFocus = before?.contains(document.activeElement) ?? false;
  const folds = new Map([...document.querySelectorAll<HTMLDetailsElement>("details.log-step[id]")].map((step) => [step.id, step.open]));
  change();
  for (const [step, open] of folds) {
    const now = document.getElementById(step);
    if (now instanceof HTMLDetailsElement && open) now.open = true;
  }
  const after = id ? document.getElementById(id) : null;
  if (!after) return;
  if (hadFocus) (after.querySelector("summary") ?? after).focus({ preventScroll: true });
  window.scrollBy({ top: after.getBoundingClientRect().top - top, behavior: "instant" });
}

async function showEnd(page: HTMLElement): Promise<void> {
  const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const whole = parse(await answer.text());
  const end = whole.getElementById("result");
  if (!end) throw new Error("no result");
  keepPlace(() => morph(page, end));
  const messages = document.querySelector("main > .messages");
  messages?.remove();
}

function follow(page: HTMLElement): void {
  const address = page.dataset["live"];
  if (!address) return;
  let after = Number(page.dataset["after"] ?? 0);
  let tag = "";
  let pause = FAST;

  const again = () => setTimeout(ask, document.hidden ? IDLE : pause);

  const ask = async () => {
    try {
      const headers: Record<string, string> = { Accept: "application/json" };
      if (tag) headers["If-None-Match"] = tag;
      const answer = await fetch(`${address}?after=${after}`, { headers, cache: "no-store" });
      if (answer.status === 304) {
        pause = Math.min(SLOW, pause * 1.25);
      } else if (answer.ok && !answer.redirected) {
        tag = answer.headers.get("ETag") ?? "";
        const news = (await answer.json()) as News;
        after = news.after;
        if (news.finished) {
          await showEnd(page);
          return;
        }
        const part = parse(news.html).getElementById("live");
        const shown = document.getElementById("live");
        if (part && shown) morph(shown, part);
        pause = FAST;
      } else if (answer.status === 404 || answer.status === 403 || answer.redirected) {
        // Signed out, or no longer allowed: the server's own page says which.
        location.reload();
        return;
      } else {
        pause = SLOW;
      }
    } catch {
      // Offline or restarting: what is shown stays, and is asked for again.
      pause = SLOW;
    }
    again();
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) pause = FAST;
  });
  again();
}

const page = document.getElementById("result");
if (page) follow(page);
