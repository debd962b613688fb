"""One row of Today: a priority with its figures, sentences and what was done about it."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from urllib.parse import quote
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.formats import format_day
from diagnostics.acts import DISMISS_REASONS, DONE_KINDS
from diagnostics.engine import Contribution
from diagnostics.models import Diagnosis, Priority
from diagnostics.priorities.candidates import GROWTH
from diagnostics.priorities.reasons import MOST_REASONS, choose_reasons
from diagnostics.priorities.wording import OWN_SOURCES, ActionFacts, Person, describe_action, describe_own_words
from diagnostics.queries.causes import Cause, CauseReader
from diagnostics.queries.movements import MovementRow
from diagnostics.queries.news import tell_news
from portfolio.models import Plan, Product, ProductEvent

LONG_NIGHTS = 14  # for how long a recovered account is held in Retain


@dataclass(frozen=True, slots=True)
class ContactBrief:
    """The person an action names; the e-mail address is empty where none is known."""

    id: UUID
    name: str
    title: str
    role: str
    stance: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """The next action: a sentence, the button's label, and where it leads (mailto:, tel:, or '' for the account)."""

    text: str
    label: str
    channel: str
    url: str
    contact: ContactBrief | None


@dataclass(slots=True)
class PriorityRow:
    """Everything a row shows. `state` is open, snoozed, done, dismissed or left_out; deltas are of 30 days."""

    id: UUID
    kind: str
    subject: str
    lever: str
    lever_night: int | None
    rank: int | None
    state: str
    state_sentence: str
    reason: str
    act_id: UUID | None
    act_kind: str
    until: date | None
    account_id: UUID
    account_name: str
    account_tier: str
    owner_email: str
    segment: str
    effect: Decimal | None
    base: Decimal | None
    probability: float | None
    share: float
    urgency: float
    arr: Decimal | None
    decision_on: date | None
    days_to_decision: int | None
    deadline: date | None
    health: float | None
    health_delta: float | None
    health_trend: list[float]
    potential: float | None
    potential_delta: float | None
    potential_trend: list[float]
    causes: list[Cause]
    action: Action
    evidence: list[Cause] = field(default_factory=list)
    # What is new since the last act on it; what the day found; who else would turn to the same person today.
    news: str = ""
    day: MovementRow | None = None
    # Lighter subjects that the row speaks for, in words: an act on it holds for them too.
    also: str = ""
    overlap: str = ""
    pool: str = ""
    pool_accounts: int | None = None
    pool_arr: Decimal | None = None
    event: ProductEvent | None = None
    diagnosis: Diagnosis | None = None
    reader: CauseReader | None = None
    given: list[Contribution] = field(default_factory=list)

    @property
    def why(self) -> str:
        """Why now, and the second fact."""
        return " ".join(cause.sentence for cause in self.causes if cause.sentence)

    @property
    def sources(self) -> list[str]:
        """The sources behind `why`, each once."""
        return list(dict.fromkeys(cause.source for cause in self.causes if cause.sentence))

    def evidence_of(self, most: int | None = None) -> list[Cause]:
        """What speaks for the subject beyond its figures: contributions in its direction, heaviest first."""
        if self.diagnosis is None or self.reader is None:
            return []
        growth = self.kind in GROWTH
        score = "potential" if growth else "health"
        speaking = [one for one in self.given if one.score == score and one.points and (one.points > 0) == growth]
        speaking.sort(key=lambda one: (-abs(one.points), one.number))
        described = (self.reader.describe(one, self.diagnosis) for one in speaking)
        return list(islice((cause for cause in described if cause.sentence), most))


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """A subject that is not for today, and why; `has_it` names the colleague on whose list it stands."""

    priority_id: UUID
    account_id: UUID
    account_name: str
    kind: str
    reason: str
    until: date | None
    effect: Decimal | None
    arr: Decimal | None
    has_it: str = ""


