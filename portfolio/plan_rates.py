"""Plan rates entered by hand: what one unit of a currency is worth in the reporting currency during a fiscal year.

One that a file brought, or wrote over, can be changed, and stands until its source says something new
(portfolio.edits); it cannot be removed, because the next file would bring it back. One that no file has written has no
source: the first that names it lands. Nothing is guessed: without a rate an amount has no ARR.
"""

import uuid
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import AuditEntry, Membership
from accounts.rules import lock_for
from portfolio.changes import UNDO_WITHIN, ChangeGone, ChangeRefused, local_day
from portfolio.edits import forget_edits, note_edits
from portfolio.events import tell_facts_arrived
from portfolio.models import PlanRate, PreviousRow
from portfolio.queries.plan_rates import accounts_paying_in

PERMISSION = "organization.change"
SET, REMOVED, UNDONE = "plan_rate.set", "plan_rate.removed", "plan_rate.undone"
FIRST_YEAR, LAST_YEAR = 1990, 2100
STEP = Decimal("0.00000001")
MOST_RATE = Decimal(10) ** 9
FILE = "plan_rates"


def set_rate(*, actor: Membership, fiscal_year: int, currency: str, rate: Decimal) -> AuditEntry:
    """Enter a rate or change the one that stands; raises ChangeRefused, PermissionDenied."""
    lock_for(actor, PERMISSION)
    wanted = _check(actor, fiscal_year, currency, rate)
    found = PlanRate.objects.select_for_update().filter(fiscal_year=fiscal_year, currency=currency).first()
    if found is not None and found.rate == wanted:
        raise ChangeRefused(_("The rate is the same."))
    before = "" if found is None else f"{found.rate.normalize():f}"
    if found is None:
        # The notes of a row that the undo of its import took away are no source of this one.
        forget_edits(FILE, [fiscal_year, currency])
        found = PlanRate.objects.create(
            organization_id=actor.organization_id, fiscal_year=fiscal_year, currency=currency, rate=wanted
        )
    else:
        _put(found, wanted)
    return _record(SET, actor, found, before=before, after=f"{wanted.normalize():f}")


def remove_rate(*, actor: Membership, rate_id: uuid.UUID) -> AuditEntry:
    """Take out a rate that was entered by hand; raises ChangeRefused, Http404, PermissionDenied."""
    lock_for(actor, PERMISSION)
    found = PlanRate.objects.select_for_update().filter(pk=rate_id).first()
    if found is None:
        raise Http404
    if (number := _find_import(found)) is not None:
        raise ChangeRefused(
            _("Import %(number)s brought this rate: it would come back with the next one. Change it, or its source.")
            % {"number": number}
        )
    _delete(found)
    return _record(REMOVED, actor, found, before=f"{found.rate.normalize():f}", after="")


def undo_rate(*, actor: Membership, change_id: uuid.UUID) -> None:
    """Take back one's own change of the last day; raises ChangeGone where it was overtaken, Http404, PermissionDenied.

    Http404 is alike for another's change, a foreign and a missing one.
    """
    lock_for(actor, PERMISSION)
    entry = AuditEntry.objects.filter(
        pk=change_id, actor_id=actor.user_id, at__gte=timezone.now() - UNDO_WITHIN, action__in=(SET, REMOVED)
    ).first()
    if entry is None:
        raise Http404
    details = entry.details
    key = {"fiscal_year": int(details["fiscal_year"]), "currency": details["currency"]}
    stands = PlanRate.objects.select_for_update().filter(**key).first()
    now = "" if stands is None else f"{stands.rate.normalize():f}"
    if now != details["after"]:
        raise ChangeGone(str(change_id))
    if stands is None:
        stands = PlanRate.objects.create(organization_id=actor.organization_id, rate=Decimal(details["before"]), **key)
    elif details["before"]:
        _put(stands, Decimal(details["before"]))
    elif _find_import(stands) is not None:
        # The same value, but a source has spoken since: the row is no longer this member's to take away.
        raise ChangeGone(str(change_id))
    else:
        _delete(stands)
    _record(UNDONE, actor, stands, before=now, after=details["before"])


def _find_import(rate: PlanRate) -> int | None:
    """The import that brought a rate, or else the last that wrote over one entered by hand; None: no source spoke."""
    if rate.import_number is not None:
        return rate.import_number
    wrote = PreviousRow.objects.filter(file=FILE, row_id=rate.pk).order_by("-import_number")
    return wrote.values_list("import_number", flat=True).first()


def _put(found: PlanRate, rate: Decimal) -> None:
    """Another rate in the place of one, with a note of what the source last said of it, if it has one."""
    key = [found.fiscal_year, found.currency]
    if _find_import(found) is None:
        forget_edits(FILE, key)
    else:
        note_edits(FILE, key, before={"rate": found.rate}, after={"rate": rate})
    PlanRate.objects.filter(pk=found.pk).update(rate=rate)


def _delete(rate: PlanRate) -> None:
    forget_edits(FILE, [rate.fiscal_year, rate.currency])
    PlanRate.objects.filter(pk=rate.pk).delete()


def _check(actor: Membership, fiscal_year: int, currency: str, rate: Decimal) -> Decimal:
    if not FIRST_YEAR <= fiscal_year <= LAST_YEAR:
        raise ChangeRefused(
            _("A fiscal year lies between %(first)s and %(last)s.") % {"first": FIRST_YEAR, "last": LAST_YEAR}
        )
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise ChangeRefused(_("Write the currency as its code of three letters, as SEK."))
    if currency == actor.organization.currency:
        raise ChangeRefused(_("This is the reporting currency: one is worth one."))
    if not rate.is_finite() or not STEP <= rate < MOST_RATE:
        raise ChangeRefused(_("A rate is above zero, and has at most eight decimals."))
    wanted = rate.quantize(STEP)
    if wanted != rate:
        raise ChangeRefused(_("A rate is above zero, and has at most eight decimals."))
    return wanted


def _record(action: str, actor: Membership, rate: PlanRate, *, before: str, after: str) -> AuditEntry:
    """Note the change, and tell behind the commit whom it concerns: everybody who pays in that currency."""
    entry = audit.record(
        action, subject="plan_rate", subject_id=rate.pk, fiscal_year=str(rate.fiscal_year), currency=rate.currency,
        before=before, after=after,
    )  # fmt: skip
    organization = actor.organization
    accounts = accounts_paying_in(organization, rate.currency)
    first = date(rate.fiscal_year, organization.fiscal_year_first_month, 1)
    if accounts and first <= local_day(organization):
        told = organization.pk, accounts, (first, first + timedelta(days=365))
        transaction.on_commit(lambda: tell_facts_arrived(*told))
    return entry
