"""Who may run an organization's night: one lease, taken by conditional UPDATE, kept by a heartbeat.

Celery on Redis redelivers a lost message only after an hour, so nothing here relies on it: beat queues a night again
when nobody took it in half an hour, and takes a lease back when its heartbeat stops.
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import Any

from django.db import DatabaseError, connection

from accounts.context import current_context, service_context

logger = logging.getLogger(__name__)

EXPIRY_SECONDS = 120
HEARTBEAT_SECONDS = 20
QUEUE_SECONDS = 1800
LONGEST_REST_MINUTES = 60

# Night N ends at midnight and is run at night_at on N + 1, in the organization's own time.
QUEUE = """
INSERT INTO diagnostics_nightlease AS lease (id, organization_id, night, queued_at)
SELECT gen_random_uuid(), due.id, due.night, %(now)s
FROM (
    SELECT id, (%(now)s AT TIME ZONE time_zone - night_at)::date - 1 AS night
    FROM accounts_organization
    WHERE id = %(organization)s AND (trial_ends_at IS NULL OR trial_ends_at > %(now)s)
      AND EXISTS (SELECT FROM portfolio_account AS account WHERE account.organization_id = %(organization)s)
) AS due
WHERE NOT EXISTS (
    SELECT FROM diagnostics_night AS done WHERE done.organization_id = due.id AND done.night = due.night
)
ON CONFLICT (organization_id) DO UPDATE
SET night = excluded.night, queued_at = excluded.queued_at, holder = NULL, heartbeat_at = NULL,
    failures = CASE WHEN lease.night = excluded.night THEN lease.failures ELSE 0 END
WHERE (lease.holder IS NULL OR lease.heartbeat_at < statement_timestamp() - %(expiry)s * interval '1 second')
  AND (lease.holder IS NOT NULL OR lease.queued_at IS NULL OR lease.night IS DISTINCT FROM excluded.night
       OR lease.queued_at < %(now)s - %(patience)s * interval '1 second')
  AND (lease.not_before IS NULL OR lease.not_before <= %(now)s OR lease.night IS DISTINCT FROM excluded.night)
RETURNING night
"""

TAKE = """
INSERT INTO diagnostics_nightlease AS lease (id, organization_id, night, holder, heartbeat_at)
VALUES (gen_random_uuid(), %(organization)s, %(night)s, %(holder)s, clock_timestamp())
ON CONFLICT (organization_id) DO UPDATE
SET night = excluded.night, queued_at = NULL, holder = excluded.holder, heartbeat_at = excluded.heartbeat_at,
    failures = CASE WHEN lease.night = excluded.night THEN lease.failures ELSE 0 END
WHERE lease.holder IS NULL OR lease.heartbeat_at < clock_timestamp() - %(expiry)s * interval '1 second'
"""

BEAT = """
UPDATE diagnostics_nightlease SET heartbeat_at = clock_timestamp()
WHERE organization_id = %(organization)s AND holder = %(holder)s
"""

GIVE_BACK = """
UPDATE diagnostics_nightlease
SET holder = NULL, heartbeat_at = NULL, queued_at = NULL, failures = 0, not_before = NULL
WHERE organization_id = %(organization)s AND holder = %(holder)s
"""

# A night that fails is pushed forward, longer each time, so that it cannot keep a worker busy.
REST = """
UPDATE diagnostics_nightlease
SET holder = NULL, heartbeat_at = NULL, queued_at = NULL, failures = least(failures + 1, 30),
    not_before = clock_timestamp() + least(power(2, failures), %(longest)s) * interval '1 minute'
WHERE organization_id = %(organization)s AND holder = %(holder)s
"""


class NightRunning(RuntimeError):
    """Another run holds the organization's lease."""


class LeaseLost(RuntimeError):
    """The lease was taken back while the night ran: nothing of it may be written."""


def queue_due_night(now: datetime) -> date | None:
    """Mark the open context's organization as queued if its local night is due and nobody has it.

    Returns the night to run; None where it is done, running, queued, resting, the trial is over, or there is no account
    to diagnose. After days
    without a beat only the newest night is due: `diagnose --night` fills in the others.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            QUEUE,
            {
                "organization": current_context().organization_id,
                "now": now,
                "expiry": EXPIRY_SECONDS,
                "patience": QUEUE_SECONDS,
            },
        )
        row = cursor.fetchone()
    return row[0] if row else None


@contextmanager
def hold_lease(organization_id: uuid.UUID, night: date, *, wait_seconds: float = 0.0) -> Iterator["Lease"]:
    """Hold the organization's lease while the block runs; raises NightRunning where another run keeps it.

    The block must call `give_back` in the last transaction of what it writes. An exception lets the night rest.
    """
    lease = Lease(organization_id)
    lease.take(night, wait_seconds)
    stop = threading.Event()
    thread = threading.Thread(target=_keep_alive, args=(lease, stop), name=f"heartbeat {organization_id}", daemon=True)
    thread.start()
    try:
        yield lease
    except BaseException:
        # The database may be what failed; then the lease expires by itself.
        with suppress(DatabaseError):
            lease.rest()
        raise
    finally:
        stop.set()
        thread.join(timeout=HEARTBEAT_SECONDS)


class Lease:
    """One run's claim on its organization."""

    def __init__(self, organization_id: uuid.UUID) -> None:
        self.organization_id = organization_id
        self.holder = uuid.uuid4()

    def take(self, night: date, wait_seconds: float) -> None:
        """Claim it, trying again for `wait_seconds`; raises NightRunning."""
        deadline = time.monotonic() + wait_seconds
        while not self._change(TAKE, night=night, expiry=EXPIRY_SECONDS):
            if time.monotonic() >= deadline:
                raise NightRunning(f"A night of organization {self.organization_id} is running.")
            time.sleep(0.5)

    def beat(self) -> bool:
        """Show that the run lives; False once the lease is another's."""
        return self._change(BEAT)

    def give_back(self) -> None:
        """End the claim inside the open transaction; raises LeaseLost, which rolls back what was written."""
        self._change_here(GIVE_BACK)

    def confirm(self) -> None:
        """Keep the claim, and make sure inside the open transaction that it stands; raises LeaseLost."""
        self._change_here(BEAT)

    def rest(self) -> None:
        """Give it back after a failure and keep the night from being queued for a while."""
        self._change(REST, longest=LONGEST_REST_MINUTES)

    def _change_here(self, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, self._names())
            if cursor.rowcount != 1:
                raise LeaseLost(f"The lease of organization {self.organization_id} was taken back.")

    def _change(self, statement: str, **parameters: Any) -> bool:
        with service_context(self.organization_id), connection.cursor() as cursor:
            cursor.execute(statement, self._names() | parameters)
            return cursor.rowcount == 1

    def _names(self) -> dict[str, Any]:
        return {"organization": self.organization_id, "holder": self.holder}


def _keep_alive(lease: Lease, stop: threading.Event) -> None:
    # A thread of its own, because the run's connection is inside the transaction that writes the night.
    try:
        while not stop.wait(HEARTBEAT_SECONDS):
            if not lease.beat():
                return
    except DatabaseError:
        logger.warning("The heartbeat of organization %s stopped.", lease.organization_id, exc_info=True)
    finally:
        connection.close()
