"""How KPIs are written on screens: figures by unit, periods, groups, switches, in the reader's language."""

from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from accounts import formats
from accounts.models import Organization
from diagnostics.kpis.calendar import Period
from diagnostics.kpis.declarations import Kpi, Switch, Unit, find_kpi
from diagnostics.kpis.groups import NONE, By
from diagnostics.kpis.stored import Figure
from diagnostics.labels import OPPORTUNITY_KINDS, STAGES, name_code
from portfolio.models import Account

# A ratio of incoming to outgoing is read as a number: 3.2, not 320 %.
AS_NUMBER = frozenset({"quick_ratio"})
# What numerator and denominator are counted in; everything else is money by money.
COUNTS = frozenset(
    {
        "renewal_rate_accounts",
        "logo_retention",
        "cross_sell_conversion_rate",
        "cross_sell_win_rate",
        "expansion_activation_rate",
        "account_plan_freshness",
        "qbr_engagement_rate",
        "relationship_depth",
        "adoption_rate",
        "time_to_value",
        "expansion_readiness_index",
        "intent_signal_volume",
    }
)
PER_ACCOUNT = frozenset({"arpa", "monthly_arpa", "average_revenue_per_expansion_account"})
WEIGHED_BY_ARR = frozenset({"renewal_anticipation", "customer_health"})
MONEY, NUMBER = "money", "number"


def pick(words: tuple[str, str]) -> str:
    """The reader's language of a declaration's words."""
    return words[_is_french()]


def name_kpi(name: str) -> str:
    """The KPI's label, its detail behind a comma."""
    kpi, detail = find_kpi(name)
    if not detail:
        return pick(kpi.label)
    return f"{pick(kpi.label)}, {name_detail(kpi, detail)}"


def name_detail(kpi: Kpi, detail: str) -> str:
    """A detail's own words; levers and stages go by their names."""
    if detail in kpi.details:
        return pick(kpi.details[detail])
    return name_code(OPPORTUNITY_KINDS if detail in OPPORTUNITY_KINDS else STAGES, detail)


def write_value(name: str, value: Decimal | None, currency: str, *, signed: bool = False) -> str:
    """A figure by its unit: 107.8%, €418k, 65 days; "n/a" for a zero base."""
    if value is None:
        return _("n/a")
    language = get_language() or "en"
    unit = unit_of(name)
    if unit == Unit.CURRENCY:
        return formats.format_money_compact(value, currency, language=language, signed=signed)
    if unit == Unit.RATIO and not _is_number(name):
        return formats.format_percent(value, language=language, digits=1, signed=signed)
    digits = {Unit.RATIO: 1, Unit.SCORE: 1}.get(unit, 0)
    shown = formats.format_number(value, language=language, digits=digits, signed=signed)
    return _("%(days)s days") % {"days": shown} if unit == Unit.DAYS else shown


def write_change(name: str, change: Decimal, currency: str) -> str:
    """A difference of two figures: +2.6 pt, +€124k."""
    if unit_of(name) == Unit.RATIO and not _is_number(name):
        points = formats.format_number(change * 100, language=get_language() or "en", digits=1, signed=True)
        return _("%(points)s pt") % {"points": points}
    return write_value(name, change, currency, signed=True)


def write_parts(name: str, figure: Figure, currency: str) -> str:
    """Numerator ÷ denominator with their real numbers; the numerator alone where there is nothing to divide by."""
    top, bottom = part_units(name)
    numerator = write_amount(figure.numerator, top, currency)
    if figure.denominator is None:
        return numerator
    return f"{numerator} ÷ {write_amount(figure.denominator, bottom, currency)}"


def write_amount(amount: Decimal | None, unit: str, currency: str) -> str:
    """A numerator or denominator in full: money to the unit, numbers as they are; '' for none."""
    if amount is None:
        return ""
    language = get_language() or "en"
    if unit == MONEY:
        return formats.format_money(amount, currency, language=language)
    return formats.format_number(amount, language=language, digits=0 if amount == amount.to_integral_value() else 1)


def write_exactly(
    amount: Decimal | None, unit: str, currency: str, *, signed: bool = False, total: Decimal | None = None
) -> str:
    """A part to the cent, as lists that must add up show it; every line has cents where the column's `total` has."""
    if amount is None:
        return formats.NOTHING
    language = get_language() or "en"
    whole = all(one is None or one == one.to_integral_value() for one in (amount, total))
    digits = 0 if whole else 2
    if unit == MONEY:
        return formats.format_money(amount, currency, language=language, digits=digits, signed=signed)
    return formats.format_number(amount, language=language, digits=digits, signed=signed)


