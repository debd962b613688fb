"""Next steps and goals, as account_goals.csv carries them; a step may stand on one contract's renewal.

The contract knows no column for that, so the goal's own id names it: `step:ENDS_ON:CONTRACT#…`. It goes out and comes
back with every export (docs/decisions/0013-where-a-forecast-is-kept.md).
"""

import uuid
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import AuditEntry, Membership
from portfolio.books import visible_accounts
from portfolio.changes import ChangeRefused, clean_words, local_day, record_change, reverses
from portfolio.edits import note_edits
from portfolio.models import Account, AccountGoal

STEP = "step"
MOST_TITLE = 200


def name_term(contract: str, ends_on: date | None) -> str:
    """How acts and goals name one term of one contract: `2026-12-27:C-1064`."""
    return f"{ends_on.isoformat() if ends_on else ''}:{contract}"


def access_goal(membership: Membership, goal_id: uuid.UUID) -> AccountGoal:
    """One goal of an account that the member may see; Http404, alike for a hidden, a foreign and a missing one."""
    found = (
        AccountGoal.objects.select_related("account")
        .filter(pk=goal_id, account__in=visible_accounts(membership))
        .first()
    )
    if found is None:
        raise Http404
    return found


def add_step(
    *,
    membership: Membership,
    account: Account,
    title: str,
    due_on: date | None,
    owner_email: str = "",
    term: str = "",
) -> AuditEntry:
    """Note a next step, on the renewal of a `term` where one is named; raises ChangeRefused."""
    goal = AccountGoal.objects.create(
        organization_id=account.organization_id,
        source_id=f"{STEP}:{term}#{uuid.uuid4()}" if term else f"{STEP}-{uuid.uuid4()}",
        account=account,
        title=_check_title(title),
        due_on=_check_day(due_on, membership),
        owner_email=owner_email.lower(),
    )
    return _record("step.added", membership, goal)


def change_step(
    *, membership: Membership, goal: AccountGoal, title: str, due_on: date | None, owner_email: str = ""
) -> AuditEntry:
    """Put another step, day or owner in its place; its words are not kept, so that there is no Undo for it."""
    values: dict[str, Any] = {"title": _check_title(title), "owner_email": owner_email.lower()}
    if due_on != goal.due_on:
        values["due_on"] = _check_day(due_on, membership)
    _change(goal.pk, **values)
    return _record("step.changed", membership, goal)


def finish_step(*, membership: Membership, goal: AccountGoal) -> AuditEntry:
    """Note that a step was done today; raises ChangeRefused where it was before."""
    today = local_day(membership.organization)
    if not _change(goal.pk, done_on=today, only=Q(done_on=None)):
        raise ChangeRefused(_("This step is done already."))
    return _record("step.done", membership, goal)


@reverses("step.added")
def _unadd(entry: AuditEntry) -> bool:
    return AccountGoal.objects.filter(pk=entry.details["goal"], done_on=None).delete()[0] == 1


@reverses("step.done")
def _unfinish(entry: AuditEntry) -> bool:
    return _change(entry.details["goal"], done_on=None, only=Q(done_on__isnull=False))


def _change(goal_id: uuid.UUID | str, *, only: Q | None = None, **values: Any) -> bool:
    """Change a goal in place and note what the source last said of it; False where `only` does not hold any more."""
    row = AccountGoal.objects.select_for_update().filter(only or Q(), pk=goal_id).first()
    if row is None:
        return False
    before = {column: getattr(row, column) for column in values}
    AccountGoal.objects.filter(pk=row.pk).update(**values)
    note_edits("account_goals", [row.source_id], before=before, after=values)
    return True


def _record(action: str, membership: Membership, goal: AccountGoal) -> AuditEntry:
    return record_change(action, membership=membership, account_id=goal.account_id, goal=str(goal.pk))


def _check_title(title: str) -> str:
    words = clean_words(title, most=MOST_TITLE)
    if not words:
        raise ChangeRefused(_("A next step needs a few words."))
    return words


def _check_day(day: date | None, membership: Membership) -> date | None:
    today = local_day(membership.organization)
    if day is not None and not today <= day <= today + timedelta(days=3650):
        raise ChangeRefused(_("A next step is due between today and ten years ahead."))
    return day
