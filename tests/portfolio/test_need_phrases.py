"""Need phrases in a product's cell, with their languages."""

import pytest

from portfolio.need_phrases import read_phrases


@pytest.mark.parametrize(
    ("cell", "phrases"),
    [
        ("", []),
        (" ; ;", []),
        ("single sign-on", [("single sign-on", "")]),
        (
            "en: single sign-on;fr:authentification unique",
            [("single sign-on", "en"), ("authentification unique", "fr")],
        ),
        ("FR : créneau ", [("créneau", "fr")]),
        ("en:;fr: ", []),
        # Only these two languages have rules of their own, and a word is no mark.
        ("de: Schicht; french: toast; enter: here", [("de: Schicht", ""), ("french: toast", ""), ("enter: here", "")]),
    ],
)
def test_a_phrase_may_begin_with_its_language(cell, phrases):
    assert read_phrases(cell) == phrases
