"""How the amounts of a list are written."""

from decimal import Decimal

from diagnostics.kpi_words import MONEY, write_exactly


def test_every_amount_of_a_column_has_cents_where_its_total_has():
    column = [Decimal("76650.72"), Decimal(21216)]
    total = sum(column, Decimal(0))
    assert [write_exactly(one, MONEY, "EUR", total=total) for one in column] == ["€76,650.72", "€21,216.00"]
    assert write_exactly(Decimal(21216), MONEY, "EUR", total=Decimal(42432)) == "€21,216"
