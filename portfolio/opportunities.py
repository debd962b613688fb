"""What members do about opportunities: open one, move its stage, change amount and closing day, lose it.

A stage and an amount are a dated row of the opportunity's history, also here: the latest counts. Amounts are ARR in
the organization's currency.
"""

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuditEntry, Membership
from portfolio.books import visible_accounts
from portfolio.changes import ChangeRefused, clean_words, local_day, record_change, reverses
from portfolio.edits import note_edits, read_source_cell
from portfolio.models import Account, Opportunity, OpportunityStage, Product

LEVERS = ("upsell", "seats", "usage", "cross_sell", "price", "renewal")
OPEN_STAGES = ("identified", "qualified", "proposed", "negotiation")
CLOSED_STAGES = ("won", "lost")
MOST_AMOUNT = Decimal(10) ** 12
MOST_REASON = 300


def access_opportunity(membership: Membership, opportunity_id: uuid.UUID) -> Opportunity:
    """One opportunity of an account that the member may see; Http404, alike for a hidden, foreign and missing one."""
    found = (
        Opportunity.objects.select_related("account")
        .filter(pk=opportunity_id, account__in=visible_accounts(membership))
        .first()
    )
    if found is None:
        raise Http404
    return found


def open_opportunity(
    *,
    membership: Membership,
    account: Account,
    lever: str,
    amount: Decimal | None,
    closes_on: date | None,
    product: Product | None = None,
    stage: str = "identified",
) -> AuditEntry:
    """Create an opportunity on an account that the member may see; raises ChangeRefused."""
    if lever not in LEVERS or stage not in OPEN_STAGES:
        raise ChangeRefused(_("Choose a lever and an open stage."))
    today = local_day(membership.organization)
    opportunity = Opportunity.objects.create(
        organization_id=account.organization_id,
        source_id=f"opportunity-{uuid.uuid4()}",
        account=account,
        lever=lever,
        product=product,
        created_on=today,
        closes_on=_check_day(closes_on, today),
        source="organic",
    )
    _add_stage(opportunity, stage, _check_amount(amount))
    return _record("opportunity.opened", membership, opportunity, lever=lever, stage=stage)


def move_stage(*, membership: Membership, opportunity: Opportunity, stage: str, reason: str = "") -> AuditEntry:
    """Move an open opportunity to another stage; `lost` needs a reason, which is kept with it. Raises ChangeRefused."""
    if stage not in (*OPEN_STAGES, *CLOSED_STAGES):
        raise ChangeRefused(_("There is no stage of that name."))
    before = _lock_open(opportunity)
    if before is not None and before.stage == stage:
        raise ChangeRefused(_("The opportunity already stands there."))
    words = clean_words(reason, most=MOST_REASON)
    if stage == "lost":
        if not words:
            raise ChangeRefused(_("Say in a few words why it was lost."))
        _change(opportunity.pk, loss_reason=words)
    row = _add_stage(opportunity, stage, before.amount_arr if before else None, after=before)
    was = before.stage if before else ""
    return _record("opportunity.moved", membership, opportunity, row=str(row.pk), before=was, after=stage)


def change_amount(*, membership: Membership, opportunity: Opportunity, amount: Decimal | None) -> AuditEntry:
    """Give an open opportunity another amount, at the stage where it stands; raises ChangeRefused."""
    before = _lock_open(opportunity)
    wanted = _check_amount(amount)
    if before is not None and before.amount_arr == wanted:
        raise ChangeRefused(_("The amount is the same."))
    if wanted is None:
        # A row of stages without an amount keeps the one before it: nothing would change.
        raise ChangeRefused(_("An amount is zero or more, and below a thousand billion."))
    row = _add_stage(opportunity, before.stage if before else OPEN_STAGES[0], wanted, after=before)
    return _record("opportunity.amount_changed", membership, opportunity, row=str(row.pk))


def change_closing_day(*, membership: Membership, opportunity: Opportunity, closes_on: date | None) -> AuditEntry:
    """Give an open opportunity another closing day, today or later, or none; raises ChangeRefused."""
    _lock_open(opportunity)
    wanted = _check_day(closes_on, local_day(membership.organization))
    before = Opportunity.objects.values_list("closes_on", flat=True).get(pk=opportunity.pk)
    if before == wanted:
        raise ChangeRefused(_("The closing day is the same."))
    _change(opportunity.pk, closes_on=wanted)
    return _record(
        "opportunity.closing_changed",
        membership,
        opportunity,
        day_before=before.isoformat() if before else "",
        day_after=wanted.isoformat() if wanted else "",
    )


