"""Every docker command that is carried out, by its path. Importing a module of verbs/ is what registers its commands."""

from graders.commands.doing import VERBS
from graders.commands.verbs import build, create, executing, lifecycle, logs, remove, run

MODULES = (build, create, executing, lifecycle, logs, remove, run)

__all__ = ["MODULES", "VERBS"]
