"""The contract as declared against the contract as written, and against the tables in which it lands."""

import re
from pathlib import Path

import pytest
from django.db.models import UniqueConstraint

from portfolio.columns import Kind
from portfolio.contract import FILES
from portfolio.importing.cells import choose_reader
from portfolio.importing.reasons import kind_in_words

WRITTEN = Path(__file__).resolve().parents[3] / "shared" / "data-contract.md"


def read_written() -> dict[str, tuple[list[tuple[str, bool, bool]], dict[str, list[str]]]]:
    """{file: ([(column, required, keeps history)], {column: the codes named behind it})} of the document's table."""
    found = {}
    for line in WRITTEN.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 3 or not re.fullmatch(r"[a-z_]+", cells[0]) or cells[0] == "file":
            continue
        columns, codes = [], {}
        # Commas inside parentheses separate codes, not columns.
        for part in re.findall(r"(\*\*[a-z_]+\*\*|[a-z_]+)(†?)((?: \([^)]*\))?)(?:, |$)", cells[1]):
            name = part[0].strip("*")
            columns.append((name, part[0].startswith("**"), bool(part[1])))
            codes[name] = re.findall(r"`([^`]+)`", part[2])
        found[cells[0]] = columns, codes
    return found


@pytest.mark.skipif(not WRITTEN.exists(), reason="the plan's documents are not beside this checkout")
def test_every_file_and_column_is_declared_as_it_is_written():
    written = read_written()
    assert len(written) == 24
    assert {
        name: [(column.name, column.required, column.keeps_history) for column in file.columns]
        for name, file in FILES.items()
    } == {name: columns for name, (columns, _codes) in written.items()}


@pytest.mark.skipif(not WRITTEN.exists(), reason="the plan's documents are not beside this checkout")
def test_every_choice_is_declared_as_it_is_written():
    written = {
        (name, column): codes
        for name, (_columns, by_column) in read_written().items()
        for column, codes in by_column.items()
        if codes and (name, column) != ("usage", "metric")
    }
    declared = {
        (name, column.name): [*column.choices, *column.ignored]
        for name, file in FILES.items()
        for column in file.columns
        if column.kind is Kind.CHOICE and (name, column.name) != ("account_history", "field")
    }
    free = {("features", "metric"), ("plan_limits", "metric")}
    assert {key: codes for key, codes in written.items() if key not in free} == declared


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_a_file_s_key_is_unique_in_its_table(file):
    """Else an import could not say which row a line means."""
    key = {"organization", *(file.by_name[name].field for name in file.key)}
    if file.name == "usage":
        # Its table is written by hand: NULLS NOT DISTINCT over a nullable product.
        key -= {"product"}
        assert key == {field.name for field in file.model._meta.pk_fields}
        return
    unique = [set(c.fields) for c in file.model._meta.constraints if isinstance(c, UniqueConstraint)]
    assert key in unique


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_every_column_has_a_field_a_reader_and_words(file):
    for column in file.columns:
        assert callable(choose_reader(file, column))
        assert kind_in_words(column)
        field = file.model_field(column)
        assert column.required <= (not field.null), f"{column.name} is required, its field may be NULL"
    assert len(set(file.names)) == len(file.names)


def test_what_is_referred_to_is_read_before():
    order = list(FILES)
    for file in FILES.values():
        for column in file.references:
            assert order.index(column.refers_to) <= order.index(file.name)
