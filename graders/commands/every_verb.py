"""Every docker command that is carried out, by its path.

Importing a module of verbs/ is what registers its commands.
"""

from graders.commands.doing import VERBS
from graders.commands.verbs import (
    build,
    commit,
    copying,
    create,
    executing,
    image_removal,
    lifecycle,
    listing,
    logs,
    remove,
    run,
    tag,
)

MODULES = (build, commit, copying, create, executing, image_removal, lifecycle, listing, logs, remove, run, tag)

__all__ = ["MODULES", "VERBS"]
