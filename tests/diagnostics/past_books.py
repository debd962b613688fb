"""Made-up past nights: accounts whose outcome hangs on one thing, and on nothing else."""

import zlib
from datetime import date, timedelta

import numpy as np
import polars as pl

from diagnostics.engine import conform
from diagnostics.outcomes import add_months
from diagnostics.past_nights import PastNight
from tests.engine.books import NIGHT, PLAIN

FIRST = date(2024, 1, 1)


def make_past(*, nights: int = 10, accounts: int = 300, shuffle: int | None = None, against: bool = True, **options):
    """Nights of one book: overdue invoices make an account leave, growth of use makes it expand.

    Seats are taken at random. With `against`, more tickets are open past due where accounts stay: the wrong way round.
    With `shuffle` (a seed) the outcomes are dealt out anew.
    """
    return [
        make_night(add_months(FIRST, place), accounts, shuffle=shuffle, against=against, **options)
        for place in range(nights)
    ]


def make_night(
    night: date, accounts: int, *, shuffle: int | None, against: bool, everybody_stays: bool = False
) -> PastNight:
    random = np.random.default_rng(zlib.crc32(night.isoformat().encode()))
    overdue = random.integers(0, 60, accounts) * random.integers(0, 2, accounts)
    growth, seats = random.uniform(0.5, 1.6, accounts), random.uniform(5, 40, accounts)
    leaves = random.random(accounts) < np.where(overdue > 30, 0.35, 0.03)
    expands = random.random(accounts) < np.where(growth > 1.3, 0.4, 0.04)
    late_tickets = np.where(leaves, 0, random.integers(0, 14, accounts)) * against
    if shuffle is not None:
        deal = np.random.default_rng(shuffle + night.toordinal()).permutation(accounts)
        leaves, expands = leaves[deal], expands[deal]
        late_tickets = random.integers(0, 14, accounts)
    names = [f"a{number:04}" for number in range(accounts)]
    frame = pl.DataFrame([{**PLAIN, "account_id": name} for name in names]).with_columns(
        pl.col(pl.Date) + (night - NIGHT),
        overdue_invoices=pl.Series((overdue > 0).astype(int)),
        overdue_days=pl.Series(overdue),
        activity_28=pl.Series(2_000 * growth),
        active_users=pl.Series(seats),
        tickets_overdue=pl.Series((late_tickets > 0).astype(int)),
        overdue_ticket_days=pl.Series(late_tickets),
    )
    outcomes = pl.DataFrame(
        {
            "account_id": names,
            "churned_90d": leaves & (not everybody_stays),
            "expanded_90d": expands,
            "churned_on": [night + timedelta(days=45) if left and not everybody_stays else None for left in leaves],
        },
        schema_overrides={"churned_on": pl.Date},
    )
    return PastNight(night, conform(frame), outcomes)
