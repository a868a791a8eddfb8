"""Carries out every compared line on an engine, tells what differs, and writes docs/console-commands.md.

`python -m tests.graders.commands.compared.record --engine URL [--only WORD] [--look]`; nothing is written where lines
differ without a reason, or with `--only` or `--look`.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.graders.commands.compared.both import compare
from tests.graders.commands.compared.cli import find_cli
from tests.graders.commands.compared.document import PAGE, page, write_record
from tests.graders.commands.compared.table import SCENARIOS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 where something differs that was not to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", required=True, metavar="URL")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="scenarios whose name has this")
    parser.add_argument("--look", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    chosen = [one for one in SCENARIOS if not options.only or any(word in one.name for word in options.only)]
    sent, problems = {}, 0
    for scenario in chosen:
        began = time.monotonic()
        compared = compare(scenario, options.engine)
        sent[scenario.name] = [list(each.console_calls) for each in compared]
        for each in compared:
            if each.problems:
                problems += 1
                _say(each.explained())
        wrong = sum(bool(each.problems) for each in compared)
        _say(f"== {scenario.name}: {len(compared)} lines, {wrong} to mend, {time.monotonic() - began:.1f} s")
    _say(f"{sum(len(one.lines) for one in chosen)} lines, {problems} to mend")
    if problems or options.only or options.look:
        return 1 if problems else 0
    version = subprocess.run([find_cli(), "--version"], capture_output=True, text=True, timeout=20, check=True)
    record = {"cli": version.stdout.strip(), "sent": sent}
    write_record(record)
    PAGE.write_text(page(SCENARIOS, record))
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
