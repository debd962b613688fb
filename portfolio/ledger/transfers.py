"""Contracts that moved between accounts of one parent on one day: neither churn nor new."""

from decimal import Decimal
from typing import Any

import polars as pl

from portfolio.ledger.periods import MONEY


def find_transfers(steps: pl.DataFrame, parents: pl.DataFrame) -> pl.DataFrame:
    """account_id, family, day, transferred: what left one account and reached another; the column adds up to zero.

    `parents`: account_id and its ultimate parent, for accounts that have one and for the parents themselves.
    """
    group = ["parent", "day", "family"]
    among = steps.filter(pl.col("amount") != 0).join(parents, on="account_id", how="inner")
    among = among.filter((pl.col("amount") < 0).any().over(group) & (pl.col("amount") > 0).any().over(group))
    rows = []
    for _, lines in among.sort(*group, "account_id").group_by(group, maintain_order=True):
        left = dict(enumerate(lines["amount"].to_list()))
        moved = dict.fromkeys(left, Decimal(0))
        for giver in [place for place, amount in left.items() if amount < 0]:
            for taker in [place for place, amount in left.items() if amount > 0]:
                part = min(-left[giver] + moved[giver], left[taker] - moved[taker])
                if part > 0:
                    moved[giver] -= part
                    moved[taker] += part
        keys = lines.select("account_id", "family", "day").rows()
        rows += [(*key, moved[place]) for place, key in enumerate(keys) if moved[place]]
    schema: dict[str, Any] = {
        "account_id": steps.schema["account_id"],
        "family": pl.String,
        "day": pl.Date,
        "transferred": MONEY,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
