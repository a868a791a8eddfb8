from graders.archive.limits import TAKEN_BEFORE, Caps, SubmissionRefused
from graders.archive.submission import Submission

__all__ = ["TAKEN_BEFORE", "Caps", "Submission", "SubmissionRefused"]
