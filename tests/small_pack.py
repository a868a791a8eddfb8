"""A small course pack, written to a folder, for tests to change in one place at a time."""

from pathlib import Path

COURSE = """\
title: Small course
slug: small-course
bases:
  busybox: {image: "busybox:1.35", recipe: {packages: {kind: busybox}}}
topics:
  docker.what: What Docker is
  dockerfile.cmd: CMD
activities:
  - quiz: start
  - lab: hello
    attempts: 3
"""
BANK = """\
- id: what-is-docker
  topics: [docker.what]
  kind: single_choice
  text: What is Docker?
  options:
    - A platform for containers
    - {text: A hypervisor, feedback: Hypervisors run whole machines.}
  answer: A platform for containers
- id: cmd-wins
  topics: [dockerfile.cmd]
  kind: true_or_false
  text: The last CMD wins.
  answer: true
"""
QUIZ = """\
title: Start here
items: [what-is-docker, cmd-wins]
"""
LAB = """\
title: Say hello
topics: [dockerfile.cmd]
points: 4
bases: [busybox]
checks:
  - {id: builds, kind: builds, points: 1}
  - {id: says-hello, kind: stdout, contains: hello, points: 3, needs: [builds]}
"""
FILES = {
    "course.yaml": COURSE,
    "banks/all.yaml": BANK,
    "quizzes/start.yaml": QUIZ,
    "labs/hello/lab.yaml": LAB,
    "labs/hello/README.md": "Write a Dockerfile that says hello.\n",
    "labs/hello/starter/Dockerfile": "FROM busybox:1.35\n",
    "labs/hello/solutions/reference/Dockerfile": 'FROM busybox:1.35\nCMD ["echo", "hello"]\n',
    "labs/hello/solutions/silent/Dockerfile": 'FROM busybox:1.35\nCMD ["true"]\n',
    "labs/hello/solutions/silent/expect.yaml": "about: Says nothing.\nscore: 1\nfails: [says-hello]\n",
    "labs/hello/solutions/broken/Dockerfile": "FROM busybox:1.35\nRUN false\n",
    "labs/hello/solutions/broken/expect.yaml": "about: Does not build.\nscore: 0\nfails: [builds]\n",
}


def a_pack(folder: Path, **changes: str | None) -> Path:
    """Write the pack. `changes` names files (`__` for `/`, `_yaml` for `.yaml`) and their text; None leaves one out."""
    files: dict[str, str | None] = dict(FILES)
    for name, text in changes.items():
        files[name.replace("__", "/").replace("_yaml", ".yaml").replace("_md", ".md")] = text
    for path, text in files.items():
        if text is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    return folder
