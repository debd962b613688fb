"""Today: a member's priorities with every figure, what was done about them today, and what moved."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import JSONObject, TruncDate

from accounts.models import Membership, Organization
from accounts.models.organizations import Visibility
from accounts.permissions import ADMINS
from diagnostics.acts import DONE_KINDS, end_of_day, local_day
from diagnostics.models import Diagnosis, Night, Priority
from diagnostics.priorities.candidates import GROWTH
from diagnostics.queries.causes import Cause, CauseReader
from diagnostics.queries.diagnosed import read_nights
from diagnostics.queries.movements import Movements, in_scope, own_accounts, read_largest_movements
from diagnostics.queries.overlaps import mark_overlaps
from diagnostics.queries.priority_rows import (
    LeftOutRow,
    PriorityRow,
    build_left_out,
    build_row,
    hold_offer,
    read_state,
    with_names,
)
from diagnostics.queries.shared_rows import Sender, SharedRow, arrange, build_shared
from portfolio.books import team_addresses, visible_accounts, widest_book
from portfolio.models import Account, Act
from portfolio.queries.families import read_roots

SEEN_ACTS = (*DONE_KINDS, "snoozed", "dismissed")
# Read for one page: its rows, those of shared causes among them, then the first of those left out.
MOST_READ = 150
MOST_LEFT_OUT = 60
# Shown at once; a team's list is longer than anybody reads, and each row costs its forms.
SHOWN_ROWS = 10
TREND_DAYS = 30
SELLING = (*GROWTH, "opportunity")
TABS = ("open", "snoozed", "done", "dismissed")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a day is put into words: the rows under one tab, so many of them (None: all), and what is left out."""

    tab: str = ""
    most: int | None = None
    left_out: bool = True

    def take(self, tab: str, units: list[list[Priority]]) -> list[list[Priority]]:
        """The rows of a tab to build."""
        return units[: self.most] if self.tab in ("", tab) else []


ALL = Wanted()


@dataclass(slots=True)
class Today:
    """One member's day; `night` is None before the first diagnosis. Amounts are those of the open rows.

    `done` and `dismissed` hold today's; what was handled earlier and has nothing new stands in `left_out`, as do the
    priorities that a colleague has on accounts of the member's own. `unlisted` are subjects too light to be kept.
    `counts`: how many rows stand under each tab, built or not.
    """

    night: Night | None
    day: date
    scope: str
    rows: list[PriorityRow | SharedRow] = field(default_factory=list)
    snoozed: list[PriorityRow] = field(default_factory=list)
    done: list[PriorityRow] = field(default_factory=list)
    dismissed: list[PriorityRow] = field(default_factory=list)
    left_out: list[LeftOutRow] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*TABS, "left_out"), 0))
    expected: Decimal = Decimal(0)
    to_defend: Decimal = Decimal(0)
    open_windows: Decimal = Decimal(0)
    unlisted: int = 0
    has_parents: bool = False
    mine_accounts: int = 0
    team_accounts: int = 0
    movements: Movements = field(default_factory=lambda: Movements(0, None, [], 0, []))

    def under(self, tab: str) -> list[Any]:
        """The rows of a tab that were built."""
        rows: list[Any] = self.rows if tab == "open" else getattr(self, tab)
        return rows


