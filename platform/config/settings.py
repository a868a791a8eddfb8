"""Every setting, driven by the environment; docs/configuration.md lists the variables."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF

from config import admin_look
from config.logging import configure_structlog, logging_settings

env = environ.Env()

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PLATFORM = REPOSITORY / "platform"

# ── Which machine this is ─────────────────────────────────────────────────────────────────────────────────────────
DRYDOCK_ENV = env.str("DRYDOCK_ENV", default="development")
if DRYDOCK_ENV not in {"development", "production"}:
    raise environ.ImproperlyConfigured(f"DRYDOCK_ENV is {DRYDOCK_ENV!r}: set it to development or production.")
PRODUCTION = DRYDOCK_ENV == "production"
DEBUG = env.bool("DEBUG", default=False)
DRYDOCK_DATA = Path(env.str("DRYDOCK_DATA", default=str(REPOSITORY / "var")))
DRYDOCK_INSTANCE = env.str("DRYDOCK_INSTANCE", default="drydock")

DEVELOPMENT_SECRET_KEY = "development-only-and-refused-in-production"  # noqa: S105 - production refuses to start with it
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.admin",
    "config",
    "accounts",
    "courses",
    "gradebook",
    "quizzes",
    "labs",
    "authoring",
    "portal",
    "api",
    "allauth",
    "allauth.account",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_filters",
    "django_htmx",
    "django_cotton",
    "django_prometheus",
    "django_structlog",
    "csp",
]

MIDDLEWARE = [
    "config.lengths.DeclaredLengthMiddleware",
    "config.probes.ProbesMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.queries.QueryMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PLATFORM / "portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# ── Database: SQLite for one machine, PostgreSQL for many ─────────────────────────────────────────────────────────
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DRYDOCK_DATA / 'db.sqlite3'}")
}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Deferred transactions fail as "locked" when two of them turn from reading to writing; immediate ones wait.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# ── Redis: wake-up calls, throttles, caches; never the only place where something is kept ────────────────────────
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "config.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": DRYDOCK_INSTANCE,
        # A Redis that is down costs throttling and speed, never a page.
        "OPTIONS": {
            "IGNORE_EXCEPTIONS": True,
            "SOCKET_CONNECT_TIMEOUT": 1,
            "SOCKET_TIMEOUT": 1,
        },
    }
}

# Celery writes a Redis on a socket in a way of its own.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "max_retries": 0,  # handing in waits for no Redis that is away: the sweeper calls later; workers reconnect anyway
    "socket_timeout": 5,
    "global_keyprefix": f"{DRYDOCK_INSTANCE}:",
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False  # the database is the queue of record: a message is only a wake-up call
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "grading"
CELERY_TIMEZONE = "UTC"

# ── The sandbox ──────────────────────────────────────────────────────────────────────────────────────────────────
SANDBOX_ENGINES: list[str] = env.list("SANDBOX_ENGINES", default=[])
SANDBOX_ENGINE = env.str("SANDBOX_ENGINE", default=SANDBOX_ENGINES[0] if SANDBOX_ENGINES else "")
# What opens the engine at an address, and what says which of its required protections do not hold.
SANDBOX_FACTORY = env.str("SANDBOX_FACTORY", default="graders.sandbox.docker.DockerSandbox")
SANDBOX_AUDIT = env.str("SANDBOX_AUDIT", default="graders.sandbox.audit.required_failures")

# ── Grading ──────────────────────────────────────────────────────────────────────────────────────────────────────
GRADING_REQUIRES_SAFE_ENGINE = env.bool("GRADING_REQUIRES_SAFE_ENGINE", default=PRODUCTION)
# A worker that has not renewed its lease for so long is taken for dead.
GRADING_LEASE_SECONDS = env.float("GRADING_LEASE_SECONDS", default=30.0)
# How long a worker grades on one wake-up call before it makes room for the next call.
GRADING_SHIFT_SECONDS = env.float("GRADING_SHIFT_SECONDS", default=300.0)
# How long a worker carries proofs of questions out on one wake-up call; submissions go first all the while.
PROOF_SHIFT_SECONDS = env.float("PROOF_SHIFT_SECONDS", default=120.0)
WORKER_NAME = env.str("WORKER_NAME", default="")
WORKERS_EXPECTED = env.int("WORKERS_EXPECTED", default=0)  # with fewer, /readyz says degraded; 0: any number will do

# ── Consoles ─────────────────────────────────────────────────────────────────────────────────────────────────────
# The engine that sessions share, for the worker that carries out what is typed and for whoever tends the engine.
CONSOLE_ENGINE = env.str("CONSOLE_ENGINE", default="")
# What this engine is called in the database; empty: the folder of its socket, or its host.
CONSOLE_NAME = env.str("CONSOLE_NAME", default="")
CONSOLE_FACTORY = env.str("CONSOLE_FACTORY", default="labs.console_engine.DockerConsoles")
CONSOLE_IDLE_MINUTES = env.float("CONSOLE_IDLE_MINUTES", default=30.0)
CONSOLE_HARD_MINUTES = env.float("CONSOLE_HARD_MINUTES", default=180.0)
# A worker that has not renewed its lease on a line for so long is taken for dead.
CONSOLE_LEASE_SECONDS = env.float("CONSOLE_LEASE_SECONDS", default=30.0)
# How long a thread carries lines out on one wake-up call before it makes room for the next call.
CONSOLE_SHIFT_SECONDS = env.float("CONSOLE_SHIFT_SECONDS", default=60.0)
CONSOLE_WAITERS = env.int("CONSOLE_WAITERS", default=4)  # threads of a web process that wait for lines at once
CONSOLES_AT_MOST = env.int("CONSOLES_AT_MOST", default=60)  # live ones, on all engines together
CONSOLES_EXPECTED = env.int("CONSOLES_EXPECTED", default=0)  # workers; with fewer, /readyz says degraded

# ── Course files brought by the browser ──────────────────────────────────────────────────────────────────────────
COURSE_IMPORT_MIB = env.float("COURSE_IMPORT_MIB", default=32.0)  # the upload, and all of its files once unpacked
COURSE_IMPORT_FILES = env.int("COURSE_IMPORT_FILES", default=4000)
COURSE_IMPORT_HOURS = env.float("COURSE_IMPORT_HOURS", default=24.0)  # how long a difference can be confirmed
COURSE_GIT_HOSTS: list[str] = env.list("COURSE_GIT_HOSTS", default=["*"])  # `*`: every host on the Internet
COURSE_GIT_PRIVATE_HOSTS: list[str] = env.list("COURSE_GIT_PRIVATE_HOSTS", default=[])  # at inside addresses, too
COURSE_GIT_CA_FILE = env.str("COURSE_GIT_CA_FILE", default="")  # certificates that those hosts are known by
COURSE_GIT_SECONDS = env.float("COURSE_GIT_SECONDS", default=60.0)

# ── People ───────────────────────────────────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:dashboard"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = env.str("ACCOUNT_EMAIL_VERIFICATION", default="mandatory" if PRODUCTION else "none")
ACCOUNT_SIGNUP_OPEN = env.bool("ACCOUNT_SIGNUP_OPEN", default=not PRODUCTION)
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Drydock: "
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_CONFIG["EMAIL_HOST"]
EMAIL_PORT = EMAIL_CONFIG["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL_CONFIG["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL_CONFIG["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("EMAIL_USE_SSL", False)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Drydock <drydock@localhost>")

# ── Words and times ──────────────────────────────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")

# ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
STATIC_ROOT = DRYDOCK_DATA / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DRYDOCK_DATA / "files"},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env.bool("STATIC_MANIFEST", default=PRODUCTION)
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 500

# ── What browsers are told ───────────────────────────────────────────────────────────────────────────────────────
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
# The admin's theme evaluates expressions and styles elements inline: it has a policy of its own (config.csp).
ADMIN_CONTENT_SECURITY_POLICY = {
    **CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src": [SELF, "'unsafe-eval'", "'unsafe-inline'"],
    "style-src": [SELF, "'unsafe-inline'"],
}
X_FRAME_OPTIONS = "DENY"
# Whether a proxy stands in front that sets X-Forwarded-Proto, X-Forwarded-For and X-Request-ID itself.
TRUST_PROXY: bool = env.bool("TRUST_PROXY", default=False)
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "drydock_session"
CSRF_COOKIE_NAME = "drydock_csrf"
CSRF_COOKIE_HTTPONLY = False  # open pages read the newest token there: signing in again changes it
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failure"
if PRODUCTION:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True

# ── What is written down, and who may read it ────────────────────────────────────────────────────────────────────
LOG_FORMAT = env.str("LOG_FORMAT", default="json" if PRODUCTION else "console")
if LOG_FORMAT not in {"json", "console"}:
    raise environ.ImproperlyConfigured(f"LOG_FORMAT is {LOG_FORMAT!r}: set it to json or console.")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
configure_structlog()
LOGGING = logging_settings(style=LOG_FORMAT, level=LOG_LEVEL)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG  # wake-up calls are many and say nothing
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line a request, when it is answered
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = TRUST_PROXY
METRICS_ALLOWED: list[str] = env.list("METRICS_ALLOWED", default=["127.0.0.0/8", "::1/128"])
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# ── The REST API ─────────────────────────────────────────────────────────────────────────────────────────────────
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "api.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["api.throttles.Strangers", "api.throttles.People"],
    "DEFAULT_THROTTLE_RATES": {
        "strangers": env.str("API_RATE_STRANGERS", default="60/min"),
        "people": env.str("API_RATE_PEOPLE", default="600/min"),
        "sign_ins": env.str("API_RATE_SIGN_INS", default="30/min"),
        "sign_ins_by_account": env.str("API_RATE_SIGN_INS_BY_ACCOUNT", default="10/min"),
        "submissions": env.str("API_RATE_SUBMISSIONS", default="30/min"),
        "console_lines": env.str("API_RATE_CONSOLE_LINES", default="120/min"),
    },
    "NUM_PROXIES": env.int("NUM_PROXIES", default=0),
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "api.errors.ProblemHandler",
    "EXCEPTION_FORMATTER_CLASS": "api.errors.ProblemFormatter",
}
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=env.int("API_TOKEN_DAYS", default=30)),
    "TOKEN_LIMIT_PER_USER": None,
    "TOKEN_PREFIX": "drydock_",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Drydock",
    "DESCRIPTION": "Quizzes and labs about containers, graded by building and running what students hand in.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "PATH_CONVERTER_OVERRIDES": {"id": int},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.schema.describe_problems",
    ],
    # The pages load nothing from elsewhere.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "AttemptState": "quizzes.models.AttemptState",
        "SubmissionState": "labs.states.State",
        "ConsoleState": "labs.console_states.ConsoleState",
        "ConsoleEntryState": "labs.console_states.EntryState",
    },
}

# ── The admin ────────────────────────────────────────────────────────────────────────────────────────────────────
UNFOLD = admin_look.UNFOLD
