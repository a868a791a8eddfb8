"""The check `custom`: a checker that the lab brings judges what was recorded, in a container of its own."""

from typing import ClassVar

from pydantic import Field

from graders.actions import DEFAULT, Seconds
from graders.checker import Checker
from graders.checks.base import Check, Sample, Samples, Verdict
from graders.checks.registry import register
from graders.observations import Observations, Wants
from graders.results_json import verdict_of
from graders.spec import Identifier, ImagePaths, InsidePath, Text

_OWN = """import json, sys
record = json.load(sys.stdin)
printed = record["runs"]["default"]["stdout"]["text"].split()
total = sum(int(word) for word in printed if word.isdigit())
print(json.dumps({"passed": total == 6, "message": f"The numbers add up to {total}.", "expected": "6", "line": 2}))
"""
_SHELL = """count=$(grep -c hello /autograder/submission/Dockerfile)
cat > /autograder/results/results.json <<END
{"tests": [{"name": "says hello", "score": $count, "max_score": 1, "output": "looked for hello"},
           {"name": "is there", "score": 1, "max_score": 1}]}
END
"""
_SHELL_CHECK = {"base": "busybox", "command": ["sh", "/autograder/source/check.sh"]}


@register("custom")
class Custom(Check):
    """A checker of the lab's own (files in `folder`) says whether it holds, by what `runs` and `builds` left recorded.

    It runs when all else has ended, in a container of its own made from `base`, and never sees the student's container.
    """

    base: Identifier
    """Base image of the lab that the checker runs in."""
    command: tuple[Text, ...] = Field(min_length=1)
    """Program and arguments; the checker's files are in /autograder/source."""
    folder: InsidePath = "checker"
    """Folder of the lab that holds the checker."""
    builds: tuple[Identifier, ...] = (DEFAULT,)
    """Builds that it is told of."""
    runs: tuple[Identifier, ...] = (DEFAULT,)
    """Runs that it is told of: exit code, output, replies."""
    requests: tuple[Identifier, ...] = ()
    """Requests of the plan that are sent to those runs, whose replies it finds."""
    files: dict[Identifier, ImagePaths] = Field(default_factory=dict)
    """Run -> paths whose files it is shown, as they are when the run has ended."""
    seconds: Seconds = 10
    """How long it may take."""

    why: ClassVar[str] = "What this lab asks for goes beyond the usual checks, so it brings one of its own."
    samples: ClassVar[Samples] = Samples(
        right=(
            Sample(
                about="The checker is content with what was printed.",
                check={"base": "python", "command": ["python3", "/autograder/source/check.py"]},
                plan={"bases": ["busybox", "python"]},
                dockerfile="FROM busybox:1.35\nCMD echo 1 2 3\n",
                folders={"checker": {"check.py": _OWN}},
            ),
            Sample(
                about="A results.json of Gradescope's is understood.",
                check=_SHELL_CHECK,
                dockerfile="FROM busybox:1.35\nCMD echo hello\n",
                folders={"checker": {"check.sh": _SHELL}},
            ),
        ),
        wrong=(
            Sample(
                about="The checker is not content, and names the line.",
                check={"base": "python", "command": ["python3", "/autograder/source/check.py"]},
                plan={"bases": ["busybox", "python"]},
                dockerfile="FROM busybox:1.35\nCMD echo 1 2\n",
                folders={"checker": {"check.py": _OWN}},
                says="add up to 3",
                line=2,
            ),
            Sample(
                about="A test that wants all points fails.",
                check={"base": "busybox", "command": ["sh", "/autograder/source/check.sh"]},
                folders={
                    "checker": {
                        "check.sh": 'echo \'{"tests": [{"name": "a", "status": "failed"}, {"status": "passed"}]}\'\n'
                    }
                },
                says="1 of 2 tests passed",
            ),
        ),
        malformed=(
            Sample(about="The checker's folder is not there.", check=_SHELL_CHECK, says="no folder `checker`"),
            Sample(about="No command.", check={"base": "busybox", "command": []}, says="`command`"),
            Sample(
                about="A base that the lab has not got.",
                check={"base": "alpine", "command": ["true"]},
                folders={"checker": {"check.sh": "true\n"}},
                says="no base `alpine`",
            ),
        ),
    )

    def heading(self) -> str:
        """Say what is expected."""
        return "The lab's own checker is content"

    def folders(self) -> tuple[str, ...]:
        """Where the checker's files are."""
        return (self.folder,)

    def wants(self) -> Wants:
        """What the record holds, and the checker's word on it."""
        return Wants(
            builds=frozenset(self.builds),
            images=frozenset(self.builds),
            runs=frozenset(self.runs),
            named_requests=self.requests,
            run_files=frozenset((run, path) for run, paths in self.files.items() for path in paths),
            checker=Checker(base=self.base, command=self.command, folder=self.folder, seconds=self.seconds),
        )

    def judge(self, seen: Observations) -> Verdict:
        """Hand on what the checker said. Raises BrokenChecker when it said nothing that can be understood."""
        return verdict_of(seen.checkers[self.id], points=self.points)
