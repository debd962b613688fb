"""The Celery application: JSON only, so that a forged message can carry data but never code."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phano.settings")
app = Celery("phano")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def keep_what_is_loaded(**_signal: Any) -> None:
    """Keep the collector from going through all that is loaded by now while a task runs: a tenth of a day's run."""
    gc.collect()
    gc.freeze()
