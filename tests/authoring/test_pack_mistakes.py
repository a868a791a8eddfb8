"""Every kind of mistake in a pack's files is told with file, line, column and what was meant: the whole message."""

import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from small_pack import BANK, COURSE, LAB, QUIZ, a_pack

from authoring.check import unreadable
from authoring.packs import InvalidPack, load

COURSE_FILE, BANK_FILE, QUIZ_FILE = "course_yaml", "banks__all_yaml", "quizzes__start_yaml"
LAB_FILE, MUTANTS_FILE = "labs__hello__lab_yaml", "labs__hello__mutants_yaml"
EXPECT_FILE = "labs__hello__solutions__silent__expect_yaml"
EXPECT = "about: Says nothing.\nscore: 1\nfails: [says-hello]\n"
VARYING = "- id: a\n  topics: [docker.what]\n  kind: short_text\n  text: Say {w}.\n  answer: x\n"
PROVEN = (
    "- id: a\n  topics: [docker.what]\n  kind: predict_output\n  text: Say.\n  answer: x\n"
    '  dockerfile: "FROM busybox\\n"\n'
)


def told(folder: Path) -> list[str]:
    """What an author is told of the pack, by paths in it."""
    try:
        problems = unreadable(load(folder))
    except InvalidPack as error:
        problems = list(error.problems)
    return [str(problem).removeprefix(f"{folder}/") for problem in problems]


