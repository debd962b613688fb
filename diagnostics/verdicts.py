"""What members made of signals: each act on a priority says of the signals shown for it whether they were worth it.

A dismissal as "not a problem here" or "the facts are wrong" speaks against the signals that were shown; any act speaks
for them; a dismissal for another reason says nothing about them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from diagnostics.engine import read_contributions
from diagnostics.model_versions import read_model
from diagnostics.models import Diagnosis, Night, Priority, SignalVerdict
from diagnostics.priorities.reasons import MOST_REASONS, choose_reasons
from portfolio.models import Act

AGAINST = ("no_problem", "wrong_facts")
# Put away for a while: nothing was said yet.
UNSAID = ("snoozed",)


@dataclass(frozen=True, slots=True)
class SignalPrecision:
    """How often a signal was shown for an act, and how often members said that it was none of their problem."""

    signal: str
    acted: int
    refuted: int

    @property
    def precision(self) -> float:
        """The share of verdicts that speak for the signal."""
        return self.acted / (self.acted + self.refuted)


def record_verdicts(made: Sequence[tuple[Act, Priority]]) -> None:
    """Keep which signals were shown for these acts, in the open transaction: four queries, whatever their number."""
    said = [(act, priority) for act, priority in made if act.kind not in UNSAID]
    if not said:
        return
    nights = {priority.night for _act, priority in said}
    models = {night.night: read_model(night.model_version) for night in _nights(nights)}
    wanted = Diagnosis.objects.filter(night__in=nights, account__in={priority.account_id for _act, priority in said})
    diagnosed = {(one.account_id, one.night): one for one in wanted.only("account_id", "night", "points", "values")}
    verdicts = []
    for act, priority in said:
        diagnosis = diagnosed.get((priority.account_id, priority.night))
        if diagnosis is None or priority.night not in models:
            continue
        given = read_contributions(models[priority.night], diagnosis.points, diagnosis.values)
        noticed = priority.kind == Priority.Kind.RETAIN and bool(priority.facts.get("on"))
        shown = choose_reasons(priority.kind, given, has_own_words=noticed)[:MOST_REASONS]
        verdicts += [
            SignalVerdict(
                organization_id=act.organization_id,
                act=act,
                night=priority.night,
                signal=reason.name,
                place=place,
                dismissed=act.reason if act.kind == "dismissed" else "",
            )
            for place, reason in enumerate(shown, start=1)
        ]
    SignalVerdict.objects.bulk_create(verdicts)


def read_signal_precision() -> dict[str, SignalPrecision]:
    """Each signal that members gave a verdict on, in the open organization; one query."""
    counted = SignalVerdict.objects.values("signal").annotate(
        acted=Count("pk", filter=Q(dismissed="")), refuted=Count("pk", filter=Q(dismissed__in=AGAINST))
    )
    return {
        row["signal"]: SignalPrecision(row["signal"], row["acted"], row["refuted"])
        for row in counted.order_by("signal")
        if row["acted"] + row["refuted"]
    }


def _nights(nights: set) -> list[Night]:
    return list(Night.objects.filter(night__in=nights).select_related("model_version"))
