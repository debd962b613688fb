"""What the track record says, in the figures and words that the page and its CSV share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diagnostics.backtest import LIST_SHARE, Backtest, List, SignalWorth
from diagnostics.discrimination import Share
from diagnostics.engine import ScoringModel
from diagnostics.engine.signals import BY_NAME
from diagnostics.queries.dismissals import Verdict

RULES: Mapping[str, Any] = {
    "churn_risk": gettext_lazy("Phano’s list"),
    "usage drop": gettext_lazy("Usage drop first"),
    "renewal near": gettext_lazy("Renewal nearest first"),
    "largest first": gettext_lazy("Largest first"),
}
FEW_LOSSES = 10  # below it an interval is as wide as the question
LEAST_SPOKE = 0.05  # a signal that hardly speaks was silent on most losses, which says nothing against it
# Days of warning: up to which day, and how that is called.
WARNINGS: tuple[tuple[int, Any], ...] = (
    (15, gettext_lazy("under 15 d")),
    (30, gettext_lazy("15 to 30")),
    (60, gettext_lazy("30 to 60")),
    (90, gettext_lazy("60 to 90")),
    (100_000, gettext_lazy("over 90")),
)
MISSED = gettext_lazy("missed")


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A line of the table of signals; `weight`: points at full strength, smallest and largest tier."""

    worth: SignalWorth
    label: str
    source: str
    weight: tuple[float, float]
    verdict: Verdict | None

    @property
    def standing(self) -> str:
        """`earned`, `wrong` (it ranked the wrong way round) or `nothing`."""
        if self.worth.earned:
            return "earned"
        speaks = self.worth.spoke >= LEAST_SPOKE
        return "wrong" if speaks and self.worth.auc.high < 0.5 else "nothing"


def name_rule(one: List) -> str:
    """A list's rule in words."""
    return str(RULES.get(one.name, one.name))


def find_best_rule(found: Backtest) -> List:
    """The naive rule that caught most."""
    return max(found.lists[1:], key=lambda one: one.arr_recall or 0.0)


def by_chance() -> Share:
    """What a list drawn at random catches: its length."""
    return Share(LIST_SHARE, LIST_SHARE, LIST_SHARE)


def share_warnings(found: Backtest) -> list[tuple[str, float, float, int]]:
    """How early: (label, share of the lost ARR, that ARR, accounts), the missed last; each loss counts once."""
    total = sum(loss.arr for loss in found.losses) or 1.0
    groups: list[tuple[str, float, int]] = []
    below = 0
    for days, label in WARNINGS:
        held = [loss for loss in found.losses if loss.lead_days is not None and below <= loss.lead_days < days]
        groups.append((str(label), sum(loss.arr for loss in held), len(held)))
        below = days
    missed = [loss for loss in found.losses if loss.lead_days is None]
    groups.append((str(MISSED), sum(loss.arr for loss in missed), len(missed)))
    return [(label, arr / total, arr, count) for label, arr, count in groups]


def list_signals(
    found: Backtest, model: ScoringModel, verdicts: Mapping[str, Verdict], *, french: bool
) -> list[SignalRow]:
    """The signals that spoke, health first, those that rank best first; one that this release dropped is left out."""
    rows = []
    for worth in found.signals:
        signal = BY_NAME.get(worth.name)
        if signal is None:
            continue
        weights = model.weights.get(worth.name, {}).values() or (0.0,)
        verdict = verdicts.get(worth.name)
        rows.append(SignalRow(worth, signal.label[french], signal.source, (min(weights), max(weights)), verdict))
    return rows


def write_lines(found: Backtest, rows: list[SignalRow], *, with_amounts: bool) -> Iterator[list[Any]]:
    """Everything that the page shows as lines of a CSV: part, item, measure, value, low, high."""
    for label, auc in (
        (_("Losses by churn risk"), found.churn),
        (_("Losses by health"), found.health),
        (_("Expansions by potential"), found.expansion),
    ):
        yield [_("Ranking"), label, "AUC", auc.value, auc.low, auc.high]
    yield [_("Forecast"), _("all"), _("mean churn risk"), found.mean_forecast, None, None]
    yield [_("Forecast"), _("all"), _("churn that came"), found.rate, None, None]
    for number, part in enumerate(found.reliability, start=1):
        yield [_("Forecast"), number, _("mean churn risk"), part.forecast, None, None]
        yield [_("Forecast"), number, _("churn that came"), part.happened, None, None]
        yield [_("Forecast"), number, _("diagnoses"), part.rows, None, None]
    for one in found.lists:
        name = name_rule(one)
        yield [_("List"), name, _("share of the ARR lost"), one.arr_recall, one.recall.low, one.recall.high]
        if with_amounts:
            yield [_("List"), name, _("ARR caught"), one.arr_found, None, None]
            yield [_("List"), name, _("ARR lost"), one.arr_lost, None, None]
        yield [_("List"), name, _("precision"), one.precision, None, None]
        yield [_("List"), name, _("median days of warning"), one.lead_days, None, None]
    for label, share, arr, count in share_warnings(found):
        yield [_("Warning"), label, _("share of the ARR lost"), share, None, None]
        if with_amounts:
            yield [_("Warning"), label, _("ARR lost"), arr, None, None]
        yield [_("Warning"), label, _("accounts"), count, None, None]
    for row in rows:
        auc = row.worth.auc
        yield [_("Signal"), row.label, "AUC", auc.value, auc.low, auc.high]
        yield [_("Signal"), row.label, _("speaks on"), row.worth.spoke, None, None]
        if row.verdict:
            yield [_("Signal"), row.label, _("acts"), row.verdict.acts, None, None]
            yield [_("Signal"), row.label, _("dismissed as wrong"), row.verdict.wrong, None, None]
