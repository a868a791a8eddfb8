"""Reads HTML as a browser without JavaScript would send it."""

from html.parser import HTMLParser

from quizzes.types.base import FormValues

Attributes = dict[str, str | None]


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, Attributes]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


class SubmittedForm(HTMLParser):
    """What the inputs, selects and text areas of a piece of HTML would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._select: Attributes | None = None
        self._options: list[Attributes] = []
        self._textarea: Attributes | None = None
        self._typed = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input":
            ticked = given.get("type") not in {"radio", "checkbox"} or "checked" in given
            if ticked and given.get("type") != "file":
                self._send(given, given.get("value") or "")
        elif tag == "select":
            self._select, self._options = given, []
        elif tag == "option":
            self._options.append(given)
        elif tag == "textarea":
            self._textarea, self._typed = given, ""

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._typed += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select is not None:
            chosen = [option for option in self._options if "selected" in option] or self._options[:1]
            for option in chosen[-1:]:
                self._send(self._select, option.get("value") or "")
            self._select = None
        elif tag == "textarea" and self._textarea is not None:
            self._send(self._textarea, self._typed.removeprefix("\n"))
            self._textarea = None

    def _send(self, control: Attributes, value: str) -> None:
        name = control.get("name")
        if name and "disabled" not in control:
            self.fields.append((name, value))

    def values(self, name: str) -> list[str]:
        """The values under a name, in the page's order."""
        return [value for field, value in self.fields if field == name]

    def answer(self) -> FormValues:
        """What it sends as an answer."""
        return FormValues.sent({name: self.values(name) for name, _ in self.fields})
