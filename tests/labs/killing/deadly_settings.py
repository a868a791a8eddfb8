"""The site's own settings, on a sandbox and a storage that may kill their process."""

from config.settings import *  # noqa: F403
from config.settings import DRYDOCK_DATA, STORAGES

SANDBOX_FACTORY = "deadly.open_sandbox"
STORAGES["default"] = {"BACKEND": "deadly.DeadlyStorage", "OPTIONS": {"location": DRYDOCK_DATA / "files"}}
