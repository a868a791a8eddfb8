"""Fetches one commit of a repository, and reads a folder of it without ever checking it out.

git is run with no configuration but ours, no credentials, no prompts, no hooks, no redirects and no other protocol,
under limits of time, memory and size. Files are read as objects: no filter, attribute, link or submodule is followed.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from authoring.arriving import caps, refused
from authoring.git_address import Repository, resolved
from courses.errors import DrydockError
from graders.archive import Submission, SubmissionRefused
from graders.archive.limits import MIB, in_words
from graders.archive.paths import clean_path, is_junk, shown

_FILE, _PROGRAM, _LINK, _MODULE = "100644", "100755", "120000", "160000"
_LISTING_BYTES = 16 * MIB
_MEMORY_BYTES = 2048 * MIB
_HEADER_BYTES = 128
_POINTER = b"version https://git-lfs.github.com/spec/"
_MOST_SAID = 200
_CUT_OFF = (f"signal {signal.SIGXFSZ.value}", "file too large", "invalid index-pack output")
"""What git says when what it writes has reached its limit."""
_CONFIGURATION = {
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "http.followRedirects": "false",
    "http.sslVerify": "true",
    "http.proxy": "",
    "http.emptyAuth": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "20",
    "credential.helper": "",
    "credential.interactive": "false",
    "core.hooksPath": "/dev/null",
    "core.askPass": "",
    "submodule.recurse": "false",
    "fetch.unpackLimit": "1",  # one pack, whose size has a limit, never thousands of loose objects
    "transfer.bundleURI": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """The files of a commit."""

    files: Submission
    commit: str


def fetch(repository: Repository, *, ref: str = "", folder: str = "") -> Fetched:
    """The files in `folder` at the tip of `ref`. Raises DrydockError that says what its author can do."""
    if shutil.which("git") is None or shutil.which("prlimit") is None:
        raise _trouble(
            "git_missing",
            "git is not installed where course files are read, so nothing can be fetched. Upload the pack as a zip "
            "file, or ask who runs this site to install git.",
        )
    addresses = resolved(repository)
    with tempfile.TemporaryDirectory(prefix="drydock-git-") as made:
        git = _Git(Path(made))
        git.run("init", "--quiet", "--bare", "--template=", "repository.git").must("made room for the repository")
        fetched = git.run(
            *_reached_by(repository, addresses),
            *("--git-dir=repository.git", "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules"),
            *("--no-auto-maintenance", "--", repository.url, ref or "HEAD"),
            most=caps().packed_bytes,
        )
        if fetched.failed:
            raise _why_not(fetched, repository, ref)
        named = git.run("--git-dir=repository.git", "rev-parse", "--verify", "FETCH_HEAD^{commit}")
        commit = named.must("found a commit there").decode().strip()
        try:
            return Fetched(files=_files_in(git, commit, folder), commit=commit)
        except SubmissionRefused as error:
            raise refused(error, "url") from error


def _reached_by(repository: Repository, addresses: tuple[str, ...]) -> Iterator[str]:
    """Where the host's name leads: to the addresses that were looked at, and to nobody that a later look-up names."""
    if not repository.host.startswith("["):
        found = ",".join(f"[{each}]" if ":" in each else each for each in addresses)
        yield from ("-c", f"http.curloptResolve={repository.host}:{repository.port}:{found}")
    if settings.COURSE_GIT_CA_FILE and repository.may_be_inside:
        yield from ("-c", f"http.sslCAInfo={settings.COURSE_GIT_CA_FILE}")


# ── Running git ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class _Ended:
    """How a run of git ended: what it wrote, what it said, and whether a limit ended it."""

    failed: bool
    late: bool
    out: bytes
    said: str

    def must(self, done: str) -> bytes:
        """What it wrote. Raises DrydockError where it failed."""
        if self.failed:
            raise _trouble("git_failed", f"git has not {done}: {_last_line(self.said)}")
        return self.out


