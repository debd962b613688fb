"""Statements sent ahead: large ones arrive wholly, and what is refused is raised as it is."""

import signal
from select import POLLIN, poll

import psycopg
import pytest
from django.db import connection, transaction

from diagnostics.sending import sent_ahead

LARGE = "x" * 8_000_000  # more than a socket takes at once


@pytest.fixture
def impatient():
    """Two sides that wait for each other wait for ever: an alarm ends it."""
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("Both sides wait."))
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.django_db
def test_a_statement_larger_than_the_socket_arrives_before_anything_is_waited_for(impatient):
    with connection.cursor() as cursor, sent_ahead(cursor) as sent:
        large = psycopg.Cursor(cursor.connection).execute("SELECT length(%s::text)", [LARGE])
        sent.push()
        small = psycopg.Cursor(cursor.connection).execute("SELECT 1")
    assert (large.fetchone(), small.fetchone()) == ((len(LARGE),), (1,))


@pytest.mark.django_db
def test_a_large_statement_may_be_the_last(impatient):
    with connection.cursor() as cursor, sent_ahead(cursor):
        large = psycopg.Cursor(cursor.connection).execute("SELECT length(%s::text)", [LARGE])
    assert large.fetchone() == (len(LARGE),)


def divide_by_nothing(cursor, waits: bool) -> None:
    with transaction.atomic(), sent_ahead(cursor):
        psycopg.Cursor(cursor.connection).execute("SELECT 1 / %s::int", [0])
        if waits:  # until the refusal is here, so that the next statement finds it
            ready = poll()
            ready.register(cursor.connection.fileno(), POLLIN)
            ready.poll()
        for number in range(2):
            psycopg.Cursor(cursor.connection).execute("SELECT %s::int", [number])


@pytest.mark.django_db
@pytest.mark.parametrize("waits", [False, True])
def test_what_is_refused_is_raised_though_other_statements_follow(impatient, waits):
    with connection.cursor() as cursor:
        with pytest.raises(psycopg.errors.DivisionByZero):
            divide_by_nothing(cursor, waits)
        cursor.execute("SELECT 4")
        assert cursor.fetchone() == (4,)
