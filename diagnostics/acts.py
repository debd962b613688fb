"""What a member does about a priority: done, snoozed, dismissed, taken back. Each act is a dated fact of the portfolio.

The next nights read them: a subject stays away until something about it is new, or until its date.
"""

import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Membership, Organization
from accounts.permissions import is_allowed
from diagnostics.models import Priority
from portfolio.books import visible_accounts
from portfolio.changes import UNDO_WITHIN
from portfolio.changes import local_day as local_day  # the screens know it from here
from portfolio.models import Account, Act
from portfolio.people import hash_mentions

# In the order of their keys, 1 to 5.
DONE_KINDS = {
    "called": gettext_lazy("Called"),
    "mailed": gettext_lazy("Mailed"),
    "met": gettext_lazy("Met"),
    "planned": gettext_lazy("Planned"),
    "no_action": gettext_lazy("No action needed"),
}
SNOOZES: dict[str, tuple[object, Callable[[date], date]]] = {
    "tomorrow": (gettext_lazy("Tomorrow"), lambda day: day + timedelta(days=1)),
    "three_days": (gettext_lazy("In 3 days"), lambda day: day + timedelta(days=3)),
    "next_week": (gettext_lazy("Next Monday"), lambda day: day + timedelta(days=7 - day.weekday())),
    "two_weeks": (gettext_lazy("In 2 weeks"), lambda day: day + timedelta(days=14)),
    "month": (gettext_lazy("In 30 days"), lambda day: day + timedelta(days=30)),
}
DISMISS_REASONS = {
    "handled": gettext_lazy("Already handled"),
    "no_problem": gettext_lazy("Not a problem here"),
    "wrong_facts": gettext_lazy("The facts are wrong"),
    "wrong_person": gettext_lazy("Somebody else’s account"),
    "not_worth": gettext_lazy("Not worth it now"),
}
MOST_CHARACTERS = 4000


class ActGone(ValueError):
    """The act is not the member's own, was taken back before, or is more than a day old."""


def may_act(membership: Membership) -> bool:
    """Whether the member may record acts now: the role allows it and the trial is not over."""
    return is_allowed("portfolio.act", membership) and membership.organization.is_writable


def access_priority(membership: Membership, priority_id: uuid.UUID) -> Priority:
    """One priority of an account that the member may see; Http404, alike for a hidden, a foreign and a missing one."""
    priority = (
        Priority.objects.select_related("account")
        .filter(pk=priority_id, account__in=visible_accounts(membership))
        .first()
    )
    if priority is None:
        raise Http404
    return priority


def record_done(
    *, membership: Membership, priority: Priority, kind: str, note: str = "", planned_on: date | None = None
) -> Act:
    """Record what was done (a key of DONE_KINDS); `planned_on` brings a planned subject back on that day."""
    if kind not in DONE_KINDS:
        raise ValueError(f"{kind} is none of {', '.join(DONE_KINDS)}.")
    reason = planned_on.isoformat() if planned_on and kind == "planned" else ""
    return _record(membership, priority, kind, reason=reason, note=note)


def snooze(*, membership: Membership, priority: Priority, until: date) -> Act:
    """Put the subject away until a day, or until something new; raises ValueError for a day that is not ahead."""
    if until <= local_day(membership.organization):
        raise ValueError("A subject is snoozed until a day ahead.")
    return _record(membership, priority, "snoozed", reason=until.isoformat())


def dismiss(*, membership: Membership, priority: Priority, reason: str, note: str = "") -> Act:
    """Put the subject away, for a reason (a key of DISMISS_REASONS), until something new."""
    if reason not in DISMISS_REASONS:
        raise ValueError(f"{reason} is none of {', '.join(DISMISS_REASONS)}.")
    return _record(membership, priority, "dismissed", reason=reason, note=note)


def undo(*, membership: Membership, act_id: uuid.UUID) -> None:
    """Take back one's own act of the last 24 hours; raises ActGone. The audit trail keeps both."""
    act = Act.objects.filter(
        pk=act_id, member_email=membership.user.email, at__gte=timezone.now() - UNDO_WITHIN, import_number=None
    ).first()
    if act is None or act.delete()[0] != 1:
        raise ActGone(str(act_id))
    audit.record("priority.undone", subject="account", subject_id=act.account_id, kind=act.kind, priority=act.priority)


def snooze_day(organization: Organization, code: str) -> date:
    """The day that a key of SNOOZES means today, in the organization's time zone."""
    return SNOOZES[code][1](local_day(organization))


def end_of_day(organization: Organization, day: date) -> datetime:
    """The first instant after the day, in the organization's time zone."""
    return datetime.combine(day + timedelta(days=1), time(0), organization.zone)


def describe_act(act: Act, *, account: Account) -> str:
    """What the toast says: "Linnea Care: called, recorded."."""
    if act.kind == "snoozed":
        return _("%(account)s is snoozed.") % {"account": account.name}
    if act.kind == "dismissed":
        return _("%(account)s is dismissed.") % {"account": account.name}
    done = str(DONE_KINDS[act.kind])
    return _("%(account)s: %(done)s, recorded.") % {"account": account.name, "done": done[:1].lower() + done[1:]}


def _record(membership: Membership, priority: Priority, kind: str, *, reason: str = "", note: str = "") -> Act:
    # PostgreSQL and the export's CSV know no NUL.
    words = note.replace("\x00", "").strip()[:MOST_CHARACTERS]
    act = Act.objects.create(
        organization_id=priority.organization_id,
        source_id=str(uuid.uuid4()),
        account_id=priority.account_id,
        kind=kind,
        at=timezone.now(),
        member_email=membership.user.email,
        priority=priority.subject,
        reason=reason,
        note=words,
        mentioned_hashes=hash_mentions(priority.organization_id, (words,)),
    )
    audit.record(
        f"priority.{kind}", subject="account", subject_id=priority.account_id, priority=priority.subject, reason=reason
    )
    return act
