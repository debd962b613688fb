"""What a worker's process has loaded when it begins is no longer gone through by the garbage collector."""

import gc

from celery.signals import worker_process_init

import phano.celery


def test_what_is_loaded_when_a_worker_begins_is_kept():
    gc.unfreeze()
    assert gc.get_freeze_count() == 0
    try:
        worker_process_init.send(sender=None)
        assert gc.get_freeze_count() > 10_000
        assert phano.celery.app.main == "phano"
    finally:
        gc.unfreeze()
