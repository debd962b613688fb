"""The catalogue as it is sold: products, plans and features with the ARR on them, and what is missing, by ARR."""

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Organization
from portfolio.importing.kept_edits import CATALOGUE
from portfolio.models import CatalogueEdit, Feature, Plan, PlanLimit, Product, ProductEvent, ValueMilestone

# Usage is looked at over two weeks: what nobody used in them asks for no mark today.
USAGE_DAYS = 14
MOST_METRICS = 20
ONBOARDING_DAYS = 365

# What runs on the day, in the organization's currency at the fiscal year's plan rate: one row per subscription.
LIVE = """
    rates AS MATERIALIZED (
        SELECT currency, rate::float8 AS rate FROM portfolio_planrate
        WHERE organization_id = %(organization)s AND fiscal_year = %(fiscal_year)s AND currency <> %(currency)s
        UNION ALL SELECT %(currency)s, 1.0
    ), latest AS (
        SELECT DISTINCT ON (s.source_id) s.account_id, s.product_id, s.plan_id, s.started_on, s.ended_on,
            s.mrr::float8 * 12 * rates.rate AS arr
        FROM portfolio_subscription s
            JOIN portfolio_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
            LEFT JOIN rates ON rates.currency = coalesce(nullif(s.currency, ''), nullif(a.currency, ''), %(currency)s)
        WHERE s.organization_id = %(organization)s AND s.started_on <= %(day)s
        ORDER BY s.source_id, s.started_on DESC
    ), live AS MATERIALIZED (SELECT * FROM latest WHERE ended_on IS NULL OR ended_on > %(day)s),
    account AS MATERIALIZED (SELECT account_id, sum(arr) AS arr, min(started_on) AS since FROM live GROUP BY 1)"""

SOLD = f"""
WITH {LIVE}
SELECT 'book', NULL::uuid, NULL::uuid, count(*), coalesce(sum(arr), 0), 0 FROM account
UNION ALL
SELECT 'product', product_id, NULL, count(DISTINCT account_id), coalesce(sum(arr), 0), 0 FROM live GROUP BY product_id
UNION ALL
SELECT 'plan', product_id, plan_id, count(DISTINCT account_id), coalesce(sum(arr), 0), 0
FROM live GROUP BY product_id, plan_id
UNION ALL
SELECT 'owner', owned.product_id, NULL, count(*), coalesce(sum(account.arr), 0), 0
FROM (SELECT DISTINCT account_id, product_id FROM live) AS owned JOIN account USING (account_id) GROUP BY 2
UNION ALL
SELECT 'unrated', NULL, NULL, count(DISTINCT account_id), 0, 0 FROM live WHERE arr IS NULL
UNION ALL
SELECT 'no_milestone', NULL, NULL, count(*), coalesce(sum(account.arr), 0),
    (SELECT count(*) FROM portfolio_milestone WHERE organization_id = %(organization)s)
FROM account LEFT JOIN portfolio_milestone m ON m.organization_id = %(organization)s
    AND m.account_id = account.account_id
WHERE m.id IS NULL AND account.since > %(young)s
"""  # noqa: S608  # this file's own SQL

UNMARKED = f"""
WITH {LIVE}, used AS (
    SELECT DISTINCT u.metric, u.account_id, u.product_id FROM portfolio_usage u
    WHERE u.organization_id = %(organization)s AND u.day BETWEEN %(used_from)s AND %(day)s
        AND u.metric LIKE 'feature:%%' AND u.quantity > 0
        AND NOT EXISTS (SELECT 1 FROM portfolio_feature f
            WHERE f.organization_id = u.organization_id AND f.metric = u.metric AND f.effect <> '')
)
SELECT metric, min(used.product_id::text), count(DISTINCT account_id), coalesce(sum(arr), 0)
FROM (SELECT DISTINCT ON (metric, account_id) * FROM used ORDER BY metric, account_id, product_id) AS used
    JOIN account USING (account_id)
GROUP BY metric ORDER BY 4 DESC, 1 LIMIT {MOST_METRICS}
"""  # noqa: S608  # this file's own SQL

