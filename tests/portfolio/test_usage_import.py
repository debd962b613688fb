"""Usage: read as columns where it can be, row by row where it must, with the same facts and the same reasons."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.tenancy import service_context
from portfolio.importing import usage
from portfolio.models import Import, PreviousUsage, Usage

pytestmark = pytest.mark.django_db
HEAD = "account_id,product_id,metric,day,quantity\n"


def quantities(desk) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in desk.facts("usage", HEAD.strip().split(","))]


def test_rows_land_with_and_without_a_product(base):
    rows = "A1,,events,2026-01-31,6\nA1,crm,events,2026-01-31,0.5\nA2,crm,feature:Save as,2026-02-01,-1e3\n"
    record = base.drop({"usage.csv": HEAD + rows})
    assert base.counts(record) == {"usage.csv": (3, 3, 0, 0, 0)}
    assert quantities(base) == [
        ("A1", "", "events", "2026-01-31", "6"),
        ("A1", "crm", "events", "2026-01-31", "0.5"),
        ("A2", "crm", "feature:Save as", "2026-02-01", "-1000"),
    ]


def test_a_second_time_changes_nothing_and_a_new_figure_is_an_update(base):
    rows = "A1,events,2026-01-30,1\nA1,events,2026-01-31,2\nA2,events,2026-02-01,3\n"
    head = "account_id,metric,day,quantity\n"
    base.drop({"usage.csv": head + rows})
    again = base.drop({"usage.csv": head + rows})
    assert base.counts(again) == {"usage.csv": (3, 0, 0, 3, 0)}
    changed = base.drop({"usage.csv": head + rows.replace("31,2", "31,20") + "A2,events,2026-02-02,4\n"})
    assert base.counts(changed) == {"usage.csv": (4, 1, 1, 2, 0)}
    assert [row[-1] for row in quantities(base)] == ["1", "20", "3", "4"]
    with service_context(base.organization.pk):
        kept = PreviousUsage.objects.values_list("import_number", "metric", "day", "quantity")
        assert [(n, m, str(d), q) for n, m, d, q in kept] == [(changed.number, "events", "2026-01-31", 2.0)]
    base.take_back(changed)
    assert [row[-1] for row in quantities(base)] == ["1", "2", "3"]


BAD = (
    "A1,events,2026-01-01,1\n"
    "\n"
    "A1,events,2026-1-2,1\n"
    "A1,events,2026-01-03,1,000\n"
    "NOBODY,events,2026-01-04,1\n"
    "A1,events,2026-01-01,9\n"
    "A1,,2026-01-05,1\n"
    "A1,events,2026-01-06,nan\n"
    "A1,events,1989-12-31,1\n"
    "A1,events,9999-12-31,1\n"
    "A1,events,2026-01-07,+7\n"
    "A1,caf\udce9,2026-01-08,1\n"
    "A2,nul\0,2026-01-08,1\n"
    "A2,events\n"
    " A2 , events ,2026-01-09, 8 \n"
)
REASONS = [
    (4, "day", "2026-1-2", "Not an ISO date. Write 2026-01-02."),
    (5, "", "000", "More cells than the header has columns. Put a text with a comma in quotes."),
    (6, "account_id", "NOBODY", "No such account in accounts.csv or in Phano."),
    (7, "account_id", "A1", "Second row with the same account_id, product_id, metric, day; the first was kept."),
    (8, "metric", "", "Empty, and every row needs it."),
    (9, "quantity", "nan", "Not a decimal with a dot. Write for example 1234.50."),
    (10, "day", "1989-12-31", "Usage is kept from 1990 to two years ahead; this day is outside."),
    (11, "day", "9999-12-31", "The year is out of range. Leave the cell empty where there is no date."),
    (13, "metric", "caf\ufffd", "Not UTF-8. Save the file as “CSV UTF-8” and import it again."),
    (14, "metric", "nul\u2400", "Holds a NUL character, which a text cannot keep."),
    (15, "day", "", "Empty, and every row needs it."),
]
GOOD = [
    ("A1", "", "events", "2026-01-01", "1"),
    ("A1", "", "events", "2026-01-07", "7"),
    ("A2", "", "events", "2026-01-09", "8"),
]


@pytest.mark.parametrize(
    "dress",
    [
        lambda text: text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(",", ";").replace("1;000", "1;000"),
        lambda text: text.replace("A1,events,2026-01-01,1", '"A1","events","2026-01-01","1"', 1),
        lambda text: text.replace("A1,events,2026-01-07,+7", '"A1",events,"2026-01-07",+7'),
    ],
    ids=["plain", "CRLF", "semicolon", "quoted", "partly quoted"],
)
@pytest.mark.parametrize("block", [2 * 2**20, 60])
def test_bad_rows_are_named_the_same_in_every_dress(base, monkeypatch, dress, block):
    monkeypatch.setattr(usage, "BLOCK_BYTES", block)
    monkeypatch.setattr("portfolio.importing.run.WRITERS", 1)
    text = dress("account_id,metric,day,quantity\n" + BAD)
    record = base.drop({"usage.csv": text.encode("utf-8", "surrogateescape")})
    assert [row[1:] for row in base.rejected(record)] == REASONS
    assert quantities(base) == GOOD
    assert base.counts(record)["usage.csv"] == (14, 3, 0, 0, 11)


def test_a_quoted_cell_over_two_lines_goes_row_by_row(base):
    rows = 'A1,"two\nlines",2026-01-01,1\nA1,events,2026-01-02,x\nA1,"a ""b""",2026-01-03,3\n'
    record = base.drop({"usage.csv": "account_id,metric,day,quantity\n" + rows})
    assert [(row[1], row[2]) for row in base.rejected(record)] == [(4, "quantity")]
    assert [row[2] for row in quantities(base)] == ["two\nlines", 'a "b"']


