"""Figures and days, exact to the last no-break space."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts import formats

TODAY = date(2026, 11, 19)

SHOWN = [
    # value and filter, English, French
    ("148000|money:'EUR'", "€148,000", "148\u202f000\u00a0€"),
    ("148000.5|money:'EUR'", "€148,001", "148\u202f001\u00a0€"),
    ("-245000|money:'USD'", "\u2212$245,000", "\u2212245\u202f000\u00a0$"),
    ("1200|money:'CHF'", "CHF\u00a01,200", "1\u202f200\u00a0CHF"),
    ("nothing|money:'EUR'", "–", "–"),
    ("0|money:'EUR'", "€0", "0\u00a0€"),
    ("740|money_compact:'EUR'", "€740", "740\u00a0€"),
    ("61234|money_compact:'EUR'", "€61k", "61\u00a0k€"),
    ("999499|money_compact:'EUR'", "€999k", "999\u00a0k€"),
    ("999500|money_compact:'EUR'", "€1M", "1\u00a0M€"),
    ("1170000|money_compact:'EUR'", "€1.17M", "1,17\u00a0M€"),
    ("38030000|money_compact:'CHF'", "CHF\u00a038.03M", "38,03\u00a0M\u00a0CHF"),
    ("2400000000|money_compact:'EUR'", "€2.4bn", "2,4\u00a0Md€"),
    ("38000|money_signed:'EUR'", "+€38,000", "+38\u202f000\u00a0€"),
    ("-245000|money_signed_compact:'EUR'", "\u2212€245k", "\u2212245\u00a0k€"),
    ("0|money_signed:'EUR'", "€0", "0\u00a0€"),
    ("1204|number", "1,204", "1\u202f204"),
    ("0.856|number:2", "0.86", "0,86"),
    ("11|signed", "+11", "+11"),
    ("-25|signed", "\u221225", "\u221225"),
    ("-0.3|signed", "0", "0"),
    ("-0.9|signed:1", "\u22120.9", "\u22120,9"),
    ("0.31|percent", "31%", "31\u00a0%"),
    ("1.078|percent:1", "107.8%", "107,8\u00a0%"),
]


def show(expression: str, **context: object) -> str:
    return Template("{% load phano_display %}{{ " + expression + " }}").render(Context({"nothing": None, **context}))


@pytest.mark.parametrize(("expression", "english", "french"), SHOWN)
def test_figures_are_written_as_each_language_writes_them(expression: str, english: str, french: str) -> None:
    with translation.override("en"):
        assert show(expression) == english
    with translation.override("fr"):
        assert show(expression) == french


@pytest.mark.parametrize(
    ("day", "words", "short"),
    [
        (date(2026, 11, 19), "today", "0 d"),
        (date(2026, 11, 27), "in 8 days", "8 d"),
        (date(2026, 11, 20), "in 1 day", "1 d"),
        (date(2026, 10, 16), "34 days ago", "34 d"),
        (date(2027, 3, 18), "in 119 days", "119 d"),
        (date(2027, 3, 19), "19\u00a0Mar\u00a02027", "19\u00a0Mar\u00a02027"),
        (date(2026, 7, 22), "22\u00a0Jul", "22\u00a0Jul"),
        (None, "–", "–"),
    ],
)
def test_days_are_counted_below_120_and_dated_from_there(day: date | None, words: str, short: str) -> None:
    assert show("day|days_or_date:today", day=day, today=TODAY) == words
    assert show("day|days_short:today", day=day, today=TODAY) == short


def test_beside_its_date_a_day_is_counted_or_not_said_again() -> None:
    shown = [show("day|days_beside:today", day=date(2027, 3, day), today=TODAY) for day in (18, 19)]
    assert shown == ["119 d", ""]


def test_a_day_names_its_year_only_where_it_is_another() -> None:
    assert formats.format_day(date(2026, 11, 1), language="fr", today=TODAY) == "1er\u00a0nov."
    assert formats.format_day(date(2027, 1, 24), language="fr", today=TODAY) == "24\u00a0janv.\u00a02027"
    assert formats.format_day(date(2026, 11, 27), language="en", today=TODAY) == "27\u00a0Nov"
    assert show("moment|day:today", moment=datetime(2026, 11, 27, 9, tzinfo=UTC), today=TODAY) == "27\u00a0Nov"


def test_a_sentence_that_ends_in_a_french_month_has_one_full_stop() -> None:
    assert formats.end_sentence("2 563 €, échéance le 28 nov.") == "2 563 €, échéance le 28 nov."
    assert formats.end_sentence("Fin le **28 nov.**") == "Fin le **28 nov.**"
    assert formats.end_sentence("Fin le **28 mai**") == "Fin le **28 mai**."


def test_an_axis_names_june_and_july_apart() -> None:
    with translation.override("fr"):
        assert [show("day|short_month", day=date(2026, month, 1)) for month in (6, 7)] == ["juin", "juil."]


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=4))
def test_a_compact_amount_never_reads_a_thousand_of_its_unit(amount: Decimal) -> None:
    text = formats.format_money_compact(amount, "EUR", language="en")
    assert "1,000k" not in text
    assert "1000" not in text
    assert text.startswith(formats.MINUS) == (text.strip("\u2212€") != "0" and amount < 0)


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_a_full_amount_can_be_read_back(amount: int) -> None:
    text = formats.format_money(amount, "EUR", language="fr")
    assert "-" not in text
    assert int(text.removesuffix("\u00a0€").replace("\u202f", "").replace("\u2212", "-")) == amount
