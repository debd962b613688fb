"""Arrays say of months and of groups what PostgreSQL says of them."""

from datetime import date
from random import Random

import numpy as np
from django.db import connection

from diagnostics.engine.columns import count_days
from diagnostics.features.reading import COUNT, DAY, ID, TEXT, Facts, planned_in_sets
from diagnostics.features.vectors import add_months, find_places, least, median, most, total, whole_months
from tests.diagnostics.facts import NIGHT, SETTINGS

# Ends of months, leap days and what lies between.
DAYS = sorted({date(year, month, day) for year in (2023, 2024, 2100) for month in range(1, 13) for day in (1, 17, 28)})
DAYS += [date(2024, 2, 29), date(2023, 1, 31), date(2023, 3, 30), date(2024, 8, 31), date(2023, 12, 31)]
UNKNOWN = float("nan")


def numbers(days):
    return np.array([count_days(day) for day in days], dtype=np.float64)


def test_months_are_added_as_postgresql_adds_them(db):
    months = [-13, -1, 0, 1, 11, 12, 18, 240]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day, months, (day + make_interval(months => months))::date "
            "FROM unnest(%s::date[]) AS day, unnest(%s::int[]) AS months",
            [DAYS, months],
        )
        day, by, expected = zip(*cursor.fetchall(), strict=True)
    found = add_months(numbers(day), np.array(by, dtype=np.float64))
    assert found.tolist() == numbers(expected).tolist()
    assert np.isnan(add_months(np.array([UNKNOWN, 3.0]), np.array([1.0, UNKNOWN]))).all()


def test_whole_months_are_counted_as_postgresql_counts_them(db):
    for until in (date(2024, 2, 29), date(2024, 3, 30), date(2024, 3, 31), date(2023, 12, 1)):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT date_part('year', age) * 12 + date_part('month', age) "
                "FROM (SELECT age(%s::timestamp, day::timestamp) FROM unnest(%s::date[]) AS day) AS ages",
                [until, DAYS],
            )
            expected = [months for (months,) in cursor.fetchall()]
        assert whole_months(numbers(DAYS), count_days(until)).tolist() == expected
    assert np.isnan(whole_months(np.array([UNKNOWN]), 0)).all()


def test_groups_leave_out_what_is_not_known(db):
    rng = Random(7)
    places = np.array([rng.randrange(9) for _ in range(200)])
    values = np.array([rng.choice([UNKNOWN, rng.uniform(-5, 5)]) for _ in range(200)])
    values[places == 4] = UNKNOWN
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(value), min(value), percentile_cont(0.5) WITHIN GROUP (ORDER BY value), sum(value) "
            "FROM generate_series(0, 9) AS place LEFT JOIN (SELECT place, nullif(value, 'NaN') AS value "
            "FROM unnest(%s::int[], %s::float8[]) AS given (place, value)) AS given USING (place) "
            "GROUP BY place ORDER BY place",
            [places.tolist(), values.tolist()],
        )
        expected = np.array(cursor.fetchall(), dtype=np.float64).T
    for found, told in zip((most, least, median), expected, strict=False):
        np.testing.assert_array_equal(found(places, values, 10), told)
    np.testing.assert_allclose(total(places, values, 10), expected[3], rtol=1e-12)
    assert np.isnan(expected[:, [4, 9]]).all()


def test_ids_are_found_among_sorted_ones_also_where_they_end_in_zeros():
    ids = np.sort(np.array([b"\x01" * 16, b"\x01" * 15 + b"\x00", b"\x00" * 15 + b"\x01"], dtype="S16"))
    places, stands = find_places(ids, np.array([b"\x01" * 15, b"\x02" * 16, b"\x00" * 15 + b"\x01"], dtype="S16"))
    assert stands.tolist() == [True, False, True]
    assert ids[places[stands]].tolist() == [b"\x01" * 15, b"\x00" * 15 + b"\x01"]
    none = find_places(ids[:0], ids)
    assert (none[0].tolist(), none[1].tolist()) == ([0, 0, 0], [False, False, False])


def test_statements_asked_together_answer_each_by_itself(acme_context):
    with connection.cursor() as cursor, planned_in_sets(cursor):
        facts = Facts(cursor, acme_context.organization_id, NIGHT, SETTINGS)
        first, none, last = facts.ask_together(
            ("SELECT x, 'text ' || x FROM generate_series(1, 3) x", {"count": COUNT, "text": TEXT}),
            ("SELECT date '2026-01-01' WHERE false", {"day": DAY}),
            (
                "SELECT * FROM (VALUES (NULL::uuid, date '1969-12-31'), (%(organization)s, NULL)) AS given",
                {"id": ID, "day": DAY},
            ),
        )()
    assert (first.height, first.numbers["count"].tolist()) == (3, [1, 2, 3])
    assert first.texts["text"] == ["text 1", "text 2", "text 3"]
    assert (none.height, none.numbers["day"].size) == (0, 0)
    assert last.ids["id"].tolist() == [b"", acme_context.organization_id.bytes]
    assert last.numbers["day"][0] == -1
    assert np.isnan(last.numbers["day"][1])
