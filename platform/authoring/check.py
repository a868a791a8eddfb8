"""Grades the solutions that a pack's labs ship, and says which did not do as declared."""

from collections.abc import Callable

from authoring.packs import Pack
from graders.sandbox.base import Sandbox
from graders.solutions import Verified, verify_solutions


def check_labs(pack: Pack, *, sandbox: Sandbox, tell: Callable[[str], object]) -> int:
    """Grade every solution of every lab, telling each as it is done; returns how many things are not as declared.

    Raises SandboxUnavailable when the engine cannot be used.
    """

    def tell_one(verified: Verified) -> None:
        tell(_line(verified))

    wrong = 0
    for number, (name, lab) in enumerate(pack.labs.items(), start=1):
        tell(f"lab {number} of {len(pack.labs)}: {name}")
        verification = verify_solutions(lab.folder, sandbox, on_verified=tell_one)
        for problem in verification.problems:
            tell(f"    {problem}")
        for check in verification.never_failed:
            tell(f"    No wrong solution fails the check `{check}`: nothing shows that it can fail.")
        wrong += len(verification.problems) + len(verification.never_failed)
    return wrong


def _line(verified: Verified) -> str:
    report = verified.report
    verdict = "as declared" if not verified.problems else "NOT as declared"
    return f"  {verified.solution.name:<24} {report.score:g} of {report.max_score:g}  {verdict}"
