"""What production refuses to start with, each alone."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from builders import a_user

from config import checks
from config.guard import UnsafeStart, refuse_unsafe_start

REPOSITORY = Path(__file__).resolve().parents[2]
STRONG = "vH3!kq0Zs8@Lw2#Xe7$Rt5%Yu9^Ip1&Oa4*Sd6(Fg8)Hj0_Kl2+Zx3"


@pytest.fixture
def production(settings: Any) -> Any:
    """Settings that production starts with; tests spoil one of them."""
    settings.PRODUCTION = True
    settings.DEBUG = False
    settings.SECRET_KEY = STRONG
    settings.ALLOWED_HOSTS = ["drydock.example"]
    settings.REDIS_URL = "redis://redis:6379/0"
    return settings


@pytest.mark.django_db
def test_production_starts_with_settings_of_its_own_and_real_people(production: Any) -> None:
    a_user()

    refuse_unsafe_start()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("SECRET_KEY", "development-only-and-refused-in-production", "drydock.E001"),
        ("SECRET_KEY", "change-me-to-fifty-or-more-random-characters-0123456789", "drydock.E001"),
        ("SECRET_KEY", "short-but-not-known", "drydock.E002"),
        ("SECRET_KEY", "ab" * 40, "drydock.E002"),
        ("DEBUG", True, "drydock.E003"),
        ("ALLOWED_HOSTS", [], "drydock.E004"),
        ("ALLOWED_HOSTS", ["*"], "drydock.E005"),
        ("REDIS_URL", "redis://:change-me@redis:6379/0", "drydock.E007"),
    ],
)
def test_production_refuses_each_unsafe_setting(production: Any, name: str, value: Any, code: str) -> None:
    setattr(production, name, value)

    with pytest.raises(UnsafeStart, match=code):
        refuse_unsafe_start()


@pytest.mark.parametrize("password", ["", "drydock", "postgres", "change-me"])
def test_production_refuses_a_database_password_that_everybody_knows(password: str) -> None:
    database = {"ENGINE": "django.db.backends.postgresql", "HOST": "db", "PASSWORD": password}

    assert [message.id for message in checks.database_password(database)] == ["drydock.E006"]


@pytest.mark.parametrize(
    "database",
    [
        {"ENGINE": "django.db.backends.postgresql", "HOST": "db", "PASSWORD": "g8#kq0Zs"},
        {"ENGINE": "django.db.backends.postgresql", "HOST": "/run/postgresql", "PASSWORD": ""},
        {"ENGINE": "django.db.backends.sqlite3", "PASSWORD": ""},
    ],
)
def test_a_database_reached_by_file_or_socket_needs_no_password(database: dict[str, str]) -> None:
    assert checks.database_password(database) == []


@pytest.mark.django_db
def test_production_refuses_demo_people_and_says_how_to_remove_them(production: Any) -> None:
    a_user(is_demo=True)

    with pytest.raises(UnsafeStart, match=r"drydock\.E008: 1 demo person .*seed_demo --remove"):
        refuse_unsafe_start()


@pytest.mark.django_db
def test_every_reason_is_named_at_once(production: Any) -> None:
    a_user(is_demo=True)
    production.SECRET_KEY = "short"
    production.ALLOWED_HOSTS = []

    with pytest.raises(UnsafeStart) as refused:
        refuse_unsafe_start()

    assert [code for code in ("E002", "E004", "E008") if code in str(refused.value)] == ["E002", "E004", "E008"]


@pytest.mark.django_db
def test_development_starts_with_all_of_it(settings: Any) -> None:
    settings.PRODUCTION = False
    settings.DEBUG = True
    a_user(is_demo=True)

    refuse_unsafe_start()


@pytest.mark.parametrize(
    "command",
    [
        ["-c", "import config.wsgi"],
        ["-m", "celery", "-A", "config", "worker", "--concurrency", "1"],
    ],
    ids=["web", "worker"],
)
def test_no_program_of_an_unsafe_production_site_starts(command: list[str], tmp_path: Path) -> None:
    environment = os.environ | {
        "DRYDOCK_ENV": "production",
        "DRYDOCK_DATA": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "short",
        "ALLOWED_HOSTS": "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": f"{REPOSITORY / 'platform'}:{REPOSITORY}",
    }
    migrated = [sys.executable, str(REPOSITORY / "manage.py"), "migrate", "accounts", "--verbosity", "0"]
    subprocess.run(migrated, env=environment, check=True, timeout=120)

    started = subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, timeout=120, check=False
    )

    assert started.returncode != 0
    assert "drydock.E002" in started.stderr
    assert "drydock.E004" in started.stderr
