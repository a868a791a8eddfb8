// The parts of a question on the page: what they are called, the select that holds each one's answer, and a voice.

export interface Part {
  row: HTMLElement;
  select: HTMLSelectElement;
  label: HTMLElement;
  words: string;
}

export function partsOf(question: HTMLElement): Part[] {
  const found: Part[] = [];
  for (const row of question.querySelectorAll<HTMLElement>("[data-part]")) {
    const select = row.querySelector("select");
    const label = row.querySelector<HTMLElement>(".part-item");
    if (select && label) found.push({ row, select, label, words: label.textContent?.trim() ?? "" });
  }
  return found;
}

/** Says what just happened, to those who do not see it. */
export function makeVoice(question: HTMLElement): (words: string) => void {
  const voice = document.createElement("p");
  voice.className = "visually-hidden";
  voice.setAttribute("role", "status");
  question.append(voice);
  return (words) => {
    voice.textContent = words;
  };
}

export function makeButton(className: string, words: string, pressed: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = className;
  button.setAttribute("aria-label", words);
  button.addEventListener("click", pressed);
  return button;
}

/** The change that somebody made, as the browser would tell of it: the page saves what changes. */
export function tellChange(select: HTMLSelectElement): void {
  select.dispatchEvent(new Event("change", { bubbles: true }));
}
