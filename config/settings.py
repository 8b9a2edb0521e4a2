"""Settings of Reglament. Everything a deployment may change comes from the environment.

.env.example lists every variable with its default; a .env beside manage.py is read too.
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured

from config.services.state import State

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

VAR_DIR = Path(env.str("VAR_DIR", "") or BASE_DIR / "var")

# --- What kind of run this is -------------------------------------------------------------

DEBUG = env.bool("DEBUG", False)
# Off where plain http is meant, as on one's own machine: then no redirects and no HSTS.
HTTPS = env.bool("HTTPS", not DEBUG)

# Commands that touch neither sessions nor data may run before anything is set up.
_BUILDING = len(sys.argv) > 1 and sys.argv[1] in {
    "check", "collectstatic", "compilemessages", "makemessages", "makemigrations", "messages",
    "services",
}  # fmt: skip

SECRET_KEY = env.str("SECRET_KEY", "")
if not SECRET_KEY and (kept := VAR_DIR / "secret_key").is_file():
    # `services start` makes one and keeps it, so that people stay signed in over a restart.
    SECRET_KEY = kept.read_text().strip()
if not SECRET_KEY:
    if not (DEBUG or _BUILDING):
        raise ImproperlyConfigured(
            "SECRET_KEY is not set: give it 50 random characters or more, "
            "or run `make run` or `manage.py services start`, which make one."
        )
    SECRET_KEY = "insecure-key-for-development-and-building-only"  # noqa: S105

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where links in letters point to.
BASE_URL = env.str("BASE_URL", "http://localhost:8000").rstrip("/")

# --- Applications -------------------------------------------------------------------------

INSTALLED_APPS = [
    "config",
    "crm",
    "pipelines",
    "notifications",
    "licenses",
    "config.admin_site.AdminSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "django_fsm",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crm.middleware.CompressedPagesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "crm.middleware.WorkplaceMiddleware",
    "crm.middleware.PasswordAgeMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Pages --------------------------------------------------------------------------------

_CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
TEMPLATES = [
    {
        # First: a page that has a Jinja2 version is rendered by it. Cached by Jinja2 itself.
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates" / "jinja2"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "config.jinja2.environment",
            "context_processors": _CONTEXT_PROCESSORS,
            "auto_reload": DEBUG,
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": _CONTEXT_PROCESSORS},
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
# Our templates/django/forms/ go before Django's own.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.insert(INSTALLED_APPS.index("crispy_forms"), "django.forms")

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [folder for folder in [BASE_DIR / "static"] if folder.is_dir()]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.frontend.NpmFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "config.frontend.HashedStorage"
        )
    },
}
# In development a changed file shows at once, without collectstatic.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(VAR_DIR / "media"))
# No MEDIA_URL: attachments belong to deals, and a view asks who may see the deal first.

# --- Who one is ---------------------------------------------------------------------------

AUTH_USER_MODEL = "crm.User"
AUTHENTICATION_BACKENDS = ["crm.auth.Backend"]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
PASSWORD_RESET_TIMEOUT = 24 * 3600
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": "crm.passwords.NotUsedBefore"}]

# --- PostgreSQL and Redis -----------------------------------------------------------------

_database_url = env.str("DATABASE_URL", "")
_redis_url = env.str("REDIS_URL", "")
# True where at least one of the two is ours, from wheels: see config/services.
EMBEDDED_SERVICES = not (_database_url and _redis_url)
if EMBEDDED_SERVICES:
    # Before the first start there is no address yet; port 1 refuses at once, and manage.py
    # turns the refusal into a sentence. Commands that need no database just work.
    _state = State.read(VAR_DIR)
    _database_url = _database_url or (
        _state.addresses.database_url if _state else "postgres://reglament@127.0.0.1:1/reglament"
    )
    _redis_url = _redis_url or (_state.addresses.redis_url if _state else "redis://127.0.0.1:1/0")

REDIS_URL = _redis_url
DATABASES = {
    "default": {
        **env.db_url_config(_database_url),
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", 600),
        "CONN_HEALTH_CHECKS": True,
        # Parameters bound by the server let psycopg prepare what it sends often: a quarter off each statement.
        "OPTIONS": {"server_side_binding": True},
    }
}
CACHES = {
    "default": {
        "BACKEND": "config.cache.PatientCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "reglament",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", 14 * 24 * 3600)

# --- Celery -------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
# A task is done when it is done, not when it is fetched: a worker killed half-way leaves it
# to another. Tasks claim their rows in the database, so that a second run does no harm.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 300
CELERY_TASK_TIME_LIMIT = 330
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# None: keep trying. A broker that is away for an hour is not a reason to die.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_keepalive": True}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
# A tick that nobody took before the next one is due is worth nothing: `expires` keeps an
# outage of the workers from ending in a flood of them.
CELERY_BEAT_SCHEDULE = {
    "timers": {
        "task": "pipelines.tasks.tick",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "outbox": {
        "task": "notifications.tasks.deliver",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    # For pipelines whose own task was lost with the broker.
    "regulation": {
        "task": "pipelines.jobs.rearm_behind",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    # For batches whose worker was killed.
    "batches": {
        "task": "crm.jobs.resume_batches",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "reminders": {
        "task": "crm.jobs.remind",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "leaves": {
        "task": "crm.jobs.tell_deputies",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # For files whose worker was killed, and those older than a week.
    "exports": {
        "task": "crm.jobs.sweep_exports",
        "schedule": 120.0,
        "options": {"expires": 120},
    },
    # At nine o'clock of each person's own; a letter has one key a day.
    "digests": {
        "task": "crm.jobs.send_digests",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "old notices": {
        "task": "crm.jobs.forget_notices",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "counters": {
        "task": "crm.jobs.compact_counters",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}

# --- Mail ---------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Reglament <crm@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
if env.str("EMAIL_URL", ""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    # No server named: letters become files, so that a trial run sends nothing by accident.
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", 15)

# --- SMS and messengers -------------------------------------------------------------------

# Channel → where its messages are posted. Without an address they become files under GATEWAY_FILE_PATH.
GATEWAYS = {
    "sms": env.str("GATEWAY_SMS_URL", ""),
    "whatsapp": env.str("GATEWAY_WHATSAPP_URL", ""),
    "telegram": env.str("GATEWAY_TELEGRAM_URL", ""),
}
for _channel, _url in GATEWAYS.items():
    if _url and not (_url.startswith(("https://", "http://")) and urlsplit(_url).hostname):
        raise ImproperlyConfigured(
            f"GATEWAY_{_channel.upper()}_URL is not an address like https://gateway.example.com/send."
        )
# Signs what we post; the gateway proves by it that it was us.
GATEWAY_SECRET = env.str("GATEWAY_SECRET", "")
GATEWAY_TOKEN = env.str("GATEWAY_TOKEN", "")
GATEWAY_TIMEOUT = env.int("GATEWAY_TIMEOUT", 15)
# True only for gateways that send a message once however often they get its Idempotency-Key.
GATEWAY_IDEMPOTENT = env.bool("GATEWAY_IDEMPOTENT", False)
GATEWAY_FILE_PATH = str(VAR_DIR / "messages")

# --- Language and time --------------------------------------------------------------------

LANGUAGE_CODE = env.str("LANGUAGE_CODE", "ru")
LANGUAGES = [("ru", "Русский"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "Europe/Moscow")

# --- Security -----------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        # A stage has the colour its administrator chose: style attributes, but no style blocks.
        "style-src-attr": [UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [SELF],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 365 * 24 * 3600) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "crm.views.person.accounts.forged"
if env.bool("BEHIND_PROXY", False):
    # Only where a proxy always sets this header itself; otherwise anybody could claim https.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "crm.files.limits.TooLargeIsSkipped",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Logs: to standard error, one line an event -------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handler would print every line a second time.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # A refused move is a 409 a day, and no fault.
        "django.request": {"level": "ERROR"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
