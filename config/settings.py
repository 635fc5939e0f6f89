"""All settings, driven by the environment. See docs/operations.md for what each variable does."""

import os
import sys
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import s3

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules


def flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def words(name: str, default: str = "") -> list[str]:
    return [w.strip() for w in os.environ.get(name, default).split(",") if w.strip()]


DEMO = flag("DEMO")  # the demo district: shared password, shown accounts, a clock that can be set
DEBUG = flag("DEBUG")
SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-demo-and-tests" if DEMO or TESTING else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("请设置环境变量 SECRET_KEY（SECRET_KEY must be set outside the demo）")
DEMO_PASSWORD = os.environ.get("DEMO_PASSWORD", "zhuan-2018-101")

ALLOWED_HOSTS = words("ALLOWED_HOSTS", "*" if DEMO or TESTING else "")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")
# Where people outside reach the portal: the address in the QR of every letter. A district's profile may name its own.
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000" if DEMO or TESTING else "")

# A clock that starts at a given moment, so that weeks can be walked through in the demo (see audit/clock.py).
BUSINESS_NOW = os.environ.get("BUSINESS_NOW", "")
BUSINESS_NOW_SET_AT = os.environ.get("BUSINESS_NOW_SET_AT", "")
# … or one that a file tells, wound by the torture run; and a beat that ticks as much faster.
BUSINESS_CLOCK = os.environ.get("BUSINESS_CLOCK", "")
BEAT_SPEEDUP = float(os.environ.get("BEAT_SPEEDUP", "1"))
if (BUSINESS_NOW or BUSINESS_CLOCK or BEAT_SPEEDUP != 1) and not (DEMO or TESTING):
    raise ImproperlyConfigured(
        "BUSINESS_NOW、BUSINESS_CLOCK、BEAT_SPEEDUP 只能在演示和测试中使用（refused outside demo and tests）"
    )

INSTALLED_APPS = [
    "audit",
    "organisations",
    "records",
    "deadlines",
    "risks",
    "config",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "axes",
]

MIDDLEWARE = [
    "config.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "organisations.middleware.SessionLimitsMiddleware",
    "organisations.middleware.ActingPostMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
                "config.shell.shell",
            ]
        },
    }
]

DATABASES = {
    "default": dj_database_url.config(
        default="postgresql://127.0.0.1:5432/zhuan",
        # Behind pgbouncer in transaction mode a cursor of the server does not outlive its statement (docs/scaling.md).
        conn_max_age=60,
        disable_server_side_cursors=flag("DATABASE_POOLED"),
    )
    | {"ATOMIC_REQUESTS": False}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,  # longer than the longest task
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}

AUTH_USER_MODEL = "organisations.Account"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "organisations.password_rules.ThreeClassesValidator"},
    {"NAME": "organisations.password_rules.NotOneselfValidator"},
]
# Officials change their password after so many days; 0 is never.
PASSWORD_MAX_AGE_DAYS = int(os.environ.get("PASSWORD_MAX_AGE_DAYS", "0" if DEMO else "90"))
# Who needs an authenticator app besides the password: officials, all, off. The key encrypts its secrets at rest.
REQUIRE_TOTP = os.environ.get("REQUIRE_TOTP", "off" if DEMO or TESTING else "officials")
if REQUIRE_TOTP not in {"officials", "all", "off"}:
    raise ImproperlyConfigured("REQUIRE_TOTP 只能是 officials、all、off（must be one of these）")
SECOND_FACTOR_KEY = os.environ.get("SECOND_FACTOR_KEY", "")
API_TOKEN_MAX_DAYS = int(os.environ.get("API_TOKEN_MAX_DAYS", "30"))
# Accounts nobody has used for so many days are disabled; 0 is never.
STALE_ACCOUNT_DAYS = int(os.environ.get("STALE_ACCOUNT_DAYS", "90"))
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "worklist"
LOGOUT_REDIRECT_URL = "login"

# Five failures from one browser, or for one name from one address, lock that one for 15 minutes; twenty from strangers
# lock all strangers out of that name (docs/adr/0023). Kept in PostgreSQL.
AXES_HANDLER = "organisations.lockout.LockoutHandler"
AXES_USERNAME_CALLABLE = "organisations.lockout.counted_name"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
LOGIN_STRANGER_LIMIT = 20
AXES_COOLOFF_TIME = 0.25
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # who came in stands in the audit
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLED = not TESTING
AXES_VERBOSE = False
# How many trusted proxies stand before the portal: the client's address is read that many steps back.
AXES_IPWARE_PROXY_COUNT = int(os.environ.get("PROXY_COUNT", "0"))
AXES_IPWARE_META_PRECEDENCE_ORDER = (
    ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"] if AXES_IPWARE_PROXY_COUNT else ["REMOTE_ADDR"]
)

