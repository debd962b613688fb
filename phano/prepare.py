"""Everything before the first request, in one process that pays Django's imports once: `python -m phano.prepare`.

Each step is safe to run again: roles and database, migrations, and on the first run the sample portfolio.
"""

import io
import os
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import CommandError

from phano import embedded
from phano.welcome import sample_mark


def prepare() -> None:
    """Bring the database to the state that this code needs, then the sample; raises CommandError with one sentence."""
    began = time.monotonic()
    prepare_database()
    print(f"· Roles, database and migrations are in place ({time.monotonic() - began:.1f} s).", flush=True)
    if "load_sample" in get_commands():
        load_sample_once()


def prepare_database() -> None:
    """Roles, database and migrations; raises CommandError."""
    if settings.ADMIN_URL:
        call_command("provision", stdout=io.StringIO())
    if "owner" not in settings.DATABASES:
        raise CommandError("Set DATABASE_OWNER_URL as well: the role of DATABASE_URL may not change tables.")
    call_command("migrate", interactive=False, verbosity=0)
    if "database" not in embedded.missing_servers():
        return
    prepared_mark().write_text(describe_migrations())


def ensure_prepared() -> None:
    """For a single command on the embedded database: make it ready where `make run` has not, or not for this code."""
    mark = prepared_mark()
    if "database" in embedded.missing_servers() and (not mark.exists() or mark.read_text() != describe_migrations()):
        django.setup()
        prepare_database()


def prepared_mark() -> Path:
    """Where it is noted for which migrations the embedded database is ready."""
    return embedded.data_folder() / "migrated"


def describe_migrations() -> str:
    """The rooms' migrations by name: another list means that the database is not this code's."""
    names = sorted(f"{path.parent.parent.name}/{path.stem}" for path in settings.BASE_DIR.glob("*/migrations/0*.py"))
    return "\n".join(names) + "\n"


def load_sample_once() -> None:
    """Load the sample portfolio into the embedded database at its first start."""
    mark = sample_mark()
    if "database" not in embedded.missing_servers() or mark.exists():
        return
    print("· Loading the sample portfolio and diagnosing its nights.", flush=True)
    began = time.monotonic()
    call_command("load_sample")
    mark.touch()
    print(f"· The sample portfolio is loaded ({time.monotonic() - began:.0f} s).", flush=True)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phano.settings")
    django.setup()
    try:
        prepare()
    except CommandError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
