"""Which stage an instruction of a Dockerfile names, so that a stage may be called anything, or by its number."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from graders.dockerfile.model import Flag, Instruction

_STAGE = "\ud800stage "
"""What no text that was typed can hold, and the stage's number."""


def without_stage_names(instructions: Sequence[Instruction], *, kept: Collection[str] = ()) -> tuple[Instruction, ...]:
    """The instructions with stages named by their numbers, and FROM without names other than those in `kept`."""
    names: dict[str, int] = {}
    made: list[Instruction] = []
    count = 0
    for each in instructions:
        numbers = names | {str(number): number for number in range(count - 1)}
        if each.keyword == "FROM":
            base, *named = each.words
            at = names.get(base.lower())
            words = (base if at is None else f"{_STAGE}{at}", *(named if named and named[-1].lower() in kept else ()))
            made.append(replace(each, words=words))
            if named:
                names[named[-1].lower()] = count
            count += 1
        else:
            flags = tuple(_flag(flag, names=names, numbers=numbers) for flag in each.flags)
            made.append(replace(each, flags=flags))
    return tuple(made)


def names_of_no_use(instructions: Sequence[Instruction]) -> frozenset[str]:
    """Stage names that nothing in here uses: whoever asks for one of those means that very name."""
    given: set[str] = set()
    used: set[str] = set()
    for each in instructions:
        if each.keyword == "FROM":
            used.add(each.words[0].lower())
            given.update(name.lower() for name in each.words[-1:] if len(each.words) > 1)
        for flag in each.flags:
            used.update(name.lower() for name in _named(flag))
    return frozenset(given - used)


def _flag(flag: Flag, *, names: dict[str, int], numbers: dict[str, int]) -> Flag:
    if flag.value is None:
        return flag
    if flag.name == "from":
        at = numbers.get(flag.value.strip("\"'").lower())
        return flag if at is None else replace(flag, value=f"{_STAGE}{at}")
    if flag.name == "mount":
        return replace(flag, value=",".join(_field(part, names) for part in flag.value.split(",")))
    return flag


def _field(part: str, names: dict[str, int]) -> str:
    name, _, value = part.partition("=")
    at = names.get(value.lower()) if name.lower() == "from" else None
    return part if at is None else f"{name}={_STAGE}{at}"


def _named(flag: Flag) -> Iterator[str]:
    if flag.name == "from" and flag.value is not None:
        yield flag.value.strip("\"'")
    elif flag.name == "mount" and flag.value is not None:
        yield from (part.partition("=")[2] for part in flag.value.split(",") if part.lower().startswith("from="))
