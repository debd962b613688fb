"""What the data-quality page shows: each kind of doubtful facts with its total, and the accounts that have them."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import Membership
from accounts.models.organizations import Visibility
from diagnostics.doubts import DOUBTS, Doubt, lost_confidence, lost_to_staleness
from diagnostics.engine.confidence import STALE_AFTER_DAYS
from diagnostics.models import Night
from diagnostics.queries.account_facts import write_visible
from portfolio.books import widest_book

PER_PAGE = 50
# A file made from a screen is for a spreadsheet.
MOST_ROWS = 20_000

SORTS = {
    "arr": "mine.arr",
    "facts": "mine.facts",
    "last": "mine.last_on",
    "name": "lower(unaccent(a.name))",
}
DEFAULT_SORT = "-arr"

# Each doubt on an account that the member may see, with the ARR that last night's diagnosis gave it. Joined in memory:
# looked up one by one, ten thousand accounts would take three times as long. There is one row per account and kind.
MINE = """
    mine AS MATERIALIZED (
        SELECT q.kind, q.account_id, q.facts, q.first_on, q.last_on, q.record, d.arr, d.sources
        FROM diagnostics_doubtfulfacts q LEFT JOIN (
            SELECT account_id, arr, sources FROM diagnostics_diagnosis
            WHERE organization_id = %(organization)s AND night = %(night)s OFFSET 0
        ) AS d ON d.account_id = q.account_id
        WHERE q.organization_id = %(organization)s {visible}
            AND (%(account)s::uuid IS NULL OR q.account_id = %(account)s)
    )"""

# The last row is the total: an account counts once, whatever the number of its doubts.
KINDS = """
    SELECT kind, count(account_id) AS accounts, sum(facts)::bigint AS facts, sum(arr) AS arr,
        min(first_on) AS first_on, max(last_on) AS last_on
    FROM mine GROUP BY kind
    UNION ALL
    SELECT '', count(*), (SELECT sum(facts)::bigint FROM mine), sum(arr), NULL, NULL
    FROM (SELECT DISTINCT account_id, arr FROM mine WHERE account_id IS NOT NULL) AS each"""

# Names are read of the rows that can stand on the page alone, but where they decide which those are.
NEAREST = "ORDER BY {order} NULLS LAST FETCH FIRST %(until)s ROWS WITH TIES"
PICKED = "picked AS MATERIALIZED (SELECT * FROM mine WHERE kind = ANY(%(kinds)s) {nearest})"
ROWS = """
    SELECT mine.kind, mine.account_id, a.name, a.source_id, mine.facts, mine.first_on, mine.last_on, mine.record,
        mine.arr, mine.sources
    FROM picked AS mine
        LEFT JOIN portfolio_account a ON a.organization_id = %(organization)s AND a.id = mine.account_id
    ORDER BY {order} NULLS LAST, lower(a.name), mine.account_id, mine.kind LIMIT %(most)s OFFSET %(first)s"""

LISTED = "WITH {mine}, {picked} {rows}"
# Totals and rows at once: what is mine is found once for both. Rows come with their place on the page.
PAGE = """
    WITH {mine}, {picked}
    SELECT NULL AS place, accounts, kind, NULL::uuid, NULL, NULL, facts, first_on, last_on, NULL, arr, NULL::smallint[]
    FROM ({kinds}) AS total
    UNION ALL
    SELECT row_number() OVER (), NULL, row.* FROM ({rows}) AS row"""


@dataclass(frozen=True, slots=True)
class KindTotal:
    """One kind over all accounts shown. `facts` counts rows of the file, `arr` is that of the accounts on the night."""

    kind: str
    doubt: Doubt
    accounts: int
    facts: int
    arr: Decimal | None
    first_on: date | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The kinds found, in the order of their declaration, and all of them together; each account counts once."""

    kinds: list[KindTotal]
    accounts: int
    facts: int
    arr: Decimal


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """One kind on one account (None: in the catalogue). `lost`: confidence that its diagnosis lost, 0 to 1."""

    kind: str
    doubt: Doubt
    account_id: uuid.UUID | None
    name: str
    source_id: str
    facts: int
    first_on: date | None
    last_on: date | None
    record: str
    arr: Decimal | None
    lost: float


