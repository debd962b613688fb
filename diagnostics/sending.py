"""Statements that are sent ahead: Python goes on while PostgreSQL works, and waits where it needs an answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from select import POLLIN, POLLOUT, poll
from typing import Any

import psycopg


class Sent:
    """What a block has sent; nothing of it is waited for but by these."""

    def __init__(self, connection: psycopg.Connection, pipeline: psycopg.Pipeline) -> None:
        self._connection, self._pipeline = connection, pipeline

    def push(self) -> None:
        """Hand the last statement over wholly.

        The driver hands over what the socket takes at once and keeps the rest of some hundred kilobytes for the next
        statement: PostgreSQL would wait for it, and where a sync comes next both would wait for ever.
        """
        server = self._connection.pgconn
        ready = poll()
        ready.register(server.socket, POLLIN | POLLOUT)
        while server.flush():
            if any(event & POLLIN for _socket, event in ready.poll()):
                server.consume_input()

    def wait(self) -> None:
        """Wait for all that was sent; raises what PostgreSQL refused."""
        self.push()
        self._pipeline.sync()


@contextmanager
def sent_ahead(cursor: Any) -> Iterator[Sent]:
    """Send the block's statements without waiting for them, in the open transaction; leaving it waits for all.

    What PostgreSQL refuses is raised as psycopg's error, by a later statement of the block or at its end, and the
    transaction is lost. Statements are planned once for a connection. Nothing in the block may ask by the ORM, which
    reads what it is told before it is there.
    """
    connection: psycopg.Connection = cursor.connection
    threshold, connection.prepare_threshold = connection.prepare_threshold, 0
    try:
        with connection.pipeline() as pipeline:
            sent = Sent(connection, pipeline)
            yield sent
            # Not left to the pipeline's end, which may raise the "pipeline aborted" of the statement after the refused.
            sent.wait()
    finally:
        connection.prepare_threshold = threshold
