"""What the parser reads is what a real engine builds: its steps by name, its images by their config."""

import random
import re
from collections.abc import Iterator

import pytest
from sandboxes import BUSYBOX

from graders.archive import Submission
from graders.dockerfile.dialect import Dialect
from graders.dockerfile.expansion import expand, scopes
from graders.dockerfile.model import Dockerfile, Instruction, Stage
from graders.dockerfile.parser import parse
from graders.dockerfile.policy import Policy, check_policy, examine
from graders.sandbox.base import BuildResult, ImageFacts, Job
from graders.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.engine

LAB = Policy(allowed_bases=frozenset({BUSYBOX}), allow_onbuild=True, allow_mounts=frozenset({"tmpfs"}))
FILES = {"a": b"1", "b c": b"2", "folder/d": b"3"}
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SHARE_OF_RUN = 0.1
STEPS = frozenset({"ADD", "COPY", "RUN", "WORKDIR"})
_STEP = re.compile(r"\[(?:(\S+) )?(\d+)/(\d+)\] (.*)", re.DOTALL)


@pytest.fixture(scope="module")
def sandbox(engine_url: str) -> DockerSandbox:
    return DockerSandbox(engine_url)


@pytest.fixture(scope="module")
def job(sandbox: DockerSandbox) -> Iterator[Job]:
    with sandbox.job("dockerfile-agreement") as opened:
        yield opened


def build(job: Job, text: str) -> BuildResult:
    return job.build(Submission.from_files({**FILES, "Dockerfile": text.encode()}).tar())


# Steps


