"""What the kinds of check share that look at one file at the end of a session, wherever it lies."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import model_validator

from graders.checks.base import Verdict, failed, passed
from graders.checks.console_check import ConsoleCheck
from graders.commands.end_state import FoundFile
from graders.sandbox.base import FileKind
from graders.spec import Text, Texts
from graders.visible import last_lines, listed, quoted


class FileCheck(ConsoleCheck):
    """A check of one file. A subclass adds where it lies."""

    exists: bool = True
    """Whether it is there at all."""
    contains: Texts = ()
    """Texts in it."""
    absent: Texts = ()
    """Texts that must not be in it."""
    equals: Text | None = None
    """Its text, outer empty lines aside."""

    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("contains", "absent"),)

    @model_validator(mode="after")
    def _makes_sense(self) -> "FileCheck":
        if not self.exists and (self.contains or self.absent or self.equals is not None):
            raise ValueError("says `exists: false`, so nothing can be asked of what is in it")
        return self

    def verdict(self, found: FoundFile | None, *, where: str, line: int | None = None, hint: str = "") -> Verdict:
        """Judge the file; `where` names it in a sentence, `line` is to blame."""
        objection = next(self._objections(found, where, hint), None)
        if objection is None:
            return passed("The file is as asked." if self.exists else "The file is not there.")
        words, expected, seen, advice = objection
        return failed(words, expected=expected, seen=last_lines(seen)[:2000], line=line, hint=advice)

    def _objections(self, found: FoundFile | None, where: str, hint: str) -> Iterator[tuple[str, str, str, str]]:
        if found is None:
            if self.exists:
                yield f"There is no {where}.", "a file", "nothing", hint
            return
        if not self.exists:
            yield f"{where} is there, though it should not be.", "nothing", found.kind.value, ""
            return
        asks_content = self.contains or self.absent or self.equals is not None
        if asks_content and found.kind is not FileKind.FILE:
            told = "a special file" if found.kind is FileKind.OTHER else f"a {found.kind.value}"
            yield f"{where} is {told}, not a file.", "a file", found.kind.value, ""
            return
        holds, cut = quoted(found.text), " (only its beginning was read)" if found.cut else ""
        subject = f"{where} holds {holds}"
        if self.equals is not None and _plain(found.text) != _plain(self.equals):
            yield f"{subject}, not {quoted(self.equals)}{cut}.", self.equals, found.text, ""
        missing = [text for text in self.contains if text not in found.text]
        if missing:
            told = listed([quoted(text) for text in missing])
            yield f"{subject}, without {told}{cut}.", "\n".join(missing), found.text, ""
        unwanted = [text for text in self.absent if text in found.text]
        if unwanted:
            told = listed([quoted(text) for text in unwanted])
            yield f"{subject}; {told} must not be in it.", "", found.text, ""


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip("\n")
