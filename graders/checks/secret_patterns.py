"""What a secret looks like in a Dockerfile: names of variables and files, and the shapes of well-known keys.

A name is only suspicious together with a value: `ARG TOKEN` and `ENV PASSWORD_FILE=/run/secrets/x` give nothing away.
"""

import fnmatch
import re
from collections.abc import Iterator

_NAME = re.compile(
    r"(?:(?:^|[_.\-])(?:pwd|secret|token|(?:api|access|secret|private|signing|encryption)[_\-]?key|credentials?)"
    r"|password|passwd|passphrase)(?:[_\-]?[0-9]+)?$"
)
_PATH = re.compile(r"/[\w./\-]*")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_SECRETS = frozenset({"", "0", "1", "true", "false", "yes", "no", "on", "off", "none", "null"})
_NAMES_OF_NONE = frozenset({"pwd", "oldpwd"})
"""The shell's own variables."""
_ASSIGNED = re.compile(
    r"(?<![A-Za-z0-9_$\-./])(?:--)?([A-Za-z_][A-Za-z0-9_.\-]{0,80})=(\"[^\"\n]{1,400}\"|'[^'\n]{1,400}'|[^\s;&|\"')]{1,400})"
)
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY")),
    ("an access key of AWS", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a token of GitHub", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{40}")),
    ("a token of GitLab", re.compile(r"\bglpat-[A-Za-z0-9_\-]{20}")),
    ("a token of Slack", re.compile(r"\bxox[abprs]-[A-Za-z0-9\-]{10}")),
    ("a key of Google", re.compile(r"\bAIza[0-9A-Za-z_\-]{35}")),
    ("a key of Stripe", re.compile(r"\b[sr]k_live_[0-9A-Za-z]{16}")),
    ("a token of npm", re.compile(r"\bnpm_[A-Za-z0-9]{36}")),
    ("a signed token (JWT)", re.compile(r"\beyJ[A-Za-z0-9_\-]{8,2000}\.eyJ[A-Za-z0-9_\-]{8,2000}\.")),
    ("a password in an address", re.compile(r"\b[a-z][a-z0-9+.\-]{1,20}://[^/\s:@\"'$]{0,80}:[^/\s@\"'$]{1,200}@")),
    (
        "a token in a header",
        re.compile(r"authorization:\s{0,4}(?:bearer|basic|token)\s{1,4}[A-Za-z0-9+/._=\-]{8}", re.IGNORECASE),
    ),
)
_FILES = (
    ".env", ".env.*", "*.env", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*.key", "*_key.pem", "*-key.pem",
    "privkey*.pem", "private*.pem", "*.p12", "*.pfx", "*.jks", "*.kdbx", ".npmrc", ".pypirc", ".netrc",
    ".git-credentials", ".dockercfg", ".htpasswd", "credentials.json", "service-account*.json",
)  # fmt: skip
_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "example.env", "sample.env")
_FOLDERS = frozenset({".ssh", ".aws", ".gnupg"})


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name is meant to hold a secret: DB_PASSWORD and apiToken are, PASSWORD_FILE is not."""
    words = _HUMP.sub("_", name).lower()
    return words not in _NAMES_OF_NONE and _NAME.search(words) is not None


def gives_away(value: str) -> bool:
    """Whether the value of a secret's variable says anything: not when it is empty, a switch, a path or a variable."""
    plain = value.strip().strip("\"'").strip()
    return plain.lower() not in _NO_SECRETS and not plain.startswith(("$", "`")) and not _PATH.fullmatch(plain)


def shapes_in(text: str) -> Iterator[tuple[str, int]]:
    """Keys and tokens that are known by how they look: what it is, and where in the text it begins."""
    for what, shape in _SHAPES:
        for found in shape.finditer(text):
            yield what, found.start()


def assigned_in(command: str) -> Iterator[str]:
    """Names of secrets that a command line gives a value to, as in `TOKEN=abc`, `--password=abc`."""
    for found in _ASSIGNED.finditer(command):
        if is_secret_name(found[1]) and gives_away(found[2]):
            yield found[1]


def is_secret_file(path: str) -> bool:
    """Whether a file of this name usually holds a secret: .env and id_rsa do, .env.example and id_rsa.pub do not."""
    *folders, name = path.strip("/").split("/")
    lower = name.lower()
    if any(fnmatch.fnmatchcase(lower, example) for example in _EXAMPLES):
        return False
    if any(fnmatch.fnmatchcase(lower, pattern) for pattern in _FILES):
        return True
    return name in _FOLDERS or bool(_FOLDERS & set(folders) and not name.endswith(".pub"))
