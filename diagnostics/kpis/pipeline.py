"""What is being sold: the expansion pipeline, the part of it that is fictional, and what the book can still carry."""

import polars as pl

from diagnostics.kpis.frames import MONEY, exact, money

OPEN_STAGES = ("identified", "qualified", "proposed", "negotiation")
CLOSED = ("won", "lost")
QUALIFIED = ("qualified", "proposed", "negotiation")
LEVERS = ("upsell", "seats", "usage", "cross_sell", "price")
CHOSEN_ONLY = ("cross_sell", "price")
FELL_POINTS = 5.0
FELL_DAYS = 30
FALLING_NIGHTS = 7


def opportunities_on(opportunities: pl.DataFrame, stages: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """One row per day and opportunity known on it: its columns, `stage`, `amount_arr` and `moved_on`.

    `opportunities`: opportunity_id, account_id, lever, product_id, created_on, closes_on, source, loss_reason.
    `stages`: opportunity_id, on (local day), at, stage, amount_arr. One without any stage was at least identified; an
    amount stands until another is stated.
    """
    moves = stages.sort("opportunity_id", "at").with_columns(
        amount_arr=pl.col("amount_arr").cast(MONEY).forward_fill().over("opportunity_id")
    )
    known = moves.join(days, how="cross").filter(pl.col("on") <= pl.col("day"))
    last = known.group_by("day", "opportunity_id", maintain_order=True).agg(
        pl.col("stage").last(),
        pl.col("amount_arr").last(),
        moved_on=pl.col("on").last(),
        qualified_on=pl.col("on").filter(pl.col("stage").is_in(QUALIFIED)).first(),
    )
    frame = opportunities.join(days, how="cross").join(last, on=["day", "opportunity_id"], how="left")
    begun = pl.col("moved_on").is_not_null() | (pl.col("created_on") <= pl.col("day")).fill_null(False)
    return frame.filter(begun).with_columns(
        stage=pl.col("stage").fill_null("identified"), moved_on=pl.coalesce("moved_on", "created_on")
    )


def is_open() -> pl.Expr:
    """Neither won nor lost, and not a renewal."""
    return ~pl.col("stage").is_in(CLOSED) & (pl.col("lever") != "renewal")


def find_falling(nights: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """One row per day and account: `falling`, whether health fell by 5 points or more in 30 days and for 7 nights.

    `nights`: night, account_id, health (not withheld). Falling for seven nights: none of the last seven stands above
    the one before it, and the last stands below the first. A night that is missing says nothing of the fall.
    """
    health = nights.drop_nulls("health").join(days, how="cross").filter(pl.col("night") <= pl.col("day"))
    recent = health.filter(pl.col("night") >= pl.col("day") - pl.duration(days=FALLING_NIGHTS)).sort("night")
    week = recent.group_by("day", "account_id", maintain_order=True).agg(
        nights=pl.len(),
        rose=(pl.col("health").diff() > 0).any(),
        last=pl.col("health").last(),
        first=pl.col("health").first(),
    )
    since = pl.col("day") - pl.duration(days=FELL_DAYS)
    before = health.filter(pl.col("night") <= since, pl.col("night") > since - pl.duration(days=FALLING_NIGHTS))
    before = before.sort("night").group_by("day", "account_id").agg(before=pl.col("health").last())
    falling = (
        (pl.col("nights") > FALLING_NIGHTS)
        & ~pl.col("rose")
        & (pl.col("last") < pl.col("first"))
        & (pl.col("before") - pl.col("last") >= FELL_POINTS)
    )
    joined = week.join(before, on=["day", "account_id"], how="left")
    return joined.select("day", "account_id", falling=falling.fill_null(False))


def expansion_pipeline(opportunities: pl.DataFrame) -> pl.DataFrame:
    """Σ amount of open expansion opportunities, by stage and lever; what is fictional stands apart and is not added.

    `opportunities`: rows of `opportunities_on` with `fragile` and `falling` of the account. Returns the open ones with
    numerator (amount; an opportunity without one counts nothing) and `fictional`. Unit: currency.
    """
    fictional = pl.col("fragile").fill_null(False) | pl.col("falling").fill_null(False)
    return opportunities.filter(is_open()).with_columns(
        numerator=pl.col("amount_arr").fill_null(money(0)), fictional=fictional
    )


def fictional_pipeline(opportunities: pl.DataFrame) -> pl.DataFrame:
    """The part of the pipeline on accounts that are fragile or falling: shown, never added. Unit: currency."""
    return expansion_pipeline(opportunities).filter("fictional")


def expansion_revenue_potential(diagnoses: pl.DataFrame, pipeline: pl.DataFrame) -> pl.DataFrame:
    """Σ p × expansion_potential_arr of a night, per account and lever; an open opportunity replaces the estimate.

    p is the probability of that lever within 90 days, by default potential ÷ 100. A gated lever has p = 0: every one of
    an account to retain or without a growth lever, and cross-sell and price until the night chose them (their need or
    window does not stand before). Levers exclude each other: no seat counts twice. A fictional opportunity replaces the
    estimate and adds nothing; one without an amount leaves it. `diagnoses`: KEY, potential, lever and one `<lever>_arr`
    per lever; `pipeline`: rows of `expansion_pipeline` with KEY.
    Returns KEY, lever, raw (amount without p), numerator (p × amount) and opened (an opportunity stands for it).
    Unit: currency.
    """
    found = diagnoses.unpivot(
        [f"{lever}_arr" for lever in LEVERS],
        index=["period", "account_id", "owner_on", "potential", "lever"],
        variable_name="of",
        value_name="raw",
    ).with_columns(of=pl.col("of").str.strip_suffix("_arr"), raw=pl.col("raw").cast(MONEY))
    key = ["period", "account_id", "of"]
    amount = pl.when(~pl.col("fictional")).then("numerator").otherwise(money(0))
    stated = pipeline.drop_nulls("amount_arr").with_columns(amount=amount)
    opened = stated.group_by("period", "account_id", of=pl.col("lever")).agg(
        opened=pl.col("amount").sum(), opened_on=pl.col("owner_on").max()
    )
    found = found.filter(pl.col("raw") > 0).join(opened, on=key, how="full", coalesce=True)
    chance = exact((pl.col("potential") / 100).fill_null(0.0))
    grows = pl.col("lever").is_in(LEVERS).fill_null(False)
    gated = ~grows | (pl.col("of").is_in(CHOSEN_ONLY) & (pl.col("lever") != pl.col("of")))
    estimate = pl.when(gated).then(money(0)).otherwise(chance * pl.col("raw"))
    return found.select(
        "period",
        "account_id",
        owner_on=pl.coalesce("owner_on", "opened_on"),
        lever="of",
        raw=pl.coalesce("opened", "raw"),
        numerator=pl.coalesce("opened", estimate),
        opened=pl.col("opened").is_not_null(),
    ).sort("period", "account_id", "lever")
