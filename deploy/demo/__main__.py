"""Drives a running Drydock through its API: a quiz, Dockerfiles right and wrong, a console. `make demo`.

Exits with 0 when everything came out as it should, and with 1 after saying what did not.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from deploy.demo.client import Client, Refused, Unreachable
from deploy.demo.crib import Answers, Solution, commands, solution
from deploy.up.instance import find
from deploy.up.ports import DEFAULT_PORT

STUDENT = ("student1@demo.drydock.test", "demo-student")
COURSE, QUIZ, LAB, WRONG = "containerization-review", "warm-up", "containerize-api", "loopback"
CONSOLE_LAB = "create-and-start"
OPENS_WITHIN_SECONDS = 60
MARKS = {"passed": "✓", "failed": "✗", "skipped": "-"}


class Demo:
    """The main job, told as it goes. `wrong` collects what is not as it should be."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.wrong: list[str] = []

    def run(self) -> None:
        """Take the quiz, hand in both Dockerfiles, play a lab in a console, and look at the grades."""
        me = self.client.get("me/")
        print(f"Signed in as {me['name']} ({me['email']}).")
        activities = {row["slug"]: row for row in self.client.all(f"courses/{COURSE}/activities/")}
        self.quiz(activities[QUIZ])
        for name, about in (("reference", "the right one"), (WRONG, "a wrong one: it listens on 127.0.0.1 only")):
            self.lab(activities[LAB], solution(LAB, name), about)
        self.console(activities[CONSOLE_LAB], solution(CONSOLE_LAB, "reference"))
        self.grades()

    def expect(self, what: str, seen: object, expected: object) -> None:
        """Note a difference."""
        if seen != expected:
            self.wrong.append(f"{what} is {seen}, and should be {expected}")

    def quiz(self, activity: Mapping[str, Any]) -> None:
        """Answer all right but the last question, and look at the score."""
        print(f"\nQuiz: {activity['title']}")
        answers = Answers()
        attempt = self.client.post(f"quizzes/{activity['id']}/attempts/")
        questions = attempt["questions"]
        last = next(q for q in reversed(questions) if q["kind"] in {"single_choice", "true_or_false"})
        for question in questions:
            missed = question is last
            value = answers.wrong(question) if missed else answers.right(question)
            body = {"value": value, "revision": question["revision"]}
            saved = self.client.put(f"attempts/{attempt['id']}/answers/{question['position']}/", body)
            text = " ".join(question["text"].split())
            print(f"  {question['position']}. {text[:76]:<76} saved, revision {saved['revision']}")
        self.client.post(f"attempts/{attempt['id']}/finish/")
        review = self.client.get(f"attempts/{attempt['id']}/review/")
        for question in review["questions"]:
            print(
                f"  {question['position']}. {question['verdict']:<10} {question['points']} of {question['max_points']}"
            )
        print(f"  Score: {review['score']} of {review['max_score']} (one answer was wrong on purpose)")
        possible = sum(float(question["max_points"]) for question in questions)
        self.expect("the quiz score", float(review["score"]), possible - float(last["max_points"]))

    def lab(self, activity: Mapping[str, Any], handed_in: Solution, about: str) -> None:
        """Hand in a Dockerfile, follow the build, and compare the report with what was declared."""
        print(f"\nLab: {activity['title']}, {about}")
        submission = self.client.post(f"labs/{activity['id']}/submissions/", {"files": handed_in.files})
        self.graded(submission["id"], handed_in)

    def console(self, activity: Mapping[str, Any], known: Solution) -> None:
        """Open a console, type what leads to full marks, and hand in what is there."""
        print(f"\nConsole: {activity['title']}")
        console = self.client.post(f"activities/{activity['id']}/console/")
        if console["state"] != "opening" and console["picture"] and console["picture"]["containers"]:
            self.ended(console["id"])  # what an earlier demo left in it
            console = self.client.post(f"activities/{activity['id']}/console/")
        for text in commands(CONSOLE_LAB, known, story=console["story"]):
            line = self.client.post(f"consoles/{console['id']}/lines/", {"text": text})
            while line["state"] in {"waiting", "running"}:
                line = self.entry(console["id"], line["number"])
            print(f"  $ {text}", flush=True)
            print("".join(f"    {said}\n" for piece in line["pieces"] for said in piece["text"].splitlines()), end="")
            self.expect(f"the exit code of `{text}`", line["exit_code"], 0)
        handed_in = self.client.post(f"consoles/{console['id']}/hand-in/")
        while handed_in["state"] in {"waiting", "running"}:
            handed_in = self.entry(console["id"], handed_in["number"])
        self.expect("what is wrong with the hand-in", handed_in["error_code"], "")
        if handed_in["submission"]:
            self.graded(handed_in["submission"], known)
        self.ended(console["id"])

    def entry(self, console: int, number: int) -> Mapping[str, Any]:
        """What became of an entry, a moment later."""
        time.sleep(0.3)
        page = self.client.get(f"consoles/{console}/lines/", after=number - 1)
        found: Mapping[str, Any] = page["entries"][0]
        return found

    def ended(self, console: int) -> None:
        """End a console, and wait until it is. Raises TimeoutError."""
        self.client.post(f"consoles/{console}/end/")
        deadline = time.monotonic() + OPENS_WITHIN_SECONDS
        while self.client.get(f"consoles/{console}/")["state"] not in {"ended", "lost"}:
            if time.monotonic() > deadline:
                raise TimeoutError(f"The console was not ended within {OPENS_WITHIN_SECONDS} seconds.")
            time.sleep(0.3)

    def graded(self, submission: int, handed_in: Solution) -> None:
        """Follow a grading, and compare the report with what was declared."""
        for event in self.client.follow(submission):
            if line := describe(event["kind"], event["data"]):
                print(f"  {line}", flush=True)
        state = self.client.get(f"submissions/{submission}/")["state"]
        self.expect(f"the state of {handed_in.name}", state, "graded")
        if state != "graded":
            return
        report = self.client.get(f"submissions/{submission}/report/")
        for check in report["checks"]:
            line = f" (line {check['line']})" if check["line"] else ""
            print(
                f"  {MARKS[check['outcome']]} {check['points']:>4g} of {check['max_points']:<4g} {check['title']}{line}"
            )
            if check["outcome"] == "failed":
                print(f"        {check['message']}")
        print(f"  Score: {report['score']:g} of {report['max_score']:g}")
        failed = tuple(check["id"] for check in report["checks"] if check["outcome"] == "failed")
        self.expect(f"the score of {handed_in.name}", report["score"], handed_in.score)
        self.expect(f"what fails in {handed_in.name}", set(failed), set(handed_in.fails))

    def grades(self) -> None:
        """The best try counts in the gradebook."""
        scores = {row["activity"]: row for row in self.client.all(f"courses/{COURSE}/grades/")}
        print("\nGradebook:")
        for slug in (QUIZ, LAB, CONSOLE_LAB):
            row = scores.get(slug, {})
            print(f"  {slug:<20} {row.get('earned_points')} of {row.get('max_points')}")
        lab = scores.get(LAB, {})
        self.expect("the lab's grade", lab.get("earned_points"), lab.get("max_points"))


