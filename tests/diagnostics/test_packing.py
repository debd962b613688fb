"""Columns travel packed between PostgreSQL and the frames of a night: every value arrives, and NULL is nothing else."""

import uuid
from datetime import date
from decimal import Decimal

import polars as pl
import psycopg
import pytest
from django.db import connection

from diagnostics.features.reading import AMOUNT, COUNT, DAY, FLAG, TEXT, Facts, planned_in_sets
from diagnostics.packing import NOTHING, make_ids, pack_amounts, pack_column, pack_ids, register_dumpers, write_literal
from tests.diagnostics.facts import NIGHT, SETTINGS

COLUMNS = {"text": TEXT, "day": DAY, "flag": FLAG, "count": COUNT, "amount": AMOUNT}
ROWS = """
SELECT * FROM (VALUES
    ('a, "quoted" line' || chr(10) || 'and another', date '1969-12-31', true, 9007199254740993, 0.1::float8),
    ('', date '2026-03-10', false, -1, 'NaN'::float8),
    (NULL, NULL, NULL, NULL, NULL),
    ('Zürich {1,2}', date '0001-01-01', NULL, 0, -1e300::float8)
) AS given (text, day, flag, count, amount)
"""


@pytest.fixture
def facts(acme_context):
    with connection.cursor() as cursor:
        yield Facts(cursor, acme_context.organization_id, NIGHT, SETTINGS)


def test_each_value_of_an_answer_arrives_and_null_stays_null(facts):
    frame = facts.read(ROWS, COLUMNS)
    assert frame.schema == COLUMNS
    assert frame.drop("amount").rows() == [
        ('a, "quoted" line\nand another', date(1969, 12, 31), True, 9007199254740993),
        ("", date(2026, 3, 10), False, -1),
        (None, None, None, None),
        ("Zürich {1,2}", date(1, 1, 1), None, 0),
    ]
    assert frame["amount"].is_nan().to_list() == [False, True, None, False]
    assert frame["amount"][0] == 0.1
    assert frame["amount"][3] == -1e300


def test_an_answer_without_rows_has_its_columns(facts):
    frame = facts.read(f"{ROWS} WHERE false", COLUMNS)
    assert (frame.height, frame.schema) == (0, COLUMNS)


def test_plans_and_settings_are_kept_for_the_block_alone(facts):
    settings = ("enable_nestloop", "plan_cache_mode", "jit")

    def read_settings():
        with connection.cursor() as cursor:
            cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in settings))
            return cursor.fetchone()

    before, driver = read_settings(), facts.cursor.connection
    with planned_in_sets(facts.cursor):
        assert read_settings() == ("off", "force_generic_plan", "off")
        answers = [facts.ask(ROWS, COLUMNS), facts.ask("SELECT 1", {"one": COUNT}, literally=True)]
        assert [answer().height for answer in answers] == [4, 1]
    assert read_settings() == before
    assert driver.prepare_threshold is None
    with pytest.raises(ZeroDivisionError), planned_in_sets(facts.cursor):
        1 / 0  # noqa: B018  # what fails in the block
    assert driver.prepare_threshold is None


def test_lists_that_are_not_equally_long_are_refused():
    with pytest.raises(ValueError, match="points"):
        pack_column(pl.Series("points", [[1.0, 2.0], [3.0]]))


@pytest.mark.parametrize(
    "lists",
    [
        [[0.1, None, -1e300], [None, None, None], [5e-324, 2.0, 3.0]],
        [[1.0], [2.0]],
        [[None], [-1.7976931348623157e308]],
        [[3, 0], [2, None]],
    ],
)
def test_lists_arrive_and_null_stays_null(acme_context, lists):
    with connection.cursor() as cursor:
        raw = psycopg.Cursor(cursor.connection)
        register_dumpers(raw.adapters)
        raw.execute(
            "SELECT numbers FROM unnest(%(lists)s::diagnostics_numbers[]) WITH ORDINALITY AS given (numbers, nth)"
            " ORDER BY nth",
            {"lists": pack_column(pl.Series("lists", lists))},
        )
        assert [row[0] for row in raw.fetchall()] == lists


@pytest.mark.parametrize("amount", [0.0, -0.01, 0.29, 1.15, 12345678.9, 9_999_999_999_999.99, -4_503_599_627_370.49])
def test_an_amount_in_cents_is_the_amount_as_it_is_written(acme_context, amount):
    packed = pack_amounts(pl.Series([amount, None]), 2)
    with connection.cursor() as cursor:
        raw = psycopg.Cursor(cursor.connection)
        register_dumpers(raw.adapters)
        raw.execute(
            f"SELECT (nullif((%(packed)s)[nth], {NOTHING}))::bigint * 0.01 FROM generate_series(1, 2) AS nth",
            {"packed": packed},
        )
        assert raw.fetchall() == [(Decimal(repr(amount)),), (None,)]


@pytest.mark.parametrize("amount", [0.001, 1.005, 1e14, 12_345_678_901_234.56, float("nan"), float("inf")])
def test_an_amount_that_is_no_cents_is_not_packed_as_cents(amount):
    assert pack_amounts(pl.Series([1.0, amount]), 2) is None


@pytest.mark.parametrize("ids", [[uuid.UUID(int=1), uuid.uuid4()], [None, uuid.uuid4(), None], [None]])
def test_ids_arrive_and_null_stays_null(acme_context, ids):
    with connection.cursor() as cursor:
        raw = psycopg.Cursor(cursor.connection)
        register_dumpers(raw.adapters)
        column = pl.Series([None if one is None else str(one) for one in ids], dtype=pl.String)
        raw.execute(
            "SELECT id FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS given (id, nth) ORDER BY nth",
            {"ids": pack_ids(column)},
        )
        assert [row[0] for row in raw.fetchall()] == ids


def test_new_ids_ascend_and_say_when_they_were_made(acme_context):
    with connection.cursor() as cursor:
        raw = psycopg.Cursor(cursor.connection)
        register_dumpers(raw.adapters)
        # More than the twelve bits that count within a millisecond.
        raw.execute(
            "SELECT id, uuid_extract_version(id), abs(extract(epoch FROM uuid_extract_timestamp(id) - now()))"
            " FROM unnest(%(ids)s) WITH ORDINALITY AS made (id, nth) ORDER BY nth",
            {"ids": make_ids(5000)},
        )
        ids, versions, ages = zip(*raw.fetchall(), strict=True)
    assert list(ids) == sorted(set(ids))
    assert {made.variant for made in ids} == {uuid.RFC_4122}
    assert set(versions) == {7}
    assert max(ages) < 60


@pytest.mark.parametrize(
    ("column", "kind", "quoted"),
    [
        (pl.Series(["a", None, 'b"\\{,}', "NULL", "None", "é\n"]), "text", True),
        (pl.Series([0.1, None, -0.0, 1e22, 12345678.905, 1e-7]), "numeric", False),
        (pl.Series([3, None, -4]), "numeric", False),
    ],
)
def test_literals_arrive_and_null_is_an_empty_text_or_null(acme_context, column, kind, quoted):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT unnest(%s::{kind}[])::text", [write_literal(column, quoted=quoted)])
        arrived = [row[0] for row in cursor.fetchall()]
    if column.dtype == pl.Float64:
        assert [None if text is None else float(text) for text in arrived] == column.to_list()
    else:
        written = column.cast(pl.String).to_list()
        assert arrived == (["" if text is None else text for text in written] if quoted else written)