def build_row(
    priority: Priority,
    diagnosis: Diagnosis | None,
    trend: list[tuple[date, float | None, float | None]],
    reader: CauseReader,
    *,
    day: date,
    end_of_night: datetime,
    brief: bool = False,
) -> PriorityRow:
    """One row from what the queries found; sentences and names are opened here, and only here.

    `brief`: without causes, for a row of which only the figures and the person are shown.
    """
    night = reader.night.night
    act = priority.act or {}  # type: ignore[attr-defined]  # annotated by the query
    state, until = read_state(priority, day, end_of_night)
    health = [(on, score) for on, score, _p in trend if score is not None]
    potential = [(on, score) for on, _h, score in trend if score is not None]
    given = reader.contributions(diagnosis) if diagnosis is not None and not brief else []
    causes = _read_causes(priority, diagnosis, reader, given)
    recovered = diagnosis.recovered_nights if diagnosis and priority.lever == "retain" else 0
    return PriorityRow(
        id=priority.id,
        kind=priority.kind,
        subject=priority.subject,
        lever=priority.lever,
        lever_night=recovered if 0 < recovered <= LONG_NIGHTS else None,
        rank=priority.rank,
        state=state,
        state_sentence=_describe_state(act, until, reader.language, day) if state != "open" else "",
        reason=str(priority.get_left_out_display()) if priority.left_out else "",
        act_id=UUID(act["id"]) if act and state not in ("open", "left_out") else None,
        act_kind=act.get("kind", ""),
        until=until,
        account_id=priority.account_id,
        account_name=priority.account.name,
        account_tier=priority.account.tier,
        owner_email=priority.owner_email,
        segment=diagnosis.segment if diagnosis else "",
        effect=priority.effect,
        base=priority.base,
        probability=priority.probability,
        share=priority.share,
        urgency=priority.urgency,
        arr=diagnosis.arr if diagnosis else None,
        decision_on=priority.decision_on,
        days_to_decision=(priority.decision_on - day).days if priority.decision_on else None,
        deadline=priority.deadline,
        health=diagnosis.health if diagnosis else None,
        health_delta=_change(health, night),
        health_trend=[score for _on, score in health],
        potential=diagnosis.potential if diagnosis else None,
        potential_delta=_change(potential, night),
        potential_trend=[score for _on, score in potential],
        causes=causes,
        action=_read_action(priority, diagnosis, causes, reader, recovering=bool(recovered)),
        news=tell_news(priority.news, reader, diagnosis, day) if state == "open" else "",
        also=", ".join(str(Priority.Kind(kind).label) for kind in priority.also) if state == "open" else "",
        pool=priority.pool,
        pool_accounts=priority.pool_accounts,
        pool_arr=priority.pool_arr,
        event=priority.event,
        diagnosis=diagnosis,
        reader=reader,
        given=given,
    )


def hold_offer(action: Action) -> Action:
    """The action in the place of an offer that facts of today speak against: no sale is pushed on what just turned."""
    text = _("Hold the offer: what came today speaks against it. Tonight’s diagnosis decides.")
    return Action(text, _("Open the account"), "internal", "", action.contact)


def build_left_out(row: PriorityRow, *, has_it: str = "") -> LeftOutRow:
    """A row that is not for today, in short."""
    return LeftOutRow(
        priority_id=row.id,
        account_id=row.account_id,
        account_name=row.account_name,
        kind=row.kind,
        reason=row.reason,
        until=row.until,
        effect=row.effect,
        arr=row.arr,
        has_it=has_it,
    )


def read_state(priority: Priority, day: date, end_of_night: datetime) -> tuple[str, date | None]:
    """What has become of it, and until when: today's act counts at once, an older one as the night read it."""
    act: dict[str, str] = priority.act or {}  # type: ignore[attr-defined]  # annotated by the query
    until = priority.left_out_until
    if act and datetime.fromisoformat(act["at"]) >= end_of_night:
        until = _day(act["reason"])
        if act["kind"] in DONE_KINDS:
            return "done", until
        if act["kind"] == "dismissed":
            return "dismissed", None
        return ("snoozed" if until is None or until > day else "open"), until
    if priority.rank is not None:
        return "open", None
    if priority.left_out == Priority.LeftOut.SNOOZED:
        return ("snoozed" if until is None or until > day else "open"), until
    return "left_out", until


