"""What a member does about a priority: done, snoozed, dismissed, taken back. Each act is a dated fact of the portfolio.

The next nights read them: a subject stays away until something about it is new, or until its date.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

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
TOGETHER = ":"


class ActGone(ValueError):
    """The act is not the member's own, was taken back before, or is more than a day old."""


def may_act(membership: Membership) -> bool:
    """Whether the member may record acts now: the role allows it and the trial is not over."""
    return is_allowed("portfolio.act", membership) and membership.organization.is_writable


def access_priority(membership: Membership, priority_id: uuid.UUID) -> Priority:
    """One priority of an account that the member may see; Http404, alike for a hidden, a foreign and a missing one."""
    return access_priorities(membership, [priority_id])[0]


def access_priorities(membership: Membership, ids: Sequence[uuid.UUID]) -> list[Priority]:
    """All of these priorities or none: Http404 where a single one is hidden, foreign or missing. One query."""
    found = Priority.objects.select_related("account").filter(pk__in=ids, account__in=visible_accounts(membership))
    priorities = list(found.order_by("account_id", "subject"))
    if not priorities or len(priorities) != len(set(ids)):
        raise Http404
    return priorities


def record_done(
    *, membership: Membership, priority: Priority, kind: str, note: str = "", planned_on: date | None = None
) -> Act:
    """Record what was done (a key of DONE_KINDS); `planned_on` brings a planned subject back on that day."""
    return record_done_together(
        membership=membership, priorities=[priority], kind=kind, note=note, planned_on=planned_on
    )[0]


def snooze(*, membership: Membership, priority: Priority, until: date) -> Act:
    """Put the subject away until a day, or until something new; raises ValueError for a day that is not ahead."""
    return snooze_together(membership=membership, priorities=[priority], until=until)[0]


def dismiss(*, membership: Membership, priority: Priority, reason: str, note: str = "") -> Act:
    """Put the subject away, for a reason (a key of DISMISS_REASONS), until something new."""
    return dismiss_together(membership=membership, priorities=[priority], reason=reason, note=note)[0]


def record_done_together(
    *, membership: Membership, priorities: Sequence[Priority], kind: str, note: str = "", planned_on: date | None = None
) -> list[Act]:
    """The same thing done about several subjects; they are taken back as one."""
    if kind not in DONE_KINDS:
        raise ValueError(f"{kind} is none of {', '.join(DONE_KINDS)}.")
    reason = planned_on.isoformat() if planned_on and kind == "planned" else ""
    return _record(membership, priorities, kind, reason=reason, note=note)


def snooze_together(*, membership: Membership, priorities: Sequence[Priority], until: date) -> list[Act]:
    """Put several subjects away until a day; they are taken back as one."""
    if until <= local_day(membership.organization):
        raise ValueError("A subject is snoozed until a day ahead.")
    return _record(membership, priorities, "snoozed", reason=until.isoformat())


def dismiss_together(
    *, membership: Membership, priorities: Sequence[Priority], reason: str, note: str = ""
) -> list[Act]:
    """Put several subjects away for one reason; they are taken back as one."""
    if reason not in DISMISS_REASONS:
        raise ValueError(f"{reason} is none of {', '.join(DISMISS_REASONS)}.")
    return _record(membership, priorities, "dismissed", reason=reason, note=note)


def undo(*, membership: Membership, act_id: uuid.UUID) -> None:
    """Take back one's own act of the last 24 hours, with those recorded together with it; raises ActGone.

    The audit trail keeps both.
    """
    own = Act.objects.filter(
        member_email=membership.user.email, at__gte=timezone.now() - UNDO_WITHIN, import_number=None
    )
    act = own.filter(pk=act_id).first()
    if act is None:
        raise ActGone(str(act_id))
    together = [act]
    if TOGETHER in act.source_id:
        begins = act.source_id.partition(TOGETHER)[0] + TOGETHER
        together = list(own.filter(source_id__startswith=begins))
    if own.filter(pk__in=[one.pk for one in together]).delete()[0] < len(together):
        raise ActGone(str(act_id))
    told = ((one.account_id, {"kind": one.kind, "priority": one.priority}) for one in together)
    audit.record_all("priority.undone", subject="account", told=told)


def snooze_day(organization: Organization, code: str) -> date:
    """The day that a key of SNOOZES means today, in the organization's time zone."""
    return SNOOZES[code][1](local_day(organization))


def end_of_day(organization: Organization, day: date) -> datetime:
    """The first instant after the day, in the organization's time zone."""
    return datetime.combine(day + timedelta(days=1), time(0), organization.zone)


def describe_act(act: Act, *, account: Account) -> str:
    """What the toast says: "Linnea Care: called, recorded."."""
    return describe_together([act], name=account.name)


def describe_together(acts: Sequence[Act], *, name: str = "") -> str:
    """The same of acts recorded together; without a name, how many accounts they concern."""
    kind, accounts = acts[0].kind, len({act.account_id for act in acts})
    name = name or ngettext("%(n)s account", "%(n)s accounts", accounts) % {"n": accounts}
    if kind == "snoozed":
        return (
            _("Snoozed: %(account)s.") % {"account": name}
            if len(acts) > 1
            else _("%(account)s is snoozed.") % {"account": name}
        )
    if kind == "dismissed":
        return (
            _("Dismissed: %(account)s.") % {"account": name}
            if len(acts) > 1
            else _("%(account)s is dismissed.") % {"account": name}
        )
    done = str(DONE_KINDS[kind])
    return _("%(account)s: %(done)s, recorded.") % {"account": name, "done": done[:1].lower() + done[1:]}


def _record(
    membership: Membership, priorities: Sequence[Priority], kind: str, *, reason: str = "", note: str = ""
) -> list[Act]:
    """Acts and their audit rows, each in one statement."""
    together, now = uuid.uuid4(), timezone.now()
    # PostgreSQL and the export's CSV know no NUL.
    words = note.replace("\x00", "").strip()[:MOST_CHARACTERS]
    mentioned = hash_mentions(membership.organization_id, (words,))
    acts = Act.objects.bulk_create(
        Act(
            organization_id=priority.organization_id,
            # What is recorded together shares the first part of its id, by which it is taken back as one.
            source_id=f"{together}{TOGETHER}{number}" if len(priorities) > 1 else str(together),
            account_id=priority.account_id,
            kind=kind,
            at=now,
            member_email=membership.user.email,
            priority=priority.subject,
            reason=reason,
            note=words,
            mentioned_hashes=mentioned,
        )
        for number, priority in enumerate(priorities)
    )
    told = ((priority.account_id, {"priority": priority.subject, "reason": reason}) for priority in priorities)
    audit.record_all(f"priority.{kind}", subject="account", told=told)
    return acts
