"""Frames of facts for the KPIs' tests, as the readers give them."""

from datetime import date
from decimal import Decimal

import polars as pl

from portfolio.ledger.periods import PERIODS, RATES

EUR = pl.DataFrame({"fiscal_year": range(2000, 2100), "currency": "EUR", "rate": 1}, schema=RATES)


def period(started: str, ended: str | None = None, mrr: str = "100", **fields: object) -> dict[str, object]:
    """One row of PERIODS; what is not given is the first subscription of account A, on terms of twelve months."""
    days = {
        name: date.fromisoformat(value) if isinstance(value, str) else value
        for name, value in fields.items()
        if name.endswith("_on")
    }
    row = {
        "account_id": "A",
        "subscription_id": "S1",
        "contract_id": "",
        "product_id": "core",
        "family": fields.get("product_id", "core"),
        "metered": False,
        "started_on": date.fromisoformat(started),
        "ended_on": date.fromisoformat(ended) if ended else None,
        "term_months": 12,
        "notice_days": 30,
        "mrr": Decimal(mrr),
        "currency": "EUR",
        "change_reason": "",
    }
    return row | fields | days


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    """The rows as a frame of PERIODS; what is missing is NULL."""
    full = [{name: row.get(name) for name in PERIODS} for row in rows]
    return pl.DataFrame(full, schema=PERIODS, orient="row")
