"""The diagnosed book that Matrix and Accounts show: which nights, whose accounts, and one statement over both."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, OuterRef, QuerySet, Subquery

from accounts.models import Membership
from accounts.models.organizations import Role, Visibility
from accounts.permissions import BOOK_ROLES
from diagnostics.filters import AccountFilters
from diagnostics.models import Diagnosis, Night
from diagnostics.movements import MONTH, MONTH_SLACK
from portfolio.books import accounts_in, widest_book
from portfolio.models import Account

# They come for their own accounts; everyone else opens on the widest book they may see.
OPENS_ON_OWN = frozenset({Role.CSM, Role.AM})
WIDER = {Visibility.OWN: 0, Visibility.TEAM: 1, Visibility.ALL: 2}


@dataclass(frozen=True, slots=True)
class Nights:
    """The last diagnosed night with its model version, and the nights it is compared with; None where there is none."""

    last: Night
    before: date | None
    month_ago: date | None

    @property
    def today(self) -> date:
        """The day on which the last night is read: deadlines are counted from it, also when a night is missing."""
        return self.last.night + timedelta(days=1)


def read_nights(*, with_model: bool = False) -> Nights | None:
    """The last night and those it is compared with, in one query; None before the first night."""
    earlier = Night.objects.filter(
        night__lte=OuterRef("night") - MONTH, night__gte=OuterRef("night") - MONTH - MONTH_SLACK
    )
    nights = Night.objects.annotate(month_ago=Subquery(earlier.order_by("-night").values("night")[:1]))
    if with_model:
        nights = nights.select_related("model_version")
    last = nights.order_by("-night").first()
    return None if last is None else Nights(last, last.continued, last.month_ago)


def books_offered(membership: Membership) -> tuple[Visibility, ...]:
    """The books that the member may choose from, narrowest first."""
    widest = widest_book(membership)
    if widest is None:
        return ()
    offered = []
    if membership.role in BOOK_ROLES:
        offered.append(Visibility.OWN)
    if membership.team_id is not None and WIDER[widest] >= WIDER[Visibility.TEAM]:
        offered.append(Visibility.TEAM)
    if widest == Visibility.ALL or widest not in offered:
        offered.append(widest)
    return tuple(offered)


def choose_book(membership: Membership, wanted: str) -> Visibility:
    """The book to show: the one wanted, never a wider one than the member may see."""
    offered = books_offered(membership)
    if wanted in offered:
        return Visibility(wanted)
    if not wanted and membership.role in OPENS_ON_OWN:
        return offered[0]
    return offered[-1]


@dataclass(frozen=True, slots=True)
class Scope:
    """One list of accounts: whose, which, and as of which night."""

    membership: Membership
    filters: AccountFilters
    nights: Nights
    book: Visibility

    @property
    def all_accounts(self) -> QuerySet[Account]:
        """Every account of the book, whatever the filters say."""
        return accounts_in(self.book, self.membership).order_by()

    @property
    def accounts(self) -> QuerySet[Account]:
        """The accounts of the book that meet the filters, diagnosed or not."""
        return self.all_accounts.filter(self.filters.account_condition(self.membership))

    @property
    def diagnoses(self) -> QuerySet[Diagnosis]:
        """The last night's diagnoses that meet the filters, of whatever account: join them with `accounts`."""
        night = self.nights.last.night
        return Diagnosis.objects.filter(night=night).filter(self.filters.diagnosis_condition(night)).order_by()

    @property
    def is_whole(self) -> bool:
        """Whether no account of the organization is left out, so that the diagnoses need no join."""
        return self.book == Visibility.ALL and not self.filters.account_condition(self.membership)

    @property
    def is_large(self) -> bool:
        """Whether the list may be a good part of the organization: not one person's accounts."""
        return self.book == Visibility.ALL and not self.filters.owner


def read_account_ids(scope: Scope) -> list[str] | None:
    """The ids of the scope's accounts, as frames hold them, in one query; None where no account is left out."""
    if scope.is_whole:
        return None
    return [str(account_id) for account_id in scope.accounts.values_list("pk", flat=True)]


def open_scope(membership: Membership, filters: AccountFilters, nights: Nights) -> Scope:
    """The list that a URL's filters name, kept within what the member may see."""
    return Scope(membership, filters, nights, choose_book(membership, filters.book))


def run_over_found(
    scope: Scope,
    *,
    diagnosis: Iterable[str],
    account: Iterable[str] = (),
    earlier: date | None = None,
    select: str,
    params: Iterable[Any] = (),
) -> list[tuple[Any, ...]]:
    """Run `select` over the relation `found`: one row per diagnosed account of the scope.

    `found` has the diagnosis' id, the named columns of the diagnosis and of the account, and, with `earlier`, that
    night's `earlier_health` and `earlier_potential`. `select` is the caller's own SQL; every value goes through
    `params`.
    """
    # An account's id stands behind the arrays of its row: reading it unpacks all of them, 10,000 times.
    joined = bool(account) or earlier is not None or not scope.is_whole
    columns = ["id", *(("account_id",) if joined else ()), *diagnosis]
    values: list[Any] = []
    found = [f"d.{name}" for name in columns]
    fenced = joined and scope.is_large
    # Reading the night's rows twice costs less than keeping 10,000 of them aside; joining twice does not.
    keep = "" if joined else "NOT MATERIALIZED "
    try:
        rows = _relation("d", scope.diagnoses, columns, values, fenced=fenced)
        if account or not scope.is_whole:
            rows += " JOIN " + _relation("a", scope.accounts, ["id", *account], values, fenced=fenced)
            rows += " ON a.id = d.account_id"
            found += [f"a.{name}" for name in account]
        if earlier is not None:
            before = Diagnosis.objects.filter(night=earlier).order_by()
            rows += " LEFT JOIN " + _relation("e", before, ["account_id", "health", "potential"], values, fenced=fenced)
            rows += " ON e.account_id = d.account_id"
            found += ["e.health AS earlier_health", "e.potential AS earlier_potential"]
    except EmptyResultSet:
        # Django knows that nothing can match, an empty team for one, and writes no SQL.
        return []
    statement = f"WITH found AS {keep}(SELECT {', '.join(found)} FROM {rows}) {select}"  # noqa: S608  # this program's names and SQL; every value is a parameter
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, *params])
        return cursor.fetchall()


def _relation(name: str, rows: QuerySet[Model], columns: list[str], values: list[Any], *, fenced: bool) -> str:
    """A queryset as a named relation of a FROM clause, its parameters added to `values`.

    `fenced`: read by its own index and joined in memory. The planner cannot know how few rows of a table one night
    has, and would look up 10,000 accounts one by one, which takes three times as long.
    """
    compiled, params = rows.values_list(*columns).query.sql_with_params()
    values += params
    return f"({compiled}{' OFFSET 0' if fenced else ''}) {name}"
