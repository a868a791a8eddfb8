"""Reads HTML as a browser without JavaScript would send it."""

from html.parser import HTMLParser


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


class SubmittedForm:
    """What the inputs of a piece of HTML would send."""

    def __init__(self, html: str) -> None:
        self._inputs = [attributes for tag, attributes in Tags(html).seen if tag == "input"]

    def values(self, name: str) -> list[str]:
        """The values under a name, in the page's order."""
        return [
            given["value"] or ""
            for given in self._inputs
            if given["name"] == name
            and "disabled" not in given
            and (given.get("type") not in {"radio", "checkbox"} or "checked" in given)
        ]
