"""Lab plans: what is read, what is refused and where, and what a stored plan keeps."""

import json
from pathlib import Path
from textwrap import dedent

import pytest

from graders.plan import Base, InvalidPlan, LabPlan, load_bases, load_plan, parse_plan

BASES = {
    "busybox": Base(name="busybox", image="busybox:1.35"),
    "python-slim": Base(name="python-slim", image="python:3.11-slim"),
}

GOOD = """
title: Say hello
topics: [dockerfile.from]
points: 5
bases: [busybox]
values: {greeting: word, port: port}
runs:
  greeted: {args: ["{greeting}"], env: {PORT: "{port}", LEVEL: 3}}
  web: {serve: {port: "{port}"}}
checks:
  - {id: builds, kind: builds, points: 2}
  - {id: ends, kind: exit_code, run: greeted, points: 3, needs: [builds], hint: Look again.}
"""


def plan_of(text: str) -> LabPlan:
    return parse_plan(dedent(text), file="lab.yaml", bases=BASES)


def problems_of(text: str) -> list[str]:
    with pytest.raises(InvalidPlan) as caught:
        plan_of(text)
    return [str(problem) for problem in caught.value.problems]


def with_line(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def test_a_plan_holds_what_its_author_wrote() -> None:
    plan = plan_of(GOOD)
    assert plan.title == "Say hello"
    assert [check.id for check in plan.checks] == ["builds", "ends"]
    assert plan.runs["greeted"].env == {"PORT": "{port}", "LEVEL": "3"}
    assert plan.bases[0].image == "busybox:1.35"
    assert plan.max_points == plan.points


def test_the_default_build_and_run_need_not_be_declared() -> None:
    plan = plan_of("title: x\npoints: 1\nchecks: [{id: a, kind: builds, points: 1}]")
    assert plan.builds["default"].dockerfile == "Dockerfile"
    assert plan.runs["default"].args is None


def test_a_stored_plan_reads_back_as_the_same_plan() -> None:
    plan = plan_of(GOOD)
    stored = json.loads(json.dumps(plan.model_dump(mode="json")))
    assert LabPlan.model_validate(stored) == plan
    assert stored["schema"] == "drydock.lab/1"


def test_filling_puts_drawn_values_everywhere() -> None:
    filled = plan_of(GOOD).filled({"greeting": "hello", "port": "8123"})
    assert filled.runs["greeted"].args == ("hello",)
    assert filled.runs["web"].serve is not None
    assert filled.runs["web"].serve.port == 8123


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("title: Say hello", "titel: Say hello", "lab.yaml:2:1: `titel` is not known here. Did you mean `title`?"),
        ("bases: [busybox]", "bases: [busibox]", "lab.yaml:5:9: There is no base `busibox`. Did you mean `busybox`?"),
        ("bases: [busybox]", "bases: busybox", "lab.yaml:5:1: `bases` must be a list of names from course.yaml"),
        ("points: 5", "points: 6", "lab.yaml:4:1: The lab says 6 points, but its checks add up to 5."),
        ("points: 5", "points: 5.001", "lab.yaml:4:1: `points` must be from 0 to 1000, with at most two decimal"),
        ("kind: builds", "kind: build", "lab.yaml:11:18: There is no kind of check `build`. Did you mean `builds`?"),
        ("kind: builds, ", "", "lab.yaml:11:5: This check has no `kind`."),
        ("run: greeted", "run: greted", "lab.yaml:12:33: There is no run `greted`. Did you mean `greeted`?"),
        ("needs: [builds]", "needs: [bulds]", "lab.yaml:12:66: There is no check `bulds`. Did you mean `builds`?"),
        ("needs: [builds]", "needs: [ends]", "lab.yaml:12:66: `ends` must stand above `ends`, which needs it."),
        ("id: ends", "id: builds", "lab.yaml:12:6: The id `builds` is taken by check 1."),
        ("id: ends", "id: Ends here", "lab.yaml:12:6: `id` must be a short name of lower-case letters"),
        ("run: greeted", "run: web", "lab.yaml:12:33: The run `web` serves until it is killed"),
        ('args: ["{greeting}"]', 'args: ["{greting}"]', "`{greting}` stands for a value that is not declared"),
        ('args: ["{greeting}"]', "args: [yes]", 'lab.yaml:8:20: `yes` is read in two ways; write true, or "yes"'),
        ('args: ["{greeting}"]', "args: [3.10]", 'must be text; put it in quotes, as in "3.10"'),
        ('args: ["{greeting}"]', "args: [true]", 'must be text; put it in quotes, as in "true"'),
        ("greeted: {args", "greeted: {build: other, args", "lab.yaml:8:13: There is no build `other`."),
        ("greeted: {args", "greeted: {after: [greeted], args", "The run `greeted` cannot be after itself."),
        ("greeted: {args", "greeted: {beside: [default], args", "The run `default` ends by itself"),
        (
            "hint: Look again.",
            'hint: "Look at {greeting}"',
            "`{greeting}` is drawn per run and must not stand in a hint.",
        ),
        ('port: "{port}"}}', 'port: "{greeting}"}}', "With a drawn value put in, this must be a port"),
        ("values: {greeting: word", "values: {greeting: wrd", "lab.yaml:6:10: "),
        ("env: {PORT", 'env: {"A=B": x, PORT', "must be the name of a variable"),
        ("greeted: {args", "greeted: {volumes: {/: data}, args", "take the place of the whole file system"),
        ("greeted: {args", "greeted: {volumes: {/etc: data}, args", "looks up users in /etc"),
        ("greeted: {args", "greeted: {tmpfs: /etc/app, args", "looks up users in /etc"),
        ("greeted: {args", "greeted: {user: '', args", "`user` must not be empty"),
        (
            "port: port}",
            "port: {kind: number, at_least: 1, at_most: 70000}}",
            "With a drawn value put in, this must be a port",
        ),
        ("port: port}", "port: {kind: choice, of: ['80', http]}}", "With a drawn value put in, this must be a port"),
        ("port: port}", "port: {kind: word, of: [a]}}", "lists its choices under `of` when its kind is `choice`"),
        ("points: 5", "points: 5\nminutes: 0", "lab.yaml:5:1: `minutes` should be greater than or equal to 1."),
        ("points: 5", "points: 5\nlimits: {pid: 3}", "lab.yaml:5:10: `pid` is not known here. Did you mean `pids`?"),
        ("points: 5", "points: 5\nallow: {mounts: [cash]}", "lab.yaml:5:"),
        ("points: 5", "points: 5\nallow: {packages: [gem]}", "`packages` should be 'pip', 'apt' or 'npm'."),
        ("points: 5", "points: 5\nbuilds: {a: {files: {../x: y}}}", "must be a path inside the folder"),
    ],
)
def test_a_mistake_is_named_with_its_place(old: str, new: str, expected: str) -> None:
    found = problems_of(with_line(GOOD, old, new))
    assert any(expected in problem for problem in found), found


