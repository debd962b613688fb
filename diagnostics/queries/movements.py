"""Movements in words, for Today, Matrix and the account's timeline."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Q, QuerySet

from accounts.formats import NARROW, NOTHING, format_day, format_number
from accounts.models import Membership
from accounts.permissions import ADMINS
from diagnostics.engine import ScoringModel
from diagnostics.engine.signals import BY_NAME
from diagnostics.model_versions import read_model
from diagnostics.models import Movement, Night
from diagnostics.models.diagnoses import Lever
from diagnostics.queries.diagnosed import read_nights
from portfolio.books import visible_accounts
from portfolio.models import Account

CROSSINGS = ("entered_defense", "left_defense", "entered_expansion", "left_expansion")
DOWN = ("notice_given", "entered_defense", "left_expansion", "lever_closed")
SHOWN_FIRST = 4

HEADLINES = {
    "notice_given": ("Notice given", "Préavis donné"),
    "entered_defense": ("Entered Defense", "Entré en défense"),
    "left_defense": ("Left Defense", "Sorti de la défense"),
    "entered_expansion": ("Entered Expansion", "Entré en expansion"),
    "left_expansion": ("Left Expansion", "Sorti de l’expansion"),
    "health_moved": ("Health {before} to {now}", "Santé {before} → {now}"),
    "limit_nearer": ("Limit nearer", "Limite plus proche"),
    "lever_opened": ("{lever} opened", "Levier ouvert : {lever}"),
    "lever_closed": ("{lever} closed", "Levier fermé : {lever}"),
}
LEVERS = {
    "retain": ("Retain", "Fidéliser"),
    "upsell": ("Upsell", "Montée en gamme"),
    "seats": ("Seats", "Sièges"),
    "usage": ("Usage", "Usage"),
    "cross_sell": ("Cross-sell", "Vente croisée"),
    "price": ("Price", "Prix"),
}


@dataclass(slots=True)
class MovementRow:
    """One movement; `headline` says what moved, `cause` why, in the shortest words."""

    id: UUID
    kind: str
    direction: str
    account_id: UUID
    account_name: str
    night: date
    since: date
    arr: Decimal | None
    from_value: float | None
    to_value: float | None
    from_code: str
    to_code: str
    headline: str
    cause: str

    @property
    def crosses(self) -> bool:
        """Whether the account changed its segment."""
        return self.kind in CROSSINGS


@dataclass(slots=True)
class Movements:
    """The movements of a night: the four largest, one an account, then how many more and who crossed a line."""

    total: int
    since: date | None
    largest: list[MovementRow]
    more: int
    crossed: list[str]


def read_movements(
    membership: Membership, *, scope: str, language: str, night: Night | None = None, limit: int | None = None
) -> list[MovementRow]:
    """The movements of a night (default: the last), largest ARR first; scope `mine` or `team`."""
    if night is None:
        nights = read_nights(with_model=True)
        if nights is None:
            return []
        night = nights.last
    found = Movement.objects.filter(night=night.night, account__in=accounts_of(membership, scope))
    return describe_movements(_largest_first(found)[:limit], {night.night: read_model(night.model_version)}, language)


def summarize_movements(rows: list[MovementRow]) -> Movements:
    """What Today shows above the list; `rows` are all movements of the night, largest ARR first."""
    largest: dict[UUID, MovementRow] = {}
    for row in rows:
        largest.setdefault(row.account_id, row)
    shown = list(largest.values())[:SHOWN_FIRST]
    return Movements(
        total=len(rows),
        since=min((row.since for row in rows), default=None),
        largest=shown,
        more=len(rows) - len(shown),
        crossed=[row.account_name for row in rows if row.crosses and row not in shown],
    )


def read_account_movements(account: Account, *, since: date, until: date, language: str) -> list[MovementRow]:
    """One account's movements from `since` to `until`, newest first, in two queries."""
    found = Movement.objects.filter(account=account, night__gte=since, night__lte=until)
    nights = Night.objects.filter(night__gte=since, night__lte=until).select_related("model_version")
    models = {night.night: read_model(night.model_version) for night in nights}
    return describe_movements(found.select_related("account").order_by("-night", "place"), models, language)


def accounts_of(membership: Membership, scope: str) -> QuerySet[Account]:
    """The accounts of a scope: `mine`, or all that the member may see."""
    visible = visible_accounts(membership)
    return visible.filter(own_accounts(membership)) if scope == "mine" else visible


def own_accounts(membership: Membership, prefix: str = "") -> Q:
    """The accounts of which the member is CSM or AM; an owner or admin also answers for those of nobody."""
    email = membership.user.email.lower()
    own = Q(**{f"{prefix}csm_email": email}) | Q(**{f"{prefix}am_email": email})
    if membership.role in ADMINS:
        own |= Q(**{f"{prefix}csm_email": "", f"{prefix}am_email": ""})
    return own


def describe_movements(
    movements: Iterable[Movement], models: dict[date, ScoringModel], language: str
) -> list[MovementRow]:
    """Movements with their words; `models` by night say what the cause's number means."""
    return [_describe(movement, models.get(movement.night), language) for movement in movements]


def _largest_first(movements: QuerySet[Movement]) -> QuerySet[Movement]:
    return movements.select_related("account").order_by(F("arr").desc(nulls_last=True), "account_id", "place")


def _describe(movement: Movement, model: ScoringModel | None, language: str) -> MovementRow:
    french = language.startswith("fr")
    rising = (movement.to_value or 0) > (movement.from_value or 0)
    up = rising if movement.kind == "health_moved" else movement.kind not in DOWN
    if movement.kind == "lever_opened" and movement.to_code == Lever.RETAIN:
        up = False
    code = movement.to_code or movement.from_code
    headline = HEADLINES[movement.kind][french].format(
        before=_score(movement.from_value, language),
        now=_score(movement.to_value, language),
        lever=LEVERS[code][french] if code in LEVERS else "",
    )
    return MovementRow(
        id=movement.id,
        kind=movement.kind,
        direction="up" if up else "down",
        account_id=movement.account_id,
        account_name=movement.account.name,
        night=movement.night,
        since=movement.since,
        arr=movement.arr,
        from_value=movement.from_value,
        to_value=movement.to_value,
        from_code=movement.from_code,
        to_code=movement.to_code,
        headline=headline,
        cause=_explain(movement, model, language),
    )


def _explain(movement: Movement, model: ScoringModel | None, language: str) -> str:
    french = language.startswith("fr")
    if movement.kind == "limit_nearer":
        days = _score(movement.to_value, language)
        text = f"Atteinte dans **{days} jours**" if french else f"Full in **{days} days**"
        if movement.from_value is None:
            return text
        was = _score(movement.from_value, language)
        return f"{text}, {was} avant" if french else f"{text}, was {was}"
    parts = []
    if movement.cause and model is not None:
        signal = BY_NAME.get(model.names[movement.cause - 1])
        if signal is not None:
            points = format_number(movement.cause_points or 0, language=language, signed=True)
            parts.append(f"{signal.label[french]} **{points}**")
    if movement.kind in ("entered_defense", "left_defense") and movement.to_value is not None:
        parts.append(f"{'santé' if french else 'health'} **{_score(movement.to_value, language)}**")
    if movement.kind == "notice_given" and movement.to_code:
        day = date.fromisoformat(movement.to_code)
        shown = format_day(day, language=language, today=movement.night)
        parts = [f"{'fin le' if french else 'ends on'} **{shown}**"]
    return (f"{NARROW}; " if french else "; ").join(parts)


def _score(value: float | None, language: str) -> str:
    return NOTHING if value is None else format_number(value, language=language)