def test_lines_stay_exact_where_the_reading_changes_in_the_middle(base, monkeypatch):
    monkeypatch.setattr(usage, "BLOCK_BYTES", 100)
    monkeypatch.setattr("portfolio.importing.run.WRITERS", 1)
    plain = "".join(f"A1,events,2026-01-{day:02},{day}\n" for day in range(1, 29))
    rows = plain + 'A1,"over\ntwo",2026-02-01,1\n' + "A1,events,2026-02-02,x\n"
    record = base.drop({"usage.csv": "account_id,metric,day,quantity\n" + rows})
    assert [(row[1], row[2]) for row in base.rejected(record)] == [(32, "quantity")]
    assert base.counts(record)["usage.csv"] == (30, 29, 0, 0, 1)


def test_a_second_row_is_found_in_another_block_whatever_stood_before(base, monkeypatch):
    """The file twice must change nothing the second time, also where it contradicts itself."""
    monkeypatch.setattr(usage, "BLOCK_BYTES", 80)
    monkeypatch.setattr("portfolio.importing.run.WRITERS", 1)
    filler = "".join(f"A2,events,2026-03-{day:02},1\n" for day in range(1, 20))
    rows = "A1,events,2026-01-01,1\n" + filler + "A1,events,2026-01-01,2\n"
    first = base.drop({"usage.csv": "account_id,metric,day,quantity\n" + rows})
    second = base.drop({"usage.csv": "account_id,metric,day,quantity\n" + rows})
    assert base.counts(first)["usage.csv"] == (21, 20, 0, 0, 1)
    assert base.counts(second)["usage.csv"] == (21, 0, 0, 20, 1)
    assert quantities(base)[0][-1] == "1"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["A1", "A2", "A9", "", '"A1"']),
            st.sampled_from(["events", "", "a b", '"x,y"', "é", '"say ""hi"""']),
            st.sampled_from(["2026-01-01", "2026-01-02", "2026-02-30", "1/2/2026", ""]),
            st.sampled_from(["1", "2.5", "-0", "1e3", "inf", "", "1,5"]),
        ),
        max_size=12,
    ),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_columns_and_rows_give_the_same(base, rows, end):
    """The reader of columns against the reader of rows, over cells good and bad."""
    text = "account_id,metric,day,quantity" + end + "".join(",".join(row) + end for row in rows)
    seen = []
    for plain in (usage._is_plain, lambda block: False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(usage, "_is_plain", plain)
            record = base.drop({"usage.csv": text})
            seen.append((base.counts(record)["usage.csv"], base.rejected(record), quantities(base)))
            base.take_back(record)
    assert seen[0] == seen[1]


@pytest.mark.django_db(transaction=True)
def test_blocks_side_by_side_land_like_one_after_another(base, monkeypatch):
    monkeypatch.setattr(usage, "BLOCK_BYTES", 4_000)
    rows = "".join(f"A{1 + n % 2},events,2026-{1 + n // 28 % 12:02}-{1 + n % 28:02},{n}\n" for n in range(336))
    record = base.drop({"usage.csv": "account_id,metric,day,quantity\n" + rows})
    assert record.state == Import.State.LANDED
    assert base.counts(record)["usage.csv"] == (336, 336, 0, 0, 0)
    with service_context(base.organization.pk):
        assert Usage.objects.filter(day__range=("2026-01-01", "2026-12-31")).count() == 336
    again = base.drop({"usage.csv": "account_id,metric,day,quantity\n" + rows.replace(",335\n", ",0\n")})
    assert base.counts(again)["usage.csv"] == (336, 0, 1, 335, 0)
