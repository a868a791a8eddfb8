"""Makes a page of each text: python press.py TEXTS PAGES. A text's first line is its headline."""

import sys
from html import escape
from pathlib import Path


def page(text: str) -> str:
    """A text as a page: its headline, and a paragraph for each line that follows."""
    headline, *lines = (escape(line.strip()) for line in text.strip().splitlines())
    story = "\n".join(f"<p>{line}</p>" for line in lines if line)
    return f"<!doctype html>\n<title>{headline}</title>\n<h1>{headline}</h1>\n{story}\n"


def main() -> None:
    try:
        texts, pages = map(Path, sys.argv[1:])
    except ValueError:
        sys.exit("Usage: python press.py TEXTS PAGES")
    found = sorted(texts.glob("*.txt"))
    if not found:
        sys.exit(f"There is no text in {texts}.")
    pages.mkdir(parents=True, exist_ok=True)
    for text in found:
        (pages / f"{text.stem}.html").write_text(page(text.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{len(found)} pages are in {pages}.")


if __name__ == "__main__":
    main()
