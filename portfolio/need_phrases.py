"""Need phrases as a product’s cell holds them: separated by `;`, of one language where they begin with en: or fr:."""

import re
from typing import NamedTuple

MARK = re.compile(r"(en|fr)\s*:\s*", re.IGNORECASE)


class NeedPhrase(NamedTuple):
    """The words of a phrase, and its language: `en`, `fr`, or '' for either."""

    words: str
    language: str = ""


def read_phrases(cell: str) -> list[NeedPhrase]:
    """The phrases of a cell in their order; a mark without words is none."""
    phrases = []
    for part in cell.split(";"):
        part = part.strip()
        mark = MARK.match(part)
        phrase = NeedPhrase(part[mark.end() :], mark[1].lower()) if mark else NeedPhrase(part)
        if phrase.words:
            phrases.append(phrase)
    return phrases
