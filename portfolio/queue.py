"""The one way in which a page's work is sent to a worker: behind the commit, ids alone."""

import uuid

from celery import current_app
from django.db import transaction


def send_to_worker(task: str, *ids: uuid.UUID) -> None:
    """Queue a task by its name once the open transaction has committed.

    A broker that does not answer fails no request: what was asked for waits as a row, and the page offers it again.
    """
    arguments = [str(one) for one in ids]
    transaction.on_commit(lambda: current_app.send_task(task, args=arguments), robust=True)
