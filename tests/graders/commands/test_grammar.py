"""The grammar against the help of docker's own CLI: every command and flag, its letter, its kind and its words."""

import re
import subprocess
from dataclasses import dataclass

import pytest

from graders.commands.grammar.elsewhere import GROUPS
from graders.commands.grammar.flags import Flag
from graders.commands.grammar.shapes import Shape
from graders.commands.grammar.table import BY_CALL, SHAPES

CLI = "/usr/bin/docker"  # Debian's, of the version that the grammar is of
HIDDEN = {"cpu-count", "cpu-percent", "io-maxbandwidth", "io-maxiops", "checkpoint", "checkpoint-dir"}
"""Flags for Windows, and for a daemon with experiments, which the CLI takes and does not show otherwise."""
OFFERED = [shape for shape in SHAPES if not shape.refused]
OWN_WORDS = {
    ("container", "create", "pull"): "`create` has a slip in its words; those of `run` are shown",
    ("volume", "create", "name"): "the CLI takes it and does not show it",
}


@dataclass(frozen=True)
class Told:
    """A flag as the CLI's help tells it."""

    short: str
    word: str
    about: str


def _help(call: str, *, buildkit: bool = False) -> str:
    done = subprocess.run(
        [CLI, *call.split(), "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={
            "DOCKER_HOST": "unix:///nowhere/docker.sock",
            "HOME": "/nowhere",
            "PATH": "/usr/bin:/bin",
            "DOCKER_BUILDKIT": "1" if buildkit else "0",
        },
    )
    return done.stdout


def _told(help_text: str) -> dict[str, Told]:
    found: dict[str, Told] = {}
    name = ""
    for line in help_text.partition("Options:\n")[2].splitlines():
        flag = re.match(r"  (?:-(\w), |    )--([\w-]+)(?: (\S+))?(?:   +(.*))?$", line)
        if flag:
            name = flag[2]
            found[name] = Told(flag[1] or "", flag[3] or "", flag[4] or "")
        elif line.strip() and name:
            found[name] = Told(found[name].short, found[name].word, f"{found[name].about} {line.strip()}")
    found.pop("help", None)
    return found


def _of(shape: Shape) -> dict[str, Told]:
    told = _told(_help(shape.calls[0]))
    return told | (_told(_help("build", buildkit=True)) if shape.path == ("image", "build") else {})


def _word(flag: Flag) -> str:
    return flag.metavar or flag.holds.value


@pytest.mark.parametrize("shape", OFFERED, ids=lambda shape: " ".join(shape.path))
def test_a_command_has_the_flags_that_the_cli_has(shape: Shape) -> None:
    told = _of(shape)
    known = {flag.name: flag for flag in shape.flags if (*shape.path, flag.name) not in OWN_WORDS or flag.name in told}

    assert set(known) - HIDDEN == set(told)
    assert {name: known[name].short for name in told} == {name: one.short for name, one in told.items()}
    kinds = {name: bool(_word(known[name])) for name in told}
    assert kinds == {name: bool(one.word) for name, one in told.items()}


@pytest.mark.parametrize("shape", OFFERED, ids=lambda shape: " ".join(shape.path))
def test_a_flag_that_is_offered_is_told_of_in_the_words_of_the_cli(shape: Shape) -> None:
    told = _of(shape)
    offered = [flag for flag in shape.flags if flag.offered and (*shape.path, flag.name) not in OWN_WORDS]

    assert {flag.name: (flag.about, _word(flag)) for flag in offered} == {
        flag.name: (told[flag.name].about, told[flag.name].word.replace("stringArray", "list")) for flag in offered
    }


@pytest.mark.parametrize("call", sorted(BY_CALL))
def test_a_command_is_called_and_told_of_as_the_cli_does(call: str) -> None:
    shape = BY_CALL[call]
    said = _help(call)

    assert said.startswith(f"\nUsage:  docker {shape.named(call)} {shape.arguments}".rstrip())
    assert shape.about in said or shape.more in said


def test_every_command_that_the_cli_lists_is_known() -> None:
    listed = re.findall(r"^  (\w+) +[A-Z]", _help("").partition("Management Commands:")[2], re.MULTILINE)

    assert set(listed) <= {call for call in BY_CALL if " " not in call} | {group.name for group in GROUPS}


@pytest.mark.parametrize("group", [group.name for group in GROUPS if not group.refused])
def test_every_command_of_a_group_is_known(group: str) -> None:
    listed = re.findall(r"^  (\w+) +[A-Z]", _help(group).partition("Commands:")[2], re.MULTILINE)

    assert {f"{group} {name}" for name in listed} <= set(BY_CALL)
