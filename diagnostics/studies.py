"""Studies: a look back over past nights is asked for, made by a worker night by night, and kept with its date.

A study that is running is claimed by a conditional UPDATE; one whose worker fell silent gives way to the next.
"""

import logging
import uuid
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone

from accounts import audit
from accounts.context import service_context
from accounts.models import Membership, Organization
from accounts.rules import lock_for
from diagnostics.backtest import NothingToJudge, run_backtest
from diagnostics.calibration import TooLittleHistory, calibrate
from diagnostics.engine import ScoringModel
from diagnostics.model_versions import Overtaken, number_in_force, publish_model, starting_model
from diagnostics.models import Study
from diagnostics.night import last_ended_day
from diagnostics.outcomes import HORIZON_DAYS, add_months, find_first_night
from diagnostics.study_results import read_calibration, write_backtest, write_calibration
from diagnostics.telling_features import find_telling_features
from portfolio.queue import send_to_worker

logger = logging.getLogger(__name__)

MONTHS_JUDGED = 12
FRESH_DAYS = 28  # after which a night asks for the track record again
KEPT = 12  # studies of a kind


class NotPossible(ValueError):
    """What was asked for cannot be done; the message is for the log."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which nights can be judged today. `first`: the first with a window of usage behind it; None = no subscription.

    `judged_from`: the day on which everything about that first night is known.
    """

    first: date | None
    last: date
    judged_from: date | None

    @property
    def is_enough(self) -> bool:
        return self.first is not None and self.first <= self.last


def find_reach(organization: Organization, today: date) -> Reach:
    """Nights whose outcomes are all known on `today`."""
    settled = timedelta(days=HORIZON_DAYS + organization.late_renewal_grace_days)
    first = find_first_night()
    return Reach(first, today - settled, first + settled if first else None)


def request_study(*, membership: Membership, kind: Study.Kind, as_of: date | None = None) -> Study:
    """Ask for a study by what was known on `as_of` (the last day that has ended by default); the one on its way stays.

    Raises NotPossible for a day that has not ended.
    """
    last = last_ended_day(membership.organization, timezone.now())
    if as_of is not None and as_of > last:
        raise NotPossible(f"{as_of} has not ended.")
    study, is_new = _open_study(membership.organization, kind, as_of or last, asked_by=membership.user_id)
    if is_new:
        audit.record(f"study.{kind}", subject="study", subject_id=study.pk)
    return study


def follow_track_record(organization_id: uuid.UUID) -> None:
    """After a night: ask for the track record where it is due."""
    with service_context(organization_id):
        request_track_record(Organization.objects.get())


def request_track_record(organization: Organization) -> Study | None:
    """Ask for the track record after a night, where there is history to judge and the last one is old; else None."""
    today = last_ended_day(organization, timezone.now())
    fresh = Study.objects.filter(
        kind=Study.Kind.TRACK_RECORD, as_of__gt=today - timedelta(days=FRESH_DAYS), state=Study.State.DONE
    )
    if fresh.exists() or not find_reach(organization, today).is_enough:
        return None
    return _open_study(organization, Study.Kind.TRACK_RECORD, today, asked_by=None)[0]


def _open_study(
    organization: Organization, kind: Study.Kind, as_of: date, *, asked_by: uuid.UUID | None
) -> tuple[Study, bool]:
    # Requests at once take turns: the second finds the first one's study.
    Organization.objects.select_for_update().get(pk=organization.pk)
    unfinished = Study.objects.filter(kind=kind, state__in=(Study.State.WAITING, Study.State.RUNNING)).first()
    if unfinished is not None and unfinished.is_open:
        return unfinished, False
    if unfinished is not None:
        Study.objects.filter(pk=unfinished.pk).update(state=Study.State.FAILED, ended_at=timezone.now())
    old = Study.objects.filter(kind=kind).order_by("-asked_at").values_list("pk", flat=True)[KEPT - 1 :]
    Study.objects.filter(pk__in=list(old)).delete()
    study = Study.objects.create(organization_id=organization.pk, kind=kind, as_of=as_of, asked_by=asked_by)
    send_to_worker("diagnostics.make_study", organization.pk, study.pk)
    return study, True


