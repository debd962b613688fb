"""The expansion pipeline, the fictional part of it, and the potential that is left."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from diagnostics.kpis.frames import days_frame
from diagnostics.kpis.pipeline import (
    expansion_pipeline,
    expansion_revenue_potential,
    fictional_pipeline,
    find_falling,
    opportunities_on,
)
from diagnostics.kpis.reading import OPPORTUNITIES, STAGES

DAY = date(2026, 11, 20)


def sold(*rows):
    """(opportunity, account, lever, [(day, stage, amount)])."""
    opportunities = [
        {"opportunity_id": name, "account_id": account, "lever": lever, "created_on": date(2026, 1, 1)}
        for name, account, lever, _ in rows
    ]
    stages = [
        {
            "opportunity_id": name,
            "at": f"{on} 10:00",
            "on": date.fromisoformat(on),
            "stage": stage,
            "amount_arr": amount,
        }
        for name, _, _, moves in rows
        for on, stage, amount in moves
    ]
    return opportunities_on(
        pl.DataFrame([{c: row.get(c) for c in OPPORTUNITIES} for row in opportunities], schema=OPPORTUNITIES),
        pl.DataFrame(stages, schema=STAGES, orient="row"),
        days_frame([DAY]),
    )


def book():
    return sold(
        ("1", "A", "upsell", [("2026-02-01", "identified", 1000), ("2026-10-01", "qualified", None)]),
        ("2", "B", "seats", [("2026-03-01", "proposed", 500), ("2026-12-01", "won", 500)]),
        ("3", "C", "price", [("2026-03-01", "won", 700)]),
        ("4", "A", "renewal", [("2026-03-01", "qualified", 9000)]),
        ("5", "C", "cross_sell", []),
    ).with_columns(fragile=pl.col("account_id") == "A", falling=pl.lit(None, dtype=pl.Boolean))


def test_the_pipeline_is_what_stood_open_on_the_day():
    found = expansion_pipeline(book()).sort("opportunity_id")
    assert found.select("opportunity_id", "stage", "numerator", "qualified_on").rows() == [
        ("1", "qualified", Decimal(1000), date(2026, 10, 1)),
        ("2", "proposed", Decimal(500), date(2026, 3, 1)),
        ("5", "identified", Decimal(0), None),
    ]


def test_the_fictional_part_is_on_fragile_or_falling_accounts():
    assert fictional_pipeline(book())["opportunity_id"].to_list() == ["1"]
    falling = book().with_columns(falling=pl.col("account_id") == "B")
    assert sorted(fictional_pipeline(falling)["opportunity_id"].to_list()) == ["1", "2"]


def healths(account, *scores, last=DAY):
    """One score per night up to `last`, and 75 a month before."""
    nights = [last - timedelta(days=back) for back in reversed(range(len(scores)))] + [last - timedelta(days=31)]
    return [
        {"night": night, "account_id": account, "health": score}
        for night, score in zip(nights, [*scores, 75.0], strict=True)
    ]


def test_falling_is_five_points_in_a_month_and_seven_nights_without_a_rise():
    rows = [
        *healths("falls", 72.0, 71.5, 71.5, 71.0, 70.5, 70.5, 70.0, 69.0),
        *healths("rose once", 72.0, 71.0, 71.5, 71.0, 70.5, 70.5, 70.0, 69.0),
        *healths("too little", 74.0, 73.9, 73.8, 73.7, 73.6, 73.5, 73.4, 73.0),
        *healths("level", *[69.0] * 8),
        *healths("a week is missing", 72.0, 69.0),
    ]
    frame = pl.DataFrame(rows, schema={"night": pl.Date, "account_id": pl.String, "health": pl.Float64}, orient="row")
    found = find_falling(frame, days_frame([DAY]))
    assert found.filter("falling")["account_id"].to_list() == ["falls"]


def test_potential_is_weighed_gated_and_replaced_by_an_opportunity():
    amounts = ("upsell_arr", "seats_arr", "usage_arr", "cross_sell_arr", "price_arr")
    diagnoses = pl.DataFrame(
        [
            ("A", 50.0, "upsell", 1000, 0, 0, 400, 0),
            ("B", 80.0, "seats", 300, 500, 0, 0, 0),
            ("C", 90.0, "retain", 800, 0, 0, 0, 0),
            ("D", 25.0, "cross_sell", 0, 0, 0, 400, 0),
        ],
        schema={"account_id": pl.String, "potential": pl.Float64, "lever": pl.String}
        | dict.fromkeys(amounts, pl.Decimal(38, 2)),
        orient="row",
    )
    open_one = expansion_pipeline(book().filter(pl.col("opportunity_id") == "2"))
    key = {"period": pl.lit("2026-11"), "owner_on": pl.lit(DAY)}
    found = expansion_revenue_potential(diagnoses.with_columns(**key), open_one.with_columns(**key))
    assert found.select("account_id", "lever", "raw", "numerator", "opened").rows() == [
        ("A", "cross_sell", Decimal(400), Decimal(0), False),
        ("A", "upsell", Decimal(1000), Decimal(500), False),
        ("B", "seats", Decimal(500), Decimal(500), True),
        ("B", "upsell", Decimal(300), Decimal(240), False),
        ("C", "upsell", Decimal(800), Decimal(0), False),
        ("D", "cross_sell", Decimal(400), Decimal(100), False),
    ]


def test_a_fictional_opportunity_adds_nothing_and_one_without_an_amount_wipes_nothing():
    amounts = ("upsell_arr", "seats_arr", "usage_arr", "cross_sell_arr", "price_arr")
    diagnoses = pl.DataFrame(
        [("A", 50.0, "upsell", 1000, 0, 0, 0, 0), ("C", 25.0, "cross_sell", 0, 0, 0, 400, 0)],
        schema={"account_id": pl.String, "potential": pl.Float64, "lever": pl.String}
        | dict.fromkeys(amounts, pl.Decimal(38, 2)),
        orient="row",
    )
    # An upsell on a fragile account, and a cross-sell whose amount nobody has stated.
    pipeline = expansion_pipeline(book().filter(pl.col("opportunity_id").is_in(["1", "5"])))
    key = {"period": pl.lit("2026-11"), "owner_on": pl.lit(DAY)}
    found = expansion_revenue_potential(diagnoses.with_columns(**key), pipeline.with_columns(**key))
    assert found.select("account_id", "lever", "raw", "numerator", "opened").rows() == [
        ("A", "upsell", Decimal(0), Decimal(0), True),
        ("C", "cross_sell", Decimal(400), Decimal(100), False),
    ]
