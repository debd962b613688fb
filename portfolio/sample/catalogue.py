"""What Brindel sells: planning software for people who work away from a desk.

Limits are counted per calendar month (`api_calls`, `work_orders`, …). Seats are no limit of a plan:
they are bought, and stand on the subscription.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from portfolio.sample.days import History, add_months

REPORTING_CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Plan:
    """A level of a product; `price` is the monthly list price in EUR, per seat where so based."""

    product: str
    level: str
    name: str
    rank: int
    price: str
    basis: str
    limits: dict[str, int]

    @property
    def plan_id(self) -> str:
        return f"{self.product}-{self.level}"


PRODUCTS = {
    "plan": ("Brindel Plan", "Operations", True, ()),
    "time": (
        "Brindel Time",
        "Workforce",
        False,
        (
            "shift swap",
            "swap shifts",
            "timesheet",
            "time tracking",
            "feuille de temps",
            "feuilles de temps",
            "échange de créneaux",
            "échanger un créneau",
            "pointage",
            "Zeiterfassung",
            "Stundenzettel",
            "Schichttausch",
        ),
    ),
    "flow": (
        "Brindel Flow",
        "Automation",
        False,
        (
            "automate",
            "automation",
            "approval step",
            "copy by hand",
            "automatiser",
            "circuit de validation",
            "saisie en double",
            "automatisieren",
            "Freigabeschritt",
        ),
    ),
    "insight": (
        "Brindel Insight",
        "Analytics",
        False,
        (
            "labour cost",
            "cost per job",
            "dashboard",
            "export to Excel",
            "tableau de bord",
            "coût de main-d'œuvre",
            "coût par intervention",
            "Personalkosten",
            "Kennzahlen",
            "Auswertung",
        ),
    ),
    "connect": (
        "Brindel Connect",
        "Network",
        False,
        (
            "subcontractor",
            "customer portal",
            "partner portal",
            "sous-traitant",
            "portail client",
            "Subunternehmer",
            "Kundenportal",
        ),
    ),
}

PLANS = tuple(
    Plan(*row)
    for row in (
        ("plan", "team", "Team", 1, "29.00", "per_seat", {"work_orders": 3_000}),
        (
            "plan",
            "growth",
            "Growth",
            2,
            "34.00",
            "per_seat",
            {"work_orders": 24_000, "api_calls": 200_000},
        ),
        (
            "plan",
            "enterprise",
            "Enterprise",
            3,
            "39.00",
            "per_seat",
            {"work_orders": 60_000, "api_calls": 1_000_000},
        ),
        (
            "plan",
            "scale",
            "Scale",
            4,
            "46.00",
            "per_seat",
            {"work_orders": 200_000, "api_calls": 5_000_000},
        ),
        ("time", "basic", "Time Basic", 1, "5.50", "per_seat", {}),
        ("time", "plus", "Time Plus", 2, "8.90", "per_seat", {}),
        ("flow", "start", "Flow Start", 1, "360.00", "metered", {"automation_runs": 8_000}),
        ("flow", "pro", "Flow Pro", 2, "1240.00", "metered", {"automation_runs": 40_000}),
        ("insight", "standard", "Insight", 1, "420.00", "flat", {"report_runs": 600}),
        ("insight", "plus", "Insight Plus", 2, "1180.00", "flat", {"report_runs": 3_000}),
        ("connect", "standard", "Connect", 1, "290.00", "flat", {"partner_jobs": 900}),
        ("connect", "plus", "Connect Plus", 2, "760.00", "flat", {"partner_jobs": 4_500}),
    )
)
PLAN = {plan.plan_id: plan for plan in PLANS}

# Product: metric, name, effect, opens_expansion.
FEATURES = (
    ("plan", "feature:shift_board", "Shift board", "key", False),
    ("plan", "feature:tablet_sync", "Tablet sync", "key", False),
    ("plan", "feature:route_map", "Route map", "neutral", False),
    ("plan", "feature:skill_match", "Skill matching", "key", False),
    ("plan", "feature:manual_override", "Manual override", "negative", False),
    ("plan", "feature:cost_codes", "Cost codes", "neutral", True),
    ("plan", "feature:rule_builder", "Rule builder", "neutral", True),
    ("plan", "feature:guest_links", "Guest links", "neutral", True),
    ("time", "feature:clock_terminal", "Clock terminal", "key", False),
    ("time", "feature:payroll_export", "Payroll export", "key", False),
    ("flow", "feature:shared_recipes", "Shared recipes", "key", False),
    ("insight", "feature:scheduled_reports", "Scheduled reports", "key", False),
    ("connect", "feature:partner_upload", "Partner upload", "neutral", False),
)

# One unit in EUR, by years before the reference day's year (the year ahead first).
_RATES = {
    "GBP": ("1.1480", "1.1525", "1.1690", "1.1812", "1.1494", "1.1560", "1.1735", "1.1240", "1.1300", "1.1270"),
    "SEK": ("0.0902", "0.0896", "0.0911", "0.0874", "0.0871", "0.0883", "0.0941", "0.0986", "0.0954", "0.0945"),
}
RATE_YEARS = len(_RATES["GBP"])

# Days before the night on which prices were raised, and on which the next rise was announced.
PRICE_RISE_AGO = 396
PRICE_RISE_ANNOUNCED_AGO = 17
PRICE_RISE = Decimal("1.035")

BROKEN_RELEASE_AGO = 30
# Days before the night, days it lasted (None: a release or an announcement), kind, product, title.
_EVENTS = (
    (709, None, "release", "plan", "Plan 7.2: skills on the shift board"),
    (662, None, "release", "time", "Time 3.0: terminals without a server"),
    (618, 0, "incident", "plan", "Sign-in through company accounts failed for 3 hours"),
    (597, None, "release", "plan", "Plan 7.3: route map by vehicle"),
    (548, None, "release", "insight", "Insight 2.4: reports by site"),
    (507, None, "release", "plan", "Plan 7.4: cost codes on jobs"),
    (451, 1, "incident", "connect", "Partner uploads queued overnight"),
    (437, None, "release", "flow", "Flow 2.0: recipes shared between teams"),
    (PRICE_RISE_AGO, None, "price_change", "plan", "List prices of Plan raised by 3.5%"),
    (373, None, "release", "plan", "Plan 8.0: new week view"),
    (311, 0, "incident", "plan", "Slow boards for two hours in the morning"),
    (268, None, "release", "time", "Time 3.2: payroll export by company"),
    (214, None, "release", "plan", "Plan 8.1: guest links for one job"),
    (159, None, "release", "connect", "Connect 1.6: partners accept jobs by mail"),
    (122, 0, "incident", "flow", "Recipes ran twice for 40 minutes"),
    (88, None, "release", "insight", "Insight 2.6: scheduled reports"),
    (BROKEN_RELEASE_AGO, None, "release", "plan", "Plan 8.2: tablet sync rewritten"),
    (PRICE_RISE_ANNOUNCED_AGO, None, "price_change", "plan", "List prices of Plan rise by 4% at the next renewal"),
)


def find_rate(history: History, currency: str, year: int) -> Decimal:
    """Return what one unit of `currency` is worth in EUR during fiscal year `year`."""
    if currency == REPORTING_CURRENCY:
        return Decimal(1)
    years = _RATES[currency]
    return Decimal(years[min(max(history.today.year + 1 - year, 0), len(years) - 1)])


def find_list_price(history: History, plan_id: str, currency: str) -> Decimal:
    """Return the monthly list price of a plan in `currency`: EUR at one fixed price-list rate."""
    price = Decimal(PLAN[plan_id].price)
    if currency == REPORTING_CURRENCY:
        return price
    return (price / find_rate(history, currency, history.today.year)).quantize(Decimal("0.01"))


def yield_products() -> Iterator[dict]:
    for product_id, (name, family, core, phrases) in PRODUCTS.items():
        yield {"product_id": product_id, "name": name, "family": family, "core": core, "need_phrases": phrases}


def yield_features() -> Iterator[dict]:
    for product_id, metric, name, effect, opens_expansion in FEATURES:
        yield {
            "product_id": product_id,
            "metric": metric,
            "name": name,
            "effect": effect,
            "opens_expansion": opens_expansion,
        }


def yield_plans() -> Iterator[dict]:
    for plan in PLANS:
        yield {
            "plan_id": plan.plan_id,
            "product_id": plan.product,
            "name": plan.name,
            "rank": plan.rank,
            "list_price_monthly": Decimal(plan.price),
            "price_basis": plan.basis,
            "currency": REPORTING_CURRENCY,
        }


def yield_plan_limits() -> Iterator[dict]:
    for plan in PLANS:
        for metric, included in plan.limits.items():
            yield {"plan_id": plan.plan_id, "metric": metric, "included": included}


def yield_product_events(history: History) -> Iterator[dict]:
    for number, (ago, lasted, kind, product_id, title) in enumerate(_EVENTS, start=1):
        day = history.workday_ago(ago) if ago != BROKEN_RELEASE_AGO else history.ago(ago)
        if day < history.begins:
            continue
        yield {
            "event_id": f"EV-{100 + number}",
            "kind": kind,
            "happened_on": day,
            "ended_on": None if lasted is None else history.ago(history.days_since(day) - lasted),
            "product_id": product_id,
            "title": title,
        }


def yield_plan_rates(history: History) -> Iterator[dict]:
    """Yield a rate per currency and fiscal year, the year ahead included."""
    for currency in _RATES:
        for year in range(history.today.year + 2 - RATE_YEARS, history.today.year + 2):
            yield {"fiscal_year": year, "currency": currency, "rate": find_rate(history, currency, year)}


# KPI, whole portfolio or a group, value; set for the quarter of the night and the next one.
_TARGETS = (
    ("nrr", "", "", "1.08"),
    ("grr", "", "", "0.955"),
    ("renewal_rate", "", "", "0.94"),
    ("renewal_rate", "tier", "enterprise", "0.97"),
    ("renewal_rate", "tier", "mid_market", "0.93"),
    ("renewal_rate", "tier", "smb", "0.88"),
    ("portfolio_coverage", "", "", "0.85"),
    ("account_plan_freshness", "", "", "0.8"),
    ("renewal_anticipation", "", "", "90"),
    ("expansion_pipeline:qualified", "", "", "400000"),
    ("expansion_revenue", "", "", "115000"),
    ("adoption_rate", "", "", "0.75"),
)


def yield_targets(history: History) -> Iterator[dict]:
    for day in (history.night, add_months(history.night, 3)):
        for kpi, group_by, group, value in _TARGETS:
            yield {
                "kpi": kpi,
                "period": f"{day.year}-Q{(day.month + 2) // 3}",
                "group_by": group_by,
                "group": group,
                "value": Decimal(value),
            }
