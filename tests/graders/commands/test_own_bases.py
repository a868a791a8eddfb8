"""Own images in Dockerfiles: put under the engine's names, every line at its place."""

import pytest

from graders.commands.model import CommandRefused
from graders.commands.own_bases import ensure_plain_ports, own_bases, parent_of, with_engine_names
from graders.commands.state import Base, OwnImage, SessionState
from graders.dockerfile.parser import parse

WEB, BASE = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def session() -> SessionState:
    """A session with an image of two names."""
    state = SessionState(bases=[Base(reference="busybox:1.35", id=BASE)], images=[OwnImage(id=WEB, made_by="build")])
    for name in ("web:latest", "localhost:5000/team/web:2"):
        state.references[name] = state.engine_reference(name)
        state.reference_ids[name] = WEB
    return state


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("FROM web\n", "FROM {web}\n"),
        ("from web:latest as x\n", "from {web} as x\n"),
        ("FROM docker.io/library/web\n", "FROM {web}\n"),
        ("FROM localhost:5000/team/web:2\n", "FROM {team}\n"),
        ("FROM web:other\n", "FROM web:other\n"),
        ("FROM busybox:1.35\n", "FROM busybox:1.35\n"),
        ("ARG B=web\nFROM ${B}\n", "ARG B=web\nFROM {web}\n"),
        ("FROM busybox:1.35 AS web\nFROM web\n", "FROM busybox:1.35 AS web\nFROM web\n"),
        ("FROM web AS web\nFROM web\n", "FROM {web} AS web\nFROM web\n"),
        ("# note\nFROM \\\n# inside\n  web\nRUN a\n", "# note\nFROM {web}\n\n\nRUN a\n"),
        ("FROM x\nCOPY --from=web /a /b\n", "FROM x\nCOPY --from={web} /a /b\n"),
        ("FROM x\nCOPY --from=web \\\n  /a /b", "FROM x\nCOPY --from={web} \\\n  /a /b"),
        ("FROM x AS web\nFROM y\nCOPY --from=WEB /a /b\n", "FROM x AS web\nFROM y\nCOPY --from=WEB /a /b\n"),
        ("FROM web\r\nRUN a\r\n", "FROM {web}\nRUN a\r\n"),
    ],
)
def test_an_own_image_is_named_as_the_engine_names_it(text: str, becomes: str) -> None:
    state = session()
    changed = with_engine_names(parse(text), state, {})

    names = {"{web}": state.references["web:latest"], "{team}": state.references["localhost:5000/team/web:2"]}
    for mark, name in names.items():
        becomes = becomes.replace(mark, name)
    assert changed == becomes
    assert changed.count("\n") == text.count("\n")


@pytest.mark.parametrize("line", ["COPY --fr\\\nom=web /a /b", "COPY --from=web --from=webbed /a /b --from=web"])
def test_a_name_that_cannot_be_found_for_certain_is_refused(line: str) -> None:
    with pytest.raises(CommandRefused, match=r"^Line 2: "):
        with_engine_names(parse(f"FROM x\n{line.replace(' --from=webbed', '')}\n"), session(), {})


def test_a_build_from_nothing_begins_with_nothing_even_where_an_image_is_called_so() -> None:
    state = session()
    state.references["scratch:latest"] = state.engine_reference("scratch:latest")
    state.reference_ids["scratch:latest"] = WEB
    dockerfile = parse("FROM scratch\nCOPY a /a\n")

    assert with_engine_names(dockerfile, state, {}) == "FROM scratch\nCOPY a /a\n"
    assert own_bases(dockerfile, state, {}) == {}
    assert parent_of(dockerfile, state, {}, "") == ""


def test_build_arguments_say_what_a_stage_begins_with() -> None:
    state = session()
    dockerfile = parse("ARG B=busybox:1.35\nFROM $B\n")

    assert own_bases(dockerfile, state, {}) == {}
    assert list(own_bases(dockerfile, state, {"B": "web"})) == ["web"]
    assert parent_of(dockerfile, state, {}, "") == BASE
    assert parent_of(dockerfile, state, {"B": "web"}, "") == WEB


def test_the_parent_is_looked_for_below_earlier_stages() -> None:
    state = session()
    dockerfile = parse("FROM web AS one\nFROM one AS two\nFROM busybox:1.35 AS three\n")

    assert parent_of(dockerfile, state, {}, "") == BASE
    assert parent_of(dockerfile, state, {}, "TWO") == WEB
    assert parent_of(dockerfile, state, {}, "1") == WEB
    assert parent_of(dockerfile, state, {}, "none") == ""


@pytest.mark.parametrize(
    ("port", "fine"), [("80", True), ("80/tcp", True), ("1-65535", False), ("80 81", False), ("", False)]
)
def test_a_port_out_of_an_own_images_variables_is_one_port(port: str, fine: bool) -> None:
    dockerfile = parse("FROM web\nENV OTHER=9\nEXPOSE 1 $OTHER $P\n")
    if fine:
        ensure_plain_ports(dockerfile, {}, {"web": {"P": port}})
        return
    with pytest.raises(CommandRefused, match=r"^Line 3: "):
        ensure_plain_ports(dockerfile, {}, {"web": {"P": port}})
