"""What the rows of one page of the expansion desk show beside their figures: names, scores, and why now."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import Organization
from diagnostics.models import Diagnosis
from diagnostics.priorities.reasons import OPENS
from diagnostics.queries.causes import CauseReader
from diagnostics.queries.diagnosed import Nights
from diagnostics.queries.expansion import Offer
from diagnostics.queries.priority_rows import with_names
from diagnostics.queries.renewal_facts import Names, read_names


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """An account's name, people and scores; `why`: the sentence that opens the lever; `offer`: plan or product."""

    account: str
    source_id: str
    owner: str
    owner_email: str
    offer: str
    health: float | None
    health_change: float | None
    why: str
    product_id: str


def read_offer_facts(
    organization: Organization, rows: Collection[Offer], nights: Nights, *, language: str
) -> tuple[dict[str, OfferFacts], Names]:
    """By the row's key what it shows, in two statements; needs the nights read with their model."""
    ids = {row.account_id for row in rows}
    names = read_names(organization, ids)
    wanted = [night for night in (nights.last.night, nights.month_ago) if night]
    found = with_names(Diagnosis.objects.filter(account_id__in=ids, night__in=wanted)) if ids else ()
    by_night: dict[object, dict[uuid.UUID, Diagnosis]] = {night: {} for night in wanted}
    for diagnosis in found:
        by_night[diagnosis.night][diagnosis.account_id] = diagnosis
    reader = CauseReader(nights.last, language=language, currency=organization.currency)
    before = by_night.get(nights.month_ago, {}) if nights.month_ago else {}
    return {
        row.key: _describe(row, names, by_night[nights.last.night].get(row.account_id), before, reader) for row in rows
    }, names


def _describe(
    row: Offer,
    names: Names,
    now: Diagnosis | None,
    before: dict[uuid.UUID, Diagnosis],
    reader: CauseReader,
) -> OfferFacts:
    account = names.accounts[row.account_id]
    then = before.get(row.account_id)
    owner = account.am_email or account.csm_email
    changed = now is not None and then is not None and now.health is not None and then.health is not None
    own = now is not None and now.lever == row.lever
    offer = names.products.get(row.product_id, "")
    if not offer and own:
        named = now.product_name if row.lever == "cross_sell" else now.plan_name  # type: ignore[union-attr]  # annotated
        offer = named or "" if row.lever in ("cross_sell", "upsell") else ""
    voiced = str(now.voiced_product_id or "") if now is not None and own and row.lever == "cross_sell" else ""
    return OfferFacts(
        account=account.name,
        source_id=account.source_id,
        owner=names.name_member(owner) if owner else "",
        owner_email=owner,
        offer=offer,
        health=now.health if now else None,
        health_change=now.health - then.health if changed else None,  # type: ignore[union-attr,operator]  # both known
        why=_say_why(row, now, reader) if now is not None else "",
        product_id=row.product_id or voiced,
    )


def _say_why(row: Offer, now: Diagnosis, reader: CauseReader) -> str:
    """What opens the lever, else what gives most potential; of what is fictional, what costs most health."""
    if row.lever == "price" and not row.is_fictional:
        # No signal of potential opens it: the discount that the customer has does.
        given = [c for c in reader.contributions(now) if c.name == "discount_dependence" and c.known]
        return reader.describe(given[0], now).sentence if given else ""
    sign = -1 if row.is_fictional else 1
    heavy = reader.weigh(now, "health" if row.is_fictional else "potential")
    given = [c for c in heavy if c.known and c.source != "scale" and c.points * sign > 0]
    openers = OPENS.get(row.lever, ())
    first = next((c for c in given if c.name in openers), given[0] if given else None)
    return reader.describe(first, now).sentence if first is not None else ""
