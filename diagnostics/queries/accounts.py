"""The accounts list: one page of it with its totals, accounts without a diagnosis, and the search of the palette."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.lookups import Unaccent
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower

from accounts.models import Membership
from diagnostics.filters import search_condition
from diagnostics.models import Diagnosis
from diagnostics.models.diagnoses import Lever, Segment
from diagnostics.queries.choices import name_of
from diagnostics.queries.diagnosed import Nights, Scope, run_over_found
from diagnostics.queries.rows import AccountRow, read_rows
from portfolio.books import visible_accounts
from portfolio.models import Account, Contact, Subscription
from portfolio.people import hash_name

PER_PAGE = 50
# A file made from a screen is for a spreadsheet; the whole base goes out by the organization's export.
MOST_ROWS = 20_000
FOUND_IN_PALETTE = 8

SEGMENT_ORDER = (Segment.DEFENSE, Segment.EXPANSION, Segment.REGULAR)
LEVER_ORDER = tuple(Lever.values)


@dataclass(frozen=True, slots=True)
class Sort:
    """A column's order in SQL over `found`, with what that needs; `descends_first`: what a first click does."""

    key: str
    diagnosis: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    with_earlier: bool = False
    params: tuple[Any, ...] = ()
    descends_first: bool = True


SORTS: dict[str, Sort] = {
    "name": Sort("lower(unaccent(name))", account=("name",), descends_first=False),
    "segment": Sort(
        "array_position(%s::text[], segment)",
        ("segment",),
        params=([str(s) for s in SEGMENT_ORDER],),
        descends_first=False,
    ),
    "health": Sort("health", ("health",), descends_first=False),
    "health_change": Sort("health - earlier_health", ("health",), with_earlier=True, descends_first=False),
    "potential": Sort("potential", ("potential",)),
    "potential_change": Sort("potential - earlier_potential", ("potential",), with_earlier=True),
    "arr": Sort("arr"),
    "lever": Sort(
        "nullif(array_position(%s::text[], lever), 0)", ("lever",), params=(list(LEVER_ORDER),), descends_first=False
    ),
    "decision": Sort("decision_on", ("decision_on",), descends_first=False),
    "owner": Sort(
        "nullif(coalesce(nullif(csm_email, ''), am_email), '')", account=("csm_email", "am_email"), descends_first=False
    ),
    "confidence": Sort("confidence", ("confidence",), descends_first=False),
}
DEFAULT_SORT = "-arr"


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """Some rows of a list, and what the whole of it comes to."""

    rows: tuple[AccountRow, ...]
    count: int
    arr: Decimal


def read_page(scope: Scope, *, sort: str = DEFAULT_SORT, first: int = 0, most: int = PER_PAGE) -> AccountsPage:
    """Rows `first` to `first + most` of the diagnosed accounts in the scope, by `sort` ("-" descends), and the totals.

    Raises KeyError for a sort that is not in SORTS. What has no value comes last in both directions.
    """
    order = SORTS[sort.removeprefix("-")]
    direction = "DESC" if sort.startswith("-") else "ASC"
    # Of the whole organization the night itself knows the totals: half of the work.
    known = scope.is_whole and not scope.filters.is_narrowed
    found = run_over_found(
        scope,
        diagnosis=dict.fromkeys(("arr", *order.diagnosis)),
        account=order.account,
        earlier=scope.nights.month_ago if order.with_earlier else None,
        select=(
            f"SELECT {'NULL, NULL' if known else 'count(*), coalesce(sum(arr), 0)'}, "  # noqa: S608  # from SORTS
            f"array(SELECT id FROM found ORDER BY {_key(order, scope)} {direction} NULLS LAST, id "
            f"LIMIT %s OFFSET %s){'' if known else ' FROM found'}"
        ),
        params=(*order.params, most, first),
    )
    if not found:
        return AccountsPage((), 0, Decimal(0))
    count, arr, ids = found[0]
    if known:
        count, arr = scope.nights.last.accounts, scope.nights.last.arr
    rows = read_rows(scope, ids, earlier=scope.nights.month_ago)
    return AccountsPage(tuple(rows), count, arr)


def _key(order: Sort, scope: Scope) -> str:
    # Without a night to compare with, every change is unknown.
    return "NULL::float8" if order.with_earlier and scope.nights.month_ago is None else order.key


