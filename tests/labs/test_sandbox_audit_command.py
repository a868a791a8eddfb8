"""`manage.py sandbox_audit` prints a table, and fails where a required protection does."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from graders.sandbox.audit import ProtectionResult
from labs.management.commands import sandbox_audit

HELD = ProtectionResult(id="one", title="First", required=True, holds=True, seen="Fine.")
ADVISED = ProtectionResult(id="two", title="Second", required=False, holds=False, seen="Not so fine.")
FAILED = ProtectionResult(id="three", title="Third", required=True, holds=False, seen="Not fine.")


def found(monkeypatch: pytest.MonkeyPatch, *results: ProtectionResult) -> list[tuple[str, Any]]:
    asked: list[tuple[str, Any]] = []

    def audit(engine: str, only: Any) -> list[ProtectionResult]:
        asked.append((engine, only))
        return list(results)

    monkeypatch.setattr(sandbox_audit, "audit", audit)
    return asked


@pytest.mark.engine
def test_it_tries_a_real_engine(engine_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sandbox_audit", "--engine", engine_url, "--only", "user-namespace", "--only", "network-fetch")
    printed = capsys.readouterr().out
    assert "Root inside is user" in printed
    assert "Every required protection holds." in printed


def test_every_engine_of_the_settings_is_tried(
    settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SANDBOX_ENGINES = ["unix:///one", "unix:///two"]
    asked = found(monkeypatch, HELD, ADVISED)
    call_command("sandbox_audit")
    assert [engine for engine, _ in asked] == settings.SANDBOX_ENGINES
    assert "NO     advised   Second (two)" in capsys.readouterr().out


def test_a_required_protection_that_does_not_hold_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, HELD, FAILED)
    with pytest.raises(CommandError, match="1 required protections do not hold"):
        call_command("sandbox_audit", "--engine", "unix:///one")


def test_without_an_engine_it_says_how_to_name_one(settings: Any) -> None:
    settings.SANDBOX_ENGINES = []
    with pytest.raises(CommandError, match="--engine, or set SANDBOX_ENGINES"):
        call_command("sandbox_audit")


def test_an_engine_that_does_not_answer_is_named() -> None:
    with pytest.raises(CommandError, match="unix:///nowhere"):
        call_command("sandbox_audit", "--engine", "unix:///nowhere")
