"""What follows a night: work that no diagnosis waits for, each part in transactions of its own."""

import logging
import uuid

from diagnostics.kpis.series import rebuild_series
from diagnostics.quality import examine_facts
from diagnostics.studies import follow_track_record

logger = logging.getLogger(__name__)

PARTS = (examine_facts, follow_track_record, rebuild_series)


def follow_night(organization_id: uuid.UUID) -> None:
    """Call every part; one that fails is logged and keeps the others from nothing. Outside any transaction."""
    for part in PARTS:
        try:
            part(organization_id)
        except Exception:
            logger.exception("%s failed after the night of organization %s.", part.__name__, organization_id)