def test_runs_that_wait_for_each_other_are_refused() -> None:
    text = GOOD.replace("greeted: {args", "greeted: {after: [web], args").replace(
        "web: {serve", "web: {after: [greeted], serve"
    )
    assert any("wait for each other: `greeted` -> `web` -> `greeted`" in problem for problem in problems_of(text))


def test_every_mistake_of_a_file_is_told_at_once() -> None:
    text = GOOD.replace("title: Say hello", "titel: Say hello").replace("bases: [busybox]", "bases: [busibox]")
    found = problems_of(text.replace("kind: builds", "kind: build"))
    assert len(found) == 4
    assert any("`title` is missing" in problem for problem in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "lab.yaml:1:1: A lab is a mapping"),
        ("- a\n- b\n", "A lab is a mapping"),
        ("title: [x\n", "not valid YAML"),
        ("title: a: b\n", "A text with a colon in it needs quotes"),
        ("title: x\n\tpoints: 1\n", "not valid YAML"),
        ("title: x\ntitle: y\n", "lab.yaml:2:1: `title` is given twice; the first is on line 1."),
        ("title: &a x\nsummary: *a\n", "lab.yaml:1:8: Anchors and aliases"),
        ("title: !!python/object/apply:os.system ['true']\n", "lab.yaml:1:8: The tag"),
        ("title: !thing x\n", "lab.yaml:1:8: The tag"),
        ("<<: {title: x}\n", "Merge keys"),
        ("title: x\n---\ntitle: y\n", "more than one YAML document"),
        ("title: \x07\n", "U+0007"),
        ("[" * 100 + "]" * 100, "nested deeper"),
        ("title: x\n" + "#" * 600_000, "larger than 512 KiB"),
        ("1: x\n", "The key `1` must be text"),
        ("[a]: x\n", "A key must be plain text"),
        ("title: x\npoints: 0\nchecks: []\n", "at least one check with points"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_place(text: str, expected: str) -> None:
    found = problems_of(text)
    assert any(expected in problem for problem in found), found


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("{args: [told], volumes: {/d: v}}", ["Hidden checks tell the run `secret` things that could be read"]),
        ("{args: [told], volumes: {/d: v}, after: [shown]}", []),
        ("{args: [told], volumes: {/d: own}}", []),
        ("{args: [told]}", []),
    ],
)
def test_what_a_hidden_check_tells_a_container_cannot_be_read_by_a_later_one(secret: str, expected: list[str]) -> None:
    text = (
        "title: x\npoints: 2\nbases: []\nruns:\n"
        f"  shown: {{volumes: {{/data: v}}}}\n  secret: {secret}\n"
        "checks:\n"
        "  - {id: odd, kind: exit_code, run: secret, points: 1, hidden: true}\n"
        "  - {id: ends, kind: exit_code, run: shown, points: 1}\n"
    )
    try:
        plan_of(text)
        found = []
    except InvalidPlan as invalid:
        found = [str(problem) for problem in invalid.problems]
    assert len(found) == len(expected)
    for problem, words in zip(found, expected, strict=True):
        assert problem.startswith("lab.yaml:6:")
        assert words in problem