MISTAKES: list[tuple[dict[str, str | None], list[str]]] = [
    (
        {COURSE_FILE: COURSE.replace("slug:", "slugg:")},
        ["course.yaml:1:1: `slug` is missing.", "course.yaml:2:1: `slugg` is not known here. Did you mean `slug`?"],
    ),
    (
        {COURSE_FILE: COURSE.replace("title: Small course", "title: [Small]")},
        ["course.yaml:1:1: `title` must be text."],
    ),
    (
        {COURSE_FILE: COURSE.replace("title: Small course", "title: 3.10")},
        ['course.yaml:1:1: `title` must be text; put it in quotes, as in "3.10", so that no digit is lost.'],
    ),
    (
        {COURSE_FILE: COURSE + "    scoring: bests\n"},
        ["course.yaml:12:5: `scoring` should be 'best' or 'last'. Did you mean `best`?"],
    ),
    (
        {COURSE_FILE: COURSE.replace("attempts: 3", "attempts: '3'")},
        ["course.yaml:11:5: `attempts` must be a whole number, without quotes, such as 5."],
    ),
    (
        {COURSE_FILE: COURSE.replace("attempts: 3", "attempts: 0")},
        ["course.yaml:11:5: `attempts` should be greater than or equal to 1."],
    ),
    (
        {COURSE_FILE: COURSE.replace("attempts: 3", "attemps: 3")},
        ["course.yaml:11:5: `attemps` is not known here. Did you mean `attempts`?"],
    ),
    (
        {COURSE_FILE: COURSE.replace("quiz: start", "quizz: start")},
        ["course.yaml:9:5: `quizz` is not known here. Did you mean `quiz`?"],
    ),
    (
        {COURSE_FILE: COURSE.replace("quiz: start", "quiz: strat")},
        [
            "course.yaml:9:5: There is no quiz `strat` in this pack. Did you mean `start`?",
            "quizzes/start.yaml:1:1: No student sees this quiz: add `- quiz: start` to the activities.",
        ],
    ),
    (
        {COURSE_FILE: COURSE.replace("lab: hello", "lab: helo")},
        [
            "course.yaml:10:5: There is no lab `helo` in this pack. Did you mean `hello`?",
            "labs/hello:1:1: No student sees this lab: add `- lab: hello` to the activities.",
        ],
    ),
    (
        {COURSE_FILE: COURSE + "  - quiz: start\n"},
        ["course.yaml:12:5: There is an activity `start` already; a quiz and a lab need different names, too."],
    ),
    (
        {COURSE_FILE: COURSE + "time_zone: Europe/Madird\n"},
        [
            (
                "course.yaml:12:1: `time_zone` must be a time zone's name, such as Europe/Madrid or UTC. "
                "Did you mean `Europe/Madrid`?"
            ),
        ],
    ),
    (
        {COURSE_FILE: COURSE + "coverage: {question: 2}\n"},
        ["course.yaml:12:12: `question` is not known here. Did you mean `questions`?"],
    ),
    (
        {COURSE_FILE: COURSE + "coverage: 2\n"},
        ["course.yaml:12:1: `coverage` must be a mapping of names, such as {name: …}."],
    ),
    (
        {COURSE_FILE: COURSE.replace("dockerfile.cmd: CMD", "dockerfile.cmd: {title: CMD, needs: [labs]}")},
        ["course.yaml:7:40: `needs` should be 'lab' or 'proof'. Did you mean `lab`?"],
    ),
    (
        {COURSE_FILE: COURSE.replace("dockerfile.cmd: CMD", "dockerfile.cmd: {note: CMD}")},
        ["course.yaml:7:3: `title` is missing."],
    ),
    (
        {COURSE_FILE: COURSE.replace("dockerfile.cmd: CMD", "dockerfile.cmd:")},
        ["course.yaml:7:3: `dockerfile.cmd` needs a title, such as `docker.what: What Docker is`."],
    ),
    (
        {COURSE_FILE: COURSE.replace("slug: small-course", "slug: Small Course")},
        ["course.yaml:2:1: `slug` must be a short name of lower-case letters, digits and hyphens, such as `has-cmd`."],
    ),
    (
        {COURSE_FILE: COURSE.replace("slug: small-course", "slug: join")},
        [
            (
                "course.yaml:2:1: `slug` cannot be `join`: the site has an address of that name. Choose "
                "another one; reserved: `join`."
            ),
        ],
    ),
    (
        {COURSE_FILE: COURSE.replace("image:", "imgae:")},
        [
            (
                "course.yaml:4:3: The base `busybox` needs an `image`, such as busybox:1.35. Did you "
                "mean `image` by `imgae`?"
            ),
        ],
    ),
    (
        {COURSE_FILE: COURSE.replace("title: Small", "title: Small\ntitle: Small")},
        ["course.yaml:2:1: `title` is given twice; the first is on line 1."],
    ),
    (
        {COURSE_FILE: COURSE.replace("  docker.what", "\tdocker.what")},
        [
            (
                "course.yaml:6:1: This is not valid YAML: found character '\\t' that cannot start any "
                "token. Indent with spaces, not tabs."
            ),
        ],
    ),
    (
        {COURSE_FILE: COURSE.replace("title: Small course", "title: Small: course")},
        [
            (
                "course.yaml:1:13: This is not valid YAML: mapping values are not allowed here. A text "
                "with a colon in it needs quotes."
            ),
        ],
    ),
    (
        {COURSE_FILE: COURSE.replace("title: Small course", "title: yes")},
        ['course.yaml:1:8: `yes` is read in two ways; write true, or "yes" in quotes for the text.'],
    ),
    (
        {COURSE_FILE: "- a\n"},
        [
            "course.yaml:1:1: This must be a mapping of names, such as {name: …}.",
            "course.yaml:1:1: `bases` must map names to images and their recipes.",
        ],
    ),
    (
        {COURSE_FILE: ""},
        [
            "course.yaml:1:1: This must be a mapping of names, such as {name: …}.",
            "course.yaml:1:1: `bases` must map names to images and their recipes.",
        ],
    ),
    (
        {COURSE_FILE: "a: &x [1]\nb: [*x, *x]\n"},
        ["course.yaml:1:4: Anchors and aliases (`&name`, `*name`) are not used here; write it out."],
    ),
    (
        {BANK_FILE: BANK.replace("docker.what", "docker.whut")},
        ["banks/all.yaml:2:12: The course has no topic `docker.whut`. Did you mean `docker.what`?"],
    ),
    (
        {BANK_FILE: BANK.replace("kind: single_choice", "kind: single_chioce")},
        ["banks/all.yaml:3:3: `kind`: there is no question type `single_chioce`. Did you mean `single_choice`?"],
    ),
    (
        {BANK_FILE: BANK.replace("  kind: single_choice\n", "")},
        [
            (
                "banks/all.yaml:1:3: Say which kind of question this is. Known: blanks, categorise, "
                "docker_command, dockerfile_line, dockerfile_text, file_upload, long_text, matching, "
                "multiple_choice, numeric, ordering, predict_output, short_text, single_choice, "
                "true_or_false."
            ),
        ],
    ),
    (
        {BANK_FILE: BANK.replace("text: What", "txt: What")},
        ["banks/all.yaml:1:3: `text` is missing.", "banks/all.yaml:4:3: `txt` is not known here. Did you mean `text`?"],
    ),
    (
        {BANK_FILE: BANK.replace("feedback:", "feedbak:")},
        ["banks/all.yaml:7:28: `feedbak` is not known here. Did you mean `feedback`?"],
    ),
    (
        {BANK_FILE: BANK.replace("answer: A platform for containers", "answer: A platform for container")},
        [
            (
                "banks/all.yaml:8:3: `answer`: `A platform for container` is not among the options. Did "
                "you mean `A platform for containers`?"
            ),
        ],
    ),
    (
        {BANK_FILE: BANK.replace("answer: true", "answer: 'true'")},
        ["banks/all.yaml:13:3: `answer` must be true or false, without quotes."],
    ),
    (
        {BANK_FILE: BANK.replace("id: cmd-wins", "id: what-is-docker")},
        [
            "banks/all.yaml:9:3: `id`: there is a question `what-is-docker` already, number 1 in this file.",
            "quizzes/start.yaml:2:25: No bank has the question `cmd-wins`. Known: `what-is-docker`.",
        ],
    ),
    (
        {BANK_FILE: BANK.replace("id: cmd-wins", "id: CMD wins")},
        [
            (
                "banks/all.yaml:9:3: `id` must be of lower-case letters and digits, with hyphens "
                "between, such as `two-words`."
            ),
            "quizzes/start.yaml:2:25: No bank has the question `cmd-wins`. Known: `CMD wins`, `what-is-docker`.",
        ],
    ),
    (
        {BANK_FILE: "title: x\n"},
        [
            (
                "banks/all.yaml:1:1: This file is no bank: a bank is a list of questions, each of which "
                "begins with `- id: …`."
            ),
        ],
    ),
    (
        {BANK_FILE: "[]\n"},
        [
            "banks/all.yaml:1:1: There must be at least 1 here, not 0.",
            "quizzes/start.yaml:2:9: No bank has the question `what-is-docker`. There are none.",
            "quizzes/start.yaml:2:25: No bank has the question `cmd-wins`. There are none.",
        ],
    ),
    (
        {BANK_FILE: "- x\n"},
        [
            "banks/all.yaml:1:3: A question is a mapping with `id`, `kind`, `topics`, `text` and its answer.",
            "quizzes/start.yaml:2:9: No bank has the question `what-is-docker`. There are none.",
            "quizzes/start.yaml:2:25: No bank has the question `cmd-wins`. There are none.",
        ],
    ),
    (
        {BANK_FILE: BANK + VARYING.replace("{w}", "{wrod}") + "  values: {word: word}\n"},
        [
            "banks/all.yaml:17:3: There is no value `wrod`. Did you mean `word`? Write `{{wrod}}` for the text itself.",
            "banks/all.yaml:19:12: Nothing uses `word`: put it into the question, or leave it out.",
        ],
    ),
    (
        {BANK_FILE: BANK + VARYING + "  values: {w: wrod}\n"},
        ["banks/all.yaml:19:12: There is no kind of value `wrod`. Did you mean `word`?"],
    ),
    (
        {BANK_FILE: BANK + VARYING + "  values: {w: {kind: wrod}}\n"},
        ["banks/all.yaml:19:16: There is no kind of value `wrod`. Did you mean `word`?"],
    ),
    (
        {BANK_FILE: BANK + VARYING + "  values: {w: {kind: number, atleast: 3}}\n"},
        ["banks/all.yaml:19:30: `atleast` is not known here. Did you mean `at_least`?"],
    ),
    (
        {BANK_FILE: BANK + PROVEN + "  proof: {runn: {}}\n"},
        ["banks/all.yaml:20:11: `runn` is not known here. Did you mean `runs`?"],
    ),
    (
        {BANK_FILE: BANK + PROVEN + "  proof: {shows: {stdot: x}}\n"},
        ["banks/all.yaml:20:11: `stdot` is not known here. Did you mean `stdout`?"],
    ),
    (
        {BANK_FILE: BANK + PROVEN + "  proof: {shows: stdot}\n"},
        ["banks/all.yaml:20:11: `stdot` is not known here. Did you mean `stdout`?"],
    ),
    (
        {BANK_FILE: BANK + PROVEN + "  proof: {builds: 5, runs: x}\n"},
        [
            "banks/all.yaml:20:11: `builds` must be a mapping of names, such as {name: …}.",
            "banks/all.yaml:20:22: `runs` must be a mapping of names, such as {name: …}.",
        ],
    ),
    (
        {BANK_FILE: BANK + PROVEN + "  proof: {runs: {a: {build: wbe}}, builds: {web: {}}}\n"},
        ["banks/all.yaml:20:22: There is no build `wbe` in this proof. Did you mean `web`?"],
    ),
    (
        {"banks__more_yaml": BANK},
        [
            (
                "banks/more.yaml:1:3: There is a question `what-is-docker` already, in banks/all.yaml, "
                "line 1: give this one an id of its own."
            ),
            (
                "banks/more.yaml:9:3: There is a question `cmd-wins` already, in banks/all.yaml, line 9: "
                "give this one an id of its own."
            ),
        ],
    ),
    (
        {"banks__more_yaml": "- {id: other, topics: [docker.what], kind: true_or_false, text: True., answer: true}\n"},
        [
            (
                "banks/more.yaml:1:1: No quiz asks any question of this bank: list one among a quiz's "
                "`items`, or draw from its topics."
            ),
        ],
    ),
    (
        {"banks__more.yml": BANK},
        [
            (
                "banks/more.yml:1:1: Nothing reads this file: files here end in .yaml, and are in no "
                "folder. Did you mean `more.yaml`?"
            ),
        ],
    ),
    (
        {"banks__deep__more_yaml": BANK},
        ["banks/deep:1:1: Nothing reads this folder: files here end in .yaml, and are in no folder."],
    ),
    (
        {QUIZ_FILE: QUIZ.replace("cmd-wins]", "cmd-winz]")},
        ["quizzes/start.yaml:2:25: No bank has the question `cmd-winz`. Did you mean `cmd-wins`?"],
    ),
    (
        {QUIZ_FILE: QUIZ.replace("title:", "titel:")},
        [
            "quizzes/start.yaml:1:1: `titel` is not known here. Did you mean `title`?",
            "quizzes/start.yaml:1:1: `title` is missing.",
        ],
    ),
    (
        {QUIZ_FILE: QUIZ + "attempts: many\n"},
        ["quizzes/start.yaml:3:1: `attempts` must be a whole number, without quotes, such as 5."],
    ),
    (
        {QUIZ_FILE: QUIZ + "release: {key: never}\n"},
        ["quizzes/start.yaml:3:11: `key` is not known here. Did you mean `keys`?"],
    ),
    (
        {QUIZ_FILE: QUIZ + "release: {keys: nevr}\n"},
        [
            (
                "quizzes/start.yaml:3:11: `keys` must be after_attempt, after_due, after_close, never, or a time "
                'on the course\'s clock such as "2026-12-01 09:00".'
            )
        ],
    ),
    (
        {QUIZ_FILE: QUIZ + "mode: exams\n"},
        ["quizzes/start.yaml:3:1: `mode` should be 'standard', 'practice' or 'exam'. Did you mean `exam`?"],
    ),
    (
        {QUIZ_FILE: "title: X\nitems: [{draw: 1, kinds: [true_or_flase]}]\n"},
        ["quizzes/start.yaml:2:27: `kinds`: there is no question type `true_or_flase`. Did you mean `true_or_false`?"],
    ),
    (
        {QUIZ_FILE: "title: X\nitems: [{draw: 1, topic: [a]}]\n"},
        ["quizzes/start.yaml:2:19: `topic` is not known here. Did you mean `topics`?"],
    ),
    (
        {QUIZ_FILE: "title: X\nitems: [{draw: 1, topics: [docker.whut]}]\n"},
        [
            (
                "banks/all.yaml:1:1: No quiz asks any question of this bank: list one among a quiz's "
                "`items`, or draw from its topics."
            ),
            "quizzes/start.yaml:2:9: This draws 1, and the banks hold 0 that fit and are not listed.",
            "quizzes/start.yaml:2:28: The course has no topic `docker.whut`. Did you mean `docker.what`?",
        ],
    ),
    (
        {QUIZ_FILE: "title: X\nitems: [what-is-docker, what-is-docker]\n"},
        ["quizzes/start.yaml:2:25: `items`: `what-is-docker` is listed twice."],
    ),
    (
        {QUIZ_FILE: "title: X\nitems: [{questoin: cmd-wins}]\n"},
        ["quizzes/start.yaml:2:9: An item is a question's id, a mapping with `question`, or one with `draw`."],
    ),
    (
        {QUIZ_FILE: "title: X\nitems: what-is-docker\n"},
        ["quizzes/start.yaml:2:1: `items` must be a list, such as [one, two]."],
    ),
    (
        {QUIZ_FILE: "title: X\nitems: [{draw: 9}]\n"},
        ["quizzes/start.yaml:2:9: This draws 9, and the banks hold 2 that fit and are not listed."],
    ),
    (
        {"quizzes__extra_yaml": QUIZ},
        ["quizzes/extra.yaml:1:1: No student sees this quiz: add `- quiz: extra` to the activities."],
    ),
    (
        {"quizzes__notes.txt": "hi"},
        ["quizzes/notes.txt:1:1: Nothing reads this file: files here end in .yaml, and are in no folder."],
    ),
    (
        {LAB_FILE: LAB.replace("kind: stdout", "kind: stdot")},
        ["labs/hello/lab.yaml:7:22: There is no kind of check `stdot`. Did you mean `stdout`?"],
    ),
    (
        {LAB_FILE: LAB.replace("contains: hello", "contain: hello")},
        ["labs/hello/lab.yaml:7:36: `contain` is not known here. Did you mean `contains`?"],
    ),
    (
        {LAB_FILE: LAB.replace("id: says-hello", "id: builds")},
        ["labs/hello/lab.yaml:7:6: The id `builds` is taken by check 1."],
    ),
    (
        {LAB_FILE: LAB.replace("needs: [builds]", "needs: [bulids]")},
        ["labs/hello/lab.yaml:7:72: There is no check `bulids`. Did you mean `builds`?"],
    ),
    (
        {LAB_FILE: LAB.replace("[busybox]", "[busybocks]")},
        ["labs/hello/lab.yaml:4:9: There is no base `busybocks`. Did you mean `busybox`?"],
    ),
    (
        {LAB_FILE: LAB.replace("[dockerfile.cmd]", "[dockerfile.cdm]")},
        ["labs/hello/lab.yaml:2:10: The course has no topic `dockerfile.cdm`. Did you mean `dockerfile.cmd`?"],
    ),
    (
        {LAB_FILE: LAB.replace("needs: [builds]", "topics: [dockerfile.cdm]")},
        ["labs/hello/lab.yaml:7:73: The course has no topic `dockerfile.cdm`. Did you mean `dockerfile.cmd`?"],
    ),
    (
        {LAB_FILE: LAB.replace("contains: hello", "contains: hello, run: web")},
        ["labs/hello/lab.yaml:7:53: There is no run `web`. Known: `default`."],
    ),
    (
        {LAB_FILE: LAB.replace("contains: hello", "contains: hello, run: wbe") + "runs: {web: {build: test}}\n"},
        [
            "labs/hello/lab.yaml:7:53: There is no run `wbe`. Did you mean `web`?",
            "labs/hello/lab.yaml:8:14: There is no build `test`. Known: `default`.",
        ],
    ),
    (
        {LAB_FILE: LAB + "values: {w: wrod}\n"},
        [
            (
                "labs/hello/lab.yaml:8:10: `w` should be 'word', 'sentence', 'number', 'port', 'hex', "
                "'nonce', 'path' or 'choice'. Did you mean `word`?"
            ),
        ],
    ),
    (
        {LAB_FILE: LAB.replace("hello, points", "'{wrod}', points") + "values: {word: word}\n"},
        [
            (
                "labs/hello/lab.yaml:7:36: `{wrod}` stands for a value that is not declared under "
                "`values`. Did you mean `word`? Write `{{wrod}}` for the plain text."
            ),
        ],
    ),
    (
        {LAB_FILE: LAB.replace("points: 4", "points: '4'")},
        ["labs/hello/lab.yaml:3:1: `points` must be a number of points, such as 2 or 0.5."],
    ),
    (
        {LAB_FILE: LAB.replace("points: 4", "points: 5")},
        ["labs/hello/lab.yaml:3:1: The lab says 5 points, but its checks add up to 4."],
    ),
    (
        {LAB_FILE: LAB + "minutes: '20'\n"},
        ["labs/hello/lab.yaml:8:1: `minutes` must be a whole number, without quotes, such as 5."],
    ),
    (
        {LAB_FILE: LAB + "hidden: true\n"},
        [
            (
                "labs/hello/lab.yaml:8:1: `hidden` is not known here. Known: `allow`, `bases`, `builds`, "
                "`checks`, `console`, `limits`, `minutes`, `points`, `requests`, `runs`, `schema`, "
                "`submission`, `summary`, `title`, `topics`, `values`."
            ),
        ],
    ),
    (
        {LAB_FILE: LAB.replace("kind: builds", "kind: builds, hidden: 'yes'")},
        ["labs/hello/lab.yaml:6:32: `hidden` must be true or false, without quotes."],
    ),
    (
        {LAB_FILE: LAB + "limits: {run_second: 3}\n"},
        ["labs/hello/lab.yaml:8:10: `run_second` is not known here. Did you mean `run_seconds`?"],
    ),
    ({LAB_FILE: "- x\n"}, ["labs/hello/lab.yaml:1:1: A lab is a mapping that begins with `title: …`."]),
    ({LAB_FILE: None}, ["labs/hello/lab.yaml:1:1: There is no lab.yaml in this folder."]),
    (
        {"labs__hello__README_md": None},
        ["labs/hello/README.md:1:1: A lab needs a README.md: the story that students read."],
    ),
    (
        {"labs__hello__README_md": None, "labs__hello__readme_md": "x"},
        [
            "labs/hello/README.md:1:1: A lab needs a README.md: the story that students read.",
            "labs/hello/readme.md:1:1: Nothing reads this file. Did you mean `README.md`?",
        ],
    ),
    (
        {"labs__hello__notes.txt": "x"},
        [
            (
                "labs/hello/notes.txt:1:1: Nothing reads this file. Known: `README.md`, `lab.yaml`, "
                "`mutants.yaml`, `solutions`, `starter`."
            ),
        ],
    ),
    (
        {"labs__hello__solution__a": "x"},
        ["labs/hello/solution:1:1: Nothing reads this folder. Did you mean `solutions`?"],
    ),
    (
        {"labs__notes.txt": "x"},
        ["labs/notes.txt:1:1: Nothing reads this file: each lab is a folder in here, with its lab.yaml."],
    ),
    (
        {"labs__other__lab_yaml": LAB, "labs__other__README_md": "x"},
        ["labs/other:1:1: No student sees this lab: add `- lab: other` to the activities."],
    ),
    ({"quizes__x_yaml": QUIZ}, ["quizes:1:1: Nothing reads this folder. Did you mean `quizzes`?"]),
    ({"couse_yaml": COURSE}, ["couse.yaml:1:1: Nothing reads this file. Did you mean `course.yaml`?"]),
    ({"notes.txt": "x"}, ["notes.txt:1:1: Nothing reads this file. Known: `banks`, `course.yaml`, `labs`, `quizzes`."]),
    (
        {EXPECT_FILE: EXPECT.replace("fails:", "fail:")},
        ["labs/hello/solutions/silent/expect.yaml:3:1: `fail` is not known here. Did you mean `fails`?"],
    ),
    (
        {EXPECT_FILE: EXPECT.replace("says-hello", "say-hello")},
        ["labs/hello/solutions/silent/expect.yaml:3:9: The lab has no check `say-hello`. Did you mean `says-hello`?"],
    ),
    (
        {EXPECT_FILE: EXPECT.replace("score: 1", "score: one")},
        ["labs/hello/solutions/silent/expect.yaml:2:1: `score` must be a number of points, such as 2 or 0.5."],
    ),
    (
        {EXPECT_FILE: None},
        [
            (
                "labs/hello/solutions/silent:1:1: A wrong solution says in expect.yaml what it scores "
                "and which checks it fails."
            ),
        ],
    ),
    (
        {EXPECT_FILE: ""},
        ["labs/hello/solutions/silent/expect.yaml:1:1: This must be a mapping of names, such as {name: …}."],
    ),
    (
        {"labs__hello__solutions__notes.txt": "x"},
        [
            (
                "labs/hello/solutions/notes.txt:1:1: Nothing reads this file: each solution is a folder "
                "in here, named for what it is."
            ),
        ],
    ),
    (
        {"labs__hello__solutions__reference__Dockerfile": None},
        ["labs/hello/lab.yaml:1:1: The lab has no solutions/reference: a solution that gets every point."],
    ),
    ({MUTANTS_FILE: "- {mutant: a}\n"}, ["labs/hello/mutants.yaml:1:3: `why` is missing."]),
    (
        {MUTANTS_FILE: "- {mutant: a, why: It changes nothing., wyh: x}\n"},
        ["labs/hello/mutants.yaml:1:41: `wyh` is not known here. Did you mean `why`?"],
    ),
    (
        {MUTANTS_FILE: "- &a {mutant: a, why: It changes nothing.}\n- *a\n"},
        ["labs/hello/mutants.yaml:1:3: Anchors and aliases (`&name`, `*name`) are not used here; write it out."],
    ),
    (
        {MUTANTS_FILE: "- {mutant: a, why: It changes nothing.}\n- {mutant: a, why: It changes nothing.}\n"},
        ["labs/hello/mutants.yaml:2:4: `a` is explained twice."],
    ),
]


