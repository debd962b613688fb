"""The track record: asked for, made by a worker, kept with its date; what the page says of it, and to whom."""

import csv
import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context, service_context
from accounts.models import AuditEntry, Membership, Organization, Role
from accounts.permissions import PERMISSIONS
from diagnostics import studies
from diagnostics.engine import DEFAULT_MODEL, ScoringModel
from diagnostics.model_versions import publish_model, read_model
from diagnostics.models import Diagnosis, ModelVersion, Night, Study
from diagnostics.studies import make_study, request_study, request_track_record
from diagnostics.study_results import read_backtest, read_calibration
from portfolio.models import Act, Subscription
from tests.diagnostics.accounts_list import text_of
from tests.diagnostics.diagnosed import diagnose_by_hand, make_account
from tests.diagnostics.test_calibration import AS_OF, START, make_portfolio

URL = "/o/acme/track-record/"
TODAY = AS_OF + timedelta(days=1)


@pytest.fixture
def asked(monkeypatch):
    """What was sent to the worker: (task, ids)."""
    sent = []
    monkeypatch.setattr(studies, "send_to_worker", lambda task, *ids: sent.append((task, ids)))
    return sent


@pytest.fixture
def past(cast, monkeypatch, asked):
    """Acme's two years of subscriptions, seen from the first of March 2025."""
    monkeypatch.setattr(studies, "last_ended_day", lambda organization, now: AS_OF)
    with service_context(cast.acme.id):
        make_portfolio(cast.acme)
    return cast


def alice(cast):
    return organization_context(organization_id=cast.acme.id, user_id=cast.alice.id)


def member(person):
    return Membership.objects.select_related("organization", "user").get(user=person)


def judge(cast, kind=Study.Kind.TRACK_RECORD):
    with alice(cast):
        study = request_study(membership=member(cast.alice), kind=kind)
    make_study(cast.acme.id, study.pk)
    with alice(cast):
        return Study.objects.get(pk=study.pk)


def read(client, status=200):
    response = client.get(URL)
    assert response.status_code == status
    return response.content.decode()


pytestmark = pytest.mark.django_db(transaction=True)


def test_a_record_is_made_night_by_night_and_read_back_to_the_last_figure(past, monkeypatch):
    told = []
    beat = studies.run_backtest

    def watch(*args, progress, **options):
        return beat(*args, progress=lambda done, of: (told.append((done, of)), progress(done, of)), **options)

    monkeypatch.setattr(studies, "run_backtest", watch)
    study = judge(past)
    assert (study.state, study.as_of, study.asked_by) == (Study.State.DONE, AS_OF, past.alice.id)
    assert told == [(night, 9) for night in range(1, 10)]
    assert (study.nights_done, study.nights, study.share_done) == (9, 9, 1.0)
    found = read_backtest(study.result)
    settled = timedelta(days=120)
    assert found.nights[-1] == AS_OF - settled
    assert found.nights[0] >= START + timedelta(days=84)
    again = studies.run_backtest(
        past.acme.id, found.nights[0], AS_OF - settled, known_by=AS_OF, progress=lambda done, of: None
    )
    assert found == again
    with alice(past):
        assert (Night.objects.count(), Diagnosis.objects.count(), ModelVersion.objects.count()) == (0, 0, 0)
        assert AuditEntry.objects.filter(action="study.track_record", subject_id=study.pk).count() == 1


def test_one_at_a_time_and_a_silent_worker_gives_way(past, asked):
    with alice(past):
        first = request_study(membership=member(past.alice), kind=Study.Kind.TRACK_RECORD)
        assert request_study(membership=member(past.alice), kind=Study.Kind.TRACK_RECORD) == first
        # Another kind is another study.
        other = request_study(membership=member(past.alice), kind=Study.Kind.CALIBRATION)
        Study.objects.filter(pk=first.pk).update(
            state=Study.State.RUNNING, heartbeat_at=timezone.now() - timedelta(minutes=11)
        )
        third = request_study(membership=member(past.alice), kind=Study.Kind.TRACK_RECORD)
        states = dict(Study.objects.values_list("pk", "state"))
    assert states == {first.pk: "failed", other.pk: "waiting", third.pk: "waiting"}
    assert asked == [("diagnostics.make_study", (past.acme.id, one.pk)) for one in (first, other, third)]
    # What gave way is not made when its worker comes back.
    assert make_study(past.acme.id, first.pk) == ""


