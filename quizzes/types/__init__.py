"""The question types of this installation."""

from quizzes.types.multiple_choice import MultipleChoice
from quizzes.types.numeric import Numeric
from quizzes.types.registry import Registry
from quizzes.types.short_text import ShortText
from quizzes.types.single_choice import SingleChoice
from quizzes.types.true_or_false import TrueOrFalse

REGISTRY = Registry()
REGISTRY.register("single_choice", SingleChoice)
REGISTRY.register("multiple_choice", MultipleChoice)
REGISTRY.register("true_or_false", TrueOrFalse)
REGISTRY.register("short_text", ShortText)
REGISTRY.register("numeric", Numeric)
REGISTRY.register_installed()
