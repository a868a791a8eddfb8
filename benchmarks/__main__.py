"""Measures a running Drydock beside the baselines, in one run, and prints the ratios. `make bench`."""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator

from benchmarks import consoles, exam, quizzes, site
from benchmarks.baselines import raw_sdk, shell_loop
from benchmarks.site import LAB, OWN_PACK, Bench

SOLUTION = OWN_PACK / "labs" / LAB
PARALLEL = (1, 2, 3, 4, 6)


def main() -> int:
    """Run the measures."""
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12, help="hand-ins at idle, each beside a raw one (default 12)")
    parser.add_argument("--jobs", type=int, default=24, help="hand-ins at once (default 24)")
    parser.add_argument("--sessions", type=int, default=30, help="consoles at once (default 30)")
    parser.add_argument("--students", type=int, default=1000, help="who take the exam at once (default 1000)")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each rate of a quiz is taken (default 5)")
    parser.add_argument("--quiz-rounds", type=int, default=5, help="how often, in turn (default 5)")
    parser.add_argument(
        "--only", choices=("grading", "consoles", "quizzes", "exam"), help="measure one (otherwise all)"
    )
    given = parser.parse_args()
    measures: dict[str, Callable[[], object]] = {
        "consoles": lambda: consoles.measure(rounds=given.rounds, sessions=given.sessions),
        "grading": lambda: grading(given.rounds, given.jobs),
        "quizzes": lambda: quizzes.measure(seconds=given.seconds, rounds=given.quiz_rounds),
        "exam": lambda: exam.report(exam.Exam(students=given.students)),
    }
    for name, measure in measures.items():
        if given.only == name:
            measure()
        elif given.only is None:  # each in a process of its own, since two of them set up a site of their own
            subprocess.run([sys.executable, "-m", "benchmarks", *sys.argv[1:], "--only", name], check=True)
    return 0


def grading(rounds: int, jobs: int) -> None:
    """Hand-ins of the capstone lab, beside the same work done raw and by a shell loop."""
    with site.open_bench(students=jobs) as bench:
        print(f"The capstone's own work on {len(bench.engines)} engines; figures in seconds, the less the better.\n")
        idle(bench, rounds)
        saturation(bench, jobs)


def idle(bench: Bench, rounds: int) -> None:
    """One hand-in at a time, and right after each the same engine calls made raw."""
    print("Idle latency, from hand-in to grade")
    ours, work, raw = [], [], []
    raw_sdk.run(bench.engines[0], SOLUTION)  # warm: the first one reads the images from disk
    bench.hand_in_and_wait(0)
    for number in range(rounds):
        graded = bench.hand_in_and_wait(number)
        ours.append(graded.seconds)
        work.append(graded.grading_seconds)
        raw.append(raw_sdk.run(bench.engines[0], SOLUTION))
        print(
            f"  {number + 1:>3} of {rounds}: Drydock {ours[-1]:.2f} (grading {work[-1]:.2f}), raw {raw[-1]:.2f}",
            flush=True,
        )
    medians = [statistics.median(each) for each in (ours, work, raw)]
    print(f"  median: Drydock {medians[0]:.2f}, of which grading {medians[1]:.2f}; raw SDK calls {medians[2]:.2f}")
    print(f"  RATIO   {medians[0] / medians[2]:.2f} x the raw calls (aim: at most 1.15)\n", flush=True)
    for name, seconds in bench.phases().items():
        print(f"    {name:<28} {seconds:.2f}")
    print()


def saturation(bench: Bench, jobs: int) -> None:
    """Many hand-ins at once, beside a shell loop at its best number of parallel jobs."""
    print(f"Throughput at saturation, {jobs} jobs")
    rates = dict(_loop_rates(bench, jobs))
    best = max(rates, key=lambda parallel: rates[parallel])
    ours = bench.throughput(jobs)
    print(f"  Drydock: {ours:.2f} jobs/s; shell loop at its best, -P {best}: {rates[best]:.2f} jobs/s")
    print(f"  RATIO   {ours / rates[best]:.2f} x the shell loop (aim: at least 1.3)")


def _loop_rates(bench: Bench, jobs: int) -> Iterator[tuple[int, float]]:
    for parallel in PARALLEL:
        rate = shell_loop.rate(bench.engines, SOLUTION, jobs=jobs, parallel=parallel)
        print(f"  docker build, run, rm, rmi under xargs -P {parallel}: {rate:.2f} jobs/s", flush=True)
        yield parallel, rate


if __name__ == "__main__":
    sys.exit(main())
