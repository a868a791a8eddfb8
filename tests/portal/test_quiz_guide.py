"""docs/quizzes.md names what the pages show, and the keys that marking listens to."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PORTAL = REPOSITORY / "platform/portal"
GUIDE = (REPOSITORY / "docs/quizzes.md").read_text()


def test_what_it_quotes_stands_on_a_page() -> None:
    quoted = {" ".join(words.split()) for words in re.findall(r"(?<![*\w])\*([A-Z0-9][^*]*)\*(?![*\w])", GUIDE)}
    files = [*(PORTAL / "templates").rglob("*.html"), *PORTAL.glob("*.py"), *(PORTAL / "templatetags").glob("*.py")]
    shown = " ".join(file.read_text() for file in files)
    assert len(quoted) > 25
    assert [words for words in sorted(quoted) if words not in shown] == []


def test_it_tells_every_key_of_marking_and_no_other() -> None:
    listens = set(re.findall(r'case "(\w+)"', (PORTAL / "frontend/src/marking.ts").read_text()))
    table = GUIDE[GUIDE.index("| key |") : GUIDE.index("A mark can be changed")]
    told = set(re.findall(r"`([^`]+)`", table))
    arrows = {"→": "ArrowRight", "←": "ArrowLeft"}
    assert {arrows.get(key, key) for key in told} - {"1", "9", "Esc", "Ctrl", "Enter"} == listens
