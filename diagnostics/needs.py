"""Finding voiced needs: each product's phrases in the texts of tickets and exchanges, once per new text or phrase.

Texts are opened in the worker and passed to PostgreSQL as parameters; its full-text functions match inflected words
in English and French, each text by the rules of its own language (docs/decisions/0017). What is kept is the record,
the product and the place in the text: nothing derived from a sealed text stands in the clear.
"""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Model

from accounts.context import current_context
from diagnostics.models.needs import ReadText, VoicedNeed
from portfolio import need_phrases
from portfolio.models import Interaction, Product, Ticket

# Opened texts held in memory at a time.
BLOCK = 400
LONGEST_TEXT = 20_000
START, STOP = "\x01", "\x02"
# PostgreSQL takes no NUL, and a text must not hold our marks; blanks keep every other character in its place.
UNSENT = str.maketrans({"\0": " ", START: " ", STOP: " "})

# The columns of each kind of record that a customer's words can stand in, and when they were said.
SOURCES: tuple[tuple[type[Model], str, tuple[str, ...], str], ...] = (
    (Ticket, "ticket", ("subject", "body"), "opened_at"),
    (Interaction, "interaction", ("text",), "happened_at"),
)

# Written into the state of a text that was read: another way of searching reads every text again.
RULES = "2"

# A text is in the language of which it holds more function words: PostgreSQL leaves those out of its vector. Where
# neither has more, and only there, both languages' rules are tried. A phrase of one language is looked for in its
# texts and in those whose language cannot be told. The whole text comes back with the matched words between marks, so
# that their place can be counted.
MATCH = """
WITH said AS MATERIALIZED (
    SELECT place, body, to_tsvector('english', body) AS english, to_tsvector('french', body) AS french
    FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS given (body, place)
), heard AS MATERIALIZED (
    SELECT place, body, words, vector
    FROM said, LATERAL (
        SELECT (SELECT coalesce(sum(cardinality(positions)), 0) FROM unnest(english)) AS in_english,
               (SELECT coalesce(sum(cardinality(positions)), 0) FROM unnest(french)) AS in_french
    ) kept, LATERAL (
        SELECT 'english', english WHERE in_english <= in_french
        UNION ALL SELECT 'french', french WHERE in_french <= in_english
    ) AS own (words, vector)
), wanted AS MATERIALIZED (
    SELECT place, words, phraseto_tsquery(words::regconfig, phrase) AS query
    FROM unnest(%(phrases)s::text[], %(languages)s::text[]) WITH ORDINALITY AS given (phrase, language, place)
        JOIN (VALUES ('en', 'english'), ('fr', 'french')) AS rules (code, words) ON language IN ('', code)
)
SELECT heard.place, wanted.place,
    ts_headline(words::regconfig, body, query, 'HighlightAll=true, StartSel=' || chr(1) || ', StopSel=' || chr(2))
FROM heard JOIN wanted USING (words) WHERE heard.vector @@ wanted.query
"""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One need phrase of a product; `language` is en, fr, or '' for either."""

    product_id: uuid.UUID
    words: str
    language: str


def read_phrases() -> list[Phrase]:
    """The phrases of all products, in a fixed order."""
    products = Product.objects.exclude(need_phrases="").order_by("source_id")
    return [
        Phrase(product.id, phrase.words, phrase.language)
        for product in products
        for phrase in need_phrases.read_phrases(product.need_phrases)
    ]


def find_voiced_needs() -> int:
    """Search every text of the open organization that is new, or older than a changed phrase; returns how many.

    Without phrases nothing is opened, and what older phrases found is forgotten.
    """
    phrases = read_phrases()
    if not phrases:
        VoicedNeed.objects.all().delete()
        ReadText.objects.all().delete()
        return 0
    spelled = [RULES, *(f"{phrase.product_id}:{phrase.language}:{phrase.words}" for phrase in phrases)]
    digest = hashlib.sha256("\n".join(spelled).encode()).digest()
    searched = 0
    for model, kind, columns, said_at in SOURCES:
        for records in _unread_blocks(model, kind, digest):
            _search_block(records, kind, columns, said_at, phrases, digest)
            searched += len(records)
    return searched


def _unread_blocks(model: type[Model], kind: str, digest: bytes) -> Iterator[list]:
    """Blocks of records whose texts or phrases are not those they were last searched with."""
    table = model._meta.db_table
    statement = f"""
        SELECT r.id FROM {table} r
        LEFT JOIN diagnostics_readtext seen ON seen.organization_id = r.organization_id AND seen.{kind}_id = r.id
        WHERE r.organization_id = %s AND seen.state IS DISTINCT FROM sha256(r.sealed_digest || %s::bytea)
    """  # noqa: S608  # table and column are of SOURCES
    with connection.cursor() as cursor:
        cursor.execute(statement, [current_context().organization_id, digest])
        ids = [row[0] for row in cursor.fetchall()]
    for first in range(0, len(ids), BLOCK):
        yield list(model._default_manager.filter(pk__in=ids[first : first + BLOCK]))


def _search_block(
    records: list, kind: str, columns: tuple[str, ...], said_at: str, phrases: list[Phrase], digest: bytes
) -> None:
    organization_id = current_context().organization_id
    places = [(record, column) for record in records for column in columns if getattr(record, column)]
    texts = [getattr(record, column)[:LONGEST_TEXT].translate(UNSENT) for record, column in places]
    found: dict[tuple[uuid.UUID, uuid.UUID], VoicedNeed] = {}
    with connection.cursor() as cursor:
        given = {"phrases": [one.words for one in phrases], "languages": [one.language for one in phrases]}
        cursor.execute(MATCH, {"texts": texts, **given})
        for text_place, phrase_place, marked in cursor.fetchall():
            record, column = places[text_place - 1]
            product_id = phrases[phrase_place - 1].product_id
            start, length = locate_marks(marked)
            # One need a record and product: the first place that says it.
            known = found.get((record.pk, product_id))
            if known is None or (known.column == column and start < known.start):
                found[record.pk, product_id] = VoicedNeed(
                    organization_id=organization_id,
                    account_id=record.account_id,
                    product_id=product_id,
                    voiced_at=getattr(record, said_at),
                    column=column,
                    start=start,
                    length=length,
                    **{f"{kind}_id": record.pk},
                )
    ids = [record.pk for record in records]
    VoicedNeed.objects.filter(**{f"{kind}__in": ids}).delete()
    ReadText.objects.filter(**{f"{kind}__in": ids}).delete()
    VoicedNeed.objects.bulk_create(found.values())
    ReadText.objects.bulk_create(
        ReadText(
            organization_id=organization_id,
            state=hashlib.sha256(bytes(record.sealed_digest) + digest).digest(),
            **{f"{kind}_id": record.pk},
        )
        for record in records
    )


def locate_marks(marked: str) -> tuple[int, int]:
    """Start and length, in characters of the unmarked text, of the first run of marked words."""
    start = marked.index(START)
    end, position, plain = start, start, start
    while True:
        stop = marked.index(STOP, position)
        plain += stop - position - 1
        end = plain
        following = marked.find(START, stop)
        between = marked[stop + 1 : following] if following >= 0 else ""
        # The next marked word belongs to the phrase if only a short gap (function words) lies between.
        if following < 0 or len(between) > 20 or "." in between:
            return start, end - start
        plain += len(between)
        position = following
