"""The sample portfolio: a seeded, clock-free customer base of one European software company.

`generate(today)` gives the rows of every file of the data contract, `write(directory, today)`
writes them as CSV. `stories.STORIES` says what a diagnosis must find in them, and on whom.
"""

from portfolio.sample.declare import DEFAULT_SEED
from portfolio.sample.members import MEMBERS, PASSWORD, SIGN_INS
from portfolio.sample.writer import generate, write

__all__ = ["DEFAULT_SEED", "MEMBERS", "PASSWORD", "SIGN_INS", "generate", "write"]