# Enforced by the server, whatever the browser keeps (organisations/middleware.py); sessions are rows in PostgreSQL.
SESSION_IDLE_MINUTES = int(os.environ.get("SESSION_IDLE_MINUTES", "30"))
SESSION_ABSOLUTE_HOURS = int(os.environ.get("SESSION_ABSOLUTE_HOURS", "12"))
SESSION_COOKIE_AGE = (SESSION_ABSOLUTE_HOURS + 1) * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"

# Behind the district's TLS proxy (docs/operations.md); the demo speaks plain HTTP on the local machine.
SECURE_TLS = flag("SECURE_TLS", default=not (DEMO or TESTING or DEBUG))
SECURE_SSL_REDIRECT = SECURE_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_TLS
SECURE_HSTS_PRELOAD = SECURE_TLS
SESSION_COOKIE_SECURE = SECURE_TLS
CSRF_COOKIE_SECURE = SECURE_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^statusz$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True  # only for Django's own messages; ours are Chinese literals
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / ".local" / "static"))
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT", BASE_DIR / ".local" / "media"))
MEDIA_URL = ""  # attachments are never served by URL, only by views that check the reader's right
STATIC_STORAGE = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if TESTING or DEBUG
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if not DEMO
    else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
)
# Attachments, PDFs and dossiers: the folder MEDIA_ROOT, or the bucket S3_BUCKET (config/s3.py).
FILES = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
if os.environ.get("S3_BUCKET"):
    FILES = s3.storage(os.environ)
STORAGES = {
    "default": FILES,
    "staticfiles": {"BACKEND": STATIC_STORAGE},
}
# Signed heads of the audit chain and the key that signs them, outside the database (docs/adr/0016).
ANCHOR_DIR = Path(os.environ.get("ANCHOR_DIR", BASE_DIR / ".local" / "anchors"))
ANCHOR_KEY_FILE = Path(os.environ.get("ANCHOR_KEY_FILE", BASE_DIR / ".local" / "anchor.key"))
WHITENOISE_USE_FINDERS = TESTING or DEBUG
LETTER_FONT_DIR = Path(os.environ.get("LETTER_FONT_DIR", BASE_DIR / ".local" / "fonts"))
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
ATTACHMENT_MAX_BYTES = 20 * 1024 * 1024
# Mail, and the district's gateway for SMS and 政务通. The demo only records what it would have sent (管理 › 发送记录).
EMAIL_BACKEND = (
    "django.core.mail.backends.locmem.EmailBackend"
    if DEMO or TESTING
    else os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
)
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")  # empty: no mail leaves the portal
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "465"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_SSL = flag("EMAIL_USE_SSL", default=EMAIL_PORT == 465)
EMAIL_USE_TLS = flag("EMAIL_USE_TLS", default=EMAIL_PORT == 587)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM", EMAIL_HOST_USER or "zhuan@localhost")
EMAIL_DOMAIN = DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >") or "localhost"
GATEWAY_URL = os.environ.get("GATEWAY_URL", "")  # empty: no SMS leaves the portal
GATEWAY_SECRET = os.environ.get("GATEWAY_SECRET", "")
GATEWAY_TIMEOUT = float(os.environ.get("GATEWAY_TIMEOUT", "5"))
if GATEWAY_URL and not GATEWAY_SECRET:
    raise ImproperlyConfigured("设置了 GATEWAY_URL，还须设置 GATEWAY_SECRET（the gateway's requests are signed）")
MESSAGES_RECORDED_ONLY = DEMO and not TESTING

# Requests a minute: by token, by logged-in account, by address without either; logins and tokens by address. "off": none.
_RATES = os.environ.get("THROTTLE_RATES", "off" if TESTING else "token=600,user=600,anon=60,login=60")
THROTTLE_RATES = {name: int(most) for name, _, most in (rate.partition("=") for rate in _RATES.split(",")) if most}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "organisations.api_auth.BearerAuthentication",
        "organisations.api_auth.ActingSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["organisations.throttles.AskerThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["organisations.api_parsing.StrictJSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "config.api.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.api.problem_details",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "铸安 API",
    "DESCRIPTION": "区级安全生产监管平台接口。与网页走同一套业务规则；错误按 RFC 9457 返回中文说明。",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# One JSON object a line on standard output (config/logs.py). What a command prints is its answer, so its log goes beside it.
COMMAND = Path(sys.argv[0]).name in {"manage.py", "portal.py"}
LOGGING_CONFIG = "config.logs.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "config.logs.WithRequest"}},
    "formatters": {"json": {"()": "config.logs.JsonLine"}, "plain": {"()": "config.logs.PlainLine"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr" if COMMAND else "ext://sys.stdout",
            "filters": ["request"],
            "formatter": "plain" if DEBUG or TESTING or COMMAND else "json",
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING" if TESTING else "INFO"},
    "loggers": {
        "fontTools": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        "axes": {"level": "ERROR"},  # its lines name who logs in; who came in stands in the audit
        "django": {"handlers": [], "propagate": True},  # no console and no mail of its own
        "django.request": {"level": "ERROR"},
        "gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
    },
}
