"""What the checks of the source make of a Dockerfile, where no engine is needed to see it."""

from collections.abc import Mapping

import pytest

from graders.actions import Build
from graders.checks.base import Check, Verdict
from graders.checks.instruction import InstructionCheck
from graders.checks.lint import Lint
from graders.checks.pinned_base import PinnedBase
from graders.checks.prefers_copy import PrefersCopy
from graders.checks.secret_patterns import assigned_in, gives_away, is_secret_file, is_secret_name, shapes_in
from graders.checks.source_secrets import SourceSecrets
from graders.checks.steps import is_meant
from graders.dockerfile.lint import MAX_CHARACTERS
from graders.dockerfile.parser import parse
from graders.observations import Observations
from graders.report import CheckOutcome

PASSED, FAILED = CheckOutcome.PASSED, CheckOutcome.FAILED
DIGEST = "sha256:" + "0123456789abcdef" * 4


def judged(check: Check, dockerfile: str, files: Mapping[str, bytes] | None = None) -> Verdict:
    return check.judge(
        Observations(
            sources={"default": parse(dockerfile)}, build_specs={"default": Build()}, files_in=dict(files or {})
        )
    )


def fields(kind: str, **own: object) -> dict[str, object]:
    return {"id": "a", "kind": kind, "points": 1, **own}


@pytest.mark.parametrize(
    ("name", "line", "meant"),
    [
        ("RUN pip install", "RUN --network=none pip3 --quiet \\\n  install -r x", True),
        ("RUN pip install", 'RUN ["python", "-m", "pip", "install", "x"]', True),
        ("RUN pip install", "RUN <<END\n  pip \\\n  install x\nEND", True),
        ("RUN pip install", "RUN install pip", False),
        ("RUN pip install", "CMD pip install", False),
        ("RUN", "RUN anything", True),
        ("RUN /pip3? +install/", "RUN pip  install x", True),
        ("RUN /^pip/", "RUN python -m pip", False),
        ("COPY app.py", "COPY ./app.py /srv/", True),
        ("COPY app.py", 'COPY ["app.py", "/srv/"]', True),
        ("COPY app.py", "COPY *.py /srv/", True),
        ("COPY app.py", "COPY /app.py /srv/", True),
        ("COPY .", "COPY / /srv/", True),
        ("COPY app.py", "COPY src/app.py /srv/", False),
        ("COPY app.py", "COPY other.py app.py", False),
        ("COPY app.py /srv", "COPY --chown=1:1 app.py /srv/", True),
        ("COPY .", "COPY ./ /srv", True),
        ("COPY .", "COPY app.py .", False),
        ("ADD a.tar", "COPY a.tar /", False),
        ("USER 1000", "user 1000", True),
    ],
)
def test_a_step_is_known_by_its_instruction_and_words(name: str, line: str, meant: bool) -> None:
    (instruction,) = parse(f"FROM a:1\n{line}\n").instructions[1:]
    assert is_meant(name, instruction) is meant


def test_the_lines_of_a_heredoc_are_what_an_instruction_says() -> None:
    text = "FROM a:1\nRUN <<END\npip install x\nEND\n"
    for own in ({"contains": "install x"}, {"matches": "^pip"}):
        check = InstructionCheck.model_validate(fields("instruction", instruction="RUN", **own))
        assert judged(check, text).outcome is PASSED


@pytest.mark.parametrize(
    ("base", "outcome"),
    [
        ("python:3.11-slim", PASSED),
        ("python", FAILED),
        ("python:latest", FAILED),
        ("docker.io/library/python:latest", FAILED),
        (f"python@{DIGEST}", PASSED),
        (f"python:latest@{DIGEST}", PASSED),
        ("scratch", PASSED),
        ("registry.test:5000/python", FAILED),
        ("registry.test:5000/python:3", PASSED),
        ("${X-}", FAILED),
    ],
)
def test_a_base_is_pinned_by_a_tag_or_a_digest(base: str, outcome: CheckOutcome) -> None:
    check = PinnedBase.model_validate(fields("pinned_base"))
    assert judged(check, f"FROM {base}\n").outcome is outcome


