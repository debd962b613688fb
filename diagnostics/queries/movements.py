"""Movements in words, for Today, Matrix and the account's timeline."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import JSONObject

from accounts.formats import NARROW, NOTHING, format_day, format_number
from accounts.models import Membership, Organization
from accounts.models.organizations import Visibility
from accounts.permissions import ADMINS
from diagnostics.engine import ScoringModel, read_contributions
from diagnostics.engine.signals import BY_NAME
from diagnostics.model_versions import read_model
from diagnostics.models import DayDiagnosis, Movement, Night
from diagnostics.models.diagnoses import Lever
from diagnostics.moves import PLACES
from diagnostics.queries.diagnosed import read_nights
from portfolio.books import visible_accounts, widest_book
from portfolio.models import Account

CROSSINGS = ("entered_defense", "left_defense", "entered_expansion", "left_expansion")
DOWN = ("notice_given", "entered_defense", "left_expansion", "lever_closed")
SHOWN_FIRST, SHOWN_TODAY = 4, 2
READ_FIRST = 32  # the largest, among which the four accounts and the first names of those that crossed are found

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
    # When it was seen in the day, before any night knew; `fact` is then the sentence of its cause.
    at: datetime | None = None
    fact: str = ""

    @property
    def crosses(self) -> bool:
        """Whether the account changed its segment."""
        return self.kind in CROSSINGS


@dataclass(slots=True)
class Movements:
    """The movements of a night: the four largest, one an account, then how many more and who crossed a line.

    `today` are those of the day that is not over, newest first; `crossed` names the first of `crossings` accounts.
    """

    total: int
    since: date | None
    largest: list[MovementRow]
    more: int
    crossed: list[str]
    crossings: int = 0
    today: list[MovementRow] = field(default_factory=list)

    @property
    def shown(self) -> list[MovementRow]:
        """The day's first two, then the largest of the night, four in all."""
        return [*self.today[:SHOWN_TODAY], *self.largest][:SHOWN_FIRST]

    @property
    def left(self) -> int:
        """How many movements are not among those shown."""
        return self.more + len(self.largest) + len(self.today) - len(self.shown)


def read_movements(
    membership: Membership, *, scope: str, language: str, night: Night | None = None, limit: int | None = None
) -> list[MovementRow]:
    """The movements of a night (default: the last), largest ARR first; scope `mine` or `team`."""
    if night is None:
        nights = read_nights(with_model=True)
        if nights is None:
            return []
        night = nights.last
    found = Movement.objects.filter(in_scope(membership, scope), night=night.night)
    return describe_movements(_largest_first(found)[:limit], {night.night: read_model(night.model_version)}, language)


def read_day_movements(membership: Membership, *, scope: str, language: str) -> list[MovementRow]:
    """What the day that is not over has found so far, newest first, one an account; in two queries."""
    nights = read_nights(with_model=True)
    if nights is None:
        return []
    return read_largest_movements(membership, scope=scope, language=language, night=nights.last).today


def read_largest_movements(membership: Membership, *, scope: str, language: str, night: Night) -> Movements:
    """What Today shows of a night and of the day after it; one query, whatever the number of movements."""
    told = JSONObject(points="points", values="values", sources="sources", limit_metric="limit_metric")
    day = DayDiagnosis.objects.filter(account_id=OuterRef("account_id"), night=OuterRef("night"))
    found = Movement.objects.filter(
        Q(night=night.night, at__isnull=True) | Q(night__gt=night.night, at__isnull=False),
        in_scope(membership, scope),
    )
    of_night = Q(at__isnull=True)
    counted = _with_account_names(found).annotate(
        total=Window(Count("pk", filter=of_night)),
        crossings=Window(Count("pk", filter=of_night & Q(kind__in=CROSSINGS))),
        day=Subquery(day.values(told=told)[:1]),
    )
    first = list(counted.order_by(F("at").desc(nulls_last=True), *LARGEST)[:READ_FIRST])
    model = read_model(night.model_version)
    rows = describe_movements(first, {movement.night: model for movement in first}, language)
    for row, movement in zip(rows, first, strict=True):
        if movement.at is not None:
            row.at, row.fact = movement.at, _tell_fact(movement, model, night, language, membership.organization)
    summary = summarize_movements([row for row in rows if row.at is None])
    if first:
        summary.more += first[0].total - summary.total
        summary.crossings += first[0].crossings - sum(row.crosses for row in rows if row.at is None)
        summary.total = first[0].total
    seen: dict[UUID, MovementRow] = {}
    for row in rows:
        if row.at is not None:
            known = seen.setdefault(row.account_id, row)
            if PLACES[row.kind] < PLACES[known.kind]:
                seen[row.account_id] = row
    summary.today = list(seen.values())
    return summary


