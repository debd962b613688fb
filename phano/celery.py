"""The Celery application: JSON only, so that a forged message can carry data but never code."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phano.settings")
app = Celery("phano")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
