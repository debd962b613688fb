"""The ledger of ARR movements: pure functions over subscription periods.

`build_movements` turns a frame of periods into dated movements whose sums are the ARR of any day, per account, group
and total; `build_ledger` does the same for a list of periods. `docs/kpis.md` says what each kind of movement is.
"""

from portfolio.ledger.build import Ledger, Movement, build_ledger, build_movements
from portfolio.ledger.periods import MONEY, Period, Rates, settle_periods

__all__ = ["MONEY", "Ledger", "Movement", "Period", "Rates", "build_ledger", "build_movements", "settle_periods"]
