"""The frames that the KPIs are computed from: one statement per kind of fact, in the open organization's context."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from accounts.models import Organization
from diagnostics.kpis.pipeline import FALLING_NIGHTS, FELL_DAYS
from portfolio.ledger.copying import copy_frame
from portfolio.ledger.periods import AMOUNT
from portfolio.ledger.reading import read_periods, read_rates, read_ultimate_parents

OPPORTUNITIES: dict[str, Any] = {
    "opportunity_id": pl.String,
    "source_id": pl.String,
    "account_id": pl.String,
    "lever": pl.String,
    "product_id": pl.String,
    "created_on": pl.Date,
    "closes_on": pl.Date,
    "source": pl.String,
    "loss_reason": pl.String,
}
OPPORTUNITIES_STATEMENT = """
SELECT id, source_id, account_id, lever, product_id, created_on, closes_on, source, loss_reason
FROM portfolio_opportunity WHERE organization_id = %(organization)s
"""
STAGES: dict[str, Any] = {
    "opportunity_id": pl.String,
    "at": pl.String,
    "on": pl.Date,
    "stage": pl.String,
    "amount_arr": AMOUNT,
}
STAGES_STATEMENT = """
SELECT opportunity_id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), (at AT TIME ZONE %(zone)s)::date,
    stage, amount_arr
FROM portfolio_opportunitystage WHERE organization_id = %(organization)s
"""
DIAGNOSES: dict[str, Any] = {
    "night": pl.Date,
    "account_id": pl.String,
    "health": pl.Float64,
    "potential": pl.Float64,
    "renewal_risk": pl.Float64,
    "weak": pl.Boolean,  # health below the threshold of that night's model: the level alone
    "fragile": pl.Boolean,  # the state, with its hysteresis
    "segment": pl.String,
    "lever": pl.String,
    **{f"{lever}_arr": pl.Decimal(38, 2) for lever in ("upsell", "seats", "usage", "cross_sell", "price")},
}
# MATERIALIZED: a model is unpacked once a night, not once an account.
DIAGNOSES_STATEMENT = """
WITH threshold AS MATERIALIZED (
    SELECT n.night, (v.parameters -> 'thresholds' ->> 'fragile_below')::float8 AS fragile_below
    FROM diagnostics_night n
        JOIN diagnostics_modelversion v ON v.organization_id = n.organization_id AND v.id = n.model_version_id
    WHERE n.organization_id = %(organization)s AND n.night = ANY(%(nights)s)
)
SELECT d.night, account_id, health, potential, renewal_risk, health < threshold.fragile_below, fragile, segment, lever,
    upsell_arr, seats_arr, usage_arr, cross_sell_arr, price_arr
FROM diagnostics_diagnosis d JOIN threshold ON threshold.night = d.night
WHERE d.organization_id = %(organization)s AND d.night = ANY(%(nights)s)
"""
HEALTH: dict[str, Any] = {"night": pl.Date, "account_id": pl.String, "health": pl.Float64}
HEALTH_STATEMENT = """
SELECT night, account_id, health FROM diagnostics_diagnosis
WHERE organization_id = %(organization)s AND night = ANY(%(nights)s) AND health IS NOT NULL
"""
PRODUCTS_STATEMENT = "SELECT count(*) FROM portfolio_product WHERE organization_id = %(organization)s"
IDS_STATEMENT = "SELECT id FROM portfolio_account WHERE organization_id = %(organization)s ORDER BY id"
NIGHTS_STATEMENT = "SELECT night FROM diagnostics_night WHERE organization_id = %(organization)s ORDER BY night"
# A diagnosis speaks for the days after it until it is older than this.
NIGHT_SPEAKS_DAYS = 7


@dataclass(frozen=True)
class Facts:
    """The facts of the open organization as they are known on a day."""

    organization: Organization
    day: date
    # Account ids as numbers: joins and sorts of many rows are several times as fast. None: texts.
    ids: pl.Enum | None = None

    def read(self, statement: str, columns: dict[str, Any], **more: Any) -> pl.DataFrame:
        """The rows of a statement; `%(night)s` is the day, `%(until)s` the first instant after it."""
        until = datetime.combine(self.day + timedelta(days=1), time(), self.organization.zone)
        known = {
            "organization": self.organization.id,
            "night": self.day,
            "until": until,
            "zone": self.organization.time_zone,
            "currency": self.organization.currency,
        }
        return self.number(copy_frame(statement, columns, {**known, **more}))

    def number(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with its account ids as `ids`."""
        names = [name for name in ("account_id", "parent") if name in frame.columns]
        return frame if self.ids is None else frame.with_columns(pl.col(names).cast(self.ids))


