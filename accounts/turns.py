"""Threads that work beside each other on one connection, in its transaction and context, and take turns at it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from threading import RLock

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_turn: ContextVar[AbstractContextManager[object] | None] = ContextVar("turn", default=None)
_failed: ContextVar[list[BaseException] | None] = ContextVar("failed", default=None)


def turn() -> AbstractContextManager[object]:
    """Held while a thread talks to the database: PostgreSQL answers one at a time, and a COPY until its last row."""
    return _turn.get() or nullcontext()


def run_beside[Found](jobs: Sequence[Callable[[], Found]]) -> list[Found]:
    """What the jobs return, in their order; each runs in a thread, on the caller's connection and in its context.

    For jobs that compute for long and ask little, in frames that leave the interpreter alone. Whatever of them talks to
    the database does so within `turn`, and none opens a transaction. All have ended when this returns, or raises what
    was raised first: the others may only say that the transaction is lost.
    """
    shared = connections[DEFAULT_DB_ALIAS]
    with _taking_turns() as failed:
        with ThreadPoolExecutor(len(jobs), thread_name_prefix="beside") as pool:
            running = [pool.submit(copy_context().run, _run_on, shared, failed, job) for job in jobs]
        if any(one.exception() for one in running):
            raise failed[0]
        return [one.result() for one in running]


@contextmanager
def _taking_turns() -> Iterator[list[BaseException]]:
    """What is raised meanwhile, in the order of time; jobs of a job take turns with all others, and fail with them."""
    connection.inc_thread_sharing()
    known = _failed.get()
    failed: list[BaseException] = [] if known is None else known
    turns, failures = _turn.set(_turn.get() or RLock()), _failed.set(failed)
    try:
        yield failed
    finally:
        _turn.reset(turns)
        _failed.reset(failures)
        connection.dec_thread_sharing()


def _run_on[Found](shared: BaseDatabaseWrapper, failed: list[BaseException], job: Callable[[], Found]) -> Found:
    connections[DEFAULT_DB_ALIAS] = shared
    try:
        return job()
    except BaseException as error:
        failed.append(error)
        raise
    finally:
        del connections[DEFAULT_DB_ALIAS]
