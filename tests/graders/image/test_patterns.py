"""Patterns of paths: what they fit, what lies in what they fit, and names and patterns made to take long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.image.categories import CATEGORIES, NOT_COUNTED
from graders.image.patterns import Paths, Patterns


def first_fit(pattern: str, path: str, *, is_folder: bool = False) -> str:
    return Paths(Patterns([pattern])).first_fit(path, is_folder=is_folder)


@pytest.mark.parametrize(
    ("pattern", "path", "fit"),
    [
        ("/src", "/src", "/src"),
        ("/src", "/src/a/b.c", "/src"),
        ("/src", "/app/src", ""),
        ("/src", "/srcs", ""),
        ("*.swp", "/home/me/.x.swp", "/home/me/.x.swp"),
        ("*.swp", "/home/me/.x.swp/y", "/home/me/.x.swp"),
        ("*.swp", "/x.swp.txt", ""),
        (".git/", "/app/.git/config", "/app/.git"),
        (".git/", "/app/.git", ""),
        ("tests/", "/a/tests/tests", "/a/tests"),
        (".cache/pip/", "/root/.cache/pip/x", "/root/.cache/pip"),
        (".cache/pip/", "/root/.cache/npm/x", ""),
        ("/var/cache/apk/*", "/var/cache/apk/x/y", "/var/cache/apk/x"),
        ("/var/cache/apk/*", "/var/cache/apk", ""),
        ("/opt/**/bin/gcc", "/opt/bin/gcc", "/opt/bin/gcc"),
        ("/opt/**/bin/gcc", "/opt/a/b/bin/gcc", "/opt/a/b/bin/gcc"),
        ("/opt/**/bin/gcc", "/usr/bin/gcc", ""),
        ("**/x", "/x", "/x"),
        ("/a/**", "/a/b", "/a/b"),
        ("/a/**", "/a", ""),
        ("gcc-[0-9]*", "/bin/gcc-12", "/bin/gcc-12"),
        ("gcc-[!0-9]", "/bin/gcc-1", ""),
        ("a?c", "/a\nc", "/a\nc"),
        ("*", "/x", None),
    ],
)
def test_a_pattern_fits_paths_and_what_lies_in_them(pattern: str, path: str, fit: str | None) -> None:
    if fit is None:
        with pytest.raises(ValueError, match="must hold patterns"):
            Patterns([pattern])
    else:
        assert first_fit(pattern, path) == fit


def test_a_pattern_of_folders_fits_a_folder_itself() -> None:
    assert first_fit(".git/", "/app/.git", is_folder=True) == "/app/.git"
    assert first_fit("/srv/data/", "/srv/data", is_folder=True) == "/srv/data"
    assert first_fit("/srv/data/", "/srv/data") == ""


@pytest.mark.parametrize("pattern", ["", "/", "**", "/**", "a/../b", "x" * 400])
def test_what_would_fit_everything_or_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="must hold patterns"):
        Patterns([pattern])


@given(st.lists(st.sampled_from(["a", "b", ".git", "tests", "x.swp"]), min_size=1, max_size=6), st.booleans())
def test_paths_tried_in_any_order_fit_as_if_tried_alone(names: list[str], is_folder: bool) -> None:
    patterns = Patterns(["*.swp", ".git/", "/a/**/tests", "b/b"])
    path = "/" + "/".join(names)
    again = Paths(patterns)
    again.first_fit("/a/b/tests/x")
    again.first_fit("/elsewhere")
    assert again.first_fit(path, is_folder=is_folder) == Paths(patterns).first_fit(path, is_folder=is_folder)


def test_names_and_patterns_made_to_take_long_do_not() -> None:
    assert first_fit("*a" * 100 + "b", "/" + "a" * 255) == ""
    assert first_fit("/**/a/**/a/**/a/**/b", "/a" * 2000) == ""


@pytest.mark.parametrize("category", list(CATEGORIES))
def test_every_category_is_made_of_patterns(category: str) -> None:
    Patterns(CATEGORIES[category])  # type: ignore[index]
    Patterns(NOT_COUNTED.get(category, ()))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("category", "path"),
    [
        ("compilers", "/usr/bin/gcc-12"),
        ("compilers", "/usr/bin/x86_64-linux-gnu-gcc"),
        ("compilers", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1"),
        ("compilers", "/usr/local/go/bin/go"),
        ("package-caches", "/var/lib/apt/lists/deb.example_debian_dists_bookworm_InRelease"),
        ("package-caches", "/root/.cache/pip/http/x"),
        ("package-caches", "/var/cache/apk/APKINDEX.tar.gz"),
        ("package-caches", "/root/.npm/_cacache/index"),
        ("version-control", "/app/.git/HEAD"),
        ("tests", "/app/tests/test_app.py"),
        ("tests", "/app/src/button.spec.js"),
        ("editors", "/usr/bin/vim.tiny"),
        ("credentials", "/root/.aws/credentials"),
        ("build-files", "/app/Dockerfile"),
        ("package-managers", "/usr/bin/apt-get"),
    ],
)
def test_a_category_has_what_its_name_promises(category: str, path: str) -> None:
    assert Paths(Patterns(CATEGORIES[category])).first_fit(path)  # type: ignore[index]


@pytest.mark.parametrize(
    "path",
    ["/var/lib/apt/lists/lock", "/usr/bin/test", "/usr/bin/python3.11", "/app/protests/a.txt", "/app/.github/x",
     "/usr/bin/cat", "/bin/sh", "/app/contest.py", "/usr/bin/password", "/lib/ld-linux.so.2"],
)  # fmt: skip
def test_no_category_has_what_any_image_has(path: str) -> None:
    everything = [pattern for patterns in CATEGORIES.values() for pattern in patterns]
    assert Paths(Patterns(everything)).first_fit(path) == ""
