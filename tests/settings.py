"""Settings of a test run: throwaway servers unless DATABASE_URL names others, keys in a folder of the run's own."""

import atexit
import os
import tempfile
from pathlib import Path

if not os.environ.get("DATABASE_URL"):
    from phano.embedded import test_servers

    _servers = test_servers()
    os.environ.update(_servers.__enter__())
    # The run's first process owns the servers; workers inherit its environment and do not come here.
    atexit.register(_servers.__exit__, None, None, None)

if not os.environ.get("PHANO_TEST_KEYS"):
    _keys = tempfile.TemporaryDirectory(prefix="phano-keys-")
    os.environ["PHANO_TEST_KEYS"] = _keys.name
    Path(_keys.name, "master").write_bytes(os.urandom(32))
_folder = Path(os.environ["PHANO_TEST_KEYS"])
os.environ.update(
    {
        "DJANGO_SECRET_KEY": "only-for-tests-" * 4,
        "PHANO_CONTEXT_SECRET": "only-for-tests",
        "PHANO_KEY_STORE": str(_folder / "store"),
        "PHANO_MASTER_KEY_FILE": str(_folder / "master"),
        "PHANO_MEDIA": str(_folder / "media"),
    }
)

from phano.settings import *  # noqa: E402, F403  # the environment above must stand first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
_worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["REDIS_URL"],
        "KEY_PREFIX": f"test-{os.getpid()}-{_worker}",
    }
}
# Tests of tasks call them, or start a real worker on the real broker; nothing else may leave a message there.
CELERY_BROKER_URL = "memory://"
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
# Looks a file up when it is asked for: no scan of every file for each client, no warning about a folder not collected.
WHITENOISE_AUTOREFRESH = True
