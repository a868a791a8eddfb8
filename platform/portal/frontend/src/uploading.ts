// Files as answers: sends what is chosen at once, says how far it is, and shows the answer as the server then has it.
//
// Without scripts the same buttons post the page's form; here one question's files are sent alone. The card is told of
// the new revision by the event `answer-saved`, so that what is saved is said in one place.

import { csrfToken } from "./csrf";

interface Told {
  revision?: number;
  answered?: boolean;
  remaining_seconds?: number | null;
  html?: string;
  code?: string;
  message?: string;
}

const AWAY = "We cannot reach the server, so nothing was changed. Your files are still on your device: try again.";
const TOO_LARGE = "The server did not take it: it is too large. Nothing was changed.";
const BUSY = "The server did not take it just now. Nothing was changed: try again.";
const SIGNED_OUT = "You are signed out, so nothing was changed. Sign in again in another tab, then come back and try again.";

function filesOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-files]") : null;
}

function say(box: HTMLElement, words: string, bad = false): void {
  const state = box.querySelector<HTMLElement>("[data-file-state]");
  if (!state) return;
  state.textContent = words;
  state.classList.toggle("is-bad", bad);
}

/** A reply of ours: how the answer stands now, or what is wrong. */
function read(text: string): Told | null {
  try {
    const told = JSON.parse(text) as Told;
    return typeof told.html === "string" || typeof told.message === "string" ? told : null;
  } catch {
    return null;
  }
}

function wordsFor(status: number): string {
  if (status === 401 || status === 403) return SIGNED_OUT;
  return status === 413 ? TOO_LARGE : BUSY;
}

/** Sends a form; `progress` hears the share that is on its way. */
function send(url: string, body: FormData, progress: (share: number) => void): Promise<Told> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      // Whoever is signed out is led to the page for signing in, and what that says is no reply to this.
      const ledAway = request.responseURL !== new URL(url, location.href).href;
      const told = ledAway ? null : read(request.responseText);
      if (told) resolve(told);
      else resolve({ code: "no_reply", message: wordsFor(ledAway ? 401 : request.status) });
    });
    request.addEventListener("error", () => resolve({ code: "away", message: AWAY }));
    request.send(body);
  });
}

async function change(box: HTMLElement, body: FormData, doing: string): Promise<void> {
  if (box.classList.contains("is-busy")) return;
  const card = box.closest<HTMLElement>("[data-question]");
  box.classList.add("is-busy");
  say(box, `${doing}…`);
  const controls = [...box.querySelectorAll<HTMLInputElement | HTMLButtonElement>("input:not([type=hidden]), button")];
  controls.forEach((control) => (control.disabled = true));
  const told = await send(box.dataset["files"] ?? "", body, (share) => {
    if (share < 1) say(box, `${doing}… ${Math.round(share * 100)} %`);
  });
  box.classList.remove("is-busy");
  controls.forEach((control) => (control.disabled = false));
  let shown = box;
  if (told.html !== undefined) {
    const part = document.createElement("template");
    part.innerHTML = told.html;
    const fresh = part.content.querySelector<HTMLElement>("[data-files]");
    if (fresh) {
      box.replaceWith(fresh);
      shown = fresh;
    }
    const detail = { revision: told.revision, answered: told.answered, remaining_seconds: told.remaining_seconds ?? null };
    card?.dispatchEvent(new CustomEvent("answer-saved", { detail }));
  } else {
    const input = box.querySelector<HTMLInputElement>("input[type=file]");
    if (input) input.value = "";
  }
  if (told.message) say(shown, told.message, true);
  else say(shown, body.has("remove") ? "Removed." : "Uploaded and saved.");
  shown.querySelector<HTMLElement>("input[type=file], [data-remove]")?.focus();
}

document.addEventListener("change", (event) => {
  const input = event.target;
  const box = filesOf(input);
  if (!box || !(input instanceof HTMLInputElement) || input.type !== "file" || !input.files?.length) return;
  const body = new FormData();
  for (const file of input.files) body.append(input.name, file);
  const what = input.files.length === 1 ? (input.files[0]?.name ?? "") : `${input.files.length} files`;
  void change(box, body, `Uploading ${what}`);
});

document.addEventListener(
  "click",
  (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("[data-remove]") : null;
    const box = filesOf(button);
    if (!button || !box) return;
    event.preventDefault();
    const body = new FormData();
    body.append("remove", button.value);
    void change(box, body, `Removing ${button.value}`);
  },
  { capture: true },
);