def test_bytes_that_are_no_text_are_refused_with_their_line() -> None:
    with pytest.raises(InvalidPlan) as caught:
        parse_plan(b"title: x\nsummary: \xff\n", file="lab.yaml", bases={})
    assert str(caught.value) == "lab.yaml:2:1: The file is not UTF-8 text."


def test_modes_times_and_dates_stay_the_text_they_look_like() -> None:
    plan = plan_of(GOOD.replace('args: ["{greeting}"]', 'args: [0644, 12:30, 2024-01-01, 1_000, "{greeting}"]'))
    assert plan.runs["greeted"].args == ("0644", "12:30", "2024-01-01", "1_000", "{greeting}")


def test_doubled_braces_and_other_braces_stay_plain_text() -> None:
    plan = plan_of(GOOD.replace('args: ["{greeting}"]', """args: ["{{greeting}}", '{"a": {"b": 1}}', "{3}"]"""))
    assert plan.filled({"greeting": "hi", "port": "80"}).runs["greeted"].args == (
        "{greeting}",
        '{"a": {"b": 1}}',
        "{3}",
    )


def test_a_lab_folder_takes_its_bases_from_the_course_above(tmp_path: Path) -> None:
    lab = tmp_path / "labs" / "hello"
    lab.mkdir(parents=True)
    (lab / "lab.yaml").write_text(GOOD)
    (tmp_path / "course.yaml").write_text(
        "bases:\n  busybox: {image: 'busybox:1.35', recipe: {packages: {kind: busybox}}}\n"
    )
    assert load_plan(lab).bases[0].image == "busybox:1.35"