@reverses("opportunity.opened")
def _unopen(entry: AuditEntry) -> bool:
    """Gone with its first stage; refused where it has moved since."""
    stages = OpportunityStage.objects.filter(opportunity_id=entry.details["opportunity"])
    if stages.count() != 1:
        return False
    stages.delete()
    return Opportunity.objects.filter(pk=entry.details["opportunity"]).delete()[0] == 1


@reverses("opportunity.moved")
def _unmove(entry: AuditEntry) -> bool:
    if not _remove_last_stage(entry):
        return False
    if entry.details["after"] == "lost":
        _give_back_reason(entry.details["opportunity"])
    return True


def _give_back_reason(opportunity_id: uuid.UUID | str) -> None:
    """The reason that the source gives in the place of the member's; one without a note is the source's own."""
    row = Opportunity.objects.select_for_update().get(pk=opportunity_id)
    said = read_source_cell("opportunities", [row.source_id], "loss_reason")
    if said is not None:
        _change(row.pk, loss_reason=said)


@reverses("opportunity.amount_changed")
def _remove_last_stage(entry: AuditEntry) -> bool:
    """Take the row away while it is the last one: a later stage stands on it."""
    last = read_last_stage(entry.details["opportunity"])
    return last is not None and str(last.pk) == entry.details["row"] and last.delete()[0] == 1


@reverses("opportunity.closing_changed")
def _unchange_closing(entry: AuditEntry) -> bool:
    before, after = entry.details["day_before"], entry.details["day_after"]
    stands = Opportunity.objects.filter(pk=entry.details["opportunity"], closes_on=after or None)
    if not stands.exists():
        return False
    _change(entry.details["opportunity"], closes_on=date.fromisoformat(before) if before else None)
    return True


def read_last_stage(opportunity_id: uuid.UUID | str) -> OpportunityStage | None:
    """The latest row of an opportunity's history; None where it has none."""
    return OpportunityStage.objects.filter(opportunity_id=opportunity_id).order_by("-at").first()


def _change(opportunity_id: uuid.UUID | str, **values: Any) -> None:
    """Change columns in place and note what the source last said of them: the change stands while it repeats that."""
    row = Opportunity.objects.select_for_update().get(pk=opportunity_id)
    before = {column: getattr(row, column) for column in values}
    Opportunity.objects.filter(pk=row.pk).update(**values)
    note_edits("opportunities", [row.source_id], before=before, after=values)


def _lock_open(opportunity: Opportunity) -> OpportunityStage | None:
    """Its last stage, with the row locked so that two members' moves follow each other; refuses a closed one."""
    Opportunity.objects.select_for_update().filter(pk=opportunity.pk).first()
    last = read_last_stage(opportunity.pk)
    if last is not None and last.stage in CLOSED_STAGES:
        raise ChangeRefused(_("This opportunity is closed."))
    return last


def _add_stage(
    opportunity: Opportunity, stage: str, amount: Decimal | None, *, after: OpportunityStage | None = None
) -> OpportunityStage:
    # Behind the stage before it, also where two moves share an instant or a source's clock runs ahead.
    at: datetime = max(timezone.now(), after.at + timedelta(microseconds=1)) if after else timezone.now()
    return OpportunityStage.objects.create(
        organization_id=opportunity.organization_id, opportunity=opportunity, at=at, stage=stage, amount_arr=amount
    )


def _record(action: str, membership: Membership, opportunity: Opportunity, **details: str) -> AuditEntry:
    return record_change(
        action, membership=membership, account_id=opportunity.account_id, opportunity=str(opportunity.pk), **details
    )


def _check_amount(amount: Decimal | None) -> Decimal | None:
    if amount is not None and not Decimal(0) <= amount < MOST_AMOUNT:
        raise ChangeRefused(_("An amount is zero or more, and below a thousand billion."))
    return None if amount is None else amount.quantize(Decimal("0.0001"))


def _check_day(day: date | None, today: date) -> date | None:
    if day is not None and not today <= day <= today + timedelta(days=3650):
        raise ChangeRefused(_("The closing day lies between today and ten years ahead."))
    return day
