"""Every setting of the house, read from the environment; README.md lists what matters.

`PARI_ENV` chooses among development (the default), demo, test and production. Only production
insists on secrets, real servers and HTTPS; a bad variable stops the start and is named.
"""

import os
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from config import business
from config.env import Env
from config.logs import logging_config
from config.provider import read_provider
from config.staff import staff_pages

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env(os.environ)

# --- Where this runs -----------------------------------------------------------------------------
PARI_ENV = env.text(
    "PARI_ENV", "development", choices=("development", "demo", "test", "production")
)
IN_PRODUCTION = PARI_ENV == "production"
DEBUG = env.flag("PARI_DEBUG", PARI_ENV == "development")
SECRET_KEY = env.text(
    "PARI_SECRET_KEY",
    None if IN_PRODUCTION else "django-insecure-key-for-one-machine-only-never-for-real-people",
    at_least=50,
)
SECRET_KEY_FALLBACKS = env.words("PARI_OLD_SECRET_KEYS")
ALLOWED_HOSTS = env.words("PARI_HOSTS", None if IN_PRODUCTION else ["localhost", "127.0.0.1"])
SITE_URL = env.text(
    "PARI_SITE_URL", f"https://{ALLOWED_HOSTS[0]}" if IN_PRODUCTION and ALLOWED_HOSTS else ""
)
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if IN_PRODUCTION else []

# --- Servers; `config.embedded` fills these in when they are unset -------------------------------
_DATABASE_URL = None if IN_PRODUCTION else "postgresql:///pari"
_DEFAULT = env.database("DATABASE_URL", _DATABASE_URL)
DATABASES: dict[str, dict[str, Any]] = {
    "default": _DEFAULT,
    # The provider's books of the payment sandbox: a database of its own, so that it commits on its
    # own connection and a rollback of ours never undoes what "the bank" did.
    "sandbox": env.database("SANDBOX_DATABASE_URL", "")
    or {**_DEFAULT, "NAME": f"{_DEFAULT.get('NAME', '')}_sandbox"},
}
for _alias in DATABASES.values():
    _alias["CONN_MAX_AGE"] = env.number("PARI_DATABASE_MAX_AGE", 60)
    _alias["CONN_HEALTH_CHECKS"] = True
DATABASE_ROUTERS = ["config.routers.SandboxRouter"]
REDIS_URL = env.redis("REDIS_URL", None if IN_PRODUCTION else "redis://127.0.0.1:6379/0")
REDIS_PREFIX = env.text("PARI_REDIS_PREFIX", "pari:")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"{REDIS_PREFIX}cache",
    }
}

