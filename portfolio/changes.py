"""What members change about facts in Phano: recorded, told to the rooms above, and for a day taken back by its author.

The audit row of a change is what its Undo names. Its details hold ids and codes, so a change whose return would need
words that are gone is recorded without a reversal, and offers no Undo.
"""

import uuid
from collections.abc import Callable
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEntry, Membership, Organization
from portfolio.books import visible_accounts
from portfolio.events import tell_facts_arrived
from portfolio.models import Account

UNDO_WITHIN = timedelta(hours=24)

# Whether the change still stood and was taken back; called inside the transaction that records it.
type Reversal = Callable[[AuditEntry], bool]
REVERSALS: dict[str, Reversal] = {}
UNDONE = "change.undone"
# By one of these the details of a change name the row that it changed.
ROWS = ("plan", "goal", "review", "opportunity", "act")


class ChangeRefused(ValueError):
    """The change was not made; the text is the sentence for the member."""


class ChangeGone(ValueError):
    """The change is not the member's own, was overtaken or taken back before, or is more than a day old."""


class ChangeOvertaken(ChangeGone):
    """A later change of the same row still stands."""


def reverses(action: str) -> Callable[[Reversal], Reversal]:
    """Register how changes recorded as `action` are taken back."""

    def register(reversal: Reversal) -> Reversal:
        REVERSALS[action] = reversal
        return reversal

    return register


def record_change(action: str, *, membership: Membership, account_id: uuid.UUID, **details: str) -> AuditEntry:
    """Note the change of an account's facts and tell it behind the commit; `details` are ids, codes and days only."""
    entry = audit.record(action, subject="account", subject_id=account_id, **details)
    day = local_day(membership.organization)
    told = membership.organization_id, frozenset({account_id}), (day, day)
    transaction.on_commit(lambda: tell_facts_arrived(*told))
    return entry


def take_back(*, membership: Membership, change_id: uuid.UUID) -> Account:
    """Take back one's own change of the last 24 hours and return its account; raises ChangeGone, ChangeOvertaken."""
    entry = AuditEntry.objects.filter(
        pk=change_id, actor_id=membership.user_id, at__gte=timezone.now() - UNDO_WITHIN, action__in=list(REVERSALS)
    ).first()
    account = visible_accounts(membership).filter(pk=entry.subject_id).first() if entry else None
    if entry is None or account is None:
        raise ChangeGone(str(change_id))
    with transaction.atomic():
        stood = REVERSALS[entry.action](entry)
        # Asked behind the reversal, which waited for whoever was writing the same row; refusing rolls it back.
        _refuse_overtaken(entry)
        if not stood:
            raise ChangeGone(str(change_id))
    record_change(UNDONE, membership=membership, account_id=account.pk, change=str(entry.pk), undone=entry.action)
    return account


def _refuse_overtaken(entry: AuditEntry) -> None:
    """Raise ChangeGone where the change was taken back before, ChangeOvertaken where a later one of its row stands."""
    row = {name: entry.details[name] for name in ROWS if name in entry.details}
    later = AuditEntry.objects.filter(subject="account", subject_id=entry.subject_id, at__gt=entry.at).filter(
        Q(action=UNDONE) | Q(details__contains=row)
    )
    found = list(later)
    undone = {one.details["change"] for one in found if one.action == UNDONE}
    if str(entry.pk) in undone:
        raise ChangeGone(str(entry.pk))
    if any(one.action != UNDONE and str(one.pk) not in undone for one in found):
        raise ChangeOvertaken(str(entry.pk))


def local_day(organization: Organization) -> date:
    """Today in the organization's time zone."""
    return timezone.now().astimezone(organization.zone).date()


def clean_words(text: str, *, most: int) -> str:
    """A line as it is kept: one space between words, no NUL (PostgreSQL and the export's CSV know none), cut off."""
    return " ".join(text.replace("\x00", "").split())[:most]
