"""docs/configuration.md says all that is read, and nothing that is not."""

import re
from pathlib import Path

from deploy.up.programs import settings_variables

REPOSITORY = Path(__file__).resolve().parents[2]
READ_OUTSIDE_SETTINGS = re.compile(r"""\benviron(?:ment)?(?:\.get\(|\[)\s*["']([A-Z][A-Z0-9_]*)["']""")
NOT_OURS = {"PATH", "HOME", "DJANGO_SETTINGS_MODULE", "XDG_RUNTIME_DIR"}


def documented() -> set[str]:
    text = (REPOSITORY / "docs/configuration.md").read_text()
    return set(re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \|", text, re.MULTILINE))


def read_by_the_site_and_make_up() -> set[str]:
    outside = {
        name
        for folder in ("deploy/up", "deploy/sandbox", "platform/config")
        for file in (REPOSITORY / folder).glob("*.py")
        for name in READ_OUTSIDE_SETTINGS.findall(file.read_text())
    }
    return settings_variables(REPOSITORY) | outside - NOT_OURS


def test_every_variable_that_is_read_is_documented() -> None:
    assert read_by_the_site_and_make_up() - documented() == set()


def test_every_documented_variable_is_read() -> None:
    assert documented() - read_by_the_site_and_make_up() == set()


def test_the_reading_finds_variables_in_every_way_they_are_read() -> None:
    found = read_by_the_site_and_make_up()

    assert {"SECRET_KEY", "DATABASE_URL", "EMAIL_URL", "WEB_THREADS", "SANDBOX_SLOTS", "DRYDOCK_CACHE"} <= found
