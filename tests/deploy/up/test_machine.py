"""Each thing that a machine can lack gives one sentence that says what to do."""

from pathlib import Path

import pytest

from deploy.up import machine
from deploy.up.trouble import Trouble


def sentence(lack: pytest.ExceptionInfo[Trouble]) -> str:
    text = str(lack.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def test_an_old_python() -> None:
    with pytest.raises(Trouble) as lack:
        machine.check_python((3, 9))

    assert "make up PYTHON=python3.11" in sentence(lack)


def test_no_root_where_packages_are_missing() -> None:
    with pytest.raises(Trouble) as lack:
        machine.check_rights(1000, needs_engine=True, missing_packages=["docker.io"])

    assert "docker.io" in sentence(lack)
    assert "sudo make up" in sentence(lack)


def test_no_root_where_only_the_engine_needs_it() -> None:
    with pytest.raises(Trouble) as lack:
        machine.check_rights(1000, needs_engine=True, missing_packages=[])

    assert "SANDBOX_ENGINES" in sentence(lack)


def test_no_root_is_fine_with_an_engine_elsewhere_and_nothing_to_install() -> None:
    machine.check_rights(1000, needs_engine=False, missing_packages=[])


def test_no_debian() -> None:
    with pytest.raises(Trouble) as lack:
        machine.check_apt(None, ["docker.io", "npm"])

    assert "docker.io, npm" in sentence(lack)


def test_a_full_disk() -> None:
    with pytest.raises(Trouble) as lack:
        machine.check_space(120, 4000, Path("/srv/drydock"))

    assert "120 MiB free and 4000 are needed" in sentence(lack)


def test_no_user_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_works", lambda *_: False)
    with pytest.raises(Trouble) as lack:
        machine.check_user_namespaces()

    assert "user.max_user_namespaces" in sentence(lack)


def test_no_iptables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_works", lambda *_: False)
    with pytest.raises(Trouble) as lack:
        machine.check_iptables()

    assert "ip_tables or nf_tables" in sentence(lack)


def test_a_program_that_is_not_there_does_not_work() -> None:
    assert not machine._works("drydock-has-no-such-program")