@pytest.mark.parametrize(
    ("changes", "messages"), MISTAKES, ids=[f"{n}-{row[1][0][:60]}" for n, row in enumerate(MISTAKES)]
)
def test_a_mistake_is_told_in_whole(tmp_path: Path, changes: dict[str, str | None], messages: list[str]) -> None:
    assert told(a_pack(tmp_path, **changes)) == messages


def test_the_pack_that_the_mistakes_are_made_in_has_none(tmp_path: Path) -> None:
    assert told(a_pack(tmp_path)) == []


def test_mistakes_of_many_files_are_told_at_once(tmp_path: Path) -> None:
    changes = {
        COURSE_FILE: COURSE + "colour: blue\n",
        BANK_FILE: BANK.replace("text: What", "txt: What"),
        QUIZ_FILE: QUIZ + "attempts: many\n",
        LAB_FILE: LAB + "minutes: '20'\n",
    }
    assert {each.partition(":")[0] for each in told(a_pack(tmp_path, **changes))} == {
        "course.yaml",
        "banks/all.yaml",
        "quizzes/start.yaml",
        "labs/hello/lab.yaml",
    }


def test_checking_tells_mistakes_in_solutions_beside_those_in_other_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = {
        BANK_FILE: BANK.replace("text: What", "txt: What"),
        EXPECT_FILE: EXPECT.replace("says-hello", "say-hello"),
        MUTANTS_FILE: "- {mutant: a}\n",
    }
    folder = a_pack(tmp_path, **changes)
    with pytest.raises(CommandError, match=rf"^4 problems in {folder}\.$"):
        call_command("course", "check", str(folder), "--files-only")
    assert capsys.readouterr().err.replace(f"{folder}/", "").splitlines() == [
        "banks/all.yaml:1:3: `text` is missing.",
        "banks/all.yaml:4:3: `txt` is not known here. Did you mean `text`?",
        "labs/hello/mutants.yaml:1:3: `why` is missing.",
        "labs/hello/solutions/silent/expect.yaml:3:9: The lab has no check `say-hello`. Did you mean `says-hello`?",
    ]


