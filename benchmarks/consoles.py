"""What a console adds to the docker CLI: the same commands typed and run by the CLI, side by side on one engine."""

import random
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from benchmarks.baselines.shell_loop import DOCKER
from benchmarks.site import SLUG, Made, course_of
from deploy.demo.client import Client

LAB = "create-and-start"
IMAGE = "busybox:1.35"
CHROMIUM = "/usr/bin/chromium"
COMMANDS = {
    "docker ps": ("ps",),
    "docker run -d": ("run", "-d", "--network", "none", IMAGE, "true"),
    "docker run --rm": ("run", "--rm", "--network", "none", IMAGE, "true"),
}
"""What is typed, by what it is called here."""
_OPENS_WITHIN_SECONDS = 60
_LINE_SECONDS = 60
_THINKS_SECONDS = (3.0, 9.0)
"""How long a student looks at what came before typing the next line."""


def measure(*, rounds: int, sessions: int) -> None:
    """Measure one console alone, then so many at once."""
    with course_of(LAB, students=max(sessions, 2 * len(COMMANDS))) as made:
        alone(made, rounds)
        in_page(made, rounds)
        together(made, sessions)


def alone(made: Made, rounds: int) -> None:
    """Each command in turn, in the console and by the CLI."""
    engine = made.instance.console_engine or ""
    print("One console beside the docker CLI on the same engine, by the API, from the request to its answer; seconds\n")
    # A student for each command, since nobody may type more than 60 lines a minute.
    with _open(made.clients[: len(COMMANDS)], made.lab) as consoles:
        for console, (name, words) in zip(consoles, COMMANDS.items(), strict=True):
            ours, theirs = [], []
            for _ in range(rounds):
                ours.append(console.type(f"docker {' '.join(words)}"))
                theirs.append(_by_cli(engine, words))
                console.tidy()
            _say_beside(name, ours, theirs)
    print()


def in_page(made: Made, rounds: int) -> None:
    """The same in Chromium, from Enter to the frame that shows what the engine said."""
    engine = made.instance.console_engine or ""
    print("The same in the page, from Enter to what is seen; seconds\n")
    students = range(len(COMMANDS), 2 * len(COMMANDS))
    # Beside a browser of this kind Django lets nobody at the database.
    cookies = {number: made.session_cookie(number) for number in students}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for number, (name, words) in zip(students, COMMANDS.items(), strict=True):
            cookie, value = cookies[number]
            page = browser.new_context(base_url=made.url).new_page()
            page.context.add_cookies([{"name": cookie, "value": value, "url": made.url}])
            page.goto(f"/courses/{SLUG}/{LAB}/lab/")
            page.get_by_role("button", name="Open your console").click()
            page.locator("#console-state", has_text="Ready").wait_for(timeout=_OPENS_WITHIN_SECONDS * 1000)
            ours, theirs = [], []
            for _ in range(rounds):
                ours.append(page.evaluate(_ENTER, f"docker {' '.join(words)}") / 1000)
                theirs.append(_by_cli(engine, words))
                page.evaluate(_ENTER, "docker container prune -f")
            _say_beside(name, ours, theirs)
            page.context.close()
            Console(made.clients[number], made.lab).end()
        browser.close()
    print()


def _say_beside(name: str, ours: Sequence[float], theirs: Sequence[float]) -> None:
    console, cli = statistics.median(ours), statistics.median(theirs)
    print(f"  {name:<16} console {console:.3f}, CLI {cli:.3f}   RATIO {console / cli:.2f}", flush=True)


def together(made: Made, sessions: int) -> None:
    """Many students at once, each typing through a small lab at a student's pace."""
    print(
        f"{sessions} consoles at once, each thinking {_THINKS_SECONDS[0]:g} to {_THINKS_SECONDS[1]:g} s before a line"
    )
    with _open(made.clients[:sessions], made.lab) as consoles, ThreadPoolExecutor(max_workers=sessions) as pool:
        taken = [pair for pairs in pool.map(_student, consoles, range(sessions)) for pair in pairs]
    for name in dict.fromkeys(name for name, _ in taken):
        seconds = sorted(value for other, value in taken if other == name)
        print(
            f"  {name:<16} {len(seconds):>4} lines: median {statistics.median(seconds):.2f},"
            f" 95 % within {seconds[int(len(seconds) * 0.95) - 1]:.2f}, longest {seconds[-1]:.2f}"
        )
    print()


