"""How the rooms are put together."""

# Without it `task.delay` in the web process would speak to Celery's own default broker.
from phano.celery import app as celery_app

__all__ = ["celery_app"]