@dataclass(frozen=True)
class Source:
    """Reads the open organization's facts, each kind in one statement."""

    organization: Organization
    facts: Facts

    def periods(self) -> pl.DataFrame:
        """Every subscription period, columns PERIODS."""
        return self.facts.number(read_periods(self.organization))

    def parents(self) -> pl.DataFrame:
        """account_id and its ultimate parent, where accounts have one or are one."""
        return self.facts.number(read_ultimate_parents(self.organization))

    def rates(self) -> pl.DataFrame:
        """Plan rates, columns RATES."""
        return read_rates(self.organization)

    def opportunities(self) -> pl.DataFrame:
        """Every opportunity, columns OPPORTUNITIES."""
        return self.facts.read(OPPORTUNITIES_STATEMENT, OPPORTUNITIES)

    def stages(self) -> pl.DataFrame:
        """Every stage of every opportunity, columns STAGES; `on` is its local day."""
        return self.facts.read(STAGES_STATEMENT, STAGES)

    def products(self) -> int:
        """How many products the catalogue has."""
        return self.facts.read(PRODUCTS_STATEMENT, {"products": pl.Int64})["products"][0]

    def nights(self) -> list[date]:
        """The diagnosed nights, oldest first."""
        return self.facts.read(NIGHTS_STATEMENT, {"night": pl.Date})["night"].to_list()

    def diagnoses(self, nights: Sequence[date]) -> pl.DataFrame:
        """The diagnoses of some nights, columns DIAGNOSES."""
        return self.facts.read(DIAGNOSES_STATEMENT, DIAGNOSES, nights=list(nights))

    def health(self, nights: Sequence[date]) -> pl.DataFrame:
        """night, account_id and health of some nights, withheld ones left out."""
        return self.facts.read(HEALTH_STATEMENT, HEALTH, nights=list(nights))


def open_source(organization: Organization, *, day: date) -> Source:
    """The open organization's facts; statements that need a day know nothing after `day`."""
    return Source(organization, Facts(organization, day))


def number_accounts(organization: Organization, *, day: date) -> Source:
    """The same with account ids as an Enum of the accounts there are."""
    names = copy_frame(IDS_STATEMENT, {"account_id": pl.String}, {"organization": organization.id})
    return Source(organization, Facts(organization, day, pl.Enum(names["account_id"])))


def night_speaking_on(nights: Sequence[date], day: date, *, within_days: int = NIGHT_SPEAKS_DAYS) -> date | None:
    """The last diagnosed night on or before the day, if it is younger than `within_days`."""
    last = max((night for night in nights if night <= day), default=None)
    return last if last is not None and day - last < timedelta(days=within_days) else None


def nights_of_fall(nights: Sequence[date], day: date) -> list[date]:
    """The nights that `find_falling` compares on a day."""
    month = day - timedelta(days=FELL_DAYS + FALLING_NIGHTS), day - timedelta(days=FELL_DAYS)
    week = day - timedelta(days=FALLING_NIGHTS), day
    return [n for n in nights if month[0] < n <= month[1] or week[0] <= n <= week[1]]