# What is left of the scope without the night's accounts is a handful, for which subscriptions are looked up; the other
# way round every account would be. `scope` is counted first: where nothing is left, nothing more is read.
_WAITING = """
WITH scope (id) AS NOT MATERIALIZED ({accounts}), left_over AS MATERIALIZED (
    SELECT id FROM scope WHERE (SELECT count(*) FROM scope) > %s
    EXCEPT ALL SELECT account_id FROM diagnostics_diagnosis
        WHERE organization_id = %s AND night = %s AND (SELECT count(*) FROM scope) > %s
)
SELECT a.id FROM left_over JOIN portfolio_account a ON a.organization_id = %s AND a.id = left_over.id
WHERE NOT EXISTS (SELECT FROM portfolio_subscription s WHERE s.organization_id = %s AND s.account_id = a.id)
    OR EXISTS (SELECT FROM portfolio_subscription s WHERE s.organization_id = %s AND s.account_id = a.id
        AND (s.ended_on IS NULL OR s.ended_on > %s))
ORDER BY lower(unaccent(a.name)), a.id
"""


def find_waiting(scope: Scope, *, diagnosed: int) -> list[uuid.UUID]:
    """The accounts of the scope that no night knows yet, by name; none where the filters ask for a diagnosis.

    `diagnosed`: how many accounts of the scope the night has diagnosed. The same as `undiagnosed_accounts` says of
    accounts that came in since.
    """
    if scope.filters.asks_diagnosis:
        return []
    try:
        accounts, values = scope.accounts.values("pk").query.sql_with_params()
    except EmptyResultSet:
        return []
    own, night = scope.membership.organization_id, scope.nights.last.night
    with connection.cursor() as cursor:
        cursor.execute(
            _WAITING.format(accounts=accounts), [*values, diagnosed, own, night, diagnosed, own, own, own, night]
        )
        return [row[0] for row in cursor.fetchall()]


def read_waiting(ids: Sequence[uuid.UUID]) -> list[Account]:
    """These accounts in their order, with their people's names."""
    if not ids:
        return []
    found = Account.objects.filter(pk__in=ids).annotate(csm_name=name_of("csm_email"), am_name=name_of("am_email"))
    by_id = {account.pk: account for account in found}
    return [by_id[one] for one in ids]


def undiagnosed_accounts(accounts: QuerySet[Account], nights: Nights | None, *, left: bool) -> QuerySet[Account]:
    """Of `accounts`, those that the last night did not diagnose, by name.

    `left`: former customers, whose subscriptions have all ended, with `left_on`, the first day without one. Otherwise
    those that came in since, or all where there was no night yet.
    """
    periods = Subscription.objects.filter(account_id=OuterRef("pk"))
    running = periods.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=nights.last.night)) if nights else periods
    former = Exists(periods) & ~Exists(running)
    if nights:
        diagnosed = Diagnosis.objects.filter(account_id=OuterRef("pk"), night=nights.last.night)
        accounts = accounts.filter(~Exists(diagnosed))
    if left:
        last_end = periods.values("account_id").annotate(end=Max("ended_on"))
        accounts = accounts.filter(former).annotate(left_on=Subquery(last_end.values("end")))
    elif nights:
        accounts = accounts.filter(~former)
    return accounts.annotate(csm_name=name_of("csm_email"), am_name=name_of("am_email")).order_by(
        Lower(Unaccent("name")), "pk"
    )


def find_accounts(membership: Membership, text: str) -> list[Account]:
    """At most eight visible accounts for the palette: by name, domain or source id, and by a contact.

    A contact is found by the whole e-mail address or the whole name: they are sealed, and only their hashes are kept.
    """
    words = text.strip()
    if not words:
        return []
    condition = search_condition(membership, words)
    if " " in words:
        by_name = Contact.objects.filter(name_hash=hash_name(membership.organization_id, words))
        condition |= Q(pk__in=by_name.values("account_id"))
    found = visible_accounts(membership).filter(condition)
    starts_so = Q(name__unaccent__istartswith=words)
    return list(found.annotate(starts=starts_so).order_by("-starts", Lower(Unaccent("name")), "pk")[:FOUND_IN_PALETTE])
