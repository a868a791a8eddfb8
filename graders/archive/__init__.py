from graders.archive.limits import Caps, SubmissionRefused
from graders.archive.submission import Submission

__all__ = ["Caps", "Submission", "SubmissionRefused"]