LINK = "This is a link. A pack has none: put the file itself here, so that it is there wherever it goes."


@pytest.mark.parametrize(
    "place",
    [
        "banks/all.yaml",
        "labs/hello/README.md",
        "labs/hello/lab.yaml",
        "labs/hello/starter/more",
        "quizzes",
        "labs/other",
    ],
)
def test_links_are_refused_before_anything_is_read(tmp_path: Path, place: str) -> None:
    folder = a_pack(tmp_path / "pack")
    outside = tmp_path / "outside"
    outside.mkdir()
    file = folder / place
    if file.is_dir():
        file.rename(outside / "quizzes")
    file.unlink(missing_ok=True)
    file.symlink_to(outside)
    assert told(folder) == [f"{place}:1:1: {LINK}"]


def test_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    folder = a_pack(tmp_path)
    os.mkfifo(folder / "banks" / "pipe.yaml")
    assert told(folder) == ["banks/pipe.yaml:1:1: This is neither a file nor a folder; take it out of the pack."]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("banks/all.yaml", "The file is larger than 512 KiB; part it into several."),
        ("course.yaml", "The file is larger than 512 KiB; part it into several."),
        ("labs/hello/solutions/silent/expect.yaml", "The file is larger than 512 KiB; part it into several."),
        ("labs/hello/README.md", "The file is larger than 1 MiB, more than anybody reads."),
    ],
)
def test_a_huge_file_is_never_read(tmp_path: Path, place: str, message: str) -> None:
    folder = a_pack(tmp_path)
    with (folder / place).open("r+b") as file:
        file.truncate(1 << 40)  # sparse: it takes no space, and could not be read into memory
    assert told(folder) == [f"{place}:1:1: {message}"]


