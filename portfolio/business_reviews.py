"""Business reviews (QBR): planned, held with or without the customer, cancelled; exchanges of kind `qbr`."""

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEntry, Membership
from portfolio.books import visible_accounts
from portfolio.changes import ChangeRefused, local_day, record_change, reverses
from portfolio.edits import note_edits
from portfolio.models import Account, Interaction

# An hour is not asked for; at noon the day is the same in every neighbouring time zone.
HOUR = time(12)


def access_review(membership: Membership, interaction_id: uuid.UUID) -> Interaction:
    """One review of an account that the member may see; Http404, alike for a hidden, a foreign and a missing one."""
    found = (
        Interaction.objects.select_related("account")
        .filter(pk=interaction_id, kind="qbr", account__in=visible_accounts(membership))
        .first()
    )
    if found is None:
        raise Http404
    return found


def plan_review(*, membership: Membership, account: Account, day: date) -> AuditEntry:
    """Plan the next business review; raises ChangeRefused for a day that is not ahead."""
    today = local_day(membership.organization)
    if not today <= day <= today + timedelta(days=730):
        raise ChangeRefused(_("A business review is planned between today and two years ahead."))
    review = Interaction.objects.create(
        organization_id=account.organization_id,
        source_id=f"qbr-{uuid.uuid4()}",
        account=account,
        kind="qbr",
        state="planned",
        happened_at=datetime.combine(day, HOUR, membership.organization.zone),
        author_email=membership.user.email,
    )
    return _record("review.planned", membership, review, day=day.isoformat())


def close_review(*, membership: Membership, review: Interaction, state: str, attended: bool = True) -> AuditEntry:
    """Note that a planned review was held (did the customer attend?) or cancelled; raises ChangeRefused.

    One that is still ahead can only be cancelled: what has not happened was not held.
    """
    if state not in ("held", "cancelled"):
        raise ChangeRefused(_("A review is held or cancelled."))
    if state == "held" and review.happened_at > timezone.now() + timedelta(days=1):
        raise ChangeRefused(_("This review is still ahead."))
    values = {"state": state, "attended": attended if state == "held" else None}
    if not _change(review.pk, ("planned",), values):
        raise ChangeRefused(_("This review is not planned any more."))
    return _record(f"review.{state}", membership, review)


@reverses("review.planned")
def _unplan(entry: AuditEntry) -> bool:
    return Interaction.objects.filter(pk=entry.details["review"], state="planned").delete()[0] == 1


@reverses("review.held")
@reverses("review.cancelled")
def _reopen(entry: AuditEntry) -> bool:
    return _change(entry.details["review"], ("held", "cancelled"), {"state": "planned", "attended": None})


def _change(review_id: uuid.UUID | str, states: tuple[str, ...], values: dict[str, Any]) -> bool:
    """Change a review that stands in one of the states, and note what the source last said; False for another."""
    found = Interaction.objects.select_for_update().filter(pk=review_id, state__in=states)
    row = found.values("source_id", "state", "attended").first()
    if row is None:
        return False
    Interaction.objects.filter(pk=review_id).update(**values)
    note_edits("interactions", [row["source_id"]], before=row, after=values)
    return True


def _record(action: str, membership: Membership, review: Interaction, **details: str) -> AuditEntry:
    return record_change(action, membership=membership, account_id=review.account_id, review=str(review.pk), **details)