def test_a_fault_is_kept_and_raised_and_the_page_says_so(past, monkeypatch, client_for):
    monkeypatch.setattr(studies, "run_backtest", lambda *args, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        judge(past)
    with alice(past):
        assert Study.objects.get().state == Study.State.FAILED
    assert "The last attempt failed." in read(client_for(past.alice))


def test_a_night_asks_for_it_once_a_month_where_there_is_history(past, asked):
    with service_context(past.acme.id):
        study = request_track_record(Organization.objects.get())
        assert (study.asked_by, len(asked)) == (None, 1)
    make_study(past.acme.id, study.pk)
    with service_context(past.acme.id):
        assert request_track_record(Organization.objects.get()) is None
        Study.objects.update(as_of=AS_OF - timedelta(days=28))
        assert request_track_record(Organization.objects.get()) is not None
        Study.objects.all().delete()
        Subscription.objects.update(started_on=AS_OF - timedelta(days=100))
        assert request_track_record(Organization.objects.get()) is None
    assert len(asked) == 2


def test_too_little_history_says_from_when_it_can_be_judged(cast, client_for):
    assert "It needs subscriptions" in text_of(read(client_for(cast.bob)))
    with service_context(cast.acme.id):
        make_portfolio(cast.acme, accounts=2)
        begun = timezone.localdate() - timedelta(days=30)
        Subscription.objects.update(started_on=begun, ended_on=None)
    page = text_of(read(client_for(cast.bob)))
    known = begun + timedelta(days=84 + 90 + 30)
    assert "Too little history" in page
    assert f"from {known.day} {known:%b %Y} it can be judged" in page


def test_the_page_shows_the_stored_record_and_says_by_what_was_known(past, client_for):
    study = judge(past)
    stored = study.result | {"churn": {"value": 0.79, "low": 0.75, "high": 0.83}}
    stored["lists"][0] |= {"recall": {"value": 0.61, "low": 0.5, "high": 0.7}}
    for naive, caught in zip(stored["lists"][1:], (0.44, 0.37, 0.33), strict=True):
        naive["recall"] = {"value": caught, "low": 0.3, "high": 0.5}
    with alice(past):
        Study.objects.filter(pk=study.pk).update(result=stored)
    page = text_of(read(client_for(past.bob)))
    assert "A list of 27 accounts caught 61% of the ARR that was lost." in page
    assert "The best simple rule at the same length, “Usage drop first”, caught 44%" in page
    assert "0.79 interval 0.75 to 0.83" in page
    assert "What was known on 1 Mar 2025 counts, nothing later." in page
    assert "None of these nights taught the model that is judged." in page
    # Bob may read, not ask.
    assert "Judge again" not in page
    assert "Calibrate" not in page
    assert "Judge again" in read(client_for(past.alice))


def test_random_outcomes_say_plainly_that_nothing_stands(past, client_for):
    study = judge(past)
    chance = {"value": 0.51, "low": 0.45, "high": 0.57}
    with alice(past):
        Study.objects.filter(pk=study.pk).update(result=study.result | {"churn": chance, "health": chance})
    page = text_of(read(client_for(past.bob)))
    assert "No reliable signal" in page
    assert "Nothing in your facts ranked losses better than chance." in page
    assert "of the ARR that was lost." not in page


def test_amounts_and_missed_accounts_are_for_those_who_see_the_whole_book(past, client_for):
    study = judge(past)
    losses = study.result["losses"]
    for loss in losses:
        loss["lead_days"] = None
    with alice(past):
        Study.objects.filter(pk=study.pk).update(result=study.result)
        Organization.objects.update(visibility="own")
    own, whole = read(client_for(past.bob)), read(client_for(past.alice))
    assert "Largest losses without a warning" in whole
    assert losses[0]["account_id"] in whole
    assert "Largest losses without a warning" not in own
    assert "lost</dd>" in whole
    assert "lost</dd>" not in own
    assert "/track-record/csv/" in own
    lines = client_for(past.bob).get(f"{URL}csv/").content.decode()
    assert "ARR caught" not in lines


def test_the_file_holds_what_the_page_shows(past, client_for):
    found = read_backtest(judge(past).result)
    response = client_for(past.alice).get(f"{URL}csv/")
    assert response["Content-Disposition"] == f'attachment; filename="track-record-acme-{AS_OF}.csv"'
    header, *lines = csv.reader(io.StringIO(response.content.decode().removeprefix("\ufeff")))
    assert header == ["Part", "Item", "Measure", "Value", "Interval from", "Interval to"]
    assert lines[0] == [
        "Ranking",
        "Losses by churn risk",
        "AUC",
        *map(str, (found.churn.value, found.churn.low, found.churn.high)),
    ]
    recall = next(line for line in lines if line[:3] == ["List", "Phano’s list", "share of the ARR lost"])
    assert float(recall[3]) == found.lists[0].arr_recall
    assert sum(line[2] == "AUC" and line[0] == "Signal" for line in lines) == len(found.signals)


def test_dismissals_are_counted_by_the_signal_that_said_why(past, client_for):
    judge(past)
    night = date(2025, 2, 20)
    with service_context(past.acme.id):
        account = make_account("Kestrel", source_id="K")
        record = diagnose_by_hand((account, {"top_cause": 1}), night=night)
        for number, (kind, reason) in enumerate(
            [("called", ""), ("dismissed", "no_problem"), ("dismissed", "handled"), ("snoozed", "2025-03-01")]
        ):
            Act.objects.create(
                source_id=str(number), account=account, kind=kind, at=timezone.now(), priority="retain", reason=reason
            )
        name = record.model_version.parameters["signals"][0]
    from diagnostics.queries.dismissals import read_verdicts

    with alice(past):
        [(signal, verdict)] = read_verdicts(timezone.localdate()).items()
    assert (signal, verdict.acts, verdict.wrong, verdict.precision) == (name, 3, 1, pytest.approx(2 / 3))
    assert dict(verdict.reasons) == {"no_problem": 1, "handled": 1}


def test_a_calibration_is_kept_and_published_by_one_act(past, client_for):
    study = judge(past, Study.Kind.CALIBRATION)
    found = read_calibration(study.result)
    assert found.changed
    page = text_of(read(client_for(past.alice)))
    assert "Health: the default stays; fitted weights were no better on later nights." in page
    assert "Potential: the default stays; 0 accounts expanded, 50 are needed." in page
    assert "Churn risk: the fitted curve forecasts better." in page
    assert "Put it in force from the next night" in page
    address = f"{URL}calibrations/{study.pk}/publish/"
    assert client_for(past.bob).post(address, {"number": "0"}).status_code == 403
    assert client_for(past.alice).post(address, {"number": "0"}).status_code == 302
    with alice(past):
        [version] = ModelVersion.objects.filter(origin="fitted")
        assert version.parameters["fitted"] == {
            "as_of": AS_OF.isoformat(),
            "last_night": found.nights[-1].isoformat(),
            "nights": len(found.nights),
        }
        assert AuditEntry.objects.filter(action="model.published").count() == 1
    assert f"Published as version {version.number}." in text_of(read(client_for(past.alice)))
    # Nights that taught the model prove nothing, and the record says how many they are.
    assert read_backtest(judge(past).result).learned == 9


def test_a_calibration_keeps_the_thresholds_set_since_it_was_made(past, client_for):
    study = judge(past, Study.Kind.CALIBRATION)
    learned = ScoringModel.from_json(read_calibration(study.result).model)
    with alice(past):
        moved = replace(DEFAULT_MODEL, thresholds=replace(DEFAULT_MODEL.thresholds, fragile_below=55.0))
        own = publish_model(moved, origin=ModelVersion.Origin.OWN, note="We renew late.")
    address = f"{URL}calibrations/{study.pk}/publish/"
    for seen in ({}, {"number": "0"}, {"number": "soon"}):
        answer = client_for(past.alice).post(address, seen, follow=True)
        assert "Another version was published meanwhile. Nothing was changed." in text_of(answer.content.decode())
    with alice(past):
        assert ModelVersion.objects.count() == 1
    page = read(client_for(past.alice))
    assert f'name="number" value="{own.number}"' in page
    client_for(past.alice).post(address, {"number": str(own.number)})
    with alice(past):
        published = read_model(ModelVersion.objects.get(number=own.number + 1))
    assert published.thresholds.fragile_below == 55.0
    assert (published.weights, published.base, published.risk) == (learned.weights, learned.base, learned.risk)


def test_a_calibration_is_published_by_those_who_may_change_the_model(past, client_for, monkeypatch):
    study = judge(past, Study.Kind.CALIBRATION)
    monkeypatch.setitem(PERMISSIONS, "model.change", frozenset({Role.OWNER}))
    with alice(past):
        Membership.objects.filter(user=past.dora).update(role=Role.ADMIN)
        with pytest.raises(PermissionDenied):
            studies.publish_calibration(actor=member(past.dora), study=study, number=0)
    page = text_of(read(client_for(past.dora)))
    assert "Churn risk: the fitted curve forecasts better." in page
    assert "Put it in force from the next night" not in page
    assert client_for(past.dora).post(f"{URL}calibrations/{study.pk}/publish/", {"number": "0"}).status_code == 403


def test_a_calibration_without_history_says_that_the_default_stays(cast, client_for, asked, monkeypatch):
    monkeypatch.setattr(studies, "last_ended_day", lambda organization, now: AS_OF)
    study = judge(cast, Study.Kind.CALIBRATION)
    assert study.state == Study.State.TOO_LITTLE
    page = text_of(read(client_for(cast.alice)))
    assert "The default stays." in page
    address = f"{URL}calibrations/{study.pk}/publish/"
    assert client_for(cast.alice).post(address).status_code == 404


@pytest.mark.parametrize("day", ["", "yesterday", "2999-01-01"])
def test_a_day_that_has_not_ended_is_refused_in_a_sentence(cast, client_for, asked, day):
    response = client_for(cast.alice).post(f"{URL}calibrate/", {"as_of": day}, follow=True)
    assert "Choose a day that has ended" in response.content.decode()
    assert asked == []


def test_asking_is_for_those_who_run_diagnoses(past, client_for, asked):
    with alice(past):
        Membership.objects.filter(user=past.dora).update(role=Role.DPO)
    everybody = ("alice", "bob", "charlie", "dora", "eve")
    answers = {name: client_for(getattr(past, name)).post(f"{URL}judge/").status_code for name in everybody}
    assert answers == {"alice": 302, "bob": 403, "charlie": 404, "dora": 403, "eve": 404}
    assert client_for(past.alice).get(f"{URL}judge/").status_code == 405
    assert len(asked) == 1
    statuses = {name: client_for(getattr(past, name)).get(URL).status_code for name in ("bob", "charlie", "dora")}
    assert statuses == {"bob": 200, "charlie": 404, "dora": 403}
    assert client_for(past.bob).post(URL).status_code == 405
    assert client_for(past.bob).get(f"{URL}csv/").status_code == 404


def test_while_it_is_made_the_page_asks_again_and_shows_the_nights(past, client_for):
    with alice(past):
        study = request_study(membership=member(past.alice), kind=Study.Kind.TRACK_RECORD)
        Study.objects.filter(pk=study.pk).update(state="running", nights_done=3, nights=12, heartbeat_at=timezone.now())
    response = client_for(past.bob).get(URL, headers={"HX-Request": "true"})
    part = response.content.decode()
    assert "Night 3 of 12." in text_of(part)
    assert 'hx-trigger="every 2s"' in part
    assert "<h1" not in part
    with alice(past):
        Study.objects.update(state="done")
    response = client_for(past.bob).get(URL, headers={"HX-Request": "true"})
    assert response["HX-Refresh"] == "true"


def test_the_page_takes_the_same_number_of_queries_for_any_record(past, client_for):
    judge(past)
    client = client_for(past.alice)
    read(client)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        read(client)
    assert len(queries) == 14
