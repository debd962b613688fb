"""Opportunities: those behind past expansions and renewals, lost ones, and the open pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

from portfolio.sample.catalogue import find_rate
from portfolio.sample.contracts import Period, list_term_starts
from portfolio.sample.days import draw_instant, spread_to_weekday
from portfolio.sample.declare import Account
from portfolio.sample.world import ACCOUNTS, World

EXPANSION_REASONS = frozenset({"upsell", "cross_sell", "seats", "usage", "price"})
_STAGES = ("identified", "qualified", "proposed", "negotiation")
_LOSS_REASONS = {
    "seats": ("Budget", "No priority this year", "Hiring stopped", "Sponsor changed"),
    "cross_sell": ("Budget", "No priority this year", "Chose another supplier", "Solved in house"),
}


@dataclass(frozen=True, slots=True)
class Opportunity:
    """An opportunity with its stages: (instant, stage, yearly amount in EUR)."""

    account: Account
    lever: str
    product_id: str
    created_on: date
    closes_on: date
    source: str
    stages: tuple[tuple[datetime, str, Decimal], ...]
    loss_reason: str = ""


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """An open opportunity of the roster; `steps` are days ago at which each stage began,
    `closes_in` days from the night (negative: should have closed), `amounts` as it was seen."""

    lever: str
    product_id: str
    closes_in: int
    amounts: tuple[int, ...]
    steps: tuple[int, ...]
    source: str = "organic"


OPEN_DEALS: dict[int, tuple[OpenDeal, ...]] = {
    1041: (OpenDeal("upsell", "plan", 9, (36_000, 39_500, 42_250, 42_250), (118, 84, 41, 12)),),
    1048: (OpenDeal("seats", "plan", 12, (30_000, 38_400, 38_400, 38_060), (66, 40, 18, 6)),),
    1077: (OpenDeal("upsell", "plan", 15, (20_000, 24_500, 26_120), (71, 37, 5)),),
    1090: (OpenDeal("seats", "plan", 20, (14_000, 15_600, 16_320), (58, 33, 9)),),
    1034: (OpenDeal("cross_sell", "flow", 30, (35_000, 46_000, 46_400), (49, 21, 6)),),
    1061: (OpenDeal("upsell", "plan", 34, (25_000, 31_300), (52, 15)),),
    1092: (OpenDeal("cross_sell", "insight", 40, (10_000, 14_160), (36, 14)),),
    1082: (OpenDeal("usage", "plan", 44, (18_000, 21_450), (61, 30)),),
    1073: (OpenDeal("cross_sell", "time", -12, (19_000, 19_240), (176, 94)),),
    1094: (OpenDeal("upsell", "plan", 59, (12_100,), (27,)),),
    1046: (OpenDeal("cross_sell", "time", 65, (14_900,), (41,)),),
    1022: (OpenDeal("cross_sell", "insight", 69, (34_000,), (53,)),),
    1074: (OpenDeal("price", "plan", 73, (7_700,), (15,)),),
    1064: (OpenDeal("upsell", "plan", 38, (17_500, 22_300), (131, 88)),),
    1070: (OpenDeal("cross_sell", "flow", 26, (20_000, 24_000, 27_150), (142, 97, 51)),),
    1086: (OpenDeal("seats", "plan", 47, (11_300,), (63,)),),
    1072: (OpenDeal("cross_sell", "time", 88, (9_800,), (19,), "referral"),),
}
# Accounts whose renewal nobody has begun to prepare, though its decision is near.
UNPREPARED = frozenset({1027, 1079, 1082, 1089, 1098, 1076})
RENEWAL_LEAD_DAYS = 140


class PipelineWriter:
    """Writes the opportunities of one account."""

    def __init__(self, world: World, account: Account) -> None:
        self.world, self.account, self.history = world, account, world.history
        self.rng = world.open_generator(account, "pipeline")
        self.periods = world.periods[account.account_id]
        rate = find_rate(self.history, account.currency, self.history.today.year)
        self.in_eur = partial(self.convert, rate)

    @staticmethod
    def convert(rate: Decimal, monthly: Decimal) -> Decimal:
        """Return a year of a monthly amount in EUR, to ten."""
        return (monthly * 12 * rate).quantize(Decimal("1E1")).quantize(Decimal("1"))

    def write_all(self) -> list[Opportunity]:
        found = [*self.write_won(), *self.write_lost(), *self.write_renewals(), *self.write_open()]
        return sorted(found, key=lambda opportunity: opportunity.created_on)

    def write_won(self) -> Iterator[Opportunity]:
        """Write the opportunity behind each expansion of a larger account."""
        for before, period in zip([None, *self.periods], self.periods, strict=False):
            if period.reason not in EXPANSION_REASONS or not self.history.covers(period.started_on):
                continue
            if self.account.tier == "smb" or (period.reason == "price" and self.rng.random() < 0.6):
                continue
            earlier = before.mrr if before and period.reason != "cross_sell" else Decimal(0)
            amount = self.in_eur(period.mrr - earlier)
            won_on = spread_to_weekday(period.started_on - timedelta(days=self.rng.randrange(1, 13)))
            referred = period.reason == "cross_sell" and self.rng.random() < 0.2
            yield self.tell(period.reason, period.product_id, won_on, amount, "won", "referral" if referred else "")

    def write_lost(self) -> Iterator[Opportunity]:
        """Write what was tried and did not come about."""
        chance = {"enterprise": 0.75, "mid_market": 0.33, "smb": 0.04}[self.account.tier]
        if self.rng.random() > chance or not self.account.csm:
            return
        first_ago = self.history.days_since(self.world.find_first_day(self.account))
        latest = self.history.days_since(self.world.find_last_day(self.account))
        if first_ago < latest + 260:
            return
        ago = self.rng.randrange(latest + 40, min(first_ago - 180, 690))
        owned = {period.product_id for period in self.periods}
        missing = [product for product in ("time", "flow", "insight", "connect") if product not in owned]
        lever = "cross_sell" if missing and self.rng.random() < 0.6 else "seats"
        product = self.rng.choice(missing) if lever == "cross_sell" else "plan"
        amount = self.in_eur(self.account_mrr() * Decimal(self.rng.randint(6, 19)) / 100)
        yield self.tell(lever, product, self.history.some_workday_ago(ago), amount, "lost", "")

    def write_renewals(self) -> Iterator[Opportunity]:
        """Write the renewal of each larger contract: those of past terms, and the next one begun."""
        core = self.account.core
        if self.account.tier == "smb" or core.started is not None:
            return
        starts = list_term_starts(self.history, self.account, core)
        for start in starts[1:]:
            if self.history.covers(start - timedelta(days=RENEWAL_LEAD_DAYS + 20)):
                mrr = self.account_mrr(start)
                closed_on = spread_to_weekday(start - timedelta(days=core.notice + self.rng.randrange(-3, 16)))
                yield self.tell("renewal", "plan", closed_on, self.in_eur(mrr), "won", "")
        end = self.history.ago(-(core.ends_in or 0))
        if self.account.lost and self.account.core.noticed is not None and self.history.covers(end):
            day = self.history.ago(self.account.core.noticed)
            yield self.tell("renewal", "plan", day, self.in_eur(self.periods[-1].mrr), "lost", "", core.end_reason)
        lead = self.rng.randrange(RENEWAL_LEAD_DAYS - 30, RENEWAL_LEAD_DAYS)
        begun = spread_to_weekday(end - timedelta(days=lead))
        if begun <= self.history.ago(3) and not self.account.lost and core.noticed is None:
            if self.account.number in UNPREPARED:
                return
            amount = self.in_eur(self.account_mrr())
            age = self.history.days_since(begun)
            stages = [(draw_instant(self.rng, begun, 9, 16), "identified", amount)]
            for stage, step in zip(_STAGES[1:], (28, 63, 96), strict=True):
                if age > step:
                    day = self.history.some_workday_ago(age - step)
                    stages.append((draw_instant(self.rng, day, 9, 16), stage, amount))
            yield Opportunity(self.account, "renewal", "plan", begun, end, "organic", tuple(stages))

    def write_open(self) -> Iterator[Opportunity]:
        for deal in OPEN_DEALS.get(self.account.number, ()):
            stages = tuple(
                (draw_instant(self.rng, self.history.workday_ago(ago), 9, 17), stage, Decimal(amount))
                for ago, stage, amount in zip(deal.steps, _STAGES, deal.amounts, strict=False)
            )
            created_on = stages[0][0].date()
            closes_on = self.history.ago(-deal.closes_in)
            yield Opportunity(self.account, deal.lever, deal.product_id, created_on, closes_on, deal.source, stages)

    def tell(
        self, lever: str, product_id: str, closed_on: date, amount: Decimal, end: str, source: str, reason: str = ""
    ) -> Opportunity:
        """Tell a closed opportunity back from the day it was won or lost."""
        steps = [self.rng.randrange(9, 34) for _stage in range(self.rng.randint(2, 4))]
        days = [closed_on - timedelta(days=sum(steps[index:])) for index in range(len(steps))]
        seen = [amount * self.rng.randint(80, 110) // 100 for _day in days[:-1]] + [amount]
        stages = [
            (draw_instant(self.rng, spread_to_weekday(day), 9, 17), stage, worth)
            for day, stage, worth in zip(days, _STAGES, seen, strict=False)
        ]
        stages.append((draw_instant(self.rng, closed_on, 9, 17), end, amount))
        return Opportunity(
            account=self.account,
            lever=lever,
            product_id=product_id,
            created_on=stages[0][0].date(),
            closes_on=closed_on,
            source=source or ("campaign" if self.rng.random() < 0.1 else "organic"),
            stages=tuple(stages),
            loss_reason=(reason or self.rng.choice(_LOSS_REASONS[lever])) if end == "lost" else "",
        )

    def account_mrr(self, day: date | None = None) -> Decimal:
        """Return what the account pays a month on a day (on its last paid day where none is given)."""
        asked = day or self.world.find_last_day(self.account)
        running: list[Period] = [period for period in self.periods if period.runs_on(asked)]
        return sum((period.mrr for period in running), Decimal(0))


def list_opportunities(world: World) -> list[tuple[str, Opportunity]]:
    """Return all opportunities with their ids, by account and then by day."""
    return [
        (f"O-{account.number}-{order:02d}", opportunity)
        for account in ACCOUNTS
        for order, opportunity in enumerate(PipelineWriter(world, account).write_all(), start=1)
    ]


def yield_opportunities(world: World) -> Iterator[dict]:
    for opportunity_id, opportunity in list_opportunities(world):
        yield {
            "opportunity_id": opportunity_id,
            "account_id": opportunity.account.account_id,
            "lever": opportunity.lever,
            "product_id": opportunity.product_id,
            "created_on": opportunity.created_on,
            "closes_on": opportunity.closes_on,
            "source": opportunity.source,
            "loss_reason": opportunity.loss_reason,
        }


def yield_opportunity_history(world: World) -> Iterator[dict]:
    for opportunity_id, opportunity in list_opportunities(world):
        for at, stage, amount in opportunity.stages:
            yield {"opportunity_id": opportunity_id, "at": at, "stage": stage, "amount_arr": amount}
