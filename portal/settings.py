"""All settings, from the environment. Production is the default; `make run` asks for the demo with DEMO=1."""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from portal.env import Env

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- What the machine must say -------------------------------------------------------------------------------

DEBUG = env.yes("DEBUG")
DEMO = env.yes("DEMO")
SECRET_KEY = env.secret("SECRET_KEY", at_least=50)
FIELD_ENCRYPTION_KEYS = env.fernet_keys("FIELD_ENCRYPTION_KEY")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", looks_like="the host names people use, e.g. portal.example.com")
PUBLIC_URL = env.url("PUBLIC_URL", schemes=("http", "https"), example="https://portal.example.com")
DATABASES = {"default": env.database("DATABASE_URL")}
CELERY_BROKER_URL = env.url(
    "CELERY_BROKER_URL",
    schemes=("redis", "rediss", "redis+socket", "amqp", "amqps", "pyamqp"),
    example="redis://broker.example.com:6379/0",
)
# Off: no request leaves for any vendor, whatever the database says.
OUTBOUND = env.yes("OUTBOUND", default=True)
# Trust X-Forwarded-Proto and X-Forwarded-For of the proxy in front of us.
BEHIND_PROXY = env.yes("BEHIND_PROXY")
MEDIA_ROOT = env.folder("MEDIA_ROOT", default=BASE_DIR / "var" / "media")
# Answers of vendors on their way into the database: a disk of this machine, not shared.
JOURNAL_ROOT = env.folder("JOURNAL_ROOT", default=BASE_DIR / "var" / "journal")
STATIC_ROOT = env.folder("STATIC_ROOT", default=BASE_DIR / "var" / "static")
LOG_LEVEL = env.text("LOG_LEVEL", default="INFO")
# Times that belong to no site (audit entries, list columns) are shown in this zone.
TIME_ZONE = env.text("TIME_ZONE", default="America/New_York")
WORKER_CONCURRENCY = env.number("WORKER_CONCURRENCY", default=4, low=1, high=64)
# Total for one send, from the first byte; 25 MB at 4 Mbit/s take 50 s. All processes must be told the same.
SEND_DEADLINE_SECONDS = env.number("SEND_DEADLINE_SECONDS", default=90, low=10, high=180)
# How long whoever stops a worker waits before the KILL: systemd's TimeoutStopSec, or what else it is called there.
STOP_GRACE_SECONDS = env.number("STOP_GRACE_SECONDS", default=180, low=60, high=900)
# Reminders go by mail where both are set; pages remind in any case.
MAIL_SERVER = env.mail_server("EMAIL_URL")
MAIL_FROM = env.mailbox("MAIL_FROM") if MAIL_SERVER else ""
SANDBOX_URL = env.text("SANDBOX_URL", default="")  # the vendor sandbox's page, linked in the demo only
# A page of a bug shows settings and what people typed; no address of the outside world may show one.
if DEBUG and urlsplit(PUBLIC_URL).scheme == "https":
    env.refuse("DEBUG", "0 where PUBLIC_URL is an https address")
env.finish()

IS_HTTPS = urlsplit(PUBLIC_URL).scheme == "https"

# --- Django ---------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal",
    "sites",
    "tickets",
    "portal.admin_site.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "csp",
]
MIDDLEWARE = [
    "portal.middleware.RequestIdMiddleware",
    "portal.middleware.BrowserRulesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.PlainRequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.SignedOutMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
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
                "portal.context.frame",
                "tickets.context.needs",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True

# One connection per process, kept: a new one costs more than a page.
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
if test_template := env.text("TEST_DATABASE_TEMPLATE", default=""):
    DATABASES["default"]["TEST"] = {"TEMPLATE": test_template}

# --- People ---------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_AGE = 12 * 3600  # a shift
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.views.errors.stale_form"

# Guessing locks the name, from wherever it comes, for a quarter of an hour; an admin can unlock sooner.
AXES_FAILURE_LIMIT = 7
AXES_COOLOFF_TIME = 0.25  # hours
# The name alone decides. The pair is implied by it and adds nothing, but axes warns where it sees no address;
# an address alone would lock a whole office behind one router out.
AXES_LOCKOUT_PARAMETERS = ["username", ["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "portal.views.people.locked_out"
AXES_CLIENT_IP_CALLABLE = "portal.middleware.client_address"
AXES_VERBOSE = False
AXES_ENABLE_ACCESS_FAILURE_LOG = True

# --- Browser --------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # the CSS framework draws its form marks as data: images
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
if IS_HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STATIC_URL = "static/"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("bootstrap", BASE_DIR / "node_modules" / "bootstrap" / "dist" / "css"),
]
ICONS_DIR = BASE_DIR / "node_modules" / "bootstrap-icons" / "icons"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "portal.static_storage.StaticStorage"
    },
}

