"""Figures as people read them, in English and French."""

from datetime import date

import pytest

from diagnostics.engine.sentences import Figure, format_date, format_money, format_number, format_percent, name_metric


@pytest.mark.parametrize(
    ("value", "spec", "english", "french"),
    [
        (1234567.4, "int", "1,234,567", "1 234 567"),
        (-0.4, "int", "0", "0"),
        (-1234.0, "int", "−1,234", "−1 234"),
        (1.44, "decimal", "1.4", "1,4"),
        (212.4, "decimal", "212", "212"),
        (0.61, "percent", "61%", "61 %"),
        (0.074, "percent", "7.4%", "7,4 %"),
        (0.05, "percent", "5%", "5 %"),
        (-0.38, "change", "−38%", "−38 %"),
        (0.38, "change", "+38%", "+38 %"),
        (0.0, "change", "0%", "0 %"),
        (-0.5, "signed", "−0.50", "−0,50"),
        (0.75, "signed", "+0.75", "+0,75"),
        (148_000.0, "money", "€148,000", "148 000 €"),
        (-22.0, "money", "−€22", "−22 €"),
        (1.0, "plural day|days", "1 day", "1 day"),
        (0.0, "plural day|days", "0 days", "0 day"),
        (9.0, "plural day|days", "9 days", "9 days"),
        (2.0, "plural_word remains|remain", "remain", "remain"),
    ],
)
def test_figures(value, spec, english, french):
    said = [format(Figure(value, language, "EUR"), spec) for language in ("en", "fr")]
    assert [text.replace("\u202f", " ").replace("\u00a0", " ") for text in said] == [english, french]


def test_french_figures_never_break_across_lines():
    assert format_number(148_000, "fr") == "148\u202f000"
    assert format_money(148_000, "fr", "EUR") == "148\u202f000\u00a0€"
    assert format_percent(0.61, "fr") == "61\u202f%"


def test_a_currency_without_a_sign_keeps_its_code():
    assert format_money(1200, "en", "SEK") == "SEK\u00a01,200"
    assert format_money(1200, "fr", "SEK") == "1\u202f200\u00a0SEK"


def test_dates_say_their_year_only_where_it_could_be_mistaken():
    night = date(2026, 11, 19)
    said = [
        format_date(day, language, night) for day in (date(2026, 5, 1), date(2025, 11, 6)) for language in ("en", "fr")
    ]
    assert said == ["1\u00a0May", "1er\u00a0mai", "6\u00a0Nov\u00a02025", "6\u00a0novembre\u00a02025"]


def test_metrics_have_names():
    assert [name_metric(metric, "fr") for metric in ("seats", "", "active_users_28d", "vessels_connected")] == [
        "sièges",
        "volumes",
        "utilisateurs actifs sur 28 jours",
        "vessels connected",
    ]


def test_an_unknown_format_is_a_mistake():
    with pytest.raises(ValueError, match="Unknown figure format"):
        format(Figure(1.0, "en"), "roman")