def read_today(
    membership: Membership,
    *,
    scope: str,
    language: str,
    segment: str = "",
    lever: str = "",
    by_parent: bool = False,
    wanted: Wanted = ALL,
    night: Night | None = None,
) -> Today:
    """The day of a member's own book (`mine`) or of everything the member sees (`team`), in six queries.

    `mine` are the priorities that stand in the member's name; an owner or admin also gets those of nobody. One more
    query names colleagues where some are to be named, and one more finds the parents where rows are grouped by them.
    """
    organization = membership.organization
    night = night or _last_night()
    today = Today(night, local_day(organization), scope)
    if night is None:
        return today
    names = own_names(membership)
    found = find_priorities(membership, scope, night, segment=segment, lever=lever)
    states = _read_states(found, organization, night, today.day)
    mine = [one for one in found if scope != "mine" or one.owner_email in names]
    theirs = [one for one in found if one.owner_email not in names and states[one.id] == "open"]
    theirs = theirs if scope == "mine" else []
    by_tab: dict[str, list[Priority]] = {tab: [] for tab in (*TABS, "left_out")}
    for one in mine:
        by_tab[states[one.id]].append(one)
    _add_up(today, by_tab["open"])
    today.has_parents = any(one.account.parent_id for one in found)
    roots = _read_roots(membership, by_tab["open"]) if by_parent and by_tab["open"] else None
    units = {tab: [[one] for one in by_tab[tab]] for tab in TABS} | {"open": arrange(by_tab["open"], roots)}
    left_out = [*theirs, *by_tab["left_out"]]
    today.counts = {tab: len(units[tab]) for tab in TABS} | {"left_out": len(left_out)}

    shown = {tab: wanted.take(tab, units[tab]) for tab in TABS}
    listed = left_out[:MOST_LEFT_OUT] if wanted.left_out else []
    to_build = [one for tab in TABS for unit in shown[tab] for one in unit]
    # Of a shared cause the first account speaks for the others; those of one parent each have their own.
    brief = {one.id for unit in shown["open"] for one in unit[1:] if unit[1].pool and unit[0].pool == unit[1].pool}
    reader = CauseReader(night, language=language, currency=organization.currency)
    built = {row.id: row for row in read_rows([*to_build, *listed], reader, organization, brief=brief | _ids(listed))}
    _keep_to_sight(built.values(), membership)
    listed_with = [one.owner_email for one in theirs] if wanted.left_out else []
    colleagues = mark_overlaps(found, states, built, membership, named=listed_with)
    today.movements = read_largest_movements(membership, scope=scope, language=language, night=night)
    _mark_day(built.values(), today.movements)
    sender = Sender(str(membership.user), organization.name, today.day, reader.language)
    today.rows = [build_shared([built[one.id] for one in unit], sender, roots) for unit in shown["open"]]
    for tab in TABS[1:]:
        today.under(tab).extend(built[one.id] for [one] in shown[tab])
    has_it = {one.id: colleagues.get(one.owner_email, one.owner_email) for one in theirs}
    today.left_out = [build_left_out(built[one.id], has_it=has_it.get(one.id, "")) for one in listed]
    seen = names if scope == "mine" else _names_in_sight(membership)
    today.unlisted = sum(count for name, count in night.unlisted.items() if seen is None or name in seen)
    today.mine_accounts, today.team_accounts = _count_accounts(membership, night)
    return today


def find_priorities(membership: Membership, scope: str, night: Night, *, segment: str, lever: str) -> list[Priority]:
    """The night's priorities in sight, with account, contact, event and last act; one query.

    The member's own and ranked first, so that neither a colleague's nor a long tail can crowd them out of the page.
    """
    found = Priority.objects.filter(_in_sight(membership, scope), night=night.night)
    if lever:
        found = found.filter(lever=lever)
    if segment:
        found = found.filter(account__in=Diagnosis.objects.filter(night=night.night, segment=segment).values("account"))
    own = Q(owner_email__in=own_names(membership)) if scope == "mine" else Q()
    first = Case(
        When(own & (Q(rank__isnull=False) | Q(left_out="snoozed")), then=0),
        When(rank__isnull=False, then=1),
        default=2,
        output_field=IntegerField(),
    )
    # What is joined is joined to the rows of the page alone.
    page = found.order_by(first, *HEAVIEST).values("pk")[:MOST_READ]
    return list(_with_act(Priority.objects.filter(pk__in=page)).order_by(first, *HEAVIEST))


def _read_states(found: list[Priority], organization: Organization, night: Night, day: date) -> dict[UUID, str]:
    end = end_of_day(organization, night.night)
    return {one.id: read_state(one, day, end)[0] for one in found}


def _add_up(today: Today, rows: list[Priority]) -> None:
    """Expected effects, ARR at stake and room of windows of the open rows."""
    today.expected = sum((one.effect or Decimal(0) for one in rows), Decimal(0))
    today.to_defend = sum((one.base or Decimal(0) for one in rows if one.kind not in SELLING), Decimal(0))
    today.open_windows = sum((one.base or Decimal(0) for one in rows if one.kind in SELLING), Decimal(0))


