"""What upper rooms may listen to: they register a function in AppConfig.ready(), this room calls it."""

import logging
import uuid
from collections.abc import Callable
from datetime import date

logger = logging.getLogger(__name__)

type Days = tuple[date, date] | None
type FactsArrived = Callable[[uuid.UUID, frozenset[uuid.UUID] | None, Days], None]
type SampleLoaded = Callable[[uuid.UUID], None]

# (organization, accounts concerned or None for all, first and last day named by the facts or None), behind the commit.
facts_arrived: list[FactsArrived] = []
# (organization): the sample portfolio has just landed; may take minutes.
sample_loaded: list[SampleLoaded] = []


def tell_facts_arrived(organization_id: uuid.UUID, accounts: frozenset[uuid.UUID] | None, days: Days) -> None:
    """Call every listener; one that fails is logged and keeps the others from nothing."""
    for listener in facts_arrived:
        try:
            listener(organization_id, accounts, days)
        except Exception:
            logger.exception("A listener to arrived facts failed.")


def tell_sample_loaded(organization_id: uuid.UUID) -> None:
    """Call every listener in order; what one raises goes to the caller."""
    for listener in sample_loaded:
        listener(organization_id)
