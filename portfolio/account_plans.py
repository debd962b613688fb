"""The account plan, written and reviewed in Phano: each day's state is a row, the latest counts."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import AuditEntry, Membership
from portfolio.changes import ChangeRefused, local_day, record_change, reverses
from portfolio.edits import note_edits
from portfolio.models import Account, AccountPlan

MOST_CHARACTERS = 2000


def update_account_plan(
    *, membership: Membership, account: Account, objective: str, success_criteria: str, owner_email: str = ""
) -> AuditEntry:
    """Write the state of the plan as of today; raises ChangeRefused for none or too long a text.

    A second writing on one day replaces the first, and cannot be taken back: its words are gone.
    """
    texts = [text.replace("\x00", "").strip() for text in (objective, success_criteria)]
    if not texts[0] or any(len(text) > MOST_CHARACTERS for text in texts):
        raise ChangeRefused(_("A plan needs an objective, and each text has at most %(n)s characters.") % {"n": 2000})
    values = {"objective": texts[0], "success_criteria": texts[1], "owner_email": owner_email.lower()}
    before = AccountPlan.objects.filter(account=account, updated_on=local_day(membership.organization)).first()
    if before is not None:
        _note(before, account, **values)
    plan, is_new = AccountPlan.objects.update_or_create(
        account=account,
        updated_on=local_day(membership.organization),
        defaults=values,
        create_defaults={**values, "organization_id": account.organization_id},
    )
    action = "plan.written" if is_new else "plan.rewritten"
    return record_change(action, membership=membership, account_id=account.pk, plan=str(plan.pk))


def review_account_plan(*, membership: Membership, account: Account) -> AuditEntry:
    """Note that the plan in force was gone through today and still holds; raises ChangeRefused without a plan."""
    today = local_day(membership.organization)
    plan = AccountPlan.objects.filter(account=account, updated_on__lte=today).order_by("-updated_on").first()
    if plan is None:
        raise ChangeRefused(_("There is no account plan to review: write one first."))
    if plan.reviewed_on == today:
        raise ChangeRefused(_("The plan was reviewed today already."))
    _note(plan, account, reviewed_on=today)
    before, plan.reviewed_on = plan.reviewed_on, today
    plan.save(update_fields=["reviewed_on"])
    return record_change(
        "plan.reviewed",
        membership=membership,
        account_id=account.pk,
        plan=str(plan.pk),
        day_before=before.isoformat() if before else "",
        day_after=today.isoformat(),
    )


@reverses("plan.written")
def _unwrite(entry: AuditEntry) -> bool:
    return AccountPlan.objects.filter(pk=entry.details["plan"]).delete()[0] == 1


@reverses("plan.reviewed")
def _unreview(entry: AuditEntry) -> bool:
    before, after = entry.details["day_before"], entry.details["day_after"]
    plan = AccountPlan.objects.select_related("account").filter(pk=entry.details["plan"], reviewed_on=after).first()
    if plan is None:
        return False
    day = date.fromisoformat(before) if before else None
    _note(plan, plan.account, reviewed_on=day)
    return AccountPlan.objects.filter(pk=plan.pk, reviewed_on=after).update(reviewed_on=day) == 1


def _note(plan: AccountPlan, account: Account, **values: Any) -> None:
    """Before the plan is changed in place: what the source last said of it, so that the change stands."""
    before = {column: getattr(plan, column) for column in values}
    note_edits("account_plans", [account.source_id, plan.updated_on], before=before, after=values)
