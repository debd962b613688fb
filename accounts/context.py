"""The organization context: one transaction, one signed token that PostgreSQL checks at every statement.

`guard.organization()` (accounts/migrations/0002) verifies the token and reads the membership again; without a
valid one every tenant table is empty. Everything that touches a customer account enters through here.
"""

import hashlib
import hmac
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

KEY_ID = "k1"
# A token outlives no request and no block of a night; a longer job opens a new context for each block.
LIFETIME_SECONDS = 3600
NOBODY = uuid.UUID(int=0)


class NoOrganization(RuntimeError):
    """A tenant table was asked for outside an organization context."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who is asking, in which organization."""

    organization_id: uuid.UUID
    user_id: uuid.UUID


_current: ContextVar[Context | None] = ContextVar("organization_context", default=None)


def current_context() -> Context:
    """The open context; raises NoOrganization where there is none."""
    context = _current.get()
    if context is None:
        raise NoOrganization("Open organization_context(…) before reading or writing an organization's data.")
    return context


def is_context_open() -> bool:
    """Whether an organization's rows can be read here: false on an error page, after the transaction."""
    return _current.get() is not None


def pads(secret: str) -> tuple[bytes, bytes]:
    """The inner and outer HMAC-SHA256 key blocks (RFC 2104), as the guard stores them."""
    block = hashlib.sha256(secret.encode()).digest().ljust(64, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)


def sign_token(organization_id: uuid.UUID, user_id: uuid.UUID, *, backend_pid: int, lifetime: int) -> str:
    """`kid.organization.user.expiry.pid.mac`: useless on another connection or after `lifetime` seconds."""
    body = f"{KEY_ID}.{organization_id}.{user_id}.{int(time.time()) + lifetime}.{backend_pid}"
    key = hashlib.sha256(settings.CONTEXT_SECRET.encode()).digest()
    return f"{body}.{hmac.new(key, body.encode(), hashlib.sha256).hexdigest()}"


def _hand_over(organization_id: uuid.UUID, user_id: uuid.UUID) -> None:
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    _set(sign_token(organization_id, user_id, backend_pid=pid, lifetime=LIFETIME_SECONDS))


def _set(token: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('phano.context', %s, true)", [token])


@contextmanager
def organization_context(*, organization_id: uuid.UUID, user_id: uuid.UUID) -> Iterator[Context]:
    """Run a block as `user_id` in `organization_id`, in one transaction; the previous context returns after it.

    Nothing is verified here: where the membership is not active, PostgreSQL shows no rows and takes none.
    """
    outer = _current.get()
    context = Context(organization_id, user_id)
    ends_with_transaction = not connection.in_atomic_block
    with transaction.atomic():
        _hand_over(organization_id, user_id)
        token = _current.set(context)
        try:
            yield context
        finally:
            _current.reset(token)
            # set_config(…, true) lasts until the transaction ends: inside an outer one it would outlive
            # this block. A broken transaction accepts no statement, and its end clears the setting.
            if not ends_with_transaction and not connection.needs_rollback and not _is_broken():
                if outer is None:
                    _set("")
                else:
                    _hand_over(outer.organization_id, outer.user_id)


def _is_broken() -> bool:
    from psycopg.pq import TransactionStatus

    raw = connection.connection
    return raw is None or raw.closed or raw.info.transaction_status == TransactionStatus.INERROR


@contextmanager
def service_context(organization_id: uuid.UUID) -> Iterator[Context]:
    """Run a block as the organization's own service member: what tasks and commands use."""
    with organization_context(organization_id=organization_id, user_id=service_user_id(organization_id)) as context:
        yield context


def service_user_id(organization_id: uuid.UUID) -> uuid.UUID:
    """The service member's user id: derived, so that a worker needs no look-up before it has a context."""
    return uuid.uuid5(organization_id, "service")
