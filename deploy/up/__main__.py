"""The commands behind the Makefile: python3 -m deploy.up COMMAND."""

from __future__ import annotations

import argparse
import errno
import os
import sys

from deploy.up import bring_up, checking, locks, take_down, testing, watch
from deploy.up.instance import REPOSITORY, Instance, find
from deploy.up.trouble import Trouble


def main(arguments: list[str]) -> int:
    """Carry out one command; trouble is one sentence and exit code 1."""
    given = _parser().parse_args(arguments)
    os.chdir(REPOSITORY)
    try:
        return _carry_out(given, find())
    except Trouble as trouble:
        print(f"\n{trouble}", file=sys.stderr)
    except OSError as error:
        print(f"\n{sentence_for(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. Run it again to go on from here.", file=sys.stderr)
    return 1


def sentence_for(error: OSError) -> str:
    """What to do about a machine that refuses. Raises the error itself where nobody knows."""
    if isinstance(error, PermissionError):
        return f"{error.filename or 'The supervisor'} belongs to another user: run it as that user, or with sudo."
    if error.errno == errno.ENOSPC:
        return f"The disk is full ({error.filename or 'while writing'}): make room and run it again."
    if error.errno == errno.EROFS:
        return f"{error.filename} cannot be written to: put the clone, or DRYDOCK_DATA, on a disk that can."
    raise error


def _carry_out(given: argparse.Namespace, instance: Instance) -> int:
    match given.command:
        case "up":
            bring_up.up(instance)
        case "down":
            take_down.down(instance)
        case "reset":
            take_down.reset(instance, agreed=given.yes)
        case "status":
            return watch.status(instance)
        case "logs":
            watch.logs(instance, given.only)
        case "test" | "coverage":
            return testing.test(instance, given.arguments, coverage=given.command == "coverage")
        case "check":
            return checking.check(instance, given.only)
        case "lock":
            locks.lock(instance)
        case "prepare":
            testing.prepare_for_tests(instance)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deploy.up", description="Runs Drydock on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("up", "down", "status", "lock", "prepare"):
        commands.add_parser(name)
    commands.add_parser("reset").add_argument("--yes", action="store_true", help="do not ask")
    commands.add_parser("logs").add_argument("only", nargs="?", help="one program, such as web or worker-0")
    commands.add_parser("check").add_argument("only", nargs="?", default="", help="part of a check's title")
    for name in ("test", "coverage"):
        commands.add_parser(name).add_argument("arguments", nargs=argparse.REMAINDER, help="for pytest")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
