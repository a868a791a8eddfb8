"""How a part of an image's configuration differs from what is expected, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graders.visible import listed, quoted, visible


@dataclass(frozen=True)
class Difference:
    """One difference, and the instruction that it concerns."""

    keyword: str
    what: str
    expected: str
    seen: str
    name: str = ""
    """What was set that should be another or not be there, such as a variable."""


def another(keyword: str, word: str, text: str, is_text: str) -> Difference:
    """A single text is another."""
    told = f"{word} is {quoted(is_text)}" if is_text else f"no {word.removeprefix('the ')} is set"
    return Difference(keyword, f"{told[0].upper()}{told[1:]}; expected was {quoted(text)}", text, visible(is_text))


def named(keyword: str, word: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Difference]:
    """Names must be set to values."""
    for name, value in wanted.items():
        if name not in found:
            yield Difference(
                keyword, f"The {word} {name} is not set; expected was {quoted(value)}", f"{name}={value}", ""
            )
        elif found[name] != value:
            what = f"The {word} {name} is {quoted(found[name])}; expected was {quoted(value)}"
            yield Difference(keyword, what, f"{name}={value}", f"{name}={visible(found[name])}", name)


def named_at_all(keyword: str, word: str, wanted: tuple[str, ...], found: Mapping[str, str]) -> Iterator[Difference]:
    """Names must be set to something."""
    for name in wanted:
        if not found.get(name, "").strip():
            yield Difference(keyword, f"The {word} {name} is not set", f"{name}=…", f"no {name}")


def unwanted(keyword: str, word: str, names: tuple[str, ...], found: Mapping[str, str]) -> Iterator[Difference]:
    """Names must not be set."""
    for name in names:
        if name in found:
            what = f"The {word} {name} is set, though it must not be"
            yield Difference(keyword, what, f"no {name}", f"{name}=…", name)


def among(keyword: str, word: str, wanted: tuple[str, ...], found: tuple[str, ...]) -> Iterator[Difference]:
    """What is wanted must be among what is found."""
    missing = [one for one in wanted if one not in found]
    if missing:
        told = f"it declares {listed([visible(one) for one in found])}" if found else f"it declares no {word}"
        what = f"The image does not declare the {word} {listed(missing)}; {told}"
        yield Difference(keyword, what, f"{keyword} {' '.join(wanted)}", f"{keyword} {' '.join(found)}".strip())
