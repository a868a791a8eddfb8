// The lab page: files as tabs, each textarea with an editor over it, and drafts that survive leaving the page.
// A form that is saved without leaving the page tells so by the event `drydock:saved`, and hears `drydock:changed`.
import { history, defaultKeymap, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { python } from "@codemirror/lang-python";
import { dockerFile } from "@codemirror/legacy-modes/mode/dockerfile";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

interface OpenFile {
  path: string;
  room: HTMLElement;
  area: HTMLTextAreaElement;
  view: EditorView;
}

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "0.875rem", minHeight: "24rem", maxHeight: "70vh" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto", minHeight: "24rem" },
  ".cm-content": { caretColor: "var(--ink)", padding: "0.5rem 0" },
  ".cm-gutters": { color: "var(--ink-soft)", backgroundColor: "var(--sunk)", border: "0", paddingInlineEnd: "0.25rem" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--sea-soft) 55%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "var(--pico-text-selection-color)",
  },
});

/** Typing over several selected lines: done here, since Chromium would merge the lines with style attributes, which
 * the content security policy blocks and complains about. */
const typeOverLines = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main } = view.state.selection;
    const text = event.inputType === "insertText" ? event.data : null;
    if (!text || view.state.readOnly || view.composing) return false;
    if (view.state.doc.lineAt(main.from).number === view.state.doc.lineAt(main.to).number) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

function language(name: string): Extension {
  if (name === "dockerfile") return StreamLanguage.define(dockerFile);
  return name === "python" ? python() : [];
}

function openEditor(room: HTMLElement, nonce: string, changed: () => void): OpenFile | null {
  const area = room.querySelector("textarea");
  const path = room.dataset["file"] ?? "";
  if (!area) return null;
  const view = new EditorView({
    state: EditorState.create({
      doc: area.value,
      extensions: [
        EditorView.cspNonce.of(nonce),
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        typeOverLines,
        highlightActiveLine(),
        EditorState.tabSize.of(4),
        EditorState.readOnly.of(area.readOnly),
        // Tab moves on, as everywhere: nobody gets caught in the editor.
        keymap.of([...defaultKeymap, ...historyKeymap]),
        language(room.dataset["language"] ?? ""),
        syntaxHighlighting(classHighlighter),
        look,
        EditorView.contentAttributes.of({ "aria-label": path, spellcheck: "false", autocapitalize: "off" }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          area.value = update.state.doc.toString();
          changed();
        }),
      ],
    }),
  });
  area.before(view.dom);
  area.hidden = true;
  return { path, room, area, view };
}

function write(file: OpenFile, text: string): void {
  file.view.dispatch({ changes: { from: 0, to: file.view.state.doc.length, insert: text } });
}

/** Tabs as the ARIA practices have them: arrows move, the chosen one is in the tab order. */
function makeTabs(list: HTMLElement, files: OpenFile[]): void {
  const tabs = files.map((file, index) => {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `tab-${index}`;
    tab.setAttribute("role", "tab");
    file.room.id = `panel-${index}`;
    tab.setAttribute("aria-controls", file.room.id);
    file.room.setAttribute("role", "tabpanel");
    file.room.setAttribute("aria-labelledby", tab.id);
    tab.textContent = file.path;
    list.append(tab);
    return tab;
  });
  const choose = (chosen: number) => {
    tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
      const file = files[index];
      if (file) file.room.hidden = index !== chosen;
    });
    files[chosen]?.view.requestMeasure();
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => choose(index));
    tab.addEventListener("keydown", (event) => {
      const forward = document.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
      const back = document.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
      const to =
        event.key === forward ? index + 1 : event.key === back ? index - 1 : event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : null;
      if (to === null) return;
      event.preventDefault();
      const wrapped = (to + tabs.length) % tabs.length;
      choose(wrapped);
      tabs[wrapped]?.focus();
    });
  });
  choose(0);
}

/** Keeps what is written and not handed in, in this browser only. */
class Draft {
  private timer = 0;
  constructor(
    private readonly name: string,
    private readonly files: OpenFile[],
    private readonly initial: Map<string, string>,
  ) {}

  keepSoon(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.keep(), 400);
  }

  keep(): void {
    const changed = Object.fromEntries(
      this.files.filter((file) => !file.area.readOnly && file.area.value !== this.initial.get(file.path)).map((file) => [file.path, file.area.value]),
    );
    try {
      if (Object.keys(changed).length) localStorage.setItem(this.name, JSON.stringify(changed));
      else localStorage.removeItem(this.name);
    } catch {
      // No storage, or full: the page itself still holds the text.
    }
  }

  drop(): void {
    try {
      localStorage.removeItem(this.name);
    } catch {
      // Nothing was kept.
    }
  }

  restore(): boolean {
    let kept: Record<string, unknown>;
    try {
      kept = JSON.parse(localStorage.getItem(this.name) ?? "{}") as Record<string, unknown>;
    } catch {
      return false;
    }
    let restored = false;
    for (const file of this.files) {
      const text = kept[file.path];
      if (typeof text === "string" && !file.area.readOnly && text !== file.area.value) {
        write(file, text);
        restored = true;
      }
    }
    return restored;
  }
}

function start(form: HTMLFormElement): void {
  const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";
  let draft: Draft | null = null;
  const files = [...form.querySelectorAll<HTMLElement>("[data-file]")]
    .map((room) =>
      openEditor(room, nonce, () => {
        draft?.keepSoon();
        form.dispatchEvent(new Event("drydock:changed"));
      }),
    )
    .filter((file) => file !== null);
  const tabs = form.querySelector<HTMLElement>("[data-tabs]");
  if (tabs) makeTabs(tabs, files);

  const initial = new Map(files.map((file) => [file.path, file.area.value]));
  draft = new Draft(`drydock:lab:${form.dataset["lab"] ?? ""}`, files, initial);
  const note = form.querySelector<HTMLElement>("[data-draft-note]");
  if (!("keepDraft" in form.dataset)) draft.drop();
  else if (draft.restore() && note) note.hidden = false;
  note?.querySelector("[data-draft-drop]")?.addEventListener("click", () => {
    for (const file of files) write(file, initial.get(file.path) ?? "");
    draft?.drop();
    note.hidden = true;
    files[0]?.view.focus();
  });
  window.addEventListener("pagehide", () => draft?.keep());
  form.addEventListener("drydock:saved", () => {
    for (const file of files) initial.set(file.path, file.area.value);
    draft?.keep();
    if (note) note.hidden = true;
  });

  form.addEventListener("submit", () => {
    const button = form.querySelector<HTMLButtonElement>(".hand-in button");
    // Disabled only once the form is on its way, so that a second press sends nothing.
    if (button) setTimeout(() => (button.disabled = true));
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

const form = document.querySelector<HTMLFormElement>("form[data-lab]");
if (form) start(form);