def part_units(name: str) -> tuple[str, str]:
    """What numerator and denominator are counted in, each MONEY or NUMBER."""
    kpi, detail = find_kpi(name)
    if kpi.name in PER_ACCOUNT:
        return MONEY, NUMBER
    if detail in ("arr", "open") and kpi.name not in COUNTS - {"account_plan_freshness"}:
        return MONEY, MONEY
    if kpi.name in WEIGHED_BY_ARR:
        return NUMBER, MONEY
    return (NUMBER, NUMBER) if kpi.name in COUNTS else (MONEY, MONEY)


def unit_of(name: str) -> Unit:
    """The unit of a KPI or of its detail."""
    kpi, detail = find_kpi(name)
    return kpi.unit_of(detail)


def name_period(period: Period, *, short: bool = False) -> str:
    """Q3 2026, Sep 2026; `short` leaves the year out where the axis said it."""
    if period.every == "month":
        month = formats.name_month(period.first, language=get_language() or "en")
        return month if short else f"{month} {period.first.year}"
    year, number = period.label.split("-Q")
    # Translators: a quarter of a fiscal year, as short as can be: Q3, in French T3.
    quarter = _("Q%(number)s") % {"number": number}
    return quarter if short else f"{quarter} {year}"


def name_column(period: Period, *, first: bool) -> str:
    """A period on an axis: with the last two digits of its year where a year begins, or at the left end."""
    begins = period.label.endswith(("-Q1", "-01"))
    shown = name_period(period, short=True)
    return f"{shown} {period.label[2:4]}" if first or begins else shown


def name_group(by: str, group: str, names: dict[str, str]) -> str:
    """A group as it is called: tiers and segments by their names, owners and parents by theirs where known."""
    if group == NONE:
        return pgettext("a group of accounts", "None")
    if by == "tier":
        return str(Account.Tier(group).label) if group in Account.Tier.values else group
    if by == "value_segment":
        return _("Segment %(letter)s") % {"letter": group}
    if by == "cohort":
        return name_label(group)
    return names.get(group, group)


def name_label(label: str) -> str:
    """A period's label in words: 2026-Q3 as Q3 2026."""
    if "-Q" not in label:
        return label
    year, number = label.split("-Q")
    return f"{_('Q%(number)s') % {'number': number}} {year}"


def name_bys() -> dict[By, str]:
    """The groupings as their switch names them."""
    return {
        "tier": _("Tier"),
        "value_segment": _("Value segment"),
        "owner": pgettext("of an account", "Owner"),
        "cohort": _("Cohort"),
        "parent": _("Parent"),
    }


def write_switches(kpi: Kpi, organization: Organization) -> list[str]:
    """The switches in force that change this figure."""
    said = {
        Switch.REACTIVATION: _("Reactivation is counted.")
        if organization.nrr_with_reactivation
        else _("Reactivation is not counted."),
        Switch.GRACE: _("A renewal may be %(days)s days late.") % {"days": organization.late_renewal_grace_days},
        Switch.PERSONS: _("Figures per person are shown.")
        if organization.figures_per_person
        else _("Figures per person are off."),
    }
    return [said[switch] for switch in kpi.switches]


def describe_definition(name: str, figure: Figure | None, organization: Organization) -> dict[str, Any]:
    """Everything that a definition on demand says: sentence, formula, real numbers, switches, what to do, benchmark."""
    kpi, detail = find_kpi(name)
    # Others are measured over twelve months.
    benchmark = kpi.benchmark if detail in ("", "4q") else None
    return {
        "definition": pick(kpi.definition),
        "formula": pick(kpi.formula),
        "numbers": write_parts(name, figure, organization.currency) if figure else "",
        "switches": write_switches(kpi, organization),
        "moved": pick(kpi.moved),
        "benchmark": benchmark
        and _("%(text)s (%(source)s, %(year)s)")
        % {"text": pick(benchmark.text), "source": benchmark.source, "year": benchmark.year},
    }


def _is_number(name: str) -> bool:
    return find_kpi(name)[0].name in AS_NUMBER


def _is_french() -> bool:
    return (get_language() or "en").startswith("fr")
