"""How the rooms are put together."""

import os

# Polars gives freed memory back after half a second, and its next frame asks for it again: 600,000 page faults and a
# tenth of the time of a KPI rebuild. It is told before Polars is imported. The price: after ten seconds the system may
# take what was freed, but does so only where it is short; until then a process looks as large as it ever was.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:10000,muzzy_decay_ms:-1")

# Without it `task.delay` in the web process would speak to Celery's own default broker.
from phano.celery import app as celery_app  # as said

__all__ = ["celery_app"]
