// Answers that are not saved yet, kept in this browser's own storage: a reload, a crash or a restart loses none.
//
// A key names the person, the try and the question, so that nobody's answer is ever sent as somebody else's. An entry
// goes once the answer is saved or refused for good, at sign-out, and when somebody else signs in on this computer.

const PREFIX = "drydock:unsent:";

/** What a form would send for one answer: `answer`, and `answer-<part>` for each part. */
export type Fields = [name: string, value: string][];

export interface Unsent {
  position: string;
  fields: Fields;
  /** The revision that it is based on. */
  revision: number;
  /** The page that sent it first: the server knows a reply that got lost by it. */
  client: string;
  at: number;
}

function isUnsent(value: unknown): value is Unsent {
  if (typeof value !== "object" || value === null) return false;
  const entry = value as Partial<Unsent>;
  return (
    typeof entry.position === "string" &&
    typeof entry.revision === "number" &&
    typeof entry.client === "string" &&
    typeof entry.at === "number" &&
    Array.isArray(entry.fields) &&
    entry.fields.every((field) => Array.isArray(field) && field.length === 2 && field.every((part) => typeof part === "string"))
  );
}

function read(key: string): Unsent | null {
  try {
    const entry: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    return isUnsent(entry) ? entry : null;
  } catch {
    return null;
  }
}

function keysWith(prefix: string): string[] {
  try {
    return Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? "").filter((key) =>
      key.startsWith(prefix),
    );
  } catch {
    return [];
  }
}

function forget(keys: string[]): void {
  for (const key of keys) {
    try {
      localStorage.removeItem(key);
    } catch {
      return;
    }
  }
}

export class Outbox {
  private readonly prefix: string;

  constructor(user: string, attempt: string) {
    this.prefix = `${PREFIX}${user}:${attempt}:`;
  }

  /** Keeps an answer; false where the storage is full or forbidden. */
  keep(entry: Unsent): boolean {
    try {
      localStorage.setItem(this.prefix + entry.position, JSON.stringify(entry));
      return true;
    } catch {
      return false;
    }
  }

  of(position: string): Unsent | null {
    return read(this.prefix + position);
  }

  /** All of this try, in the order in which they were given. */
  all(): Unsent[] {
    return keysWith(this.prefix)
      .map(read)
      .filter((entry) => entry !== null)
      .sort((one, other) => one.at - other.at);
  }

  /** Forgets an answer, unless a newer one to the same question took its place. */
  drop(entry: Unsent): void {
    const kept = this.of(entry.position);
    if (!kept || kept.at <= entry.at) forget([this.prefix + entry.position]);
  }
}

/** How many answers of this person wait in this browser, whatever the try. */
export function unsentOf(user: string): number {
  return keysWith(`${PREFIX}${user}:`).length;
}

/** Forgets what other people left on this computer. */
export function forgetOthers(user: string): void {
  forget(keysWith(PREFIX).filter((key) => !key.startsWith(`${PREFIX}${user}:`)));
}

/** Forgets everybody's. */
export function forgetAll(): void {
  forget(keysWith(PREFIX));
}
