"""relationship_depth: how many people on the other side are really in touch, how senior, and how lately."""

import polars as pl

from diagnostics.kpis.frames import KEY, OF, exact, money

HALF_LIFE_DAYS = 90
FORGOTTEN_DAYS = 365
DECIDERS = ("economic_buyer", "decision_maker")
# Points at full strength; they add up to 100.
ROLES, DEPARTMENTS, SENIORITY, TWO_WAY, THREADS = 25, 20, 25, 15, 15
FULL_ROLES, FULL_DEPARTMENTS, FULL_THREADS, FULL_OURS = 3, 3, 4, 2
CHAMPION_COUNTS = 0.6
# Somebody heard within two half-lives is a thread.
THREAD_WEIGHT = 0.25


def relationship_depth(closes: pl.DataFrame, exchanges: pl.DataFrame, ours: pl.DataFrame) -> pl.DataFrame:
    """Depth of an account's relationship, 0–100: the mean over paying accounts of an organization that keeps contacts.

    Per contact w = 2^(−days since the last exchange ÷ 90), 0 after a year. Points: roles 25 × min(1, Σ max w per role
    ÷ 3) + departments 20 × min(1, Σ max w per department ÷ 3) + seniority 25 × max(w of a decision maker, 0.6 × w of a
    champion) + two ways 15 × max min(w in, w out) + threads 15 × min(1, Σ w ÷ 4) × min(1, people of ours ÷ 2).
    `closes`: period, account_id, close, owner_on of paying accounts; `exchanges`: account_id, contact_id, role,
    department, on, way (`both`, `in`, `out`); `ours`: account_id, people (CSM, AM, sponsor named). Adds `threads`;
    one thread or none is single-threaded. Unit: score.
    """
    name = "relationship_depth"
    touched = _weigh_contacts(closes, exchanges)
    key = ["period", "account_id"]
    roles = touched.filter(pl.col("role") != "").group_by(*key, "role").agg(pl.col("weight").max())
    departments = touched.filter(pl.col("department") != "").group_by(*key, "department").agg(pl.col("weight").max())
    decides, champions = pl.col("role").is_in(DECIDERS), pl.col("role") == "champion"
    people = touched.group_by(key).agg(
        heard=pl.col("weight").sum(),
        threads=(pl.col("weight") >= THREAD_WEIGHT).sum(),
        two_way=pl.col("two_way").max(),
        senior=pl.max_horizontal(
            pl.col("weight").filter(decides).max().fill_null(0.0),
            pl.col("weight").filter(champions).max().fill_null(0.0) * CHAMPION_COUNTS,
        ),
    )
    frame = closes.join(people, on=key, how="left").join(ours, on="account_id", how="left")
    frame = frame.join(roles.group_by(key).agg(roles=pl.col("weight").sum()), on=key, how="left")
    frame = frame.join(departments.group_by(key).agg(departments=pl.col("weight").sum()), on=key, how="left")
    frame = frame.with_columns(
        pl.col("heard", "two_way", "senior", "roles", "departments").fill_null(0.0),
        pl.col("threads", "people").fill_null(0),
    )
    depth = (
        ROLES * _share("roles", FULL_ROLES)
        + DEPARTMENTS * _share("departments", FULL_DEPARTMENTS)
        + SENIORITY * pl.col("senior")
        + TWO_WAY * pl.col("two_way")
        + THREADS * _share("heard", FULL_THREADS) * _share("people", FULL_OURS)
    )
    # To the hundredth: sums of weights depend in their last digits on the order of the rows.
    return frame.select(*KEY, exact(depth.round(2)).alias(name), money(1).alias(name + OF), "threads")


def is_single_threaded() -> pl.Expr:
    """One person is in touch, or none."""
    return pl.col("threads") <= 1


def _weigh_contacts(closes: pl.DataFrame, exchanges: pl.DataFrame) -> pl.DataFrame:
    """One row per period and contact heard within a year of the close: role, department, weight and two_way."""
    days = closes.select("period", "close").unique().sort("close")
    parts = []
    for period, close in days.rows():
        seen = exchanges.filter(pl.col("on") <= close, pl.col("on") > close - pl.duration(days=FORGOTTEN_DAYS))
        weight = (0.5 ** ((pl.lit(close) - pl.col("on")).dt.total_days() / HALF_LIFE_DAYS)).alias("weight")
        parts.append(
            seen.with_columns(weight)
            .group_by("account_id", "contact_id", "role", "department")
            .agg(
                pl.col("weight").max(),
                into=pl.col("weight").filter(pl.col("way").is_in(["in", "both"])).max(),
                out=pl.col("weight").filter(pl.col("way").is_in(["out", "both"])).max(),
            )
            .with_columns(period=pl.lit(period))
        )
    empty = exchanges.clear().select("account_id", "contact_id", "role", "department").with_columns(
        weight=pl.lit(0.0), into=pl.lit(0.0), out=pl.lit(0.0), period=pl.lit("")
    )  # fmt: skip
    found = pl.concat(parts) if parts else empty
    return found.with_columns(two_way=pl.min_horizontal(pl.col("into").fill_null(0.0), pl.col("out").fill_null(0.0)))


def _share(column: str, full: int) -> pl.Expr:
    return (pl.col(column) / full).clip(0.0, 1.0)
