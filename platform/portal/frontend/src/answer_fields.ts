// Reads and fills the controls of one answer, whatever they are: radio, checkbox, text, text area, select, parts.
//
// On the page their names end in `@<position>`, since all questions stand in one form; what is sent for one question
// leaves that out.

import type { Fields } from "./outbox";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function controls(card: HTMLElement, position: string): Control[] {
  return [...card.querySelectorAll<Control>("input[name], select[name], textarea[name]")].filter(
    (control) => control.name.startsWith("answer") && control.name.endsWith(`@${position}`) && control.type !== "file",
  );
}

function isTicked(control: Control): control is HTMLInputElement {
  return control instanceof HTMLInputElement && (control.type === "radio" || control.type === "checkbox");
}

export function isTyped(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type === "text");
}

export function isAnswer(target: EventTarget | null): boolean {
  return (
    (target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) &&
    target.type !== "file" &&
    target.name.startsWith("answer")
  );
}

const bare = (control: Control): string => control.name.slice(0, control.name.lastIndexOf("@"));

export function readFields(card: HTMLElement, position: string): Fields {
  const fields: Fields = [];
  for (const control of controls(card, position)) {
    if (control.disabled || (isTicked(control) && !control.checked)) continue;
    fields.push([bare(control), control.value]);
  }
  return fields;
}

/** Whether a change is the page's own doing: an answer is being put into the controls. */
export function isFilling(card: HTMLElement): boolean {
  return card.dataset["filling"] === "yes";
}

/** Puts an answer into the controls; whoever draws something from them hears `change`. */
export function fillFields(card: HTMLElement, position: string, fields: Fields): void {
  card.dataset["filling"] = "yes";
  const wanted = new Map<string, string[]>();
  for (const [name, value] of fields) wanted.set(name, [...(wanted.get(name) ?? []), value]);
  for (const control of controls(card, position)) {
    const values = wanted.get(bare(control)) ?? [];
    if (isTicked(control)) {
      const checked = values.includes(control.value);
      if (control.checked === checked) continue;
      control.checked = checked;
    } else if (control instanceof HTMLInputElement && control.type === "hidden") {
      if (control.dataset["kept"] === undefined) continue;
      control.value = values[0] ?? "";
    } else {
      if (control.value === (values[0] ?? "")) continue;
      control.value = values[0] ?? "";
    }
    control.dispatchEvent(new Event("change", { bubbles: true }));
  }
  delete card.dataset["filling"];
}