def test_a_lab_without_a_course_above_says_so(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text(GOOD)
    with pytest.raises(InvalidPlan, match=r"There is no course\.yaml above this lab"):
        load_plan(tmp_path)


def test_a_folder_without_a_lab_says_so(tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text("bases: {}\n")
    with pytest.raises(InvalidPlan, match=r"There is no lab\.yaml in this folder"):
        load_plan(tmp_path)


def test_a_base_without_an_image_is_refused_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text("bases:\n  busybox: {recipe: {}}\n")
    with pytest.raises(InvalidPlan, match=r"course\.yaml:2:3: The base `busybox` needs an `image`"):
        load_bases(tmp_path / "labs")


def test_a_drawn_path_stands_where_a_path_is_asked_for() -> None:
    plan = plan_of(
        """
        title: x
        points: 3
        bases: [busybox]
        values: {where: path}
        runs: {default: {serve: {port: 80}, volumes: {"{where}": store}}}
        checks:
          - {id: file, kind: image_file, path: "{where}/x", points: 1}
          - {id: mount, kind: mounts, path: "{where}", points: 1}
          - {id: page, kind: http, path: "{where}", points: 1}
        """
    )
    drawn = {"where": "/amber/coral10"}
    paths = [check.model_dump()["path"] for check in plan.filled(drawn).checks]
    assert paths == ["/amber/coral10/x", "/amber/coral10", "/amber/coral10"]


def test_a_drawn_word_where_a_path_is_asked_for_is_refused() -> None:
    text = (
        'title: x\npoints: 1\nvalues: {where: word}\nchecks: [{id: a, kind: image_file, path: "{where}", points: 1}]\n'
    )
    (problem,) = problems_of(text)
    assert "With a drawn value put in, this must be an absolute path" in problem


def test_a_drawn_text_is_no_part_of_an_expression() -> None:
    plan = plan_of(
        """
        title: x
        points: 1
        values: {sum: {kind: choice, of: ["1+1", "(2"]}}
        checks: [{id: a, kind: instruction, instruction: RUN, matches: "^{sum}$", points: 1}]
        """
    )
    assert plan.filled({"sum": "(2"}).checks[0].model_dump()["matches"] == r"^\(2$"


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("kind: image_file, present: [/a, /b], absent: /b", "`/b` stands under `present` and under `absent`"),
        ("kind: run_file, path: /a, contains: x, lacks: x", "`x` stands under `contains` and under `lacks`"),
        ("kind: layer_file, path: /a, absent: /a", "`/a` stands under `path` and under `absent`"),
        ("kind: stdout, contains: x, absent: [y, x]", "`x` stands under `contains` and under `absent`"),
        ("kind: final_image_without, patterns: '*.o', but: '*.o'", "`*.o` stands under `patterns` and under `but`"),
        ("kind: image_config, env: {A: 1}, env_absent: A", "`A` stands under `env` and under `env_absent`"),
        ("kind: image_config, exposed_ports: 80, ports_absent: 80", "`80/tcp` stands under `exposed_ports`"),
        ("kind: image_config, exposed_ports: 65536", "ports from 1 to 65535"),
        ("kind: stages, names: [a, b], at_most: 1", "more `names` than there may be stages"),
    ],
)
def test_a_check_that_can_never_pass_is_refused(check: str, told: str) -> None:
    (problem,) = problems_of(f"title: x\npoints: 1\nchecks:\n  - {{id: a, points: 1, {check}}}\n")
    assert problem.startswith("lab.yaml:4:")
    assert told in problem


def test_a_broken_expression_is_refused_by_its_own_name() -> None:
    text = "title: x\npoints: 1\nchecks:\n  - {id: a, kind: stdout, matches: '(', points: 1}\n"
    (problem,) = problems_of(text)
    assert "lab.yaml:4:27: `matches` is no regular expression" in problem