# --- What the house is made of -------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "template_partials",
    "csp",
    "core",
    "ledger",
    "accounts",
    "notifications",
    "lending",
    "matching",
    "payments",
    "payments.sandbox",
    "web",
    "api",
    "demo",
]
MIDDLEWARE = [
    "api.middleware.ProblemDocuments",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.staff.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "web.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
# Collected for production only; elsewhere the files are served from where they lie.
STATIC_ROOT = env.text("PARI_STATIC_ROOT", str(BASE_DIR / "staticfiles")) if IN_PRODUCTION else None
# static/src is read by Tailwind alone; its imports are no files that a collector could follow.
STATICFILES_DIRS = [(name, BASE_DIR / "static" / name) for name in ("dist", "img", "js")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IN_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not IN_PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG

# --- Languages, dates, numbers -------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("de", _("German")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
MARKET_TIME_ZONE = "Europe/Berlin"
USE_THOUSAND_SEPARATOR = True

# --- People --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
# The address is unique in the database, whatever its case: a constraint, not a field option.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
if PARI_ENV == "demo":
    PASSWORD_HASHERS = ["demo.hashers.DemoPasswordHasher", *PASSWORD_HASHERS]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATORS}.NumericPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/home/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "web.forms.account.LoginForm",
    "signup": "web.forms.account.SignUpForm",
    "add_email": "web.forms.account.AddEmailForm",
    "change_password": "web.forms.account.ChangePasswordForm",
    "reset_password": "web.forms.account.ResetPasswordForm",
    "reset_password_from_key": "web.forms.account.ResetPasswordKeyForm",
    "reauthenticate": "web.forms.account.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IN_PRODUCTION else "http"

# --- Safety of the pages -------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IN_PRODUCTION
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if IN_PRODUCTION else "pari_session"
CSRF_COOKIE_NAME = "__Host-csrf" if IN_PRODUCTION else "pari_csrf"
LANGUAGE_COOKIE_NAME = "pari_language"
SESSION_COOKIE_AGE = 12 * 60 * 60
SECURE_SSL_REDIRECT = env.flag("PARI_HTTPS_REDIRECT", IN_PRODUCTION)
SECURE_HSTS_SECONDS = env.number("PARI_HSTS_SECONDS", 31_536_000 if IN_PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IN_PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
UNFOLD = staff_pages()
if env.flag("PARI_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF, "https://checkout.stripe.com"],
        "frame-ancestors": [NONE],
    }
}

# --- Letters -------------------------------------------------------------------------------------
EMAIL_BACKEND = env.text(
    "PARI_EMAIL_BACKEND",
    "django.core.mail.backends."
    + {"production": "smtp", "test": "locmem", "demo": "filebased"}.get(PARI_ENV, "console")
    + ".EmailBackend",
)
EMAIL_FILE_PATH = env.text("PARI_EMAIL_FOLDER", str(BASE_DIR / ".pari" / "mail"))
EMAIL_HOST = env.text("PARI_EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("PARI_EMAIL_PORT", 587, at_least=1)
EMAIL_HOST_USER = env.text("PARI_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("PARI_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = env.flag("PARI_EMAIL_TLS", True)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("PARI_EMAIL_FROM", "Pari <pari@localhost>")

# --- Programs that call us -----------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.BearerToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.parsing.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "api.pagination.KeysetPagination",
    "DEFAULT_THROTTLE_CLASSES": ["api.throttling.PerAddress", "api.throttling.PerPerson"],
    "DEFAULT_THROTTLE_RATES": {
        "anonymous": "120/minute",
        "person": "600/minute",
        "money": "120/minute",
        "login": "20/minute",
    },
    "NUM_PROXIES": 1 if env.flag("PARI_BEHIND_PROXY", False) else 0,
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "api.schema.Operation",
    "EXCEPTION_HANDLER": "api.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pari",
    "DESCRIPTION": "A marketplace for loans from people to people. Amounts are whole cents, rates "
    "are fractions in text, errors are problem documents (RFC 9457).",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RequestStatus": "lending.states.RequestStatus",
        "OfferStatus": "lending.states.OfferStatus",
        "OfferSource": "lending.states.OfferSource",
        "SpareStatus": "lending.states.SpareStatus",
        "LoanStatus": "lending.states.LoanStatus",
        "MandateStatus": "lending.states.MandateStatus",
        "AmountBorder": "lending.choices.AMOUNT_CHOICES",
        "Grade": "lending.choices.Grade",
        "Purpose": "lending.choices.Purpose",
        "Role": "accounts.models.Role",
    },
}

# --- The market --------------------------------------------------------------------------------
# "48:50,96:75": until a request is 48 hours old mandates may hold 50 % of it, until 96 hours 75 %,
# so that a person who looks every other day finds something; from then on all but the hand slice.
MANDATES_SHARE = env.steps("PARI_MANDATES_SHARE", ((48, 50), (96, 75)))
HAND_SLICE_PERCENT = env.number("PARI_HAND_SLICE_PERCENT", 0, at_most=50)

# --- Work for later: a hint only, since what is due is always a query ----------------------------
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace(
    "?db=", "?virtual_host="
)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": REDIS_PREFIX,
    "visibility_timeout": 3_600,
    "socket_timeout": 30,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 15 * 60
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "core.work_on_shards": {"queue": "settlement"},
    "matching.*": {"queue": "rounds"},
    "payments.*": {"queue": "provider"},
    "notifications.*": {"queue": "mail"},
}
CELERY_QUEUES_ALL = ["default", "rounds", "provider", "mail", "settlement"]
CELERY_BEAT_SCHEDULE = {
    "run-due-round": {"task": "matching.run_due_round", "schedule": 60.0},
    "day-end": {"task": "core.run_day_end_due", "schedule": crontab(minute="*/5")},
    "sweep": {"task": "payments.sweep", "schedule": crontab(minute="*/10")},
    "reread-books": {
        "task": "payments.reread_books",
        "schedule": crontab(hour="3", minute="10", day_of_week="sunday"),
    },
    "letters": {"task": "notifications.send_due", "schedule": 60.0},
    "seal": {"task": "ledger.seal", "schedule": crontab(minute="*/5")},
    "check-chains": {"task": "ledger.check_chains", "schedule": crontab(hour="2", minute="20")},
}
CELERY_BEAT_SCHEDULE_FILENAME = env.text(
    "PARI_BEAT_FILE", str(BASE_DIR / ".pari" / "beat-schedule")
)

