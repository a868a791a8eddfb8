// Completion in the console's field: Tab offers what can stand there, from the grammar of the docker commands and the
// names that the session has. Tab with nothing to offer moves on, as everywhere; Escape, then Tab always does.

interface Call {
  /** "" for a switch, else "=" and what a value names, or the values there are, parted by bars. */
  flags: Record<string, string>;
  takes: string[];
}

/** What the server tells of the commands (portal.console_grammar). */
export interface Grammar {
  words: string[];
  filters: string[];
  calls: Record<string, Call>;
}

type Names = Record<string, string[]>;

export class Completer {
  names: Names = {};
  private grammar: Grammar | null = null;
  private loading: Promise<void> | null = null;
  private offered: string[] = [];
  private chosen = -1;
  private stem = "";
  private leaves = false;
  private used = false;

  constructor(
    private readonly field: HTMLInputElement,
    private readonly list: HTMLElement,
    private readonly say: (words: string) => void,
    private readonly address: string,
  ) {
    void this.load();
    field.addEventListener("focus", () => (this.used = false));
    field.addEventListener("input", () => {
      this.close();
      this.used = true;
    });
    field.addEventListener("blur", () => this.close());
  }

  /** Takes the key where it is about completion, and says so. */
  key(event: KeyboardEvent): boolean {
    if (event.key === "Escape") {
      if (this.chosen >= 0) this.field.value = this.stem;
      this.close();
      this.leaves = true;
      this.say("Tab leaves the field now");
      return true;
    }
    if (event.key !== "Tab" || event.ctrlKey) {
      this.leaves = false;
      if (event.key !== "Shift") this.used = true;
      return false;
    }
    // Whoever only passes through is not held up.
    if (this.leaves || !this.used || !this.field.value.trim()) return false;
    if (this.offered.length > 1) {
      event.preventDefault();
      this.choose(event.shiftKey ? -1 : 1);
      return true;
    }
    if (event.shiftKey) return false;
    if (this.loading) {
      event.preventDefault();
      void this.loading.then(() => this.offer(this.candidates()));
      return true;
    }
    const found = this.candidates();
    if (!found.length) return false;
    event.preventDefault();
    this.offer(found);
    return true;
  }

  close(): void {
    this.offered = [];
    this.chosen = -1;
    this.leaves = false;
    this.list.hidden = true;
    this.list.replaceChildren();
  }

  private load(): Promise<void> | null {
    if (!this.address) return null;
    this.loading = fetch(this.address)
      .then(async (answer) => {
        if (answer.ok) this.grammar = (await answer.json()) as Grammar;
      })
      .catch(() => undefined) // offline: everything but completion works
      .finally(() => (this.loading = null));
    return this.loading;
  }

  private candidates(): string[] {
    return this.grammar ? complete(this.field.value.slice(0, this.field.selectionStart ?? 0), this.grammar, this.names) : [];
  }

  private offer(found: string[]): void {
    if (!found.length) return;
    const typed = lastWord(this.head());
    const shared = found.reduce((one, other) => commonStart(one, other));
    if (found.length === 1) {
      this.put(`${found[0]}${found[0]?.endsWith("=") ? "" : " "}`, typed);
      this.say(`Completed: ${found[0]}`);
      return;
    }
    if (shared.length > typed.length) this.put(shared, typed);
    this.stem = this.field.value;
    this.offered = found;
    this.list.replaceChildren(
      ...found.map((each) => {
        const one = document.createElement("span");
        one.textContent = each;
        return one;
      }),
    );
    this.list.hidden = false;
    this.say(`${found.length} choices: ${found.slice(0, 12).join(", ")}. Tab takes the next one.`);
  }

  private choose(by: number): void {
    this.chosen = (this.chosen + by + this.offered.length + (this.chosen < 0 && by < 0 ? 1 : 0)) % this.offered.length;
    const word = this.offered[this.chosen] ?? "";
    this.field.value = this.stem;
    this.put(word, lastWord(this.head()));
    [...this.list.children].forEach((each, index) => each.classList.toggle("is-chosen", index === this.chosen));
    this.list.children[this.chosen]?.scrollIntoView({ block: "nearest" });
    this.say(word);
  }

