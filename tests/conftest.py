"""What every test may use."""

from pathlib import Path
from typing import Any

import hypothesis
import pytest

pytest_plugins = ["engines", "browser"]

# No clock decides a test: a busy machine makes neither an example nor the making of one wrong.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hash passwords quickly: hundreds of accounts are made here, and none is worth a slow hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Let SQLite's test database be a file, as in production: one in memory locks in another way."""
    from django.db import connections

    database = connections.databases["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def _files_of_this_test(settings: Any, tmp_path: Path) -> None:
    """Store what a test hands in in a folder of its own."""
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


@pytest.fixture(autouse=True)
def _no_broker_and_no_shared_cache(settings: Any) -> None:
    """Keep wake-up calls and caches in this process: tests that are about Redis start one."""
    from config.celery import app

    app.conf.broker_url = "memory://"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
