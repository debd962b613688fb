"""The ledger of ARR movements: pure functions over subscription periods (kpis.md, Ground rules, in the plan).

`build_ledger` turns periods into dated movements whose sums are the ARR of any day, per account, group and total.
"""

from portfolio.ledger.build import Ledger, Movement, build_ledger
from portfolio.ledger.periods import MissingRate, Period, Rates

__all__ = ["Ledger", "MissingRate", "Movement", "Period", "Rates", "build_ledger"]
