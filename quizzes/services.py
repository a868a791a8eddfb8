"""What can be done with quizzes. Each verb is told by the module that it comes from."""

from quizzes.closing import close_attempt, close_if_time_is_up, sweep_attempts
from quizzes.content import sync_questions, sync_quiz
from quizzes.saving import save_answer, set_flag
from quizzes.starting import start_attempt

__all__ = [
    "close_attempt",
    "close_if_time_is_up",
    "save_answer",
    "set_flag",
    "start_attempt",
    "sweep_attempts",
    "sync_questions",
    "sync_quiz",
]
