"""Rows that are one: accounts that share a cause, or that belong to one parent, with the message they call for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.formats import NARROW, format_day, format_number
from diagnostics.engine.signals import BY_NAME
from diagnostics.labels import EVENT_KINDS, name_code
from diagnostics.models import Priority
from diagnostics.priorities.candidates import GROWTH
from diagnostics.priorities.drafts import Draft, DraftFacts, draft_message
from diagnostics.queries.priority_rows import PriorityRow

LANGUAGES = ("en", "fr")
PARENT = "parent:"


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name a message is drafted, and on which day."""

    member: str
    organization: str
    today: date
    language: str


@dataclass(slots=True)
class SharedRow:
    """Several priorities as one row of the list. Amounts are those of `members`; scores are their means."""

    id: UUID
    code: str
    title: str
    members: list[PriorityRow]
    why: str
    action_text: str
    sources: list[str]
    drafts: list[Draft]
    in_all: int
    arr_in_all: Decimal | None
    is_family: bool = False
    family_id: UUID | None = None  # the parent's page, where the reader may see it
    state: str = "open"
    evidence: list[Any] = field(default_factory=list)

    @property
    def first(self) -> PriorityRow:
        """The member with the largest expected effect."""
        return self.members[0]

    @property
    def kind(self) -> str:
        """The kind of its first member, by which its amount counts as one to defend or to win."""
        return self.first.kind

    @property
    def lever(self) -> str:
        """The lever that all members have; '' where they differ."""
        levers = {member.lever for member in self.members}
        return levers.pop() if len(levers) == 1 else ""

    @property
    def accounts(self) -> int:
        """How many accounts of the reader's list it stands for."""
        return len({member.account_id for member in self.members})

    @property
    def account_name(self) -> str:
        return self.title

    @property
    def effect(self) -> Decimal | None:
        """The sum of the expected effects."""
        known = [member.effect for member in self.members if member.effect is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def base(self) -> Decimal | None:
        """The sum of what is at stake, or can be won."""
        known = [member.base for member in self.members if member.base is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def arr(self) -> Decimal | None:
        """ARR of the members' accounts, each counted once."""
        amounts = {member.account_id: member.arr for member in self.members if member.arr is not None}
        return sum(amounts.values(), Decimal(0)) if amounts else None

    @property
    def first_decision(self) -> PriorityRow | None:
        """The member whose decision comes first."""
        dated = [one for one in self.members if one.days_to_decision is not None and one.days_to_decision >= 0]
        return min(dated, key=lambda one: one.days_to_decision or 0, default=None)

    @property
    def health(self) -> float | None:
        return _mean(member.health for member in self.members)

    @property
    def health_delta(self) -> float | None:
        return _mean(member.health_delta for member in self.members)

    @property
    def potential(self) -> float | None:
        return _mean(member.potential for member in self.members)

    @property
    def potential_delta(self) -> float | None:
        return _mean(member.potential_delta for member in self.members)

    @property
    def addresses(self) -> list[str]:
        """The e-mail addresses of the people to turn to, each once."""
        found = (member.action.contact.email for member in self.members if member.action.contact)
        return list(dict.fromkeys(address for address in found if address))

    @property
    def links(self) -> list[tuple[Draft, str]]:
        """Each draft with the link that opens it in a mail program."""
        return [(draft, draft.link(self.addresses)) for draft in self.drafts]


def arrange(priorities: list[Priority], roots: Mapping[UUID, tuple[UUID, str]] | None = None) -> list[list[Priority]]:
    """Which priorities are one row, the heaviest row first: those of one cause, or, with `roots`, of one parent.

    `roots`: id and name of the ultimate parent by account. Parents come first; what is left is arranged by cause.
    """
    together: dict[str, list[Priority]] = {}
    families: dict[UUID, set[UUID]] = {}
    for priority in priorities if roots else ():
        families.setdefault((roots or {})[priority.account_id][0], set()).add(priority.account_id)
    for priority in priorities:
        root = roots[priority.account_id][0] if roots else None
        of_family = root is not None and len(families[root]) > 1
        key = f"{PARENT}{root}" if of_family else priority.pool or str(priority.id)
        together.setdefault(key, []).append(priority)
    return sorted(together.values(), key=_weigh, reverse=True)


def build_shared(
    members: list[PriorityRow], sender: Sender, roots: Mapping[UUID, tuple[UUID, str]] | None = None
) -> PriorityRow | SharedRow:
    """One row of the list from the members that `arrange` put together."""
    if len(members) == 1:
        return members[0]
    ids = {root[0] for member in members if (root := (roots or {}).get(member.account_id))}
    if roots and len(ids) == 1 and len({member.account_id for member in members}) > 1:
        return build_family(members, roots[members[0].account_id])
    return build_pool(members, sender)


def build_pool(members: list[PriorityRow], sender: Sender) -> SharedRow:
    """One cause shared by these accounts; they come heaviest first."""
    first, accounts = members[0], len(members)
    name = name_cause(first, sender.language)
    in_all = max(first.pool_accounts or 0, accounts)
    count = ngettext("%(n)s account", "%(n)s accounts", accounts) % {"n": accounts}
    return SharedRow(
        id=first.id,
        code=first.pool,
        title=f"{name}{NARROW if sender.language == 'fr' else ''}: {count}",
        members=members,
        why=_tell_event(members, sender) if first.event else _tell_alike(members, name, sender),
        action_text=_tell_act(members),
        sources=list(dict.fromkeys(source for member in members for source in member.sources)),
        drafts=write_drafts(first, sender),
        in_all=in_all,
        arr_in_all=first.pool_arr,
    )


def build_family(members: list[PriorityRow], root: tuple[UUID, str]) -> SharedRow:
    """The accounts of one ultimate parent: one call. A parent without a name is none of the reader's accounts."""
    accounts = len({member.account_id for member in members})
    contact = next((member.action.contact for member in members if member.action.contact), None)
    first = members[0]
    if contact is not None:
        act = _("One call for all **%(n)s**: begin with %(who)s, at %(account)s.") % {
            "n": accounts,
            "who": contact.name,
            "account": first.account_name,
        }
    else:
        act = _("One call for all **%(n)s**: begin at %(account)s.") % {"n": accounts, "account": first.account_name}
    return SharedRow(
        id=first.id,
        code=f"{PARENT}{root[0]}",
        title=_("%(parent)s: %(n)s accounts") % {"parent": root[1] or _("A parent out of your sight"), "n": accounts},
        members=members,
        why=_("%(account)s: %(why)s") % {"account": first.account_name, "why": first.why},
        action_text=act,
        sources=first.sources,
        drafts=[],
        in_all=accounts,
        arr_in_all=None,
        is_family=True,
        family_id=root[0] if root[1] else None,
    )


def name_cause(row: PriorityRow, language: str) -> str:
    """What a shared cause is called: the event, the signal, or the kind of subject."""
    if row.event is not None:
        return row.event.title or name_code(EVENT_KINDS, row.event.kind)
    signal = BY_NAME.get(row.pool.rpartition(":")[2])
    return signal.label[language == "fr"] if signal else str(Priority.Kind(row.kind).label)


def write_drafts(row: PriorityRow, sender: Sender) -> list[Draft]:
    """The message of a shared cause in both languages, the reader's first; none for an internal matter."""
    source = next((cause.source for cause in row.causes if cause.number), "crm")
    cause = source if row.kind == Priority.Kind.RETAIN else "usage_lever" if row.kind == "usage" else row.kind
    event = row.event
    facts = DraftFacts(
        cause=cause,
        member=sender.member,
        organization=sender.organization,
        today=sender.today,
        event_kind=event.kind if event else "",
        event_title=event.title if event else "",
        event_on=event.happened_on if event else None,
        event_ended_on=event.ended_on if event and event.ended_on and event.ended_on <= sender.today else None,
    )
    languages = sorted(LANGUAGES, key=lambda language: language != sender.language)
    return [draft for language in languages if (draft := draft_message(facts, language))]


def _tell_event(members: list[PriorityRow], sender: Sender) -> str:
    event = members[0].event
    assert event is not None
    falls = sorted(-member.health_delta for member in members if member.health_delta and member.health_delta < 0)
    since = format_day(event.happened_on, language=sender.language, today=sender.today)
    if not falls:
        return _("Since **%(since)s**: less use and more trouble. The weeks coincide; that alone proves nothing.") % {
            "since": since
        }
    least, most = (format_number(fall, language=sender.language) for fall in (falls[0], falls[-1]))
    return _(
        "Since **%(since)s** use and support got worse; health is down **%(least)s to %(most)s** in 30 days. "
        "The weeks coincide; that alone proves nothing."
    ) % {"least": least, "most": most, "since": since}


def _tell_alike(members: list[PriorityRow], name: str, sender: Sender) -> str:
    first = members[0]
    if not first.why:
        return _("The same on **%(n)s** small accounts.") % {"n": len(members)}
    return _("The same first cause on **%(n)s** small accounts. %(account)s: %(why)s") % {
        "n": len(members),
        "account": first.account_name,
        "why": first.causes[0].sentence if first.causes else first.why,
    }


def _tell_act(members: list[PriorityRow]) -> str:
    kind, n = members[0].kind, len(members)
    if kind == Priority.Kind.OWNER:
        return _("Name a CSM for all **%(n)s** at once.") % {"n": n}
    if kind == Priority.Kind.PLAN:
        return _("Review the **%(n)s** account plans one after another.") % {"n": n}
    if kind in GROWTH:
        return _("Offer it to all **%(n)s**: one message, drafted.") % {"n": n}
    return _("Write to all **%(n)s**: one message, drafted.") % {"n": n}


def _weigh(members: list[Priority]) -> tuple[float, float]:
    weight = sum(float(member.effect or 0) * member.urgency for member in members)
    return weight, float(sum(member.base or 0 for member in members))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