def _tell_fact(movement: Movement, model: ScoringModel, night: Night, language: str, organization: Organization) -> str:
    """The sentence of the movement's cause, as the day found it; '' where nothing of it is known."""
    found = movement.day  # type: ignore[attr-defined]  # annotated by the query
    if not found or not movement.cause:
        return ""
    given = read_contributions(model, found["points"], found["values"])[movement.cause - 1]
    texts = {"limit_metric": found["limit_metric"]}
    return given.sentence(
        "fr" if language.startswith("fr") else "en", currency=organization.currency, night=movement.night, texts=texts
    )


def summarize_movements(rows: list[MovementRow]) -> Movements:
    """The four largest of all movements of a night, which come largest ARR first, and what is left."""
    largest: dict[UUID, MovementRow] = {}
    for row in rows:
        largest.setdefault(row.account_id, row)
    shown = list(largest.values())[:SHOWN_FIRST]
    crossed = [row.account_name for row in rows if row.crosses and row not in shown]
    return Movements(
        total=len(rows),
        since=min((row.since for row in rows), default=None),
        largest=shown,
        more=len(rows) - len(shown),
        crossed=crossed,
        crossings=len(crossed),
    )


def read_account_movements(account: Account, *, since: date, until: date, language: str) -> list[MovementRow]:
    """One account's movements from `since` to `until`, newest first, in two queries."""
    found = Movement.objects.filter(account=account, night__gte=since, night__lte=until)
    nights = Night.objects.filter(night__gte=since, night__lte=until).select_related("model_version")
    models = {night.night: read_model(night.model_version) for night in nights}
    return describe_movements(_with_account_names(found).order_by("-night", "place"), models, language)


def accounts_of(membership: Membership, scope: str) -> QuerySet[Account]:
    """The accounts of a scope: `mine`, or all that the member may see."""
    visible = visible_accounts(membership)
    return visible.filter(own_accounts(membership)) if scope == "mine" else visible


def in_scope(membership: Membership, scope: str) -> Q:
    """Rows about the accounts of a scope; whoever sees every account is spared the list of them."""
    if scope != "mine" and widest_book(membership) == Visibility.ALL:
        return Q()
    return Q(account__in=accounts_of(membership, scope))


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


LARGEST = (F("arr").desc(nulls_last=True), F("account_id").asc(), F("place").asc())


def _largest_first(movements: QuerySet[Movement]) -> QuerySet[Movement]:
    return _with_account_names(movements).order_by(*LARGEST)


def _with_account_names(movements: QuerySet[Movement]) -> QuerySet[Movement]:
    """Movements with `account_name`, looked up for those that are shown: a join would look it up for all of them."""
    accounts = Account.objects.filter(pk=OuterRef("account_id"))
    return movements.annotate(account_name=Subquery(accounts.values("name")[:1]))


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
        account_name=_name_account(movement),
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


def _name_account(movement: Movement) -> str:
    known: str | None = getattr(movement, "account_name", None)
    return known if known is not None else movement.account.name


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
