"""Each family of KPIs with the facts it reads; one whose facts are absent says nothing."""

import polars as pl

from diagnostics.kpis import activation, cross_sell, events, execution, growth, relationships, renewals, retention, risk
from diagnostics.kpis.anticipation import DAYS_BEFORE, renewal_anticipation, unprepared_share
from diagnostics.kpis.balances import balance_at_closing_rates
from diagnostics.kpis.calendar import Period, frame_periods
from diagnostics.kpis.cohorts import cohort_retention
from diagnostics.kpis.compute import Family, Portfolio
from diagnostics.kpis.frames import KEY, MONEY, OF, money
from diagnostics.kpis.pipeline import (
    OPEN_STAGES,
    QUALIFIED,
    expansion_pipeline,
    expansion_revenue_potential,
    find_falling,
    opportunities_on,
)
from diagnostics.kpis.reading import nights_of_fall
from diagnostics.kpis.success import (
    adoption_rate,
    customer_health,
    expansion_readiness_index,
    intent_signal_volume,
    match_seats,
    time_to_value,
)
from portfolio.terms import add_months

TRUE = ("true", "t", "1")
Parts = list[pl.DataFrame]
CONTRACT_KEY = (pl.col("period"), pl.col("account_id"), pl.col("decides_on").alias("owner_on"))


def read_retention(portfolio: Portfolio) -> Parts:
    """nrr, grr, logo_retention."""
    kept = retention.keep_of_base(portfolio.balances, with_reactivation=portfolio.with_reactivation)
    return [retention.nrr(kept), retention.grr(kept), retention.logo_retention(kept), *_read_four_quarters(portfolio)]


def _read_four_quarters(portfolio: Portfolio) -> Parts:
    """nrr:4q and grr:4q: over the four quarters that end with each quarter, the one that runs included."""
    if not portfolio.periods or portfolio.periods[0].every != "quarter":
        return []
    years = [Period(add_months(p.first, -9), p.last, p.label, p.every) for p in portfolio.periods]
    found = []
    # Every fourth year follows the one before it: four runs of years that do not overlap.
    for run in filter(None, (years[start::4] for start in range(4))):
        balances = balance_at_closing_rates(portfolio.movements, frame_periods(run, portfolio.today))
        kept = retention.keep_of_base(balances, with_reactivation=portfolio.with_reactivation)
        for part in (retention.nrr(kept), retention.grr(kept)):
            names = {name: name.replace("rr", "rr:4q") for name in part.columns if name.rstrip(OF) in ("nrr", "grr")}
            found.append(part.rename(names))
    return found


def read_growth(portfolio: Portfolio) -> Parts:
    """Expansion in all its forms, arpa, quick_ratio."""
    balances = portfolio.balances
    opportunities, stages = portfolio.source.opportunities(), portfolio.source.stages()
    won = stages.filter(pl.col("stage") == "won").group_by("opportunity_id").agg(won_on=pl.col("on").min())
    won = opportunities.join(won, on="opportunity_id").filter(pl.col("won_on") <= portfolio.today)
    return [
        growth.expansion_revenue(balances),
        growth.expansion_rate(balances),
        growth.expansion_growth(portfolio.movements, portfolio.frame, portfolio.frame_a_year_before),
        growth.average_revenue_per_expansion_account(balances),
        growth.arpa(balances),
        growth.quick_ratio(balances),
        growth.referral_expansion_revenue(portfolio.movements, portfolio.frame, portfolio.accounts, won),
    ]


def read_renewals(portfolio: Portfolio) -> Parts:
    """renewal_rate, arr_secured."""
    facts = portfolio.source.facts
    entries = events.read_events(facts, events.ENTRIES).rename({"on": "entered_on"})
    acts = events.read_events(facts, events.ACTED)
    return [
        renewals.renewal_rate(portfolio.decisions, portfolio.frame),
        renewals.arr_secured(portfolio.decisions, portfolio.frame, entries, acts),
    ]


