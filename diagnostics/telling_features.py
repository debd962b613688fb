"""Which features go with leaving and which with staying, by the organization's own outcomes: proposals for its marks.

A mark is the organization's word, and stays it: this only says what the facts say of features that nobody has marked.
What counts is a feature's share of the account's use; how much it uses is read by other signals.
"""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import polars as pl
from django.db import connection

from accounts.context import current_context, service_context
from accounts.models import Organization
from diagnostics.discrimination import Auc, Numbers, measure_auc
from diagnostics.outcomes import Outcomes, read_outcomes
from diagnostics.past_nights import replay_nights
from portfolio.models import Feature

FEW_DRAWS = 100
LEAST_LEFT = 50  # accounts that churned: as for weights
LEAST_USED = 0.02  # share of the rows that use a feature at all
SHARES: dict[str, Any] = {"night": pl.Date, "account_id": pl.String, "metric": pl.String, "share": pl.Float64}

STATEMENT = """
SELECT account_id::text, metric, sum(quantity)::float8 FROM portfolio_usage
WHERE organization_id = %(organization)s AND day > %(night)s - 28 AND day <= %(night)s
    AND starts_with(metric, 'feature:') AND quantity > 0
GROUP BY account_id, metric
"""


@dataclass(frozen=True, slots=True)
class TellingFeature:
    """A feature whose share of use ranks who leaves (`negative`) or who stays (`key`) better than chance."""

    metric: str
    effect: Literal["key", "negative"]
    auc: Auc


def find_telling_features(organization_id: uuid.UUID, nights: list[date], *, known_by: date) -> list[TellingFeature]:
    """Unmarked features that tell, the clearest first; nothing dated after `known_by` is read."""
    with service_context(organization_id):
        organization = Organization.objects.get()
        outcomes = read_outcomes(organization, known_by=known_by)
        marked = set(Feature.objects.exclude(effect__in=("", "neutral")).values_list("metric", flat=True))
        shares = pl.concat([_read_shares(night) for night in nights] or [pl.DataFrame(schema=SHARES)])
        shares = shares.filter(~pl.col("metric").is_in(list(marked)))
        return rank_features(shares, _list_rows(organization, nights, outcomes, shares)) if shares.height else []


def _read_shares(night: date) -> pl.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, {"organization": current_context().organization_id, "night": night})
        used = pl.DataFrame(
            cursor.fetchall(),
            schema={"account_id": pl.String, "metric": pl.String, "quantity": pl.Float64},
            orient="row",
        )
    share = pl.col("quantity") / pl.col("quantity").sum().over("account_id")
    return used.select(pl.lit(night).alias("night"), "account_id", "metric", share.alias("share"))


def _list_rows(
    organization: Organization, nights: list[date], outcomes: Outcomes, shares: pl.DataFrame
) -> pl.DataFrame:
    """Columns night, account_id, churned_90d of the accounts that used any feature and whose loss was no fact yet."""
    rows = []
    for past in replay_nights(organization, nights, outcomes):
        open_ones = past.features.filter(
            pl.col("running").fill_null(False), pl.col("lapsed_on").is_null(), pl.col("notice_given_on").is_null()
        )
        rows.append(
            past.outcomes.join(open_ones.select("account_id"), on="account_id", how="semi").select(
                pl.lit(past.night).alias("night"), "account_id", "churned_90d"
            )
        )
    return pl.concat(rows).join(shares.select("night", "account_id").unique(), on=["night", "account_id"], how="semi")


def rank_features(shares: pl.DataFrame, rows: pl.DataFrame) -> list[TellingFeature]:
    """Those of `shares` (SHARES) that rank `rows` (night, account_id, churned_90d) beyond chance; pure.

    Of many features some rank by luck: the whole interval must lie above chance, and both halves of the nights must
    agree.
    """
    rows = rows.sort("night", "account_id")
    labels, names = rows["churned_90d"].to_numpy(), rows["account_id"].to_list()
    if len(set(rows.filter("churned_90d")["account_id"])) < LEAST_LEFT:
        return []
    nights = rows["night"].to_physical().to_numpy()
    halves = [nights <= np.median(nights), nights > np.median(nights)]
    found = []
    for metric in sorted(set(shares["metric"])):
        used = shares.filter(pl.col("metric") == metric).drop("metric")
        scores: Numbers = (
            rows.join(used, on=["night", "account_id"], how="left", maintain_order="left")["share"]
            .fill_null(0.0)
            .to_numpy()
        )
        if (scores > 0).mean() < LEAST_USED:
            continue
        for effect, direction in (("negative", 1), ("key", -1)):
            parts = [measure_auc(labels[half], direction * scores[half], nights=nights[half]).value for half in halves]
            if any(value is None or value <= 0.5 for value in parts):
                continue
            auc = measure_auc(labels, direction * scores, names, nights=nights, draws=FEW_DRAWS)
            if auc.reliable:
                found.append(TellingFeature(metric, effect, auc))  # type: ignore[arg-type]  # one of the two
    return sorted(found, key=lambda one: (-(one.auc.value or 0.5), one.metric))
