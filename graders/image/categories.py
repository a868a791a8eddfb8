"""What an image that is shipped has no use for, by category: patterns of `graders.image.patterns`."""

from collections.abc import Mapping
from typing import Literal

Category = Literal[
    "build-files", "compilers", "credentials", "editors", "package-caches", "package-managers", "tests",
    "version-control",
]  # fmt: skip

_PROGRAMS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/opt/**/bin")


def _programs(*names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for folder in _PROGRAMS for name in names)


CATEGORIES: Mapping[Category, tuple[str, ...]] = {
    "build-files": (
        "Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile", ".dockerignore", "*.dockerignore",
        "docker-compose*.yml", "docker-compose*.yaml", "compose.yml", "compose.yaml", "Jenkinsfile", ".gitlab-ci.yml",
        ".travis.yml",
    ),
    "compilers": (
        *_programs(
            "gcc", "gcc-[0-9]*", "g++", "g++-[0-9]*", "cc", "c++", "cpp", "clang", "clang-[0-9]*", "clang++", "tcc",
            "*-linux-*gcc", "*-linux-*gcc-[0-9]*", "*-linux-*g++", "*-linux-*g++-[0-9]*", "as", "*-linux-*as", "ld",
            "ld.*", "make", "gmake", "cmake", "ninja", "meson", "autoconf", "automake", "rustc", "cargo", "javac",
            "gfortran", "ghc",
        ),
        "cc1", "cc1plus", "collect2", "/usr/local/go/bin/", "/usr/local/go/pkg/", "/usr/lib/go*/bin/",
        "/usr/lib/jvm/*/bin/javac", ".cargo/bin/", ".rustup/",
    ),
    "credentials": (
        ".env", ".env.*", ".netrc", ".pypirc", ".npmrc", ".git-credentials", ".aws/credentials", ".docker/config.json",
        ".kube/config", ".pgpass", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519",
    ),
    "editors": (
        *_programs("vim", "vim.*", "vi", "nano", "pico", "emacs", "emacs-*", "joe", "micro", "ed", "nvim"),
        "*.swp", "*.swo", "*~", ".vscode/", ".idea/", ".DS_Store", "*.sublime-project", "*.sublime-workspace",
    ),
    "package-caches": (
        "/var/lib/apt/lists/*_*", "/var/cache/apt/archives/*.deb", "/var/cache/apt/*.bin", "/var/cache/apk/*",
        "/var/cache/dnf/*", "/var/cache/yum/*", "/var/cache/zypp/*", "/var/cache/pacman/pkg/*", ".cache/pip/",
        ".cache/pypoetry/", ".cache/uv/", ".cache/pipenv/", ".npm/_cacache/", ".cache/yarn/", ".yarn/cache/",
        "/usr/local/share/.cache/", ".cache/go-build/", "/go/pkg/mod/cache/", "go/pkg/mod/cache/download/",
        ".cargo/registry/", "/usr/local/cargo/registry/", ".m2/repository/", ".gradle/caches/", ".composer/cache/",
        ".cache/composer/", ".gem/*/cache/", "/usr/local/bundle/cache/", ".nuget/packages/",
    ),
    "package-managers": _programs("apt", "apt-get", "dpkg", "apk", "yum", "dnf", "pip", "pip3", "npm", "yarn", "gem"),
    "tests": (
        "tests/", "test/", "__tests__/", "spec/", "test_*.py", "*_test.py", "*_test.go", "*.test.js", "*.test.ts",
        "*.spec.js", "*.spec.ts", "conftest.py", ".pytest_cache/", ".tox/", ".nox/", ".coverage", "htmlcov/",
    ),
    "version-control": (".git/", ".git", ".hg/", ".svn/", ".bzr/", "CVS/", ".gitmodules", ".gitattributes"),
}  # fmt: skip

NOT_COUNTED: Mapping[Category, tuple[str, ...]] = {
    "tests": (
        "site-packages/", "dist-packages/", "node_modules/", "vendor/", "/usr/lib/", "/usr/local/lib/", "/usr/share/",
        "/usr/include/", "/usr/src/linux*/",
    ),
    "credentials": ("site-packages/", "dist-packages/", "node_modules/", "/usr/share/", "/usr/lib/"),
    "editors": ("/usr/share/", "/usr/lib/"),
}  # fmt: skip
"""Where a category does not look: packages bring such files along, and nobody can leave them out."""