def _student(console: "Console", seed: int) -> list[tuple[str, float]]:
    pace = random.Random(seed)  # the same pace in each run
    taken = []
    for name, line in (
        ("docker ps", "docker ps"),
        ("docker create", f"docker create --name box {IMAGE} sleep 300"),
        ("docker ps", "docker ps -a"),
        ("docker start", "docker start box"),
        ("docker run -d", f"docker run -d --name web {IMAGE} sleep 300"),
        ("docker ps", "docker ps"),
        ("docker pause", "docker pause web"),
        ("docker run --rm", f"docker run --rm {IMAGE} true"),
        ("docker ps", "docker ps -a"),
        ("docker rm", "docker rm -f web box"),
    ):
        time.sleep(pace.uniform(*_THINKS_SECONDS))
        taken.append((name, console.type(line)))
    return taken


_ENTER = """async line => {
    const finished = () => document.querySelectorAll(".con-line.is-done").length
    const before = finished(), field = document.querySelector("#line"), began = performance.now()
    field.value = line
    field.form.requestSubmit()
    while (finished() === before) await new Promise(requestAnimationFrame)
    return performance.now() - began
}"""


class Console:
    """A student's console, by the REST API."""

    def __init__(self, client: Client, lab: int) -> None:
        self._client = client
        self._id = client.post(f"activities/{lab}/console/")["id"]

    def wait(self) -> None:
        """Wait until it is open. Raises TimeoutError."""
        deadline = time.monotonic() + _OPENS_WITHIN_SECONDS
        while (state := self._client.get(f"consoles/{self._id}/")["state"]) != "open":
            if time.monotonic() > deadline:
                raise TimeoutError(f"A console is {state} after {_OPENS_WITHIN_SECONDS} s.")
            time.sleep(0.2)

    def type(self, text: str) -> float:
        """Type a line; seconds until its answer is there. Raises RuntimeError when it did not go well."""
        began = time.monotonic()
        row = self._client.post(f"consoles/{self._id}/lines/", {"text": text})
        while row["state"] in {"waiting", "running"}:
            if time.monotonic() - began > _LINE_SECONDS:
                raise TimeoutError(f"`{text}` was not carried out within {_LINE_SECONDS} s.")
            time.sleep(0.1)
            (row,) = self._client.get(f"consoles/{self._id}/lines/", after=row["number"] - 1)["entries"][:1]
        seconds = time.monotonic() - began
        if row["exit_code"] != 0:
            raise RuntimeError(f"`{text}` ended with {row['exit_code']}: {row['pieces']}")
        return seconds

    def tidy(self) -> None:
        """Remove what was made."""
        self.type("docker container prune -f")

    def end(self) -> None:
        """End it."""
        self._client.post(f"consoles/{self._id}/end/")


@contextmanager
def _open(clients: Sequence[Client], lab: int) -> Iterator[list[Console]]:
    consoles = [Console(client, lab) for client in clients]
    try:
        for console in consoles:
            console.wait()
        yield consoles
    finally:
        for console in consoles:
            console.end()
        time.sleep(_OPENS_WITHIN_SECONDS / 20)  # what ends them reads rows that are removed next


def _by_cli(engine: str, words: Sequence[str]) -> float:
    """Seconds of one command; what it leaves is removed, by its id: others work on this engine, too."""
    began = time.monotonic()
    done = subprocess.run([DOCKER, "-H", engine, *words], check=True, capture_output=True, text=True)
    seconds = time.monotonic() - began
    if "-d" in words:
        subprocess.run([DOCKER, "-H", engine, "rm", "-f", done.stdout.strip()], check=True, capture_output=True)
    return seconds