def test_a_base_that_only_a_digest_pins() -> None:
    check = PinnedBase.model_validate(fields("pinned_base", by="digest"))
    assert judged(check, f"FROM python:3.11@{DIGEST}\n").outcome is PASSED
    assert judged(check, "FROM python:3.11\n").outcome is FAILED


def test_only_the_stages_of_the_image_are_asked_to_be_pinned() -> None:
    text = "FROM python AS tools\nFROM python:3.11\n"
    assert judged(PinnedBase.model_validate(fields("pinned_base")), text).line == 1
    assert judged(PinnedBase.model_validate(fields("pinned_base", stages="image")), text).outcome is PASSED


@pytest.mark.parametrize(
    ("tag", "parts", "outcome"),
    [("3.11-slim", 2, PASSED), ("slim-3", 2, FAILED), ("v1.2.3", 3, PASSED), ("bookworm", 1, FAILED)],
)
def test_the_numbers_of_a_version_are_counted(tag: str, parts: int, outcome: CheckOutcome) -> None:
    check = PinnedBase.model_validate(fields("pinned_base", version_parts=parts))
    assert judged(check, f"FROM python:{tag}\n").outcome is outcome


def test_a_real_archive_may_be_unpacked_and_an_address_fetched() -> None:
    check = PrefersCopy.model_validate(fields("prefers_copy"))
    packed = {"a.tgz": b"\x1f\x8b\x08rest", "b.tar": b"\0" * 257 + b"ustar\0"}
    assert judged(check, "FROM a:1\nADD a.tgz b.tar /x/\n", packed).outcome is PASSED
    assert judged(check, "FROM a:1\nADD https://example.test/a.txt /x/\n").outcome is PASSED
    strict = PrefersCopy.model_validate(fields("prefers_copy", urls=False))
    assert "does not want" in judged(strict, "FROM a:1\nADD https://example.test/a.txt /x/\n").message


def test_a_folder_is_no_archive_whatever_it_is_called() -> None:
    check = PrefersCopy.model_validate(fields("prefers_copy"))
    assert "COPY is made for that" in judged(check, "FROM a:1\nADD src.tar /x/\n", {"src.tar/app.py": b"x"}).message


def test_a_source_that_cannot_be_worked_out_is_taken_as_it_stands() -> None:
    check = PrefersCopy.model_validate(fields("prefers_copy"))
    assert '"${X' in judged(check, "FROM a:1\nADD ${X%y} /x/\n").message


def test_a_secret_that_is_the_default_of_a_variable_is_one() -> None:
    check = SourceSecrets.model_validate(fields("source_secrets"))
    assert judged(check, "FROM a:1\nENV PASSWORD=${NOBODY:-tide}\n").line == 2
    assert judged(check, "FROM a:1\nENV PASSWORD=${NOBODY:-}\n").outcome is PASSED


def test_a_secret_of_the_lab_is_found_across_a_line_that_goes_on() -> None:
    check = SourceSecrets.model_validate(fields("source_secrets", texts="tide77"))
    assert judged(check, "FROM a:1\nENV NOTE=ti\\\nde77\n").line == 2


@pytest.mark.parametrize(
    "name",
    ["PASSWORD", "DB_PASSWORD", "dbPassword", "PGPASSWORD", "apiKey", "API_KEY_2", "GITHUB_TOKEN", "client_secret"],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["PASSWORD_FILE", "TOKEN_TTL", "PWD", "TOKENIZER", "SECRETARY", "KEY", "AUTHOR", "PUBLIC_KEY", "PASSENGER"]
)
def test_names_that_only_begin_like_secrets(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "value", ["", '""', "true", "0", "$OTHER", '"${OTHER}"', "/run/secrets/x", "/etc/app/key", "None"]
)
def test_values_that_give_nothing_away(value: str) -> None:
    assert not gives_away(value)


