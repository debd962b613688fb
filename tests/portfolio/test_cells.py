"""The grammar of a cell, both ways: what is read is written back the same, what is refused says why."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.columns import write_cell
from portfolio.contract import FILES
from portfolio.importing.cells import Unreadable, check_text, choose_reader
from portfolio.importing.reasons import REASONS, explain


def reader(file: str, column: str):
    return choose_reader(FILES[file], FILES[file].by_name[column])


@pytest.mark.parametrize(
    ("file", "column", "cell", "value"),
    [
        ("accounts", "account_id", " A-1 ", "A-1"),
        ("accounts", "country", "fr", "FR"),
        ("accounts", "csm_email", " Camille@Brindel.EXAMPLE", "camille@brindel.example"),
        ("accounts", "strategic", "TRUE", True),
        ("accounts", "employees", "+12", 12),
        ("subscriptions", "mrr", "33.333333", Decimal("33.3333")),
        ("subscriptions", "mrr", "-0.00001", Decimal("0.0000")),
        ("subscriptions", "mrr", "1234.", Decimal("1234.0000")),
        ("subscriptions", "seats", "1e2", 100.0),
        ("subscriptions", "started_on", "2024-02-29", date(2024, 2, 29)),
        ("tickets", "opened_at", "2026-10-31T09:30:00+01:00", datetime(2026, 10, 31, 8, 30, tzinfo=UTC)),
        ("tickets", "opened_at", "2026-10-31 09:30Z", datetime(2026, 10, 31, 9, 30, tzinfo=UTC)),
        ("tickets", "opened_at", "2026-10-31T09:30:00.25-0530", datetime(2026, 10, 31, 15, 0, 0, 250000, tzinfo=UTC)),
        ("tickets", "body", "  =SUM(A1)\r\n<script>\t", "  =SUM(A1)\r\n<script>\t"),
        ("targets", "kpi", "x" * 500, "x" * 500),
        ("invoices", "status", "overdue", ""),
        ("invoices", "status", "void", "void"),
        ("interactions", "contact_emails", "a@x.example; ;b@x.example", "a@x.example;b@x.example"),
    ],
)
def test_a_cell_is_read(file, column, cell, value):
    read = reader(file, column)(cell)
    assert read == value
    assert type(read) is type(value)
    assert reader(file, column)(write_cell(read)) == read if write_cell(read) else True


@pytest.mark.parametrize(
    ("file", "column", "cell", "sentence"),
    [
        ("subscriptions", "mrr", "1.234,00", "Not a decimal with a dot. Write 1234.00."),
        ("subscriptions", "mrr", "1 234,5", "Not a decimal with a dot. Write 1234.5."),
        ("subscriptions", "mrr", "€12", "Not a decimal with a dot. Write 12."),
        ("subscriptions", "mrr", "1,234", "Not a decimal with a dot. Write for example 1234.50."),
        ("subscriptions", "mrr", "1e5", "Not a decimal with a dot. Write for example 1234.50."),
        ("subscriptions", "mrr", "100000000000000", "This number is too large to be kept exactly."),
        ("subscriptions", "mrr", "99999999999999.99999", "This number is too large to be kept exactly."),
        ("subscriptions", "seats", "nan", "Not a decimal with a dot. Write for example 1234.50."),
        ("subscriptions", "seats", "1e999", "This number is too large to be kept exactly."),
        ("subscriptions", "ended_on", "31/10/2026", "Not an ISO date. Write 2026-10-31."),
        ("subscriptions", "ended_on", "31.10.26", "Not an ISO date. Write 2026-10-31."),
        ("subscriptions", "ended_on", "2026-10-31T00:00:00", "Not an ISO date. Write 2026-10-31."),
        ("subscriptions", "ended_on", "03/04/2026", "Not an ISO date. Write for example 2026-10-31."),
        ("subscriptions", "ended_on", "2026-02-30", "Not an ISO date. Write for example 2026-10-31."),
        (
            "subscriptions",
            "ended_on",
            "9999-12-31",
            "The year is out of range. Leave the cell empty where there is no date.",
        ),
        ("subscriptions", "term_months", "1.5", "Not a whole number. Write for example 12."),
        ("subscriptions", "term_months", "12.0", "Not a whole number. Write 12."),
        ("subscriptions", "term_months", "9999999999", "This number is too large to be kept exactly."),
        ("subscriptions", "auto_renews", "yes", "Neither true nor false. Write true or false."),
        (
            "tickets",
            "opened_at",
            "2026-10-31 09:30",
            "The offset from UTC is missing. Write for example 2026-10-31T09:30+01:00.",
        ),
        (
            "tickets",
            "opened_at",
            "2026-10-31",
            "Not an ISO instant with its offset. Write for example 2026-10-31T09:30:00+01:00.",
        ),
        (
            "tickets",
            "opened_at",
            "2026-10-31T25:30:00Z",
            "Not an ISO instant with its offset. Write for example 2026-10-31T09:30:00+01:00.",
        ),
        ("accounts", "country", "United States", "Not a two-letter country code. Write for example FR."),
        ("accounts", "currency", "€", "Not a three-letter currency code. Write for example EUR."),
        ("accounts", "csm_email", "Darcel Schlecht", "Not an e-mail address. Write for example name@company.com."),
        (
            "contacts",
            "role",
            "buyer",
            "Unknown value. One of economic_buyer, decision_maker, champion, influencer, power_user, user.",
        ),
        ("intent_signals", "strength", "101", "Outside the range from 0 to 100."),
        ("subscriptions", "term_months", "1201", "A term has 0 to 1,200 months, a notice 0 to 3,660 days."),
        ("subscriptions", "term_months", "-1", "A term has 0 to 1,200 months, a notice 0 to 3,660 days."),
        ("subscriptions", "term_months", "twelve", "Not a whole number. Write for example 12."),
        ("subscriptions", "notice_days", "3661", "A term has 0 to 1,200 months, a notice 0 to 3,660 days."),
        (
            "accounts",
            "account_id",
            "é" * 251,
            "Longer than 500 bytes, which is too long for an id, an address or a key.",
        ),
        ("accounts", "name", "x" * 2_001, "Longer than 2,000 bytes, which is too long for a text of one line."),
        ("accounts", "name", "a\0b", "Holds a NUL character, which a text cannot keep."),
        ("accounts", "name", "caf\udce9", "Not UTF-8. Save the file as “CSV UTF-8” and import it again."),
        (
            "accounts",
            "name",
            "x" * 1_000_001,
            "Longer than a million characters: perhaps a quote was opened and never closed.",
        ),
    ],
)
def test_a_refused_cell_says_how_to_mend_it(file, column, cell, sentence):
    def read() -> None:
        check_text(cell)
        reader(file, column)(cell)

    with pytest.raises(Unreadable) as refused:
        read()
    assert explain(refused.value.code, file=file, column=column, value=cell) == sentence


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_has_a_sentence(code):
    sentence = explain(code, file="accounts", column="parent_account_id", value="x")
    assert sentence.endswith(".")
    assert "%(" not in sentence


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=4))
def test_money_comes_back_exactly(value):
    assert reader("subscriptions", "mrr")(write_cell(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_exactly(value):
    assert reader("surveys", "score")(write_cell(value)) == value


@given(st.datetimes(min_value=datetime(1901, 1, 1), max_value=datetime(2198, 1, 1), timezones=st.just(UTC)))
def test_instants_come_back_exactly(value):
    assert reader("tickets", "opened_at")(write_cell(value)) == value


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (Decimal("200.0000"), "200"),
        (Decimal("-0.0000"), "0"),
        (Decimal("2E+2"), "200"),
        (6.0, "6"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e22, "1e+22"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC), "2026-01-02T03:04:05.000600+00:00"),
    ],
)
def test_a_value_has_one_spelling(value, cell):
    assert write_cell(value) == cell
