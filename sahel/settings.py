"""All settings, from the environment; with none set, a safe local instance (DEBUG off, SQLite)."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))


def _secret_key_made_once() -> str:
    """Give the key kept beside the data, made at the first call and readable by us alone."""
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = DATA_DIR / "secret-key"
    if not path.exists():
        with suppress(FileExistsError):  # another process was first
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            path.write_text(secrets.token_urlsafe(50))
    return path.read_text().strip()


DEBUG = env.bool("DEBUG", default=False)
HTTPS = env.bool("HTTPS", default=False)  # set it wherever TLS stands in front: in production
SECRET_KEY = env.str("SECRET_KEY", default="")
if HTTPS and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5):
    raise ImproperlyConfigured(
        "HTTPS needs a SECRET_KEY of at least 50 characters, kept where a backup has it. Make one: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(64))'"
    )
SECRET_KEY = SECRET_KEY or _secret_key_made_once()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # former ones
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CONTACT = env.str("CONTACT", default="")  # where readers may report an error: an e-mail address
APPROVAL = env.bool("APPROVAL", default=False)  # whether publishing takes a second person
LINK_CHECK = env.bool("LINK_CHECK", default=False)  # whether `check_links` may ask other sites
if HTTPS and DEBUG:
    raise ImproperlyConfigured("DEBUG shows readers our code and settings: unset it, or HTTPS.")
if HTTPS and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("HTTPS needs ALLOWED_HOSTS: the names readers use, not *.")

INSTALLED_APPS = [
    "sahel.apps.SahelConfig",  # first: its templates come before the admin's
    "sahel.apps.DeskConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
]

MIDDLEWARE = [
    "sahel.logs.RequestIds",
    "sahel.metrics.Counted",
    "sahel.middleware.SafeHeaders",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "sahel.errors.Explained",
    "sahel.middleware.KnownMethods",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sahel.databases.Databases",
    "sahel.caching.PublicPages",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "sahel.middleware.AdminBadInput",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "sahel.sessions.EditorsSessions",
    "sahel.middleware.EditorsChanges",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "sahel.urls"
WSGI_APPLICATION = "sahel.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "sahel" / "locale"]
FORMAT_MODULE_PATH = ["sahel.formats"]
USE_TZ = True
TIME_ZONE = "UTC"

TEMPLATES = [
    *(  # readers' pages, compiled for each language
        {
            "BACKEND": "django.template.backends.jinja2.Jinja2",
            "NAME": language,
            "DIRS": [BASE_DIR / "templates"],
            "OPTIONS": {"environment": "sahel.pages.environment", "language": language},
        }
        for language, _name in LANGUAGES
    ),
    {  # the admin's
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

# The database -------------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'sahel.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Django turns foreign keys on by itself. An immediate transaction waits for its turn at the
    # start; a deferred one that reads and then writes fails with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # What REPLACE takes out passes the triggers, too.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        "PRAGMA recursive_triggers=ON;",
    }
# Each thread keeps its connection: to open one is most of a short answer.
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
_hosts = DATABASES["default"].get("OPTIONS", {}).get("host", "")
if "," in _hosts:  # a primary and standbys, which libpq tells apart
    # A server that vanished is given up in seconds; a standby that is back is used within a minute.
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    _patience = {
        "connect_timeout": 2,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 5000,
    }
    _primary = DATABASES["default"]["OPTIONS"] | _patience
    DATABASES["default"]["OPTIONS"] = _primary | {"target_session_attrs": "read-write"}
    DATABASES["standby"] = DATABASES["default"] | {
        "OPTIONS": _primary
        | {
            "target_session_attrs": "prefer-standby",
            "options": "-c default_transaction_read_only=on -c statement_timeout=10s",
        },
        "TEST": {"MIRROR": "default"},
    }
    DATABASE_ROUTERS = ["sahel.databases.Router"]

# Static files -------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

# Mail ---------------------------------------------------------------------------------------------

EMAIL_FROM = env.str("EMAIL_FROM", default="")
ALERTS = bool(env.str("EMAIL_URL", default=""))  # whether readers may have digests by e-mail
if ALERTS:
    if not EMAIL_FROM or any(host.startswith(("*", ".")) for host in ALLOWED_HOSTS):
        raise ImproperlyConfigured(
            "EMAIL_URL needs EMAIL_FROM, the address that mails are from, "
            "and hosts by name in ALLOWED_HOSTS, where mails lead."
        )
    _mail = env.email("EMAIL_URL")
    MAILERS = {"default": {"BACKEND": _mail["EMAIL_BACKEND"]}}
    if _mail["EMAIL_BACKEND"].endswith("filebased.EmailBackend"):  # to try it without a server
        MAILERS["default"]["OPTIONS"] = {"file_path": f"/{_mail['EMAIL_FILE_PATH']}"}
    elif _mail["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
        MAILERS["default"]["OPTIONS"] = {
            "host": _mail["EMAIL_HOST"],
            "port": _mail["EMAIL_PORT"],
            "username": _mail["EMAIL_HOST_USER"],
            "password": _mail["EMAIL_HOST_PASSWORD"],
            "use_tls": _mail.get("EMAIL_USE_TLS"),
            "use_ssl": _mail.get("EMAIL_USE_SSL"),
            "timeout": 10,  # seconds: a reader waits for it, and on SQLite an editor
        }

# Security -----------------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"  # no site that we lead to learns from where
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "sahel.errors.csrf_failure"
SESSION_COOKIE_AGE = 8 * 60 * 60  # seconds without use; in all, `sahel.sessions.LONGEST`
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:  # no other host, and no page without TLS, can set them (RFC 6265bis)
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
OTP_TOTP_ISSUER = "Sahel timeline"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # what watches each process asks it directly
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]

AUTHENTICATION_BACKENDS = ["sahel.signin.Accounts"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# To watch it --------------------------------------------------------------------------------------

LOG_FORMAT = env.str("LOG_FORMAT", default="plain")  # for people; "json" for machines
LOG_ADDRESSES = env.bool("LOG_ADDRESSES", default=False)  # the beginnings of readers' addresses
SLOW_QUERY_MS = env.int("SLOW_QUERY_MS", default=500)  # from which a query is logged; 0: none is
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # who has it may read /metrics
if LOG_FORMAT not in ("plain", "json"):
    raise ImproperlyConfigured(f"LOG_FORMAT is plain or json, not {LOG_FORMAT}.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "sahel.logs.PlainFormatter"},
        "json": {"()": "sahel.logs.JSONFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
    "loggers": {"sahel.security": {"level": "INFO"}},  # who got in is to be known, too
}