def describe(kind: str, data: Mapping[str, Any]) -> str:
    """An event in one line; empty for those that say nothing new."""
    match kind:
        case "queued":
            return "queued"
        case "claimed" | "started":
            return f"{kind} {data.get('engine', '')}".rstrip()
        case "policy":
            return "the policy lets it pass" if data.get("ok") else "refused by the policy"
        case "step_started":
            return f"step {data['index']} of {data['total']}: {data['name']}"
        case "build_finished":
            return "built" if data.get("ok") else f"the build failed: {data.get('error', '')}"
        case "run_started":
            return f"running: {data.get('run', '')}"
        case "check_finished":
            return f"check {data['index']} of {data['total']}: {data['outcome']:<8} {data['title']}"
        case _:
            return ""


def main() -> int:
    """Find the site, run the demo, and say how it went."""
    parser = argparse.ArgumentParser(prog="make demo", description=(__doc__ or "").splitlines()[0])
    port = find().recall("port") or DEFAULT_PORT
    parser.add_argument("--url", default=os.environ.get("SITE_URL", f"http://127.0.0.1:{port}"))
    given = parser.parse_args()
    try:
        demo = Demo(Client.sign_in(given.url, email=STUDENT[0], password=STUDENT[1]))
        demo.run()
    except (Unreachable, Refused, TimeoutError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    for problem in demo.wrong:
        print(f"\nNot as it should be: {problem}.", file=sys.stderr)
    if not demo.wrong:
        print("\nAll of it is as it should be.")
    return 1 if demo.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