# Uploads: Granite takes 25 MB; the rest of the room is for the form around it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000  # a dispatch of 500 locations by hand
DATA_UPLOAD_MAX_NUMBER_FILES = 40
# Of a whole request. Above what may be sent, so that who attaches too much is told which file it was.
MAX_BODY_BYTES = 150_000_000
FILE_UPLOAD_PERMISSIONS = 0o600

# --- Work -----------------------------------------------------------------------------------------------------

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = WORKER_CONCURRENCY
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": 600,  # above the longest task
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "max_retries": 1,
    }
    if CELERY_BROKER_URL.startswith("redis")
    else {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
)
CELERY_TIMEZONE = "UTC"
# A tick that nobody took in time is worth nothing: the next one is on its way. Beat alone publishes with retries, because
# that is how it gets a new connection after the broker was away, and nobody waits for beat.
CELERY_BEAT_SCHEDULE = {
    name: {
        "task": task,
        "schedule": seconds,
        "options": {
            "expires": seconds,
            "retry": True,
            "retry_policy": {"max_retries": 1, "interval_start": 0},
        },
    }
    for name, task, seconds in (
        ("send what is due", "portal.tasks.deliver_due", 2),
        ("sweep the outbox", "portal.tasks.sweep", 5),
        ("ask silent vendors", "portal.tasks.probe", 5),
        ("check what was found", "portal.tasks.check_found", 5),
        ("answer look-ups", "portal.tasks.answer_lookups", 2),
        ("follow tickets", "tickets.tasks.follow_tickets", 15),
        ("heed deliveries", "tickets.tasks.heed_deliveries", 5),
        ("test subscriptions", "tickets.tasks.test_subscriptions", 10),
        ("close replaced addresses", "tickets.tasks.close_replaced_addresses", 60),
        ("follow cases", "tickets.tasks.follow_cases", 15),
        ("tell GTT of tickets", "tickets.tasks.tell_cases", 30),
        ("look for lost cases", "tickets.tasks.look_for_lost_cases", 30),
        ("remind people of what is unknown", "tickets.tasks.remind", 30),
        ("make what recurs", "tickets.tasks.make_recurring", 300),
        ("forget old look-ups", "portal.tasks.forget_old", 3600),
    )
}

# Who carries out what the outbox promises, and who answers which look-up. Names, because `portal` imports
# nothing of the packages above it; a system check proves each of them.
OUTBOX_HANDLERS = {
    "granite.create_tickets": "tickets.services.delivery.CREATE_TICKETS",
    "gtt.create_case": "tickets.services.cases.delivery.CREATE_CASE",
    "gtt.create_webhook": "tickets.services.cases.webhook_delivery.CREATE_WEBHOOK",
    "gtt.update_case": "tickets.services.cases.updating.UPDATE_CASE",
}
# What is to be done when requests came to light that were sent and that this database has forgotten.
AFTER_FORGETTING = "tickets.services.numbers.skip_forgotten"
# Who says which vendor's webhooks fell silent.
SILENT_CHANNELS = "tickets.services.cases.silence.silent_channels"
# Each answers for one person: the keys of the files that hang on work this person sees.
FILES_OF_SEEN_WORK = [
    "tickets.permissions.files_of_seen_work",
    "tickets.permissions.files_of_seen_cases",
]
# Who understands what vendors tell us unasked.
HEEDING_TASK = "tickets.tasks.heed_deliveries"
# A read by which the breaker finds out whether a vendor answers again.
PROBES = {"granite": "portal.accounts.probe_granite", "gtt": "portal.accounts.probe_gtt"}
LOOKUPS = {
    "granite.accounts": "sites.services.find_accounts",
    "granite.cost": "tickets.services.costs.estimate",
}

CLAIM_LEASE_SECONDS = 30
MAX_FILE_BYTES = 25_000_000  # Granite says "25 MB" and not which; the smaller reading is safe

# --- Mail -----------------------------------------------------------------------------------------------------

EMAIL_BACKEND = MAIL_SERVER.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
EMAIL_HOST = MAIL_SERVER.get("EMAIL_HOST", "")
EMAIL_PORT = MAIL_SERVER.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = MAIL_SERVER.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = MAIL_SERVER.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_SSL = MAIL_SERVER.get("EMAIL_USE_SSL", False)
EMAIL_USE_TLS = MAIL_SERVER.get("EMAIL_USE_TLS", False)
EMAIL_FILE_PATH = MAIL_SERVER.get("EMAIL_FILE_PATH")
EMAIL_TIMEOUT = 10  # seconds for each step on the socket
DEFAULT_FROM_EMAIL = MAIL_FROM or "portal@localhost"

# --- Logs -----------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "portal.logs.RequestIdFilter"},
        "broker_away": {"()": "portal.logs.BrokerAwayFilter"},
    },
    "formatters": {"line": {"()": "portal.logs.LineFormatter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id", "broker_away"],
            "formatter": "line",
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"axes": {"level": "WARNING"}, "django.request": {"level": "ERROR"}},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
