"""Threads beside each other on one connection: they see its transaction, take turns, and an error comes out."""

import threading

import pytest
from django.db import DataError, connection, transaction

from accounts.context import current_context
from accounts.turns import run_beside, turn
from portfolio.ledger.copying import copy_frame
from portfolio.models import Product

ROWS = 20_000
MANY = "SELECT n, (SELECT count(*) FROM portfolio_product) FROM generate_series(1, %(rows)s) n"


def test_jobs_share_the_transaction_and_the_context_and_answer_in_order(acme_context):
    import polars as pl

    Product.objects.create(source_id="new", name="Not committed")

    def read(number):
        assert threading.current_thread() is not threading.main_thread()
        found = copy_frame(MANY, {"n": pl.Int64, "products": pl.Int64}, {"rows": ROWS + number})
        with turn():
            seen = Product.objects.count()
        return found.height, found["products"].unique().to_list(), seen, current_context().organization_id

    found = run_beside([lambda number=number: read(number) for number in range(4)])
    assert found == [(ROWS + number, [1], 1, acme_context.organization_id) for number in range(4)]
    assert Product.objects.count() == 1


def test_an_error_of_a_job_comes_out_once_all_have_ended(acme_context):
    ended = []

    def wait():
        with turn(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")
        ended.append(True)

    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_beside([fail, wait])
    assert ended == [True]
    assert Product.objects.count() == 0


@pytest.fixture
def jobs():
    """One that is refused, one that asks after it in the lost transaction, and what is set once that has ended."""
    refused, followed = threading.Event(), threading.Event()

    def ask(statement, ended):
        try:
            with turn(), connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            ended.set()

    def follow():
        assert refused.wait(10)
        ask("SELECT 1", followed)

    return lambda: ask("SELECT 1 / 0", refused), follow, followed


def test_what_was_refused_comes_out_and_not_that_the_transaction_is_lost(acme_context, jobs):
    refuse, follow, _followed = jobs
    with pytest.raises(DataError), transaction.atomic():
        run_beside([follow, refuse])
    assert Product.objects.count() == 0


def test_what_was_refused_in_a_job_of_a_job_comes_out_though_that_job_ends_last(acme_context, jobs):
    refuse, follow, followed = jobs
    with pytest.raises(DataError), transaction.atomic():
        run_beside([lambda: run_beside([refuse, lambda: followed.wait(10)]), follow])
    assert Product.objects.count() == 0


def test_outside_of_jobs_a_turn_is_nobodys_to_wait_for(acme_context):
    with turn(), turn():
        assert Product.objects.count() == 0
