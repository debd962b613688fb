"""The customer base as facts."""

from portfolio.events import facts_arrived, sample_loaded

__all__ = ["facts_arrived", "sample_loaded"]
