"""What the diagnosis does when facts arrive: the accounts concerned are diagnosed again, or the whole night is.

A sample gets a history of nights.
"""

import logging
import uuid
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.day import note_arrival
from diagnostics.following import follow_night
from diagnostics.models import DoubtfulFacts, KpiPeriod, KpiShelf, KpiShelfPeriod, Night, Study
from diagnostics.night import last_ended_day, run_nights
from diagnostics.tasks import diagnose_day, diagnose_night
from portfolio.events import Days
from portfolio.models import Account

logger = logging.getLogger(__name__)

# Late facts of more accounts than these, and of more than half of them, are a new state of the book.
FEW_ACCOUNTS, MOST_SHARE = 10, 0.5
# Thirty-day changes of ten nights, and two years of history.
SAMPLE_DAILY = 40
SAMPLE_MONTHS = 24
TOLD_EVERY = 20


def diagnose_arrived_facts(organization_id: uuid.UUID, accounts: frozenset[uuid.UUID] | None, days: Days) -> None:
    """Queue the accounts concerned for their day, or last night again where most of the book should be another.

    The first night is run at once. Facts of today that name no account wait for the next night. Without any account
    left, the nights go too: an empty organization begins anew.
    """
    with service_context(organization_id):
        if not Account.objects.exists():
            Night.objects.all().delete()
            DoubtfulFacts.objects.all().delete()
            Study.objects.all().delete()
            for kept in (KpiPeriod, KpiShelf, KpiShelfPeriod):
                kept.objects.all().delete()
            return
        ended = last_ended_day(Organization.objects.get(), timezone.now())
        last = Night.objects.order_by("-night").first()
        late = days is None or days[0] <= ended
        if last is None or (late and concerns_book(accounts, last)):
            transaction.on_commit(lambda: diagnose_night.delay(str(organization_id), ended.isoformat(), again=True))
        elif accounts:
            note_arrival(organization_id, accounts)
            transaction.on_commit(lambda: diagnose_day.delay(str(organization_id)))


def concerns_book(accounts: frozenset[uuid.UUID] | None, last: Night) -> bool:
    """Whether facts that last night should have known change the book itself: all accounts, or most of them."""
    return not accounts or len(accounts) > max(FEW_ACCOUNTS, last.accounts * MOST_SHARE)


def diagnose_sample(organization_id: uuid.UUID) -> None:
    """Diagnose the past nights of a sample that has just landed, oldest first, so that it has a history."""
    with service_context(organization_id):
        last = last_ended_day(Organization.objects.get(), timezone.now())
    nights = choose_sample_nights(last)

    def tell(done: int) -> None:
        if done % TOLD_EVERY == 0 or done == len(nights):
            logger.info("%s of %s nights of the sample portfolio are diagnosed.", done, len(nights))

    run_nights(organization_id, nights, wait_seconds=60.0, progress=tell)
    follow_night(organization_id)


def choose_sample_nights(last: date) -> list[date]:
    """The last forty nights, and before them one night a month for two years."""
    daily = [last - timedelta(days=days) for days in range(SAMPLE_DAILY)]
    monthly = [daily[-1] - timedelta(days=30 * months) for months in range(1, SAMPLE_MONTHS - 1)]
    return sorted(daily + monthly)
