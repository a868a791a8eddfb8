"""`make down`, and `make reset`, which also removes what was stored."""

from __future__ import annotations

import shutil
import subprocess
import sys

from deploy.up import ports
from deploy.up.bring_up import only_one
from deploy.up.instance import Instance
from deploy.up.programs import SYSTEM_PYTHON
from deploy.up.supervision import Supervisor, end_leftovers
from deploy.up.trouble import Trouble


def down(instance: Instance) -> None:
    """Stop everything of this instance; data stay. Stopping what does not run is fine."""
    with only_one(instance):
        _down(instance)
    print(f"Drydock '{instance.name}' is down; its data stay in {instance.data}.")


def reset(instance: Instance, *, agreed: bool) -> None:
    """Stop everything and remove its data: database, files, engines, logs. Asks first."""
    if not agreed:
        if not sys.stdin.isatty():
            raise Trouble("This removes all data of this Drydock; without a terminal to ask, say `make reset YES=1`.")
        if instance.given_database:
            print("The database at DATABASE_URL is yours and stays as it is.")
        answer = input(
            f"This removes everything in {instance.data}: people, answers, submissions. Type 'remove' to go on: "
        )
        if answer.strip() != "remove":
            raise Trouble("Nothing was removed.")
    with only_one(instance):
        _down(instance)
        for name in instance.own_engine_names:
            if instance.engine_root(name).exists():
                _engine(instance, name, "clean")
    shutil.rmtree(instance.data, ignore_errors=True)
    print(f"Nothing is left of Drydock '{instance.name}'. `make up` begins anew.")


def _down(instance: Instance) -> None:
    supervisor = Supervisor(instance)
    if supervisor.is_running():
        print("Stopping web, workers, sweeper, Redis and engines …", flush=True)
        supervisor.shut_down()
    end_leftovers(instance)
    for name in instance.own_engine_names:
        if instance.engine_root(name).exists():
            _engine(instance, name, "stop")
    ports.release(instance)
    shutil.rmtree(instance.run_dir, ignore_errors=True)


def _engine(instance: Instance, name: str, what: str) -> None:
    script = instance.repository / "deploy/sandbox/engine.py"
    command = [SYSTEM_PYTHON, str(script), what, "--name", name, "--root", str(instance.engine_root(name))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"The engine {name} could not be stopped: {done.stderr.strip()}")
