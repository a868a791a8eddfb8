// The numbered map of a try's questions: answered, flagged, not saved.

export class QuizMap {
  constructor(private readonly root: ParentNode) {}

  private entry(position: string): HTMLElement | null {
    return this.root.querySelector<HTMLElement>(`[data-map="${CSS.escape(position)}"]`);
  }

  private mark(position: string, name: string, on: boolean): void {
    const entry = this.entry(position);
    if (!entry || entry.classList.contains(name) === on) return;
    entry.classList.toggle(name, on);
    const has = (each: string): boolean => entry.classList.contains(each);
    const words = entry.querySelector("[data-map-words]");
    if (words) {
      words.textContent = `${has("is-answered") ? ", answered" : ", not answered"}${has("is-flagged") ? ", flagged" : ""}${has("is-unsaved") ? ", not saved" : ""}`;
    }
  }

  answered(position: string, answered: boolean): void {
    this.mark(position, "is-answered", answered);
    const progress = this.root.querySelector("[data-progress]");
    const all = this.root.querySelectorAll("[data-map]").length;
    const done = this.root.querySelectorAll("[data-map].is-answered").length;
    if (progress) progress.textContent = `${done} of ${all} answered`;
  }

  flagged(position: string, flagged: boolean): void {
    this.mark(position, "is-flagged", flagged);
  }

  unsaved(position: string, unsaved: boolean): void {
    this.mark(position, "is-unsaved", unsaved);
  }
}