def _ids(priorities: list[Priority]) -> set[UUID]:
    return {one.id for one in priorities}


def _mark_day(rows: Iterable[PriorityRow], movements: Movements) -> None:
    """What the day found about an account stands on its row as well; an offer that it speaks against is held."""
    found = {move.account_id: move for move in movements.today}
    for row in rows:
        row.day = found.get(row.account_id)
        if row.day is not None and row.day.direction == "down" and row.kind in SELLING:
            row.action = hold_offer(row.action)


def read_priority(membership: Membership, priority_id: UUID, *, language: str) -> PriorityRow | None:
    """One row again, of whatever night; None where the member may not see it."""
    found = _with_act(Priority.objects.filter(pk=priority_id, account__in=visible_accounts(membership))).first()
    return _read_alone(found, membership, language)


def read_account_priority(
    membership: Membership, account_id: UUID, night: Night, *, language: str
) -> PriorityRow | None:
    """The reader's priority of an account on a night, else the heaviest, ranked ones first; None without any."""
    found = find_account_priorities(account_id, night.night, membership)
    return _read_alone(found[0] if found else None, membership, language)


def find_account_priorities(account_id: UUID, night: date, membership: Membership | None = None) -> list[Priority]:
    """An account's priorities as `build_row` takes them, with account, contact, event and last act; one query.

    The reader's own stands first: a CSM and an AM look at one account through two lenses. Then what has a rank, what
    waits for a place, and what was put away; the heaviest of each first.
    """
    own = own_names(membership) if membership else []
    found = _with_act(Priority.objects.filter(account_id=account_id, night=night))
    lens = Case(When(owner_email__in=own, then=0), default=1, output_field=IntegerField())
    unplaced = (Priority.LeftOut.MORE_THAN_TEN, Priority.LeftOut.BELOW_THRESHOLD)
    ranked = When(rank__isnull=False, then=0)
    stands = Case(ranked, When(left_out__in=unplaced, then=1), default=2, output_field=IntegerField())
    return list(found.order_by(lens, stands, F("rank").asc(nulls_last=True), *HEAVIEST))


def read_evidence(row: PriorityRow, *, most: int | None = None) -> list[Cause]:
    """The contributions that speak for the row's subject, heaviest first; no query."""
    return row.evidence_of(most)


def count_open(membership: Membership) -> int:
    """How many rows of the last night stand open in the member's name, for the navigation; one query."""
    last = Night.objects.order_by("-night").values("night")[:1]
    # The organization's day, not the server's: near midnight they differ.
    acted = Act.objects.annotate(on=TruncDate("at", tzinfo=membership.organization.zone)).filter(
        account_id=OuterRef("account_id"),
        priority=OuterRef("subject"),
        kind__in=SEEN_ACTS,
        on__gt=OuterRef("night"),
    )
    mine = Priority.objects.filter(
        in_scope(membership, "team"),
        owner_email__in=own_names(membership),
        night=Subquery(last),
        rank__isnull=False,
    )
    # The accounts of one cause share a rank: they are one row.
    return mine.exclude(Exists(acted)).values("owner_email", "rank").distinct().count()


def read_rows(
    priorities: list[Priority], reader: CauseReader, organization: Organization, *, brief: Collection[UUID] = ()
) -> list[PriorityRow]:
    """Priorities of one night with diagnosis and trend: two queries, whatever their number.

    `brief`: those of which the figures alone are shown.
    """
    night = reader.night.night
    ids = {priority.account_id for priority in priorities}
    diagnoses: dict[UUID, Diagnosis] = {}
    trends: dict[UUID, list[tuple[date, float | None, float | None]]] = {}
    if ids:
        tonight = Diagnosis.objects.filter(account_id__in=ids, night=night)
        diagnoses = {d.account_id: d for d in with_names(tonight)}
        past = Diagnosis.objects.filter(
            account_id__in=ids, night__gte=night - timedelta(days=TREND_DAYS), night__lte=night
        )
        for account_id, *point in past.order_by("night").values_list("account_id", "night", "health", "potential"):
            trends.setdefault(account_id, []).append(tuple(point))
    day, end = local_day(organization), end_of_day(organization, night)
    return [
        build_row(
            priority,
            diagnoses.get(priority.account_id),
            trends.get(priority.account_id, []),
            reader,
            day=day,
            end_of_night=end,
            brief=priority.id in brief,
        )
        for priority in priorities
    ]