# Days are counted from an account's first paid one. Overdue are accounts of the first year, which onboarding is.
MILESTONES = f"""
WITH {LIVE}, first AS (
    SELECT account_id, min(started_on) AS began FROM portfolio_subscription
    WHERE organization_id = %(organization)s GROUP BY 1
), defined AS MATERIALIZED (
    SELECT id, milestone, name, expected_days FROM portfolio_valuemilestone WHERE organization_id = %(organization)s
), seen AS MATERIALIZED (
    SELECT account_id, milestone, reached_on FROM portfolio_milestone
    WHERE organization_id = %(organization)s AND reached_on <= %(day)s
), reached AS (
    SELECT seen.milestone, count(*) AS accounts,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seen.reached_on - first.began) AS days,
        count(*) FILTER (WHERE seen.reached_on - first.began > defined.expected_days) AS late
    FROM seen LEFT JOIN first USING (account_id) LEFT JOIN defined USING (milestone) GROUP BY 1
), overdue AS (
    SELECT defined.milestone, count(*) AS accounts, coalesce(sum(account.arr), 0) AS arr
    FROM account JOIN first USING (account_id)
        JOIN defined ON %(day)s - first.began > defined.expected_days
    WHERE first.began > %(young)s AND NOT EXISTS (
        SELECT FROM seen WHERE seen.account_id = account.account_id AND seen.milestone = defined.milestone)
    GROUP BY 1
)
SELECT defined.id, milestone, coalesce(defined.name, ''), defined.expected_days, coalesce(reached.accounts, 0),
    reached.days, coalesce(reached.late, 0), coalesce(overdue.accounts, 0), coalesce(overdue.arr, 0)
FROM defined FULL JOIN reached USING (milestone) LEFT JOIN overdue USING (milestone)
ORDER BY defined.expected_days NULLS LAST, 5 DESC, milestone
"""  # noqa: S608  # this file's own SQL