@dataclass(frozen=True, slots=True)
class StaleSource:
    """A source without a new fact for too long, in the whole organization. `lost`: confidence lost by each account."""

    source: str
    known_to: date
    days: int
    after: int
    lost: float


def read_page(
    membership: Membership,
    night: date,
    *,
    kinds: list[str],
    account: uuid.UUID | None = None,
    sort: str = DEFAULT_SORT,
    first: int = 0,
) -> tuple[Totals, list[DoubtRow]]:
    """What contradicts itself on the accounts that the member may see (`account`: on this one), kind by kind, and the
    rows of `kinds` from `first` on, by `sort` ("-" descends); one query. Raises KeyError for an unknown sort.
    """
    found = _run(PAGE, membership, night, account=account, sort=sort, kinds=kinds, first=first, most=PER_PAGE)
    totals: dict[str, tuple[Any, ...]] = {}
    rows = []
    for place, accounts, kind, *rest in found:
        if place is None:
            _id, _name, _source, facts, first_on, last_on, _record, arr, _states = rest
            totals[kind] = (accounts, facts, arr, first_on, last_on)
        else:
            rows.append((place, kind, *rest))
    accounts, facts, arr, *_days = totals.pop("")
    each = [KindTotal(kind, doubt, *totals[kind]) for kind, doubt in DOUBTS.items() if kind in totals]
    listed = [_build_row(*row) for _place, *row in sorted(rows, key=lambda row: row[0])]
    return Totals(each, accounts, facts or 0, arr or Decimal(0)), listed


def read_doubts(
    membership: Membership,
    night: date,
    *,
    kinds: list[str],
    account: uuid.UUID | None = None,
    sort: str = DEFAULT_SORT,
    first: int = 0,
    most: int = PER_PAGE,
) -> list[DoubtRow]:
    """Rows `first` to `first + most` of these kinds, by `sort` ("-" descends); raises KeyError for an unknown sort."""
    rows = _run(LISTED, membership, night, account=account, sort=sort, kinds=kinds, first=first, most=most)
    return [_build_row(*row) for row in rows]


def list_late_nights(most: int) -> list[Night]:
    """The newest nights after which facts came that they should have known; one query."""
    return list(Night.objects.filter(late_facts__gt=0).order_by("-night")[:most])


def _build_row(
    kind: str,
    account_id: uuid.UUID | None,
    name: str | None,
    source_id: str | None,
    facts: int,
    first_on: date | None,
    last_on: date | None,
    record: str,
    arr: Decimal | None,
    states: list[int] | None,
) -> DoubtRow:
    return DoubtRow(
        kind,
        DOUBTS[kind],
        account_id,
        name or "",
        source_id or "",
        facts,
        first_on,
        last_on,
        record,
        arr,
        lost_confidence(kind, states),
    )


def find_stale_sources(night: Night) -> list[StaleSource]:
    """The sources that had gone stale by the night, as the engine judges them; asks no query."""
    found = []
    for source, after in STALE_AFTER_DAYS.items():
        known_to = getattr(night, f"{source}_known_to")
        days = (night.night - known_to).days if known_to else 0
        if known_to and days > after:
            found.append(StaleSource(source, known_to, days, after, lost_to_staleness(source)))
    return found


def _run(
    statement: str,
    membership: Membership,
    night: date,
    *,
    account: uuid.UUID | None,
    sort: str,
    first: int,
    most: int,
    kinds: list[str],
) -> list[tuple[Any, ...]]:
    visible = ""
    parameters: dict[str, Any] = {}
    # Who sees every account is spared the list of them.
    if widest_book(membership) != Visibility.ALL:
        accounts, parameters = write_visible(membership)
        visible = f"AND (q.account_id IS NULL OR q.account_id IN ({accounts}))"
    key = sort.removeprefix("-")
    order = f"{SORTS[key]} {'DESC' if sort.startswith('-') else 'ASC'}"
    parts = {
        "mine": MINE.format(visible=visible),
        "picked": PICKED.format(nearest=NEAREST.format(order=order) if key != "name" else ""),
        "rows": ROWS.format(order=order),
        "kinds": KINDS,
    }
    parameters |= {"organization": membership.organization_id, "night": night, "account": account, "kinds": kinds}
    parameters |= {"first": first, "most": most, "until": first + most}
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**parts), parameters)
        return cursor.fetchall()