def make_study(organization_id: uuid.UUID, study_id: uuid.UUID) -> str:
    """Make a study that waits, and return the state that it ended in; '' where it waits no longer.

    A fault is kept as the state FAILED and raised again.
    """
    with service_context(organization_id):
        waiting = Study.objects.filter(pk=study_id, state=Study.State.WAITING)
        if waiting.update(state=Study.State.RUNNING, heartbeat_at=timezone.now()) != 1:
            return ""
        study = Study.objects.get(pk=study_id)
    try:
        state, result = _look_back(organization_id, study)
    except Exception:
        _end(organization_id, study_id, Study.State.FAILED, {})
        raise
    _end(organization_id, study_id, state, result)
    return state


def _look_back(organization_id: uuid.UUID, study: Study) -> tuple[Study.State, dict[str, Any]]:
    def tell(done: int, nights: int) -> None:
        with service_context(organization_id):
            Study.objects.filter(pk=study.pk).update(nights_done=done, nights=nights, heartbeat_at=timezone.now())

    try:
        if study.kind == Study.Kind.CALIBRATION:
            found = calibrate(organization_id, study.as_of)
            telling = find_telling_features(organization_id, found.nights, known_by=found.as_of)
            return Study.State.DONE, write_calibration(found, telling)
        with service_context(organization_id):
            reach = find_reach(Organization.objects.get(), study.as_of)
        if not reach.is_enough:
            return Study.State.TOO_LITTLE, {}
        assert reach.first is not None
        first = add_months(reach.last, 1 - MONTHS_JUDGED)
        while first < reach.first:
            first = add_months(first, 1)
        record = run_backtest(organization_id, first, reach.last, known_by=study.as_of, progress=tell)
    except (NothingToJudge, TooLittleHistory) as reason:
        return Study.State.TOO_LITTLE, {"reason": str(reason)}
    return Study.State.DONE, write_backtest(record)


def _end(organization_id: uuid.UUID, study_id: uuid.UUID, state: Study.State, result: dict[str, Any]) -> None:
    with service_context(organization_id):
        running = Study.objects.filter(pk=study_id, state=Study.State.RUNNING)
        running.update(state=state, result=result, ended_at=timezone.now())


def publish_calibration(*, actor: Membership, study: Study, number: int) -> int:
    """Put a calibration's weights, base and curve in force from the next night; the new version's number.

    The thresholds stay those in force: they are people's choices, and may have moved since the calibration was made.
    `number`: the version in force that the person saw, 0 for none. Raises NotPossible where the calibration replaced
    nothing of the default, Overtaken, PermissionDenied.
    """
    lock_for(actor, "model.change")
    found = read_calibration(study.result)
    if found is None or not found.changed:
        raise NotPossible("This calibration replaced nothing of the default.")
    if number_in_force() != number:
        raise Overtaken(f"Version {number} is not in force any more.")
    fitted = {"as_of": study.as_of.isoformat(), **found.fitted}
    thresholds = starting_model(Organization.objects.get()).thresholds
    version = publish_model(replace(ScoringModel.from_json(found.model), thresholds=thresholds), fitted=fitted)
    Study.objects.filter(pk=study.pk).update(result={**study.result, "published": version.number})
    return version.number


def latest_study(kind: Study.Kind, *states: Study.State) -> Study | None:
    """The newest study of a kind, of those in one of the states where any is given."""
    studies = Study.objects.filter(kind=kind)
    return (studies.filter(state__in=states) if states else studies).order_by("-asked_at").first()


def access_calibration(study_id: uuid.UUID) -> Study:
    """A calibration of the open organization that is done; raises Http404."""
    study = Study.objects.filter(pk=study_id, kind=Study.Kind.CALIBRATION, state=Study.State.DONE).first()
    if study is None:
        raise Http404
    return study