@dataclass(frozen=True, slots=True)
class Amount:
    """How many accounts, and their yearly revenue on the thing."""

    accounts: int = 0
    arr: float = 0.0


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing, what follows from it, whom it affects. `file`, `row_id` and `given` say where it is mended.

    `row_id` None: by a new row of `file`, of which `given` is known already; `file` '': at its source only.
    """

    title: str
    consequence: str
    affects: Amount
    file: str = ""
    row_id: uuid.UUID | None = None
    given: dict[str, str] = field(default_factory=dict)
    product_id: uuid.UUID | None = None


@dataclass(slots=True)
class ProductLine:
    """A product with what hangs on it."""

    product: Product
    plans: list[Plan]
    features: list[Feature]
    limits: dict[uuid.UUID, list[PlanLimit]]
    sold: Amount
    gaps: int = 0


@dataclass(frozen=True, slots=True)
class MilestoneLine:
    """A value milestone: defined here (`id`), reached by accounts, or both. `late`: after the expected days.

    `overdue`: accounts of the first year that are past the expected days without it. Counts are None for those who do
    not see the whole book.
    """

    id: uuid.UUID | None
    milestone: str
    name: str
    expected_days: int | None
    reached: int | None = None
    median_days: float | None = None
    late: int | None = None
    overdue: Amount | None = None

    @property
    def shown(self) -> str:
        """Its name, else the text of the files."""
        return self.name or self.milestone


@dataclass(slots=True)
class Catalogue:
    """The whole catalogue in six queries; eight with its gaps. `edited`: (file, key) of rows changed in Phano."""

    products: list[ProductLine]
    events: list[ProductEvent]
    milestones: list[MilestoneLine]
    book: Amount
    by_plan: dict[uuid.UUID | None, Amount]
    gaps: list[Gap]


def read_catalogue(organization: Organization, day: date, *, with_amounts: bool) -> Catalogue:
    """The catalogue on a day; without amounts and counts of accounts for those who do not see the whole book."""
    parameters = _parameters(organization, day)
    sold = _fetch(SOLD, parameters) if with_amounts else []
    amounts = {(kind, product, plan): Amount(accounts, arr) for kind, product, plan, accounts, arr, _other in sold}
    limits: dict[uuid.UUID, list[PlanLimit]] = {}
    for limit in PlanLimit.objects.order_by("metric"):
        limits.setdefault(limit.plan_id, []).append(limit)
    plans, features = list(Plan.objects.order_by("rank", "name")), list(Feature.objects.order_by("metric"))
    lines = [
        ProductLine(
            product,
            [plan for plan in plans if plan.product_id == product.id],
            [feature for feature in features if feature.product_id == product.id],
            limits,
            amounts.get(("product", product.id, None), Amount()),
        )
        for product in Product.objects.order_by("name")
    ]
    lines.sort(key=lambda line: (-line.sold.arr, not line.product.core, line.product.name))
    book = amounts.get(("book", None, None), Amount())
    gaps = []
    if with_amounts:
        milestones = next(row for row in sold if row[0] == "no_milestone")
        gaps = [
            *(gap for line in lines for gap in _gaps_of_product(line, amounts, book)),
            *_gaps_of_book(lines, amounts, book, milestones),
            *_gaps_of_usage(_fetch(UNMARKED, parameters), lines),
        ]
        gaps = sorted((gap for gap in gaps if gap.affects.accounts), key=lambda gap: (-gap.affects.arr, gap.title))
        for line in lines:
            line.gaps = sum(gap.product_id == line.product.id for gap in gaps)
    return Catalogue(
        products=lines,
        events=list(ProductEvent.objects.select_related("product").order_by("-happened_on", "source_id")[:50]),
        milestones=_read_milestones(parameters) if with_amounts else _list_milestones(),
        book=book,
        by_plan={plan: amount for (kind, _product, plan), amount in amounts.items() if kind == "plan"},
        gaps=gaps,
    )


def _read_milestones(parameters: dict[str, Any]) -> list[MilestoneLine]:
    return [
        MilestoneLine(own_id, milestone, name, expected, reached, days, late, Amount(overdue, float(arr)))
        for own_id, milestone, name, expected, reached, days, late, overdue, arr in _fetch(MILESTONES, parameters)
    ]


def _list_milestones() -> list[MilestoneLine]:
    """What is defined, without what anybody's accounts did."""
    defined = ValueMilestone.objects.order_by(F("expected_days").asc(nulls_last=True), "milestone")
    return [MilestoneLine(one.pk, one.milestone, one.name, one.expected_days) for one in defined]