# What closes a day and what proves the money, in order: lists of dotted names.
DAY_END_STEPS = business.DAY_END_STEPS
LOAN_STEPS = business.LOAN_STEPS
MONEY_CHECKS = business.MONEY_CHECKS

# --- The heads of the ledger's seals, kept outside the database ----------------------------------
LEDGER_HEADS = env.text(
    "PARI_LEDGER_HEADS", None if IN_PRODUCTION else str(BASE_DIR / ".pari" / "heads")
)
# Signs each head; where none is set, outside production, one is made in that folder.
LEDGER_KEY = env.text("PARI_LEDGER_KEY", None if IN_PRODUCTION else "", at_least=32)
OLD_LEDGER_KEYS = env.words("PARI_OLD_LEDGER_KEYS")

# --- The payment provider; without a key the embedded sandbox answers ----------------------------
_PROVIDER = read_provider(env, debug=DEBUG, is_demo=PARI_ENV == "demo")
STRIPE_KEY, STRIPE_ROLE = _PROVIDER.key, _PROVIDER.role
STRIPE_API_BASE, STRIPE_IS_LIVE = _PROVIDER.base, _PROVIDER.is_live
STRIPE_WEBHOOK_SECRETS = env.words("PARI_STRIPE_WEBHOOK_SECRETS")  # newest first, two to roll over
STRIPE_THIN_WEBHOOK_SECRETS = env.words("PARI_STRIPE_THIN_WEBHOOK_SECRETS")
STRIPE_TIMEOUTS = (5.0, 20.0)  # seconds to connect, and to wait for an answer
STRIPE_CALLS_PER_SECOND = env.number("PARI_STRIPE_CALLS_PER_SECOND", 20, at_least=1)  # by all
STRIPE_PATIENCE_SECONDS = env.number("PARI_STRIPE_PATIENCE_SECONDS", 10)  # to wait for a turn
STRIPE_TURNS_IN_SANDBOX = env.flag("PARI_STRIPE_TURNS_IN_SANDBOX", False)
# Days for which money from a direct debit stays in the wallet: the payer may take it back so long.
SEPA_SEASONING_DAYS = env.number("PARI_SEPA_SEASONING_DAYS", 56)
INSTALMENT_SEASONING_DAYS = env.number("PARI_INSTALMENT_SEASONING_DAYS", 5, at_most=30)  # bank days
BANK_COOL_DOWN_HOURS = env.number("PARI_BANK_COOL_DOWN_HOURS", 24)
PROVIDER_RECORD = env.text("PARI_PROVIDER_RECORD", "")
if STRIPE_KEY and not STRIPE_WEBHOOK_SECRETS:
    env.complain("PARI_STRIPE_WEBHOOK_SECRETS", "is needed with PARI_STRIPE_KEY")

# --- What is told to the operator ----------------------------------------------------------------
LOGGING_CONFIG = None
LOGGING = logging_config(
    as_json=env.flag("PARI_LOG_JSON", IN_PRODUCTION),
    level=env.text(
        "PARI_LOG_LEVEL",
        "WARNING" if PARI_ENV == "test" else "INFO",
        choices=("DEBUG", "INFO", "WARNING", "ERROR"),
    ),
)

env.finish()
