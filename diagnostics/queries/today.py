"""Today: a member's priorities with every figure, what was done about them today, and what moved."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import JSONObject

from accounts.models import Membership, Organization
from accounts.models.organizations import Visibility
from accounts.permissions import ADMINS
from diagnostics.acts import DONE_KINDS, end_of_day, local_day
from diagnostics.models import Diagnosis, Night, Priority
from diagnostics.priorities.candidates import GROWTH
from diagnostics.queries.causes import Cause, CauseReader
from diagnostics.queries.diagnosed import read_nights
from diagnostics.queries.movements import Movements, own_accounts, read_movements, summarize_movements
from diagnostics.queries.priority_rows import LeftOutRow, PriorityRow, build_left_out, build_row, with_names
from portfolio.books import visible_accounts, widest_book
from portfolio.models import Account, Act

SEEN_ACTS = (*DONE_KINDS, "snoozed", "dismissed")
# A page is read from the top: ten persons' ten, then the first of those left out.
MOST_ROWS = 100
MOST_LEFT_OUT = 30
TREND_DAYS = 30
SELLING = (*GROWTH, "opportunity")


@dataclass(slots=True)
class Today:
    """One member's day; `night` is None before the first diagnosis. Amounts are those of the open rows.

    `done` and `dismissed` hold today's; what was handled earlier and has nothing new stands in `left_out`.
    """

    night: Night | None
    day: date
    scope: str
    rows: list[PriorityRow] = field(default_factory=list)
    snoozed: list[PriorityRow] = field(default_factory=list)
    done: list[PriorityRow] = field(default_factory=list)
    dismissed: list[PriorityRow] = field(default_factory=list)
    left_out: list[LeftOutRow] = field(default_factory=list)
    mine_accounts: int = 0
    team_accounts: int = 0
    movements: Movements = field(default_factory=lambda: Movements(0, None, [], 0, []))

    @property
    def counts(self) -> dict[str, int]:
        """How many rows stand under each tab."""
        return {name: len(getattr(self, name)) for name in ("snoozed", "done", "dismissed", "left_out")} | {
            "open": len(self.rows)
        }

    @property
    def expected(self) -> Decimal:
        """The expected effects of the open rows."""
        return sum((row.effect or Decimal(0) for row in self.rows), Decimal(0))

    @property
    def to_defend(self) -> Decimal:
        """ARR at stake in the open rows."""
        return sum((row.base or Decimal(0) for row in self.rows if row.kind not in SELLING), Decimal(0))

    @property
    def open_windows(self) -> Decimal:
        """Room of the open rows' growth windows."""
        return sum((row.base or Decimal(0) for row in self.rows if row.kind in SELLING), Decimal(0))


def read_today(
    membership: Membership,
    *,
    scope: str,
    language: str,
    segment: str = "",
    lever: str = "",
    night: Night | None = None,
) -> Today:
    """The day of a member's own book (`mine`) or of everything the member sees (`team`), in six queries.

    `mine` are the priorities that stand in the member's name; an owner or admin also gets those of nobody.
    """
    organization = membership.organization
    night = night or _last_night()
    today = Today(night, local_day(organization), scope)
    if night is None:
        return today
    found = Priority.objects.filter(_in_scope(membership, scope), night=night.night)
    if lever:
        found = found.filter(lever=lever)
    # Ranked ones first, so that a long tail of those left out cannot crowd them out of the page.
    first = Case(When(Q(rank__isnull=False) | Q(left_out="snoozed"), then=0), default=1, output_field=IntegerField())
    priorities = list(_with_act(found).order_by(first, *HEAVIEST)[: MOST_ROWS + MOST_LEFT_OUT])
    reader = CauseReader(night, language=language, currency=organization.currency)
    places = {"open": today.rows, "snoozed": today.snoozed, "done": today.done, "dismissed": today.dismissed}
    for row in read_rows(priorities, reader, organization):
        if segment and row.segment != segment:
            continue
        if row.state == "left_out":
            today.left_out.append(build_left_out(row))
        else:
            places[row.state].append(row)
    today.left_out = today.left_out[:MOST_LEFT_OUT]
    today.movements = summarize_movements(read_movements(membership, scope=scope, language=language, night=night))
    today.mine_accounts, today.team_accounts = _count_accounts(membership, night)
    return today


def read_priority(membership: Membership, priority_id: UUID, *, language: str) -> PriorityRow | None:
    """One row again, of whatever night; None where the member may not see it."""
    found = _with_act(Priority.objects.filter(pk=priority_id, account__in=visible_accounts(membership))).first()
    return _read_alone(found, membership.organization, language)


def read_account_priority(
    membership: Membership, account_id: UUID, night: Night, *, language: str
) -> PriorityRow | None:
    """The heaviest priority of an account on a night, ranked ones first; None where there is none."""
    return _read_alone(find_account_priority(account_id, night.night), membership.organization, language)


def find_account_priority(account_id: UUID, night: date) -> Priority | None:
    """The same as `build_row` takes it, with account, contact and last act; one query."""
    found = _with_act(Priority.objects.filter(account_id=account_id, night=night))
    return found.order_by(F("rank").asc(nulls_last=True), *HEAVIEST).first()


def read_evidence(row: PriorityRow, *, language: str) -> list[Cause]:
    """Every contribution that speaks for the row's subject, heaviest first; no query."""
    return row.evidence_of(language)


def count_open(membership: Membership) -> int:
    """How many priorities of the last night stand open in the member's name, for the navigation; one query."""
    last = Night.objects.order_by("-night").values("night")[:1]
    acted = Act.objects.filter(
        account_id=OuterRef("account_id"),
        priority=OuterRef("subject"),
        kind__in=SEEN_ACTS,
        at__date__gt=OuterRef("night"),
    )
    mine = Priority.objects.filter(_in_scope(membership, "mine"), night=Subquery(last), rank__isnull=False)
    return mine.exclude(Exists(acted)).count()


def read_rows(priorities: list[Priority], reader: CauseReader, organization: Organization) -> list[PriorityRow]:
    """Priorities of one night with diagnosis and trend: two queries, whatever their number."""
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
    return [
        build_row(
            priority,
            diagnoses.get(priority.account_id),
            trends.get(priority.account_id, []),
            reader,
            day=local_day(organization),
            end_of_night=end_of_day(organization, night),
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
    return priorities.select_related("account", "contact").annotate(act=Subquery(acts.values(told=told)[:1]))


def _read_alone(priority: Priority | None, organization: Organization, language: str) -> PriorityRow | None:
    if priority is None:
        return None
    night = Night.objects.select_related("model_version").get(night=priority.night)
    reader = CauseReader(night, language=language, currency=organization.currency)
    return read_rows([priority], reader, organization)[0]


def _last_night() -> Night | None:
    nights = read_nights(with_model=True)
    return nights.last if nights else None


def _in_scope(membership: Membership, scope: str) -> Q:
    """Whose priorities: in the member's own name, or of every account the member sees."""
    visible = Q(account__in=visible_accounts(membership))
    if scope != "mine":
        return visible
    email = membership.user.email.lower()
    names = [email, ""] if membership.role in ADMINS else [email]
    return visible & Q(owner_email__in=names)


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
