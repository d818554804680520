"""Settings, all from the environment. A missing one stops the start and says what to set.

`./kc` sets every variable for the local servers; docker-compose.yml sets them in production.
"""

from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()


def required(name: str, what: str, *, least: int = 1) -> str:
    """Return the variable `name`; say in Vietnamese what to set when it is missing or too short."""
    value: str = env.str(name, default="")
    if len(value) < least:
        raise ImproperlyConfigured(
            f"Thiếu biến môi trường {name}, hoặc nó quá ngắn ({what}). Đặt {name} rồi chạy lại; "
            f"trên máy cá nhân hãy dùng ./kc up hoặc ./kc manage, hai lệnh này tự đặt."
        )
    return value


BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = required("SECRET_KEY", "chuỗi bí mật ngẫu nhiên, ít nhất 50 ký tự", least=50)
required("DATABASE_URL", "địa chỉ PostgreSQL, ví dụ postgres://nguoidung:matkhau@maychu/khuyencong")
REDIS_URL = required("REDIS_URL", "địa chỉ Valkey hoặc Redis, ví dụ redis://maychu:6379/0")

DEBUG = env.bool("DEBUG", default=False)
required("ALLOWED_HOSTS", "tên miền của hệ thống, cách nhau bằng dấu phẩy")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# True only under `./kc` with its own PostgreSQL, bound to loopback: demo accounts may exist.
EMBEDDED = env.bool("KHUYENCONG_EMBEDDED", default=False)

INSTALLED_APPS = [
    "khuyencong.apps.KhuyenCongConfig",
    "programs",
    "accounts",
    "reports",
    "khuyencong.apps.KhuyenCongAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_tables2",
    "django_htmx",
    "bootstrap",
    "axes",
    "pgtrigger",
    "pghistory",
]

MIDDLEWARE = [
    "khuyencong.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "khuyencong.privacy.PrivatePagesMiddleware",
    # Every page asks who is there, unless its view says otherwise (sign-in, health).
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "khuyencong.urls"
WSGI_APPLICATION = "khuyencong.wsgi.application"

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
                "reports.entry.work.work_in_header",
            ],
            "builtins": ["reports.templatetags.figures"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Data: one PostgreSQL dialect everywhere.
DATABASES = {"default": env.db_url("DATABASE_URL", engine="django.db.backends.postgresql")}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FILES_DIR = Path(env.str("FILES_DIR", default=str(BASE_DIR / ".local" / "files")))
MEDIA_ROOT = FILES_DIR  # outside the web root
MEDIA_URL = "tep/"  # programs.views sends a file to whoever may see its row

# People.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 14},  # without a second factor (TCVN 14423:2026)
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "accounts.lockout.address_of"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # else anyone could lock a person for good
PROXY_COUNT = env.int("PROXY_COUNT", default=0)  # proxies in front of us that we trust
SESSION_COOKIE_AGE = 12 * 3600

# Vietnamese first.
LANGUAGE_CODE = "vi"
USE_I18N = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["khuyencong.formats"]
TIME_ZONE = "Asia/Ho_Chi_Minh"  # dates; time stamps are stored in UTC
USE_TZ = True

# Static files come from packages and khuyencong/static.
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "khuyencong" / "static"]
# The image collects files once and names them by content; elsewhere they are served as they lie.
COLLECTED = env.bool("STATIC_COLLECTED", default=False)
STATIC_ROOT = BASE_DIR / "staticfiles" if COLLECTED else None
WHITENOISE_USE_FINDERS = not COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# The wire. HTTPS=0 is for loopback only; anything else stands behind a TLS proxy.
HTTPS = env.bool("HTTPS", default=True)
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's own icons are data: images in its CSS
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# Jobs. Figures are never lost with a message: beat sweeps the marks that are still there.
# Celery's name for a Unix socket differs from redis-py's.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("db=", "virtual_host=")
CELERY_DB_REUSE_MAX = 1000  # tasks on one connection: its prepared statements are worth keeping
CELERY_TASK_IGNORE_RESULT = True  # JobRun is the record
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 30 * 60  # below visibility_timeout: a longer task would run twice at once
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60 * 60,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep-marks": {"task": "reports.tasks.recompute_marked", "schedule": 15.0},
    "verify-sample": {
        "task": "reports.tasks.verify_sample",
        "schedule": crontab(hour=2, minute=30),  # in CELERY_TIMEZONE
    },
    "prepare-reports": {
        "task": "reports.entry.tasks.prepare_reports",
        "schedule": crontab(hour=6, minute=0),
    },
    "remind": {"task": "reports.entry.tasks.remind", "schedule": crontab(hour=7, minute=0)},
}

# Reminders by e-mail: EMAIL_URL=smtp+tls://nguoidung:matkhau@maychu:587. Without it they are
# printed in the worker's log, and always shown on screen.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="khuyencong@localhost")
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")  # before addresses in an e-mail

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