class _Git:
    """git in a folder of its own, with what is left of the time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._until = time.monotonic() + settings.COURSE_GIT_SECONDS
        (folder / "home").mkdir()

    def run(self, *arguments: str, most: int = MIB, told: bytes = b"") -> _Ended:
        """Run it to its end, or to a limit: `most` bounds each file that it writes, its output among them."""
        limits = (f"--fsize={most}", f"--as={_MEMORY_BYTES}", f"--cpu={int(settings.COURSE_GIT_SECONDS) + 1}")
        settled = [part for name, value in _CONFIGURATION.items() for part in ("-c", f"{name}={value}")]
        with (
            tempfile.TemporaryFile(dir=self._folder) as given,
            tempfile.TemporaryFile(dir=self._folder) as out,
            tempfile.TemporaryFile(dir=self._folder) as said,
        ):
            given.write(told)
            given.seek(0)
            process = subprocess.Popen(
                ["prlimit", *limits, "--core=0", "--", "git", *settled, *arguments],
                cwd=self._folder,
                env=self._environment(),
                stdin=given,
                stdout=out,
                stderr=said,
                start_new_session=True,
            )
            late = not self._ends_in_time(process)
            for file in (out, said):
                file.seek(0)
            return _Ended(
                failed=late or process.returncode != 0,
                late=late,
                out=out.read(most),
                said=said.read(most).decode(errors="replace"),
            )

    def _ends_in_time(self, process: "subprocess.Popen[bytes]") -> bool:
        try:
            process.wait(timeout=max(0.1, self._until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        else:
            return True
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._folder / "home"),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "https",
            "GIT_NO_REPLACE_OBJECTS": "1",
        }


# ── What git says ────────────────────────────────────────────────────────────────────────────────────────────────────


def _why_not(ended: _Ended, repository: Repository, ref: str) -> DrydockError:
    """Why nothing was fetched, in words for its author; git's own where none of ours fit."""
    said = ended.said.lower()
    most = in_words(caps().packed_bytes)
    if ended.late:
        seconds = f"{settings.COURSE_GIT_SECONDS:g} seconds"
        return _trouble("git_slow", f"The repository did not arrive within {seconds}. Try again, or upload a zip file.")
    if any(words in said for words in _CUT_OFF):
        message = f"The repository is larger than the {most} that are fetched. Upload the pack alone, as a zip file."
        return _trouble("git_too_large", message)
    if "couldn't find remote ref" in said or "not our ref" in said:
        known = f"no branch or tag “{ref}”" if ref else "no commit yet"
        return _trouble("git_no_ref", f"The repository has {known}. Check its name.", "ref")
    if "could not read username" in said or "authentication failed" in said or "error: 403" in said:
        message = f"There is no public repository at {repository.url}. Check the address, or upload a zip file."
        return _trouble("git_not_public", message)
    if "error: 404" in said or "not found" in said:
        return _trouble("git_not_found", f"There is no repository at {repository.url}. Check the address.")
    if "returned error: 3" in said or "redirect" in said:
        message = "The host sends this address on to another one. Give the address at which the repository is now."
        return _trouble("git_redirect", message)
    if "ssl" in said or "certificate" in said:
        message = f"The certificate of {repository.host} is not one that this site trusts, so nothing was fetched."
        return _trouble("git_certificate", message)
    return _trouble("git_failed", f"Nothing could be fetched from {repository.host}: {_last_line(ended.said)}")


def _trouble(code: str, message: str, field: str = "url") -> DrydockError:
    return DrydockError(code, message, status=422, fields={field: message})


def _last_line(said: str) -> str:
    """The last thing that git said, fit for a message: others may have written it."""
    lines = [line for line in said.splitlines() if line.strip()]
    clean = "".join(
        char for char in (lines[-1] if lines else "it said nothing") if unicodedata.category(char)[0] != "C"
    )
    return clean.removeprefix("fatal: ").removeprefix("error: ")[:_MOST_SAID]


# ── Reading the commit ───────────────────────────────────────────────────────────────────────────────────────────────


def _files_in(git: _Git, commit: str, folder: str) -> Submission:
    """The files below `folder`. Raises SubmissionRefused, and DrydockError for what git cannot read."""
    listed = git.run("--git-dir=repository.git", "ls-tree", "-r", "-z", "-l", f"{commit}:{folder}", most=_LISTING_BYTES)
    if listed.failed and folder and not listed.out:
        message = f"The repository has no folder “{folder}” at this commit. Check its name."
        raise _trouble("git_no_folder", message, "folder")
    entries = list(_entries(listed.must("listed the commit's files; there may be too many of them")))
    limits = caps()
    if len(entries) > limits.files:
        raise SubmissionRefused(
            "too-many-files", f"There are more than {limits.files} files. Give the pack's own folder."
        )
    if sum(size for *_, size in entries) > limits.total_bytes:
        message = f"All files together have more than {in_words(limits.total_bytes)}. Give the pack's own folder."
        raise SubmissionRefused("too-large", message)
    contents = _contents(git, [entry[2] for entry in entries], sum(size for *_, size in entries))
    files = {path: content for (path, *_), content in zip(entries, contents, strict=True)}
    for path, content in files.items():
        if content.startswith(_POINTER):
            message = f"{shown(path)} is kept by Git LFS, which is not fetched. Put the file itself there."
            raise SubmissionRefused("git-lfs", message)
    return Submission.from_files(
        files, executable=[path for path, mode, *_ in entries if mode == _PROGRAM], caps=limits
    )


def _entries(listing: bytes) -> Iterator[tuple[str, str, str, int]]:
    """Path, mode, object and size of each regular file. Raises SubmissionRefused for everything else."""
    for line in listing.split(b"\0"):
        if not line:
            continue
        facts, _, name = line.partition(b"\t")
        mode, _, digest, size = facts.decode("ascii").split()
        try:
            path = name.decode("utf-8")
        except UnicodeDecodeError as error:
            message = f"The file name {shown(name.decode(errors='replace'))} is no UTF-8 text; rename the file."
            raise SubmissionRefused("odd-name", message) from error
        if is_junk(clean_path(path, caps())):
            continue
        if mode == _LINK:
            raise SubmissionRefused("symlink", f"{shown(path)} is a symbolic link. Put the file itself there.")
        if mode == _MODULE:
            message = f"{shown(path)} is a submodule, which is not fetched. Put its files there."
            raise SubmissionRefused("submodule", message)
        yield path, mode, digest, int(size)


def _contents(git: _Git, digests: list[str], size: int) -> Iterator[bytes]:
    asked = "".join(f"{digest}\n" for digest in digests).encode()
    most = size + _HEADER_BYTES * (len(digests) + 1)
    read = git.run("--git-dir=repository.git", "cat-file", "--batch", most=most, told=asked).must("read its files")
    place = 0
    for digest in digests:
        end = read.index(b"\n", place)
        name, kind, length = read[place:end].decode("ascii").split()
        if name != digest or kind != "blob":
            raise _trouble("git_failed", "The repository is damaged: a file in it is none.")
        yield read[end + 1 : end + 1 + int(length)]
        place = end + 1 + int(length) + 1
