"""The file of rejected rows: readable in a spreadsheet, runs nothing there, and can be dropped again once mended."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.tenancy import service_context
from portfolio.importing.rejects import write_rejected_rows
from portfolio.models import RejectedRow
from portfolio.spreadsheets import FORMULA_STARTS, hold_back_formula, let_go


def rejects_of(desk, record) -> str:
    out = io.StringIO(newline="")
    with service_context(desk.organization.pk):
        write_rejected_rows(record, out)
    return out.getvalue()


@given(st.text())
def test_no_cell_begins_a_formula_and_every_cell_comes_back(cell):
    held = hold_back_formula(cell)
    assert not held.startswith(FORMULA_STARTS)
    assert let_go(held) == cell


@pytest.mark.django_db
def test_only_the_mended_rows_are_read_again(base):
    record = base.drop(
        {
            "invoices.csv": (
                "amount,invoice_id,account_id,issued_on,currency\n"
                "-5.5,I1,A1,2026-01-01,EUR\n-7,I2,A1,31/01/2026,EUR\n9,I3,NOBODY,2026-01-01,EUR\n"
            ),
            "contacts.csv": "contact_id,account_id,name,phone,role\nC1,A1,=1+1,+47 22 33,boss\nC2,A1,'quoted,,\n",
        }
    )
    text = rejects_of(base, record)
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == [
        *("rejected_file", "rejected_line", "rejected_column", "rejected_value", "rejected_reason"),
        *("contact_id", "account_id", "name", "email", "phone", "title", "department", "role", "stance"),
        *("known_since", "left_on", "invoice_id", "issued_on", "due_on", "paid_on", "amount", "currency", "status"),
    ]
    assert [{name: cell for name, cell in zip(rows[0], row, strict=True) if cell} for row in rows[1:]] == [
        {
            "rejected_file": "contacts",
            "rejected_line": "2",
            "rejected_column": "role",
            "rejected_value": "boss",
            "rejected_reason": (
                "Unknown value. One of economic_buyer, decision_maker, champion, influencer, power_user, user."
            ),
            "contact_id": "C1",
            "account_id": "A1",
            "name": "'=1+1",
            "phone": "'+47 22 33",
            "role": "boss",
        },
        {
            "rejected_file": "invoices",
            "rejected_line": "3",
            "rejected_column": "issued_on",
            "rejected_value": "31/01/2026",
            "rejected_reason": "Not an ISO date. Write 2026-01-31.",
            "account_id": "A1",
            "invoice_id": "I2",
            "issued_on": "31/01/2026",
            "amount": "'-7",
            "currency": "EUR",
        },
        {
            "rejected_file": "invoices",
            "rejected_line": "4",
            "rejected_column": "account_id",
            "rejected_value": "NOBODY",
            "rejected_reason": "No such account in accounts.csv or in Phano.",
            "account_id": "NOBODY",
            "invoice_id": "I3",
            "issued_on": "2026-01-01",
            "amount": "9",
            "currency": "EUR",
        },
    ]
    mended = text.replace("boss", "champion").replace("31/01/2026", "2026-01-31")
    again = base.drop({"rejected rows (1).csv": mended})
    assert base.counts(again) == {
        "rejected rows (1).csv: contacts.csv": (1, 1, 0, 0, 0),
        "rejected rows (1).csv: invoices.csv": (2, 1, 0, 0, 1),
    }
    assert base.facts("contacts", ["contact_id", "name", "phone"]) == [
        {"contact_id": "C1", "name": "=1+1", "phone": "+47 22 33"},
        {"contact_id": "C2", "name": "'quoted", "phone": ""},
    ]
    assert base.facts("invoices", ["invoice_id", "amount"]) == [
        {"invoice_id": "I1", "amount": "-5.5"},
        {"invoice_id": "I2", "amount": "-7"},
    ]


@pytest.mark.django_db
def test_rejected_usage_can_be_mended_too(base):
    record = base.drop({"usage.csv": "account_id,metric,day,quantity\nA1,events,1.2.2026,5\nA1,events,2026-02-02,-1\n"})
    mended = rejects_of(base, record).replace("1.2.2026", "2026-02-01")
    again = base.drop({"rejects.csv": mended})
    assert list(base.counts(again).values()) == [(1, 1, 0, 0, 0)]
    assert [(row["day"], row["quantity"]) for row in base.facts("usage")] == [("2026-02-01", "5"), ("2026-02-02", "-1")]


@pytest.mark.django_db
def test_refused_values_are_sealed(base):
    """A refused cell may be a person's name or address."""
    base.drop({"contacts.csv": "contact_id,account_id,name,role\nC1,A1,Ingrid Moe,boss\n"})
    with service_context(base.organization.pk):
        raw = RejectedRow.objects.raw("SELECT id, organization_id, cells::bytea AS kept FROM portfolio_rejectedrow")[0]
        assert b"Ingrid" not in bytes(raw.kept)
        assert "Ingrid" in raw.cells