def _gaps_of_product(line: ProductLine, amounts: dict[tuple[str, Any, Any], Amount], book: Amount) -> list[Gap]:
    product, gaps = line.product, []
    name = {"name": product.name}
    if not product.need_phrases:
        owner = amounts.get(("owner", product.id, None), Amount())
        gaps.append(
            Gap(
                _("%(name)s: no need phrases") % name,
                _("A need voiced for it is not found, so no cross-sell opens. Counted: accounts without it."),
                Amount(book.accounts - owner.accounts, book.arr - owner.arr),
                "products",
                product.id,
                product_id=product.id,
            )
        )
    if line.features and not any(feature.effect == "key" for feature in line.features):
        gaps.append(
            Gap(
                _("%(name)s: no key feature marked") % name,
                _("Breadth counts every feature alike."),
                line.sold,
                "features",
                line.features[0].id,
                product_id=product.id,
            )
        )
    ranks = [plan.rank for plan in line.plans]
    for plan in line.plans:
        affects = amounts.get(("plan", product.id, plan.id), Amount())
        words = {"name": product.name, "plan": plan.name}

        def add(title: str, consequence: str, plan: Plan = plan, affects: Amount = affects, **where: Any) -> None:
            where = where or {"file": "plans", "row_id": plan.id}
            gaps.append(Gap(title, consequence, affects, product_id=product.id, **where))

        if not line.limits.get(plan.id):
            add(
                _("%(name)s, %(plan)s: no limit") % words,
                _("No limit date, so no upsell window."),
                file="plan_limits",
                given={"plan_id": plan.source_id},
            )
        if plan.list_price_monthly is None:
            add(_("%(name)s, %(plan)s: no list price") % words, _("The step to it has no amount of its own."))
        if not plan.price_basis:
            add(_("%(name)s, %(plan)s: no price basis") % words, _("Seats and usage cannot be told apart."))
        if ranks.count(plan.rank) > 1:
            add(
                _("%(name)s, %(plan)s: rank %(rank)s twice") % {**words, "rank": plan.rank},
                _("A change of plan cannot be told from a change of price."),
            )
    without = amounts.get(("plan", product.id, None), Amount())
    if without.accounts:
        gaps.append(
            Gap(
                _("%(name)s: subscriptions without a plan") % name,
                _("Neither limit nor next step is known. The plan comes with the subscription, from its source."),
                without,
                product_id=product.id,
            )
        )
    return gaps


def _gaps_of_book(
    lines: list[ProductLine], amounts: dict[tuple[str, Any, Any], Amount], book: Amount, milestones: tuple[Any, ...]
) -> list[Gap]:
    gaps = []
    if lines and not any(line.product.core for line in lines):
        gaps.append(
            Gap(
                _("No main product marked"),
                _("The largest subscription stands in for it when adoption is judged."),
                book,
                "products",
                lines[0].product.id,
            )
        )
    _kind, _product, _plan, accounts, arr, recorded = milestones
    if not recorded:
        gaps.append(
            Gap(
                _("No value milestone is recorded"),
                _("Accounts in onboarding are judged on age alone. Milestones come with milestones.csv."),
                Amount(accounts, arr),
            )
        )
    unrated = amounts.get(("unrated", None, None), Amount())
    if unrated.accounts:
        gaps.append(
            Gap(
                _("Subscriptions in a currency without a plan rate"),
                _("Their ARR counts nowhere. Rates come with plan_rates.csv."),
                unrated,
            )
        )
    return gaps


def _gaps_of_usage(rows: list[tuple[Any, ...]], lines: list[ProductLine]) -> list[Gap]:
    """Features that are used and not marked."""
    products = {str(line.product.id): line.product for line in lines}
    known = {feature.metric: feature for line in lines for feature in line.features}
    main = next((line.product for line in lines if line.product.core), lines[0].product if lines else None)
    gaps = []
    for metric, product_id, accounts, arr in rows:
        product = products.get(product_id or "", main)
        feature = known.get(metric)
        gaps.append(
            Gap(
                _("%(metric)s: used, not marked") % {"metric": metric.removeprefix("feature:")},
                _("Nobody said whether its use is good news, bad news or neither."),
                Amount(accounts, arr),
                "features",
                feature.id if feature else None,
                {} if feature or product is None else {"product_id": product.source_id, "metric": metric},
                product_id=product.id if product else None,
            )
        )
    return gaps


def list_edited(file: str) -> set[str]:
    """Keys of the rows of a file that were changed in Phano."""
    assert file in CATALOGUE
    return set(CatalogueEdit.objects.filter(file=file).values_list("key", flat=True))


def _parameters(organization: Organization, day: date) -> dict[str, Any]:
    return {
        "organization": organization.id,
        "day": day,
        "used_from": day - timedelta(days=USAGE_DAYS),
        "young": day - timedelta(days=ONBOARDING_DAYS),
        "currency": organization.currency,
        "fiscal_year": day.year - (day.month < organization.fiscal_year_first_month),
    }


def _fetch(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