@pytest.mark.parametrize("value", ["tide", '"tide"', "changeme", "/tide!", "abc$"])
def test_values_that_give_something_away(value: str) -> None:
    assert gives_away(value)


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("export TOKEN=abc; run", ["TOKEN"]),
        ("run --api-key=abc --password='x y'", ["api-key", "password"]),
        ("TOKEN=$TOKEN run --password=$P", []),
        ("TOKEN=`cat /run/secrets/t` run", []),
        ('TOKEN="$(cat /run/secrets/t)" run', []),
        ("echo token = none", []),
        ("SECRET= run", []),
        ("curl x?token=abc", ["token"]),
        ("a" * 100_000 + "=b", []),
    ],
)
def test_secrets_on_command_lines(command: str, names: list[str]) -> None:
    assert list(assigned_in(command)) == names


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1" * 18,
        "glpat-" + "a" * 20,
        "xoxb-1234567890-abc",
        "AIza" + "b" * 35,
        "sk_live_" + "c" * 16,
        "npm_" + "d" * 36,
        "eyJhbGciOiJI.eyJzdWIiOiIx.x",
        "https://me:secret@example.test",
        "Authorization: Bearer abcdefgh12",
    ],
)
def test_keys_are_known_by_their_look(text: str) -> None:
    assert list(shapes_in(f"RUN x '{text}'"))


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "https://example.test:8080/@scope",
        "https://$USER:$PASSWORD@example.test",
        "git@example.test:me/x.git",
        "Authorization: Bearer $TOKEN",
        "http://localhost:8000/a",
        "user@example.test",
    ],
)
def test_what_is_no_key(text: str) -> None:
    assert not list(shapes_in(f"RUN x '{text}'"))


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        (".env", True),
        ("conf/.env.production", True),
        (".env.example", False),
        ("id_rsa", True),
        ("id_rsa.pub", False),
        (".ssh", True),
        (".ssh/config", True),
        (".ssh/id.pub", False),
        ("server.key", True),
        ("cert.pem", False),
        ("keyboard.py", False),
        ("environment.yml", False),
        ("/", False),
    ],
)
def test_files_that_hold_secrets_are_known_by_name(path: str, secret: bool) -> None:
    assert is_secret_file(path) is secret


def test_several_secrets_are_told_by_their_lines_and_never_shown() -> None:
    verdict = judged(
        SourceSecrets.model_validate(fields("source_secrets")),
        "FROM a:1\nENV TOKEN=tide1\nHEALTHCHECK CMD x --password=tide2\nENV ${X%y}=1\nONBUILD ENV SECRET=tide3\n",
    )
    assert verdict.message == "ENV gives TOKEN a value on line 2. More is on line 3, 5."
    assert "tide" not in verdict.message + verdict.seen + verdict.expected + verdict.hint


def test_a_dockerignore_that_is_broken_keeps_nothing_out() -> None:
    files = {".env": b"x", ".dockerignore": b"[\n"}
    check = SourceSecrets.model_validate(fields("source_secrets"))
    assert judged(check, "FROM a:1\nCOPY . /\n", files).outcome is FAILED
    assert judged(check, "FROM a:1\nCOPY --from=b . /\n", files).outcome is PASSED
    assert judged(check, "FROM a:1\nCOPY conf /\n", {"conf/.env": b"x"}).line == 2


def test_a_dockerfile_without_end_is_not_shown_to_the_linter() -> None:
    check = Lint.model_validate(fields("lint", rules=["dl3025"]))
    assert "which no linter reads" in judged(check, "FROM a:1\n" + "# x\n" * (MAX_CHARACTERS // 4)).message


def test_the_linter_explains_what_it_found_and_why_it_matters() -> None:
    check = Lint.model_validate(fields("lint", rules=["DL3025", "DL3006"]))
    verdict = judged(check, "FROM a\nCMD x\n")
    assert (verdict.line, verdict.seen) == (1, "FROM a")
    assert verdict.why.startswith("What is built today")
    assert verdict.hint.startswith("DL3025: Use the exec form")
