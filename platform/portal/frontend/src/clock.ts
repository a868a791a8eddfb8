// Shows the time left by the server's count: each reply sets it anew, and a pause lets it stand.

const CALM = 5 * 60;
const MARKS: [number, string][] = [
  [300, "Five minutes left."],
  [60, "One minute left."],
];

function inWords(left: number): string {
  if (left === 0) return "Time is up";
  if (left > CALM) {
    const minutes = Math.ceil(left / 60);
    return minutes < 120 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
  }
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`;
}

export class Clock {
  private endsAt: number;
  private said = Infinity;
  private standing = false;

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

  /** Sets the time left, in seconds, as the server just counted it. */
  set(remaining: number | null | undefined): void {
    if (typeof remaining !== "number") return;
    this.endsAt = Date.now() + remaining * 1000;
    if (!this.standing) this.tick();
  }

  stand(standing: boolean): void {
    this.standing = standing;
    this.shown.classList.toggle("is-standing", standing);
    if (standing) this.write("Clock stopped");
    else this.tick();
  }

  private write(text: string): void {
    const words = this.shown.querySelector("[data-timer-words]");
    if (words && words.textContent !== text) words.textContent = text;
  }

  private tick(): void {
    if (this.standing) return;
    const left = Math.max(0, Math.ceil((this.endsAt - Date.now()) / 1000));
    this.write(inWords(left));
    this.shown.classList.toggle("is-near", left <= CALM && left > 60);
    this.shown.classList.toggle("is-over", left <= 60);
    for (const [mark, words] of MARKS) {
      if (left <= mark && this.said > mark && left > 0 && this.voice) {
        this.said = mark;
        this.voice.textContent = words;
      }
    }
    if (left === 0) this.over();
  }
}
