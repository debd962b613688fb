"""What `manage.py check --deploy` refuses to let pass: keys that others read, lines that others hear, bare disks."""

import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from accounts.keystore import MasterKeyFile


@register(Tags.security, deploy=True)
def check_disk_encryption(**kwargs: Any) -> list[CheckMessage]:
    """PostgreSQL encrypts nothing by itself: somebody must have stated that the host's disks are."""
    if settings.DISK_ENCRYPTION:
        return []
    return [
        Error(
            "Nobody has attested that the database's disks are encrypted.",
            hint="Encrypt them (LUKS2, aes-xts 512), then name method, person and date in PHANO_DISK_ENCRYPTION.",
            id="accounts.E001",
        )
    ]


@register(Tags.security, deploy=True)
def check_database_lines(**kwargs: Any) -> list[CheckMessage]:
    """A database that is not on a socket of this host is spoken to over verified TLS only."""
    faults: list[CheckMessage] = []
    for alias, entry in settings.DATABASES.items():
        host = str(entry.get("HOST") or "")
        if not host or host.startswith("/") or entry.get("OPTIONS", {}).get("sslmode") == "verify-full":
            continue
        faults.append(
            Error(
                f"The connection {alias!r} to {host} is not verified.",
                hint="Add sslmode=verify-full to its address.",
                id="accounts.E002",
            )
        )
    return faults


@register(Tags.security, deploy=True)
def check_broker_line(**kwargs: Any) -> list[CheckMessage]:
    """Sessions, tasks and rate limits go through Redis: over TLS, or a socket of this host."""
    if urlsplit(settings.REDIS_URL).scheme in {"rediss", "unix"}:
        return []
    return [
        Error("Redis is spoken to in the clear.", hint="Use rediss:// or unix:// in REDIS_URL.", id="accounts.E003")
    ]


@register(Tags.security, deploy=True)
def check_keys(**kwargs: Any) -> list[CheckMessage]:
    """The master key and the key store are there, and only this user reads them."""
    master, store = Path(settings.MASTER_KEY_FILE), Path(settings.KEY_STORE)
    faults = [*_open_to_others(master, "The master key file"), *_open_to_others(store, "The key store")]
    try:
        MasterKeyFile(master)
    except (OSError, ValueError) as error:
        faults.append(Error("The master key cannot be used.", hint=str(error), id="accounts.E005"))
    return faults


def _open_to_others(path: Path, name: str) -> Iterable[CheckMessage]:
    # A key store that is not there yet is made with the first organization, closed.
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        yield Error(
            f"{name} can be reached by other users of this host.",
            hint=f"chmod go= {path}",
            id="accounts.E004",
        )


@register(Tags.security, deploy=True)
def check_public_address(**kwargs: Any) -> list[CheckMessage]:
    """Cookies and passkeys are only safe over HTTPS, and the embedded servers serve one's own machine."""
    faults: list[CheckMessage] = []
    if not settings.HTTPS:
        faults.append(
            Error(
                f"Phano is served at {settings.PUBLIC_URL}, without TLS.",
                hint="Set PHANO_PUBLIC_URL to its https:// address.",
                id="accounts.E006",
            )
        )
    if settings.EMBEDDED:
        faults.append(
            Error(
                "The embedded database serves one machine: it speaks no TLS and has no replica.",
                hint="Set DATABASE_URL and DATABASE_OWNER_URL.",
                id="accounts.E007",
            )
        )
    return faults
