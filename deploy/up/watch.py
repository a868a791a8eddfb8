"""`make status` and `make logs`: what runs, how it is, and what it says."""

from __future__ import annotations

import os
import shutil

from deploy.up.bring_up import readiness
from deploy.up.instance import Instance
from deploy.up.supervision import Supervisor
from deploy.up.trouble import Trouble


def status(instance: Instance) -> int:
    """Print each program and each part of the site; 0 when all is well, 3 when not, 4 when nothing runs."""
    supervisor = Supervisor(instance)
    if not supervisor.is_running():
        print(f"Drydock '{instance.name}' is not running: start it with `make up`.")
        return 4
    rows = supervisor.rows()
    port = int(instance.recall("port") or 0)
    print(f"Drydock '{instance.name}' on port {port}, data in {instance.data}")
    for name, state, description in rows:
        print(f"  {name:<12} {state:<10} {description}")
    parts = readiness(instance, port)
    if parts is None:
        print("  The site does not answer.")
        return 3
    print(f"The site is {parts['status']}")
    listed = parts["parts"]
    for name, part in (listed if isinstance(listed, dict) else {}).items():
        print(f"  {name:<12} {'well' if part['ok'] else 'NOT WELL':<10} {part['detail']}")
    return 0 if parts["status"] == "ready" and all(state == "running" for _, state, _ in rows) else 3


def logs(instance: Instance, only: str | None) -> None:
    """Show the logs' last lines and follow them, all or one program's. Becomes `tail`."""
    files = sorted(instance.log_dir.glob(f"{only or '*'}.log"))
    if not files:
        known = ", ".join(sorted(file.stem for file in instance.log_dir.glob("*.log")))
        if not known:
            raise Trouble("There are no logs yet: run `make up` first.")
        raise Trouble(f"There is no log of '{only}': choose from {known}.")
    tail = shutil.which("tail") or "/usr/bin/tail"
    os.execv(tail, [tail, "-n", "30", "-F", *map(str, files)])