def test_starter_files_that_are_too_large_are_never_read(tmp_path: Path) -> None:
    folder = a_pack(tmp_path)
    with (folder / "labs/hello/starter/data").open("wb") as file:
        file.truncate(1 << 40)
    assert "labs/hello/starter:1:1: The starter files are larger than 1 MiB together." in told(folder)


@pytest.mark.parametrize(
    ("place", "line"),
    [("course.yaml", 3), ("banks/all.yaml", 3), ("labs/hello/README.md", 3), ("labs/hello/lab.yaml", 3)],
)
def test_what_is_no_utf_8_is_told_with_its_line(tmp_path: Path, place: str, line: int) -> None:
    folder = a_pack(tmp_path)
    (folder / place).write_bytes(b"title: x\n\ncaf\xe9: y\n")
    assert f"{place}:{line}:1: The file is not UTF-8 text." in told(folder)


def test_hidden_things_and_notes_for_those_who_keep_it_are_left_alone(tmp_path: Path) -> None:
    folder = a_pack(tmp_path, **{".gitignore": "*.pyc", "LICENSE": "x", ".github__x_yaml": ": :", ".schemas__x": "x"})
    (folder / "README.md").write_text("For teachers.")
    (folder / "labs" / "hello" / ".DS_Store").write_bytes(b"\xff")
    (folder / "banks" / ".gitkeep").write_text("")
    (folder / ".venv").symlink_to("/")
    assert told(folder) == []