def _describe_state(act: dict[str, str], until: date | None, language: str, day: date) -> str:
    if not act:
        return ""
    shown = format_day(until, language=language, today=day) if until else ""
    if act["kind"] == "snoozed":
        return _("Snoozed until %(day)s.") % {"day": shown}
    if act["kind"] == "dismissed":
        return _("Dismissed: %(reason)s.") % {"reason": DISMISS_REASONS.get(act["reason"], act["reason"])}
    done = DONE_KINDS[act["kind"]]
    if until:
        return _("%(done)s for %(day)s, by %(who)s.") % {"done": done, "day": shown, "who": act["member_email"]}
    return _("%(done)s by %(who)s.") % {"done": done, "who": act["member_email"]}


def with_names(diagnoses: QuerySet[Diagnosis]) -> QuerySet[Diagnosis]:
    """Diagnoses with `plan_name` and `product_name`, which an action names; None where it is gone."""
    plans = Plan.objects.filter(pk=OuterRef("next_plan_id")).values("name")
    products = Product.objects.filter(pk=OuterRef("voiced_product_id")).values("name")
    return diagnoses.annotate(plan_name=Subquery(plans), product_name=Subquery(products))


def _read_causes(
    priority: Priority, diagnosis: Diagnosis | None, reader: CauseReader, given: list[Contribution]
) -> list[Cause]:
    """Why now, then the second fact: the kind's own words, then what gives most potential or costs most health."""
    causes = []
    told = describe_own_words(
        priority.kind,
        priority.facts,
        night=reader.night.night,
        language=reader.language,
        currency=reader.currency,
    )
    if told:
        source = OWN_SOURCES.get(priority.kind, "crm")
        causes.append(Cause(sentence=told, source=source, label=str(priority.get_kind_display())))
    if diagnosis is not None:
        # Words cost most: only what may be said is put into them.
        chosen = choose_reasons(priority.kind, given, has_own_words=bool(told))[: MOST_REASONS - len(causes)]
        causes += [reader.describe(one, diagnosis) for one in chosen]
    return causes


def _read_action(
    priority: Priority, diagnosis: Diagnosis | None, causes: list[Cause], reader: CauseReader, *, recovering: bool
) -> Action:
    contact = priority.contact
    person = Person(contact.name, contact.title) if contact else None
    facts = ActionFacts(
        kind=priority.kind,
        night=reader.night.night,
        language=reader.language,
        currency=reader.currency,
        person=person,
        first_source=next((cause.source for cause in causes if cause.number), ""),
        noticed=bool(priority.facts.get("on")) and priority.kind == Priority.Kind.RETAIN,
        recovering=recovering,
        deadline=priority.deadline,
        base=priority.base,
        plan=getattr(diagnosis, "plan_name", None) or "",
        product=getattr(diagnosis, "product_name", None) or "",
    )
    text, label, channel = describe_action(facts)
    brief = None
    if contact:
        brief = ContactBrief(contact.id, contact.name, contact.title, contact.role, contact.stance, email=contact.email)
    url = ""
    if contact and channel == "call" and contact.phone:
        url = f"tel:{quote(contact.phone.replace(' ', ''), safe='+')}"
    elif contact and channel in ("call", "mail", "meet") and contact.email:
        url = f"mailto:{quote(contact.email, safe='@')}"
    return Action(text, label, channel, url, brief)


def _change(points: list[tuple[date, float]], night: date) -> float | None:
    """The change over 30 days; None where no night of about thirty days ago gave the score."""
    if not points or points[-1][0] != night or points[0][0] > night - timedelta(days=30):
        return None
    return points[-1][1] - points[0][1]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
