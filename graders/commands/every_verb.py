"""Every docker command that is carried out, by its path.

Importing a module of verbs/ is what registers its commands.
"""

from graders.commands.doing import VERBS
from graders.commands.verbs import (
    about,
    build,
    commit,
    connecting,
    copying,
    create,
    executing,
    history,
    image_removal,
    images,
    inspecting,
    lifecycle,
    listing,
    logs,
    looking,
    networks,
    pruning_networks,
    remove,
    run,
    system_df,
    tag,
    usage,
    volumes,
)

MODULES = (
    about,
    build,
    commit,
    connecting,
    copying,
    create,
    executing,
    history,
    image_removal,
    images,
    inspecting,
    lifecycle,
    listing,
    logs,
    looking,
    networks,
    pruning_networks,
    remove,
    run,
    system_df,
    tag,
    usage,
    volumes,
)

__all__ = ["MODULES", "VERBS"]