def read_risk(portfolio: Portfolio) -> Parts:
    """value_at_risk and expected_loss of each window, where a night speaks for the close, and confirmed_loss."""
    contracts = portfolio.contracts.drop_nulls("arr")
    arr, zero = pl.col("arr"), pl.lit(0, dtype=MONEY)
    columns, spoken = [], pl.col("night").is_not_null()
    for window in risk.WINDOWS:
        due, lost = risk.is_due(window), risk.is_lost(window)
        at_risk = pl.when(spoken).then(pl.when(due & risk.is_weak()).then(arr).otherwise(zero))
        share = f"value_at_risk:share_{window}d"
        for detail in ("", f":{window}d") if window == risk.WINDOW else (f":{window}d",):
            columns.append(at_risk.alias(f"value_at_risk{detail}"))
            columns.append(pl.when(lost).then(arr).otherwise(zero).alias(f"confirmed_loss{detail}"))
        columns += [pl.when(due).then(at_risk).alias(share), pl.when(due).then(arr).alias(share + OF)]
    of_portfolio = pl.when(spoken).then(at_risk_of_portfolio())
    columns.append(of_portfolio.alias("value_at_risk:share_portfolio"))
    columns.append(arr.alias("value_at_risk:share_portfolio" + OF))
    columns.append(pl.when(risk.is_lost()).then(arr).otherwise(zero).alias("confirmed_loss:all"))
    expected = risk.expected_loss(contracts).select(*CONTRACT_KEY, pl.col("numerator").alias("expected_loss"))
    return [contracts.select(*CONTRACT_KEY, *columns), expected]


def at_risk_of_portfolio() -> pl.Expr:
    """The ARR at risk in the headline's window, held against the ARR of every running contract."""
    return pl.when(risk.is_due() & risk.is_weak()).then("arr").otherwise(pl.lit(0, dtype=MONEY))


def read_cross_sell(portfolio: Portfolio) -> Parts:
    """cross_sell_conversion_rate, cross_sell_win_rate."""
    products = portfolio.source.products()
    bought = portfolio.subscriptions.filter(pl.col("started_on") <= portfolio.today)
    found = [cross_sell.cross_sell_conversion_rate(portfolio.balances, portfolio.frame, bought, products=products)]
    opportunities = portfolio.source.opportunities()
    if opportunities.height:
        days = pl.DataFrame({"day": [portfolio.today]}, schema={"day": pl.Date})
        stages = portfolio.source.stages()
        first = stages.group_by("opportunity_id").agg(first_on=pl.col("on").min())
        known = opportunities_on(opportunities, stages, days).join(first, on="opportunity_id", how="left")
        opened = known.with_columns(opened_on=pl.coalesce("created_on", "first_on")).drop_nulls("opened_on")
        found.append(cross_sell.cross_sell_win_rate(opened, portfolio.frame))
    return found


def read_activation(portfolio: Portfolio) -> Parts:
    """expansion_activation_rate, where features are marked as opening expansion."""
    facts = portfolio.source.facts
    use = events.read_opening_use(facts, portfolio.periods)
    known_from = events.read_use_known_from(facts, portfolio.periods) if use is not None else None
    if use is None or known_from is None:
        return []
    found = activation.expansion_activation_rate(
        portfolio.balances, portfolio.frame, use, portfolio.first_paid, known_from=known_from
    )
    return [found]


def read_pipeline(portfolio: Portfolio) -> Parts:
    """expansion_pipeline by stage and lever, fictional_pipeline and expansion_revenue_potential."""
    opportunities = portfolio.source.opportunities()
    closes = portfolio.frame.select("period", day="close").unique("day", keep="last").sort("day")
    days = closes.select("day")
    nights = sorted({n for day in days["day"] for n in nights_of_fall(portfolio.nights, day)})
    falling = find_falling(portfolio.source.health(nights), days)
    known = opportunities_on(opportunities, portfolio.source.stages(), days)
    known = known.join(closes, on="day").join(falling, on=["day", "account_id"], how="left")
    fragile = portfolio.diagnosed.select("period", "account_id", "fragile")
    known = known.join(fragile, on=["period", "account_id"], how="left")
    pipeline = expansion_pipeline(known).with_columns(owner_on=pl.col("day"))
    found = []
    if opportunities.height:
        # Fictional is shown, never added.
        name, amount = "expansion_pipeline", pl.when(~pl.col("fictional")).then("numerator").otherwise(money(0))
        qualified = pl.col("stage").is_in(QUALIFIED)
        lines = {"": pl.lit(True), ":qualified": qualified}
        alone = {stage: f":{stage}" if stage != "qualified" else ":qualified_only" for stage in OPEN_STAGES}
        lines |= {detail: pl.col("stage") == stage for stage, detail in alone.items()}
        lines |= {f":{lever}": pl.col("lever") == lever for lever in growth.LEVERS}
        columns = [pl.when(which).then(amount).alias(name + detail) for detail, which in lines.items()]
        fictional = pl.when("fictional").then("numerator").otherwise(money(0)).alias("fictional_pipeline")
        found.append(pipeline.select(*KEY, *columns, fictional))
    if portfolio.diagnosed.height:
        spoken = pipeline.join(portfolio.closing_nights.select("period"), on="period", how="semi")
        left = expansion_revenue_potential(portfolio.diagnosed, spoken)
        name = "expansion_revenue_potential"
        raw = pl.col("raw").alias(f"{name}:raw")
        found.append(left.select("period", "account_id", "owner_on", pl.col("numerator").alias(name), raw))
    return found


