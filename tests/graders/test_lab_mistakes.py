"""Every kind of slip in a lab.yaml is told with line, column and what was meant: the whole message."""

from textwrap import dedent

import pytest

from graders.plan import Base, InvalidPlan, parse_plan

BASES = {"busybox": Base(name="busybox", image="busybox:1.35")}
LAB = dedent(
    """\
    title: Say hello
    points: 4
    bases: [busybox]
    values: {greeting: word}
    builds: {web: {}}
    runs:
      web: {build: web, args: ["{greeting}"]}
    checks:
      - {id: builds, kind: builds, points: 1}
      - {id: says, kind: stdout, run: web, contains: "{greeting}", points: 3, needs: [builds]}
    """
)


def told(text: str) -> list[str]:
    """What the author is told."""
    with pytest.raises(InvalidPlan) as caught:
        parse_plan(text, file="lab.yaml", bases=BASES)
    return [str(problem).removeprefix("lab.yaml:") for problem in caught.value.problems]


SLIPS: list[tuple[str, str, list[str]]] = [
    ("title:", "titel:", ["1:1: `titel` is not known here. Did you mean `title`?", "1:1: `title` is missing."]),
    ("[busybox]", "busybox", ["3:1: `bases` must be a list of names from course.yaml, such as [busybox]."]),
    ("[busybox]", "[busybux]", ["3:9: There is no base `busybux`. Did you mean `busybox`?"]),
    (
        "greeting: word",
        "greeting: wrod",
        [
            (
                "4:10: `greeting` should be 'word', 'sentence', 'number', 'port', 'hex', 'nonce', 'path' "
                "or 'choice'. Did you mean `word`?"
            ),
        ],
    ),
    ("greeting: word", "greeting: word, unused: 5", ["4:26: `unused` must be a mapping of names, such as {name: …}."]),
    ("web: {}", "web: {targt: a}", ["5:16: `targt` is not known here. Did you mean `target`?"]),
    ("web: {}", "web: 5", ["5:10: `web` must be a mapping of names, such as {name: …}."]),
    (
        "web: {}",
        "Web App: {}",
        ["5:10: `Web App` must be a short name of lower-case letters, digits and hyphens, such as `has-cmd`."],
    ),
    ("build: web,", "build: wbe,", ["7:9: There is no build `wbe`. Did you mean `web`?"]),
    ("build: web,", "bulid: web,", ["7:9: `bulid` is not known here. Did you mean `build`?"]),
    ("build: web,", "build: web, after: [wbe],", ["7:29: There is no run `wbe`. Did you mean `web`?"]),
    (
        "build: web,",
        "build: web, beside: [default],",
        ["7:30: The run `default` ends by itself; only one with `serve` can be beside another."],
    ),
    ("build: web,", "build: web, read_only: 'yes',", ["7:21: `read_only` must be true or false, without quotes."]),
    ("build: web,", "build: web, seconds: ten,", ["7:21: `seconds` must be a number, without quotes, such as 2.5."]),
    (
        "build: web,",
        "build: web, memory_mib: 3.5,",
        ["7:21: `memory_mib` must be a whole number, without quotes, such as 5."],
    ),
    ("build: web,", "build: web, env: [A],", ["7:21: `env` must be a mapping of names, such as {name: …}."]),
    (
        "build: web,",
        "build: web, env: {A: 3.10},",
        ['7:27: `A` must be text; put it in quotes, as in "3.10", so that no digit is lost.'],
    ),
    (
        "build: web,",
        "build: web, volumes: {data: v},",
        ["7:31: `data` must be an absolute path, such as `/app/server.py`."],
    ),
    (
        "build: web,",
        "build: web, serve: {port: 99999},",
        ["7:29: `port` must be a port, a whole number from 1 to 65535."],
    ),
    (
        "build: web,",
        "build: web, serve: {ready: helth},",
        ["7:29: `ready` must be port, health, started, {log: PATTERN} or {http: /PATH}."],
    ),
    ("kind: builds", "kind: build", ["9:18: There is no kind of check `build`. Did you mean `builds`?"]),
    ("id: builds, ", "", ["9:5: `id` is missing."]),
    ("id: says", "id: builds", ["10:6: The id `builds` is taken by check 1."]),
    (
        "id: says",
        "id: Says it",
        ["10:6: `id` must be a short name of lower-case letters, digits and hyphens, such as `has-cmd`."],
    ),
    ("run: web", "run: wbe", ["10:30: There is no run `wbe`. Did you mean `web`?"]),
    ("contains:", "contain:", ["10:40: `contain` is not known here. Did you mean `contains`?"]),
    (
        'contains: "{greeting}"',
        'contains: "{greting}"',
        [
            (
                "10:40: `{greting}` stands for a value that is not declared under `values`. Did you mean "
                "`greeting`? Write `{{greting}}` for the plain text."
            ),
        ],
    ),
    ('contains: "{greeting}"', "contains: {a: b}", ["10:40: `contains` must be a list, such as [one, two]."]),
    ("points: 3", "points: three", ["10:64: `points` must be a number of points, such as 2 or 0.5."]),
    ("points: 3", "points: 2", ["2:1: The lab says 4 points, but its checks add up to 3."]),
    ("points: 3", "points: 3, hidden: 1", ["10:75: `hidden` must be true or false, without quotes."]),
    ("needs: [builds]", "needs: [bulids]", ["10:83: There is no check `bulids`. Did you mean `builds`?"]),
    ("needs: [builds]", "needs: builds", ["10:75: `needs` must be a list, such as [one, two]."]),
    ("needs: [builds]", "needs: [says]", ["10:83: `says` must stand above `says`, which needs it."]),
    (
        "needs: [builds]",
        "blame: cmd",
        [
            (
                "10:75: `blame` should be '', 'ADD', 'ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', "
                "'EXPOSE', 'FROM', 'HEALTHCHECK', 'LABEL', 'ONBUILD', 'RUN', 'SHELL', 'STOPSIGNAL', "
                "'USER', 'VOLUME' or 'WORKDIR'. Did you mean `CMD`?"
            ),
        ],
    ),
    (
        "checks:\n",
        "limits: {run_second: 5}\nchecks:\n",
        ["8:10: `run_second` is not known here. Did you mean `run_seconds`?"],
    ),
    ("checks:\n", "minutes: 0\nchecks:\n", ["8:1: `minutes` should be greater than or equal to 1."]),
    ("checks:\n", "allow: {package: [pip]}\nchecks:\n", ["8:9: `package` is not known here. Did you mean `packages`?"]),
    (
        "checks:\n",
        "allow: {packages: [pipp]}\nchecks:\n",
        ["8:20: `packages` should be 'pip', 'apt' or 'npm'. Did you mean `pip`?"],
    ),
    (
        "checks:\n",
        "submission: {require: [a]}\nchecks:\n",
        ["8:14: `require` is not known here. Did you mean `required`?"],
    ),
    (
        "checks:\n",
        "submission: {required: [../a]}\nchecks:\n",
        ["8:25: `required` must be a path inside the folder, such as `app/server.py`."],
    ),
    ("checks:\n", "attached: {}\nchecks:\n", ["8:1: `attached` is filled in by itself; leave it out."]),
    (
        "checks:\n",
        "schema: drydock.lab/2\nchecks:\n",
        ["8:1: `schema` should be 'drydock.lab/1'. Did you mean `drydock.lab/1`?"],
    ),
    ("checks:\n", "schema_: drydock.lab/1\nchecks:\n", ["8:1: `schema_` is not known here. Did you mean `schema`?"]),
    ("checks:\n", "console: {prepar: []}\nchecks:\n", ["8:11: `prepar` is not known here. Did you mean `prepare`?"]),
    ("checks:\n", "requests: {a: {run: wbe}}\nchecks:\n", ["8:16: There is no run `wbe`. Did you mean `web`?"]),
    ("checks:\n", "title: Again\nchecks:\n", ["8:1: `title` is given twice; the first is on line 1."]),
    (
        "points: 4",
        "points:\t4\n\tminutes: 3",
        [
            (
                "2:8: This is not valid YAML: found character '\\t' that cannot start any token. Indent "
                "with spaces, not tabs."
            ),
        ],
    ),
    (
        "title: Say hello",
        "title: Say: hello",
        ["1:11: This is not valid YAML: mapping values are not allowed here. A text with a colon in it needs quotes."],
    ),
    (
        "title: Say hello",
        "title: &a Say hello",
        ["1:8: Anchors and aliases (`&name`, `*name`) are not used here; write it out."],
    ),
    ("title: Say hello", "title: on", ['1:8: `on` is read in two ways; write true, or "on" in quotes for the text.']),
    (
        "title: Say hello",
        "title: Say hello\n---",
        ["2:1: The file holds more than one YAML document; remove the `---` between them."],
    ),
]


@pytest.mark.parametrize(("old", "new", "messages"), SLIPS, ids=[f"{new[:40]!r}" for _, new, _ in SLIPS])
def test_a_slip_is_told_in_whole(old: str, new: str, messages: list[str]) -> None:
    assert LAB.count(old) >= 1
    assert told(LAB.replace(old, new, 1)) == messages


def test_the_lab_that_the_slips_are_made_in_has_none() -> None:
    assert parse_plan(LAB, file="lab.yaml", bases=BASES).title == "Say hello"
