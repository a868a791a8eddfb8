// Notices as the server's templates draw them, for what happens while a page is open.

const SVG = "http://www.w3.org/2000/svg";

export function drawIcon(name: string): SVGSVGElement {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("class", name === "turn" ? "icon icon-turn" : "icon");
  icon.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  icon.append(use);
  return icon;
}

export function paragraph(text: string, className = ""): HTMLParagraphElement {
  const line = document.createElement("p");
  if (className) line.className = className;
  line.textContent = text;
  return line;
}

/** Draws a notice; `words` is where to add to it. */
export function drawNotice(
  message: string,
  { tone = "note", icon = "info", title = "" } = {},
): { notice: HTMLElement; words: HTMLElement } {
  const notice = document.createElement("div");
  notice.className = `notice tone-${tone}`;
  const words = document.createElement("div");
  words.className = "notice-words";
  if (title) words.append(paragraph(title, "notice-title"));
  words.append(paragraph(message));
  notice.append(drawIcon(icon), words);
  return { notice, words };
}

export function drawButton(words: string, pressed: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small secondary";
  button.textContent = words;
  button.addEventListener("click", pressed);
  return button;
}
