"""Phano's Celery application on a queue of one test, so that nothing it sends stays behind on a shared broker."""

import os

from phano.celery import app

app.conf.task_default_queue = os.environ["TEST_QUEUE"]
