"""Settings, read from the environment; where DATABASE_URL or REDIS_URL is unset the embedded servers answer.

PHANO_LINT=1 gives settings that need no server and no secret: checks, types and migrations are read with them.
"""

import os
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent.parent
LINT = os.environ.get("PHANO_LINT") == "1"
EMBEDDED = not LINT and not os.environ.get("DATABASE_URL")
EMBEDDED_BROKER = not LINT and not os.environ.get("REDIS_URL")
DATA = Path(os.environ.get("PHANO_DATA") or BASE_DIR / ".phano")


def read_secret(name: str, variable: str) -> str:
    """A secret from `variable`, else, in the embedded default only, from the data folder; raises KeyError."""
    if value := os.environ.get(variable):
        return value
    if LINT:
        return "lint-" + name.ljust(60, "-")
    if not EMBEDDED:
        raise KeyError(f"{variable} must be set when DATABASE_URL is.")
    from phano import embedded

    return embedded.secret(name)


def database(url: str, **options: Any) -> dict[str, Any]:
    """Django's database entry for a PostgreSQL URL, as libpq itself reads it."""
    parts = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "phano"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "ATOMIC_REQUESTS": True,
        "OPTIONS": {**parts, **options},
    }


def broker(redis_url: str) -> str:
    """Celery's spelling of a server's address, which differs for a unix socket."""
    return redis_url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")


if LINT:
    DATABASE_URL, OWNER_URL, ADMIN_URL = "postgresql:///phano", "", ""
    REDIS_URL = "redis://localhost:1/0"
else:
    urls: dict[str, str] = {}
    if EMBEDDED or EMBEDDED_BROKER:
        from phano import embedded

        urls = dict(embedded.urls())
    DATABASE_URL = os.environ.get("DATABASE_URL") or urls["DATABASE_URL"]
    OWNER_URL = os.environ.get("DATABASE_OWNER_URL") or urls.get("DATABASE_OWNER_URL", "")
    ADMIN_URL = os.environ.get("DATABASE_ADMIN_URL") or urls.get("DATABASE_ADMIN_URL", "")
    REDIS_URL = os.environ.get("REDIS_URL") or urls["REDIS_URL"]

# With a dead database a pool without a limit makes every command wait 30 s.
POOL = {"min_size": 0, "max_size": int(os.environ.get("PHANO_POOL_SIZE", "8")), "timeout": 3}
DATABASES = {"default": database(DATABASE_URL, pool=POOL)}
if OWNER_URL:
    # Only migrations speak to it: a request must not open a transaction there.
    DATABASES["owner"] = database(OWNER_URL) | {"ATOMIC_REQUESTS": False}
DATABASE_ROUTERS = ["accounts.routers.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SECRET_KEY = read_secret("django", "DJANGO_SECRET_KEY")
CONTEXT_SECRET = read_secret("context", "PHANO_CONTEXT_SECRET")
KEY_STORE = Path(os.environ.get("PHANO_KEY_STORE") or DATA / "keys" / "store")
MASTER_KEY_FILE = Path(os.environ.get("PHANO_MASTER_KEY_FILE") or DATA / "keys" / "master")
# Who attested, when and for what, that the database's disks are encrypted; `check --deploy` asks for it.
DISK_ENCRYPTION = os.environ.get("PHANO_DISK_ENCRYPTION", "")
if EMBEDDED and not os.environ.get("PHANO_MASTER_KEY_FILE"):
    MASTER_KEY_FILE = embedded.master_key_file()

DEBUG = os.environ.get("PHANO_DEBUG") == "1"
PORT = os.environ.get("PORT", "8000")
ALLOWED_HOSTS = os.environ.get("PHANO_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
PUBLIC_URL = os.environ.get("PHANO_PUBLIC_URL", f"http://localhost:{PORT}")
HTTPS = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "accounts",
    "portfolio",
    "integrations",
    "diagnostics",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.MemberPreferences",
]
ROOT_URLCONF = "phano.urls"
WSGI_APPLICATION = "phano.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.web.shell",
            ],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Phano: "
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = None
# Whoever finds an open browser must not be able to make the account their own.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Only in the browser that is in the middle of signing up; allauth checks that itself.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
# The key of login_failed is an address and, in a browser that has signed in before, that browser: see the adapter.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/300s/key", "login": "60/m/ip", "reset_password": "20/m/ip,5/h/key"}
# Without it every visitor behind the proxy would share one rate limit.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if os.environ.get("PHANO_BEHIND_PROXY") == "1" else 0
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_FORMS = {"add_webauthn": "accounts.passkeys.AddPasskeyForm"}
# A passkey signs in alone: it must have asked for a finger, a face or a PIN.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Phano"
# Passkeys need a secure origin; browsers count http://localhost as one.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# Kept under the digest of their key: a leaked table or cache signs nobody in.
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    # With this prefix a browser takes no such cookie from a sibling host or over plain HTTP.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("PHANO_BEHIND_PROXY") == "1" else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    # The TOTP enrolment page shows its QR code as a data: image.
    "img-src": [CSP.SELF, "data:"],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "manifest-src": [CSP.SELF],
}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CELERY_BROKER_URL = broker(REDIS_URL)
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "queue-due-nights": {
        "task": "diagnostics.queue_due_nights",
        # Nights are due at each organization's own hour, mostly a half or a full one: 2 minutes later misses the rush,
        # and every 5 minutes is how late a night begins at most.
        "schedule": crontab(minute="2-59/5"),
        "options": {"expires": 240},
    },
    "clear-old-files": {
        "task": "portfolio.clear_old_files",
        # An export is kept for a day, to the hour.
        "schedule": crontab(minute="43"),
        "options": {"expires": 3000},
    },
    "clear-expired-sessions": {
        "task": "accounts.tasks.clear_expired_sessions",
        # Between the nights' rush and the first people at work, in most of Europe.
        "schedule": crontab(hour="5", minute="17"),
        "options": {"expires": 3600},
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = EMBEDDED or DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if EMBEDDED or LINT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = Path(os.environ.get("PHANO_MEDIA") or DATA / "files")
FILE_UPLOAD_HANDLERS = ["portfolio.uploads.LimitedUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

DEFAULT_FROM_EMAIL = os.environ.get("PHANO_MAIL_FROM", "Phano <phano@localhost>")
if os.environ.get("PHANO_SMTP_HOST"):
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {
                "host": os.environ["PHANO_SMTP_HOST"],
                "port": int(os.environ.get("PHANO_SMTP_PORT", "587")),
                "username": os.environ.get("PHANO_SMTP_USER", ""),
                "password": os.environ.get("PHANO_SMTP_PASSWORD", ""),
                "use_tls": os.environ.get("PHANO_SMTP_TLS", "1") == "1",
            },
        }
    }
else:
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(DATA / "mail")},
        }
    }

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("PHANO_LOG_LEVEL", "INFO")},
}
TRIAL_DAYS = 14