  private head(): string {
    return this.field.value.slice(0, this.field.selectionStart ?? this.field.value.length);
  }

  private put(word: string, typed: string): void {
    const at = this.field.selectionStart ?? this.field.value.length;
    const before = this.field.value.slice(0, at - typed.length) + word;
    this.field.value = before + this.field.value.slice(at).replace(/^ (?=)/, word.endsWith(" ") ? "" : " ");
    this.field.setSelectionRange(before.length, before.length);
  }
}

function lastWord(head: string): string {
  return /[^\s|;&()]*$/.exec(head)?.[0] ?? "";
}

function commonStart(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
}

/** What can stand where the cursor is; nothing inside quotes, and nothing that is there already. */
export function complete(head: string, grammar: Grammar, names: Names): string[] {
  if (oddQuotes(head)) return [];
  const parts = head.split(/[|;&()]+/);
  const words = (parts.at(-1) ?? "").trimStart().split(/\s+/);
  const typed = words.pop() ?? "";
  const found = fitting(words, parts.length > 1 && /\|\s*[^|;&()]*$/.test(head), typed, grammar, names);
  return [...new Set(found)].filter((each) => each.startsWith(typed) && each !== typed).sort();
}

function oddQuotes(head: string): boolean {
  const single = head.replace(/"[^"]*"/g, "").split("'").length;
  const double = head.replace(/'[^']*'/g, "").split('"').length;
  return single % 2 === 0 || double % 2 === 0;
}

function fitting(words: string[], piped: boolean, typed: string, grammar: Grammar, names: Names): string[] {
  if (words[0] === "xargs") words.shift();
  const first = words.shift();
  if (first === undefined) return piped ? [...grammar.filters, "docker"] : grammar.words;
  if (first === "ls" || first === "cat") return names["files"] ?? [];
  if (first !== "docker" && first !== "help") return [];
  const length = [2, 1].find((count) => words.length >= count && words.slice(0, count).join(" ") in grammar.calls);
  if (length === undefined) {
    const before = words.length ? `${words.join(" ")} ` : "";
    return Object.keys(grammar.calls)
      .filter((call) => call.startsWith(before))
      .map((call) => call.slice(before.length).split(" ")[0] ?? "");
  }
  if (first === "help") return [];
  const call = grammar.calls[words.slice(0, length).join(" ")];
  return call ? within(call, words.slice(length), typed, names) : [];
}

function within(call: Call, words: string[], typed: string, names: Names): string[] {
  const glued = /^(--[a-z-]+=)/.exec(typed)?.[1];
  if (glued) return named(call.flags[glued.slice(0, -1)]?.slice(1) ?? "", names).map((name) => glued + name);
  let place = 0;
  let awaits = "";
  for (const word of words) {
    if (awaits) awaits = "";
    else if (word.startsWith("-") && word !== "-") awaits = word.includes("=") ? "" : (call.flags[word] ?? "");
    else place += 1;
  }
  if (awaits) return named(awaits.slice(1), names);
  if (typed.startsWith("-")) return Object.keys(call.flags).filter((flag) => flag.startsWith("--"));
  return named(call.takes[Math.min(place, call.takes.length - 1)] ?? "", names);
}

function named(kind: string, names: Names): string[] {
  const own = (name: string) => names[name] ?? [];
  switch (kind) {
    case "container":
      return own("containers");
    case "image":
      return own("images");
    case "volume":
      return own("volumes");
    case "network":
      return own("networks");
    case "file":
      return own("files");
    case "any":
      return [...own("containers"), ...own("images"), ...own("volumes"), ...own("networks")];
    case "container-path":
      return [...own("containers").map((name) => `${name}:`), ...own("files")];
    default:
      return kind.split("|").filter(Boolean);
  }
}
