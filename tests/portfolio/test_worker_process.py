"""The whole way with a real worker: a file is dropped, a Celery process lands it."""

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from accounts.context import service_context
from phano.settings import broker
from portfolio.models import Account, Import
from tests.portfolio.desk import BASE
from tests.portfolio.page import send

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 40


@pytest.fixture
def queue(monkeypatch):
    """A queue of the test's own on the real broker; what the page sends goes there."""
    name = f"test-{uuid.uuid4()}"
    sender = Celery(broker=broker(os.environ["REDIS_URL"]), set_as_current=False)
    sender.conf.task_default_queue = name

    class Sender:
        def send_task(self, task: str, args: list[str]) -> None:
            sender.send_task(task, args=args)

    monkeypatch.setattr("portfolio.queue.current_app", Sender())
    yield name
    with redis.from_url(os.environ["REDIS_URL"]) as server:
        server.delete(name, f"_kombu.binding.{name}")


@pytest.fixture
def worker_process(queue, tmp_path):
    """A Celery worker on the test's database and queue."""
    database = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    parts = {name: database[setting] for name, setting in names.items() if database[setting]}
    environment = os.environ | {
        "DATABASE_URL": make_conninfo("", **parts),
        "DATABASE_OWNER_URL": "",
        "DJANGO_SETTINGS_MODULE": "phano.settings",
        "TEST_QUEUE": queue,
        "PHANO_DATA": str(tmp_path),
        "PHANO_MEDIA": str(settings.MEDIA_ROOT),
    }
    log = (tmp_path / "worker.log").open("wb")
    options = ["--pool", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tests.portfolio.worker_app", "worker", *options],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    yield tmp_path / "worker.log"
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    log.close()


@pytest.mark.django_db(transaction=True)
def test_a_worker_process_lands_what_the_page_sent(client_for, worker_process):
    from tests.conftest import make_cast

    cast = make_cast()
    assert send(client_for(cast.alice), BASE).status_code == 302
    state, deadline = "", time.monotonic() + SECONDS
    while state != "landed" and time.monotonic() < deadline:
        time.sleep(0.2)
        with service_context(cast.acme.pk):
            state = Import.objects.get().state
    assert state == "landed", worker_process.read_text()[-3000:]
    with service_context(cast.acme.pk):
        assert sorted(Account.objects.values_list("source_id", flat=True)) == ["A1", "A2"]