def read_cohorts(portfolio: Portfolio) -> Parts:
    """nrr, grr and arpa of month n."""
    return [cohort_retention(portfolio.lives, portfolio.frame)]


def read_execution(portfolio: Portfolio) -> Parts:
    """portfolio_coverage, account_plan_freshness, qbr_engagement_rate, relationship_depth, renewal_anticipation."""
    facts, balances = portfolio.source.facts, portfolio.balances
    # Few accounts ever were: only their rows are looked at.
    once = pl.concat(
        [
            portfolio.accounts.filter(pl.col("strategic").is_in(TRUE)).select("account_id"),
            portfolio.history.filter(pl.col("field") == "strategic", pl.col("value").is_in(TRUE)).select("account_id"),
        ]
    )
    dated = balances.select("period", "account_id", "close").join(once, on="account_id", how="semi")
    strategic = events.value_on(dated, "close", "strategic", portfolio.history, portfolio.accounts)
    strategic = strategic.filter(pl.col("strategic").is_in(TRUE)).select("period", "account_id")
    found = [
        execution.account_plan_freshness(balances, strategic, events.read_events(facts, events.PLANS)),
    ]
    exchanges = facts.read(events.EXCHANGES, events.WAY)
    if exchanges.height:
        looks = events.read_events(facts, events.LOOKS)
        found.append(execution.portfolio_coverage(balances, looks, exchanges))
        threads = facts.read(events.THREADS, events.THREAD)
        people = portfolio.accounts.select("account_id", "people")
        found.append(relationships.relationship_depth(portfolio.closing, threads, people))
    reviews = events.read_events(facts, events.REVIEWS)
    tiers = portfolio.groups.tiers(portfolio.closing.select("period", "account_id"))
    found.append(execution.qbr_engagement_rate(portfolio.closing, tiers, reviews))
    return found + _read_anticipation(portfolio)


def _read_anticipation(portfolio: Portfolio) -> Parts:
    acts = events.read_events(portfolio.source.facts, events.PREPARATIONS)
    if not acts.height:
        return []
    found = []
    decided = portfolio.decided
    if decided.height:
        found.append(renewal_anticipation(decided, portfolio.frame, acts))
    contracts = risk.due_within(portfolio.contracts, DAYS_BEFORE)
    contracts = contracts.filter(pl.col("term_months") >= renewals.SHORTEST_TERM_MONTHS)
    if contracts.height:
        found.append(unprepared_share(contracts, acts))
    return found


def read_success(portfolio: Portfolio) -> Parts:
    """customer_health, adoption_rate, time_to_value, expansion_readiness_index, intent_signal_volume."""
    facts, found = portfolio.source.facts, []
    if portfolio.diagnosed.height:
        by_close = portfolio.diagnosed
        found += [customer_health(by_close), expansion_readiness_index(by_close)]
    milestones = facts.read(events.MILESTONES, {"account_id": pl.String, "reached_on": pl.Date})
    if milestones.height:
        found.append(time_to_value(portfolio.first_paid, milestones, portfolio.frame))
    signals = events.read_events(facts, events.INTENT).rename({"on": "observed_on"})
    if signals.height:
        found.append(intent_signal_volume(signals, portfolio.frame))
    closes = portfolio.frame["close"].unique().to_list()
    active = events.read_active_users(facts, closes)
    if active.height:
        # A close before the source began says nothing of adoption.
        known = active.group_by("close").agg(pl.len())["close"]
        closing = portfolio.closing.filter(pl.col("close").is_in(known.to_list())).select(*KEY, "close")
        key = ["period", "account_id"]
        seats = portfolio.seats.join(closing.select(*key, "close"), on=key, how="inner")
        used = match_seats(seats, active, events.read_events(facts, events.SEEN))
        found.append(adoption_rate(closing.join(used, on=key, how="inner", maintain_order="left")))
    return found


FAMILIES: tuple[Family, ...] = (
    read_retention,
    read_growth,
    read_renewals,
    read_risk,
    read_cross_sell,
    read_activation,
    read_pipeline,
    read_cohorts,
    read_execution,
    read_success,
)