HEAVIEST = (
    (F("effect") * F("urgency")).desc(nulls_last=True),
    F("base").desc(nulls_last=True),
    F("account_id").asc(),
    F("subject").asc(),
)


def _with_act(priorities: QuerySet[Priority]) -> QuerySet[Priority]:
    """Priorities with account, contact and, as `act`, the last act on the subject."""
    acts = Act.objects.filter(
        account_id=OuterRef("account_id"), priority=OuterRef("subject"), kind__in=SEEN_ACTS
    ).order_by("-at", "-source_id")
    told = JSONObject(id="id", kind="kind", reason="reason", at="at", member_email="member_email")
    return priorities.select_related("account", "contact", "event").annotate(act=Subquery(acts.values(told=told)[:1]))


def _read_alone(priority: Priority | None, membership: Membership, language: str) -> PriorityRow | None:
    if priority is None:
        return None
    organization = membership.organization
    night = Night.objects.select_related("model_version").get(night=priority.night)
    reader = CauseReader(night, language=language, currency=organization.currency)
    rows = read_rows([priority], reader, organization)
    _keep_to_sight(rows, membership)
    return rows[0]


def _keep_to_sight(rows: Iterable[PriorityRow], membership: Membership) -> None:
    """How many accounts share a cause, and their ARR, counts the whole base: for those alone who see it."""
    if widest_book(membership) != Visibility.ALL:
        for row in rows:
            row.pool_accounts = row.pool_arr = None


def _read_roots(membership: Membership, priorities: list[Priority]) -> dict[UUID, tuple[UUID, str]]:
    """The ultimate parent by account; '' as the name of one that the member may not see."""
    roots = read_roots([one.account_id for one in priorities])
    if widest_book(membership) == Visibility.ALL:
        return roots
    parents = {root_id for root_id, _name in roots.values()}
    seen = set(visible_accounts(membership).filter(pk__in=parents).values_list("pk", flat=True))
    return {account: (root_id, name if root_id in seen else "") for account, (root_id, name) in roots.items()}


def _names_in_sight(membership: Membership) -> list[str] | None:
    """In whose name the priorities stand that a member sees; None for everybody's."""
    match widest_book(membership):
        case Visibility.ALL:
            return None
        case Visibility.TEAM:
            return team_addresses(membership)
        case _:
            return own_names(membership)


def _last_night() -> Night | None:
    nights = read_nights(with_model=True)
    return nights.last if nights else None


def own_names(membership: Membership) -> list[str]:
    """In whose name the member's own priorities stand: an owner or admin also answers for those of nobody."""
    email = membership.user.email.lower()
    return [email, ""] if membership.role in ADMINS else [email]


def _in_sight(membership: Membership, scope: str) -> Q:
    """The member's own priorities and a colleague's on the member's own accounts, or those of all that is seen."""
    visible = in_scope(membership, "team")
    if scope != "mine":
        return visible
    of_colleagues = own_accounts(membership, "account__") & Q(rank__isnull=False)
    return visible & (Q(owner_email__in=own_names(membership)) | of_colleagues)


def _count_accounts(membership: Membership, night: Night) -> tuple[int, int]:
    """How many diagnosed accounts are in the member's own book, and in all that the member sees.

    The night itself says how many there are: counting ten thousand again would cost more than the rest of the page.
    """
    diagnosed = Diagnosis.objects.filter(night=night.night)
    mine = diagnosed.filter(account__in=Account.objects.filter(own_accounts(membership))).count()
    match widest_book(membership):
        case None:
            return 0, 0
        case Visibility.ALL:
            return mine, night.accounts
        case Visibility.OWN:
            return mine, mine
        case _:
            return mine, diagnosed.filter(account__in=visible_accounts(membership)).count()
