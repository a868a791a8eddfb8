"""What makes a lab one of a console, and what it tells each student: its words with the student's own values."""

import re

from django.utils.crypto import salted_hmac

from accounts.models import User
from graders.console_grading import wants_of
from graders.values import draw
from labs.models import Lab, LabVersion, Submission

_SEED_BITS = 48
"""Small enough for any JSON reader."""
_NAME = re.compile(r"(?<!\{)\{([a-z][a-z0-9_]*)\}(?!\})")
"""A value in a story. What stands in two braces is a template of docker's, and stays."""


def is_console(version: LabVersion) -> bool:
    """Whether the lab is worked on in a console."""
    return version.lab_plan.console is not None


def seed_of(lab: Lab, user: User) -> int:
    """The seed of a person's values in a lab: the same in every session and hand-in, and nobody else's to guess."""
    digest = salted_hmac("labs.consoles.seed", f"{lab.pk}/{user.pk}", algorithm="sha256").digest()
    return int.from_bytes(digest[: _SEED_BITS // 8], "big")


def can_be_judged_by(version: LabVersion, submission: Submission) -> bool:
    """Whether a version's checks find what they look at in what was kept of a submission.

    Of a console only those files are kept that the version looked at for which it was handed in.
    """
    if not submission.observed_name:
        return True
    if not is_console(version):
        return False
    kept = wants_of(submission.version.lab_plan, seed=submission.seed)
    return kept | wants_of(version.lab_plan, seed=submission.seed) == kept


def story_of(version: LabVersion, seed: int) -> str:
    """The lab's readme with `{name}` of its declared values filled in; any other brace is plain text."""
    values = draw(version.lab_plan.values, seed=seed)
    return _NAME.sub(lambda found: values.get(found[1], found[0]), version.readme)
