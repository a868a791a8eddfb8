"""The question types of this installation."""

from quizzes.types.blanks import Blanks
from quizzes.types.categorise import Categorise
from quizzes.types.docker_command import DockerCommand
from quizzes.types.dockerfile_line import DockerfileLine
from quizzes.types.dockerfile_text import DockerfileText
from quizzes.types.file_upload import FileUpload
from quizzes.types.long_text import LongText
from quizzes.types.matching import Matching
from quizzes.types.multiple_choice import MultipleChoice
from quizzes.types.numeric import Numeric
from quizzes.types.ordering import Ordering
from quizzes.types.predict_output import PredictOutput
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
REGISTRY.register("matching", Matching)
REGISTRY.register("ordering", Ordering)
REGISTRY.register("blanks", Blanks)
REGISTRY.register("categorise", Categorise)
REGISTRY.register("docker_command", DockerCommand)
REGISTRY.register("dockerfile_line", DockerfileLine)
REGISTRY.register("dockerfile_text", DockerfileText)
REGISTRY.register("predict_output", PredictOutput)
REGISTRY.register("long_text", LongText)
REGISTRY.register("file_upload", FileUpload)
REGISTRY.register_installed()