class Author:
    """Writes Dockerfiles that build, in every layout the language allows; each step is unlike all others.

    Steps that start a process are rare, since they cost the engine a hundred times what the others do.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def dockerfile(self) -> str:
        pick = self.random.choice
        escape = pick(["\\", "\\", "`"])
        opening = "" if escape == "\\" else pick(["# escape=`\n", "#escape = `\n", "# ESCAPE=`\n"])
        opening += pick(["", "# a comment\n", "\n\n", "   # indented\n", "# check with care\n"])
        opening += pick(["", "ARG TAG\n", 'ARG OTHER="a b"\n', "ARG A=1 B\n"])
        count = pick([1, 1, 1, 1, 1, 1, 2, 2, 3])
        stages = [self.stage(index, escape, is_last=index == count - 1) for index in range(count)]
        text = opening + "".join(stages) + self.closing()
        if pick([False, False, True]):
            text = text.replace("\n", "\r\n")
        if pick([False, False, False, True]):
            text = "\ufeff" + text
        return text if pick([True, True, False]) else text.rstrip("\r\n")

    def stage(self, index: int, escape: str, *, is_last: bool) -> str:
        pick = self.random.choice
        base = pick([BUSYBOX, "scratch"] if index == 0 else [BUSYBOX, "stage0", f"stage{index - 1}"])
        name = "" if is_last and pick([True, False]) else f" {pick(['AS', 'as'])} {pick(['Stage', 'stage'])}{index}"
        lines = [f"{pick(['FROM', 'from', 'From'])} {base}{name}"]
        if index:
            self.count += 1
            source = pick([f"stage{index - 1}", f"Stage{index - 1}", str(index - 1)])
            lines.append(f"COPY --from={source} /mark{index - 1} /from-{self.count}/")
        lines += [self.line(escape) for _ in range(pick([1, 1, 2, 3]))]
        if base == BUSYBOX and self.random.random() < SHARE_OF_RUN:
            lines.append(self.run(escape))
        if not is_last:
            lines.append(f"COPY a /mark{index}")
        return "".join(line + "\n" for line in lines)

    def closing(self) -> str:
        """What would be carried out in a stage that is built on this one."""
        return self.random.choice(["", "", "ONBUILD COPY a /o\n", "onbuild  run  x\n"])

    def going_on(self, escape: str) -> str:
        """Every way to go on with the next line."""
        return self.random.choice(
            [escape + "\n", escape + " \t\n", f"{escape}\n# why\n", f"{escape}\n\n", f"{escape}\n   # why\n  "]
        )

    def line(self, escape: str) -> str:
        pick = self.random.choice
        self.count += 1
        number = self.count
        gap = pick([" ", "  ", "\t"])
        on = self.going_on(escape)
        return pick(
            [
                f"ENV N{number} two words\nWORKDIR /w/$N{number}",
                f"ENV N{number}=v O{number}=w\nWORKDIR /${{N{number}}}/$O{number}/{number}",
                f"ENV N{number}='$x'\nWORKDIR /w{number}/$N{number}",
                f"ENV N{number}={escape}\nv\nWORKDIR /w{number}/$N{number}$M{number}",
                f"ENV N{number}=a{escape} b\nworkdir /w{number}/$N{number}",
                f"ARG N{number}=v\nCOPY a /c/$N{number}",
                f"ARG N{number}=\nWORKDIR /w/${{N{number}:-{number}}}",
                f"ARG N{number}=x\nWORKDIR /w{number}/${{N{number}:+yes}}${{M{number}:+no}}",
                f"ARG N{number}=x\nWORKDIR /w{number}/${{N{number}:?why}}${{N{number}?}}",
                f"WORKDIR '/w {number}'/\"x y\"",
                f"WORKDIR{gap}/w{number} z {on} y",
                f"COPY {on} a folder/d {on} /c{number}/",
                f'copy ["b c", "/c{number}/"]',
                f'ADD{gap}[ "a"{gap},"folder/d", "/c {number}/" ]',
                f"add --chown=1:2 folder /a{number}",
                f"COPY --chown='0':0{gap}--chmod=0755 a{gap}/m{number}",
                f"COPY -- a /n{number}",
                f"LABEL x={number} {on} y=2\nWORKDIR d{number}",
                f'LABEL "a b"=c d{number}=it{escape}\'s\nWORKDIR d{number}',
                f"EXPOSE {number}/udp\nVOLUME /v{number}\nWORKDIR d{number}",
                f'SHELL ["/bin/sh", "-c"]\nCMD echo {number} {escape}{escape}\nWORKDIR d{number}',
                f"HEALTHCHECK --interval=5s {on} CMD true\nSTOPSIGNAL {on}9\nUSER {number}\nWORKDIR d{number}",
                f"MAINTAINER me {number} {on}\nWORKDIR d{number}",
                f"WORKDIR /é{number}/\u732b",
            ]
        )

    def run(self, escape: str) -> str:
        pick = self.random.choice
        self.count += 1
        number = self.count
        on = self.going_on(escape)
        return pick(
            [
                f"RUN  echo {number} {on} && true",
                f'run ["echo", "{number}", "a b"]',
                f"  RUN echo {number} '# no comment' > /dev/null",
                f"RUN true {number} {on}{on}{on}   ; true # the shell's own comment",
                f"RUN echo [ {number} ] || true",
                f"ENV N{number}=v\nRUN echo $N{number} ${{N{number}}} ${{N{number}:+x}}",
                f"RUN echo {number} # {escape}\n\tEND",
                f"RUN echo {number} {escape}{escape}",
                f"RUN --mount=type=tmpfs,target=/t{number} {on} true {number}",
            ]
        )


def expected_steps(dockerfile: Dockerfile) -> set[tuple[str, int, int, str]]:
    seen = {id(instruction): scope for instruction, scope in scopes(dockerfile)}
    found = set()
    for stage in dockerfile.stages:
        steps = [each for each in stage.instructions if each.keyword in STEPS]
        first = 2 if stage.base == BUSYBOX else 1
        total = len(steps) + first - 1
        name = "" if len(dockerfile.stages) == 1 else (stage.name or f"stage-{stage.index}")
        for number, step in enumerate(steps, start=first):
            found.add((name, number, total, printed(step, seen[id(step)], dockerfile.escape)))
    return found


def printed(step: Instruction, scope: dict[str, str | None], escape: str) -> str:
    """The engine prints a step with its variables filled in and its first word in capitals."""
    keeps_quotes = step.keyword == "RUN" and "$" not in step.logical
    text = step.logical.replace(escape * 2, escape) if keeps_quotes else expand(step.logical, scope, escape=escape).text
    first, space, rest = text.partition(" ")
    return first.upper() + space + rest


def told_steps(built: BuildResult) -> set[tuple[str, int, int, str]]:
    found = set()
    for step in built.steps:
        parts = _STEP.fullmatch(step.name)
        assert parts is not None
        if not parts[4].startswith("FROM "):
            found.add((parts[1] or "", int(parts[2]), int(parts[3]), parts[4]))
    return found


@pytest.mark.parametrize("seed", range(10))
def test_thirty_of_three_hundred_dockerfiles_are_built_step_by_step_as_they_were_read(job: Job, seed: int) -> None:
    author = Author(seed)
    for text in [author.dockerfile() for _ in range(30)]:
        dockerfile = parse(text)
        assert check_policy(dockerfile, LAB, Dialect()) == [], text
        built = build(job, text)
        assert built.ok, (text, built.error, built.log)
        assert told_steps(built) == expected_steps(dockerfile), text


def test_three_hundred_dockerfiles_are_all_different() -> None:
    authors = [Author(seed) for seed in range(10)]
    assert len({author.dockerfile() for author in authors for _ in range(30)}) == 300


VARIABLES = f"""\
ARG G=global H="$G too" "Q"=no
FROM {BUSYBOX} AS one
ARG G
ARG H="own $G"
WORKDIR /1/$G/$H
ARG A=old
ARG A=new B=$A C
WORKDIR /2/$A/$B/$C
ARG N=U "Q"=quoted
ARG $N=named
WORKDIR /3/$U/$Q
ENV E=$A F=$E
ENV E=${{A}}s F=$E
WORKDIR /4/$E/$F/${{L:-xy}}
ENV legacy one  $E "two"
WORKDIR /5/$legacy
FROM one
WORKDIR /6/$E
"""


def test_variables_are_what_they_were_read_to_be(job: Job) -> None:
    dockerfile = parse(VARIABLES)
    assert check_policy(dockerfile, LAB, Dialect()) == []
    built = build(job, VARIABLES)
    assert built.ok, built.error
    assert told_steps(built) == expected_steps(dockerfile)


# Images

CONFIGS = [
    "CMD echo hi",
    'CMD [ "a" ,\t"b c" ]',
    "CMD ['a']",
    'ENTRYPOINT ["a"]\nCMD ["b"]',
    'SHELL ["/x", "-y"]\nCMD one  two',
    "CMD []",
    'CMD ["\\u00e9\\ud800"]',
    "ENV A=1 B=$A\nENV C=$A$B D='$A' E=\"$A x\"",
    "ENV A one  two # three",
    "ENV A=x\\ y B=\\$A C=a\\b",
    "ENV A=\nENV B=${A:-none}${A:+some}",
    "ENV \\\n  A=1 \\\n  # comment\n\n  B=2",
    'ARG A=1\nARG B="$A 2"\nENV C=$B',
    'LABEL "a b"=c d="e f" g=h\\ i',
    "LABEL a b  c",
    "LABEL a.b=\\\nc",
    "EXPOSE 80 443/tcp 53/udp",
    "ENV P=8000\nEXPOSE $P",
    "VOLUME /a /b",
    'VOLUME ["/a b", "/c"]',
    "VOLUME /a\u00a0 /b",
    "USER 1000:1000",
    "ENV U=me\nUSER $U",
    "STOPSIGNAL SIGINT",
    "HEALTHCHECK --interval=5s --retries=2 CMD curl  x",
    'HEALTHCHECK cmd ["a", "b"]',
    "HEALTHCHECK none",
    "CMD one\nCMD two",
    "  cmd   spaced\t out  ",
    "CMD\tx\x0cy",
    "ENV A=\u00e9\u732b",
    "LABEL a\u00a0b c",
    "ENV A=<<EOF",
    'CMD ["a"] # ignored',
    "CMD a \\\\\nLABEL x=1",
    "# syntax=\\\nCMD a",
    "CMD",
    "ENTRYPOINT []\nCMD []",
]


@pytest.mark.parametrize("body", CONFIGS)
def test_an_image_is_configured_as_it_was_read(job: Job, body: str) -> None:
    text = f"FROM scratch\n{body}\n"
    dockerfile = parse(text)
    built = build(job, text)
    assert built.ok, built.error
    assert told(job.image(built.image_id)) == read(dockerfile.final, dockerfile)


Config = dict[str, object]


def told(facts: ImageFacts) -> Config:
    return {
        "env": dict(facts.env),
        "labels": dict(facts.labels),
        "cmd": facts.cmd or (),
        "entrypoint": facts.entrypoint or (),
        "ports": set(facts.exposed_ports),
        "volumes": set(facts.volumes),
        "user": facts.user,
        "stop": facts.stop_signal,
        "shell": facts.shell or (),
        "health": facts.healthcheck.test if facts.healthcheck is not None else (),
    }


def read(stage: Stage, dockerfile: Dockerfile) -> Config:
    config: Config = {
        "env": {"PATH": DEFAULT_PATH},
        "labels": {},
        "cmd": (),
        "entrypoint": (),
        "ports": set(),
        "volumes": set(),
        "user": "",
        "stop": "",
        "shell": (),
        "health": (),
    }
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    for instruction, scope in scopes(dockerfile, base_environment=lambda _: {"PATH": DEFAULT_PATH}):
        assert instruction in stage.instructions

        def worked_out(word: str, scope: dict[str, str | None] = scope) -> str:
            return expand(word, scope, escape=dockerfile.escape).text

        words = instruction.words
        match instruction.keyword:
            case "CMD" | "ENTRYPOINT":
                config[instruction.keyword.lower()] = words if instruction.is_exec else (*shell, *(words or ("",)))
            case "ENV" | "LABEL":
                name = "env" if instruction.keyword == "ENV" else "labels"
                pairs = {worked_out(key): worked_out(value or "") for key, value in instruction.pairs}
                config[name] = {**dict(config[name]), **pairs}  # type: ignore[call-overload]
            case "EXPOSE":
                ports = map(worked_out, words)
                config["ports"] = {port if "/" in port else f"{port}/tcp" for port in ports}
            case "VOLUME":
                config["volumes"] = set(map(worked_out, words))
            case "SHELL":
                config["shell"] = shell = words
            case "HEALTHCHECK":
                kind = "CMD-SHELL" if words[0] == "CMD" and not instruction.is_exec else words[0]
                config["health"] = (kind, *words[1:])
            case "USER" | "STOPSIGNAL":
                config["user" if instruction.keyword == "USER" else "stop"] = worked_out(words[0])
    return config


# Refusals


# Not among them: ARG lines without a FROM. On them this engine does not answer, it dies.
MALFORMED = [
    "RUN x\nFROM scratch",
    "FROM",
    "FROM a b",
    "FROM scratch # comment",
    "FROM scratch AS 1b",
    "FROM scratch\nENV A",
    "FROM scratch\nENV A=1 B",
    "FROM scratch\nENV =1",
    "FROM scratch\nLABEL",
    "FROM scratch\nARG",
    "FROM scratch\nCOPY a",
    "FROM scratch\nSHELL sh",
    "FROM scratch\nSHELL []",
    "FROM scratch\nEXPOSE",
    "FROM scratch\nVOLUME []",
    "FROM scratch\nUSER",
    "FROM scratch\nHEALTHCHECK curl x",
    "FROM scratch\nHEALTHCHECK CMD",
    "FROM scratch\nHEALTHCHECK NONE x",
    "FROM scratch\nONBUILD",
    "FROM scratch\nONBUILD ONBUILD CMD x",
    "FROM scratch\nONBUILD FROM x",
    "FROM scratch\nCOPY --from=x --from=y a b",
    "FROM scratch\nCMD [1]",
    "FROM scratch\nRUN []",
    "# only a comment",
    "# escape=x\nFROM scratch",
    "# escape=`\n# escape=`\nFROM scratch",
    "FROM scratch\nLABEL a=" + "x" * 65_536,
]

NOT_ALLOWED = [
    "FROM scratch\nFROB x",
    "FROM scratch\nWOR\u212aDI x",
    "FROM scratch\nCMD\u00a0x y",
    "FROM scratch\nCMD --x y",
    "FROM scratch\nCOPY --link a /",
    "FROM scratch\nCOPY --parents a /",
    "FROM scratch\nCOPY --from a /",
    "FROM $NONE",
    "FROM scratch\nRUN --frob=x y",
    "FROM scratch\nCOPY --from=1 /a /",
    "FROM scratch\nADD ${A%x} /",
    "FROM Scratch:1",
]


@pytest.mark.parametrize("text", [*MALFORMED, *NOT_ALLOWED], ids=lambda text: text[:40])
def test_what_is_malformed_here_is_refused_by_the_engine_too(job: Job, text: str) -> None:
    assert examine(text, LAB, Dialect())[1]
    assert not build(job, text).ok


def test_this_engine_would_carry_out_the_lines_of_a_heredoc(sandbox: DockerSandbox, job: Job) -> None:
    text = f"FROM {BUSYBOX}\nRUN cat <<X\nLABEL evil=1\n"
    built = build(job, text)
    assert built.ok
    assert job.image(built.image_id).labels == {"evil": "1"}
    version = sandbox.info().version
    assert [each.rule for each in check_policy(parse(text + "X\n"), LAB, Dialect.of_engine(version))] == ["heredoc"]
