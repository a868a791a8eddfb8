"""Baseline: what a teacher would write, `docker build`, `run` and `rmi` in a shell loop under `xargs -P`.

Imports nothing of ours. It uses the CLI of Debian's docker.io with BuildKit, since a newer one without its plugin falls
back to the slow builder; jobs are dealt out to all engines, so that the loop has the same machine as we have.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

DOCKER = "/usr/bin/docker"
JOB = r"""
set -e
n=$1
engine=$(echo "$ENGINES" | tr ',' '\n' | sed -n "$((n % COUNT + 1))p")
docker() { "$DOCKER" -H "$engine" "$@"; }
limits="--cap-drop ALL --security-opt no-new-privileges --memory 128m --memory-swap 128m --pids-limit 32 --cpus 1"
ask() { # container, port, path, more
  docker run --rm $limits --network "container:$1" busybox:1.35 sh -c '
    port=$1; path=$2; shift 2
    for i in $(seq 200); do
        wget -q -O - "$@" "http://127.0.0.1:$port$path" 2> /dev/null && exit 0
        sleep 0.05
    done
    exit 1
  ' sh "$2" "$3" $4 > /dev/null
}
image=bench-$n
docker build -q --no-cache --network none -t "$image" "$CONTEXTS/$n" > /dev/null
api=$(docker run -d $limits --network none -e GREETING=Ahoy "$image")
docker run --rm $limits --network "container:$api" busybox:1.35 sh -c '
  ask() { for i in $(seq 200); do wget -q -O - "$@" 2> /dev/null && return 0; sleep 0.05; done; return 1; }
  base=http://127.0.0.1:8000
  ask $base/health && ask $base/greet/Ada && ask $base/motto && ask $base/notes --post-data "{\"text\": \"buy rope\"}" \
    && ask $base/notes/1' > /dev/null
docker top "$api" > /dev/null
docker rm -f -v "$api" > /dev/null
other=$(docker run -d $limits --network none --read-only -e PORT=9321 "$image")
ask "$other" 9321 /health
docker rm -f -v "$other" > /dev/null
docker image inspect "$image" > /dev/null
docker rmi "$image" > /dev/null
"""


def rate(engines: Sequence[str], lab: Path, *, jobs: int, parallel: int) -> float:
    """Whole jobs a second with so many at once."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(jobs):
            context = Path(folder, str(number))
            shutil.copytree(lab / "starter" / "app", context / "app")
            shutil.copy(lab / "solutions" / "reference" / "Dockerfile", context)
            # As students' images are, each is its own: of two builds of one image at once, the first to be removed
            # was seen to take the other's away under it.
            (context / "app" / "motto.txt").write_text(f"The motto of {number}\n")
        environment = {
            **os.environ,
            "DOCKER": DOCKER,
            "DOCKER_BUILDKIT": "1",
            "CONTEXTS": folder,
            "ENGINES": ",".join(engines),
            "COUNT": str(len(engines)),
        }
        numbers = "\n".join(str(number) for number in range(jobs))
        command = ["xargs", "-P", str(parallel), "-n", "1", "sh", "-c", JOB, "job"]
        started = time.monotonic()
        subprocess.run(command, input=numbers, text=True, env=environment, check=True, stdout=subprocess.DEVNULL)
        return jobs / (time.monotonic() - started)
