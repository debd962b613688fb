"""The model's page: who may change it, a draft that is kept, a preview of the real book."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.models import AuditEntry, Membership, Organization, Role
from diagnostics import model_preview
from diagnostics.book import feature_settings
from diagnostics.engine import diagnose
from diagnostics.features import compute_features
from diagnostics.model_desk import open_desk
from diagnostics.model_drafts import DraftRefused
from diagnostics.model_versions import publish_model, read_model
from diagnostics.models import Diagnosis, ModelDraft, ModelVersion
from diagnostics.writing import read_state
from tests.diagnostics.books import NIGHT
from tests.diagnostics.model_book import (
    FRAGILE,
    URL,
    changed_model,
    diagnosed_book,
    fields_of,
    inside,
    make_admin,
    numbers,
    publish,
    read,
    write,
)

pytestmark = pytest.mark.django_db


def test_a_draft_is_kept_and_listed_in_words_and_publishes_nothing(cast, client_for):
    diagnosed_book(cast, 3)
    client = client_for(cast.alice)
    sent = fields_of(read(client)) | {"thresholds.fragile_below": "55", "weights.tenure.smb": "3,5"}
    assert client.post(f"{URL}draft/", sent).headers["Location"] == URL
    again = read(client_for(cast.alice))
    assert re.search(r"Fragile below</span>.*?60</span>.*?<b>55</b>", again, re.DOTALL)
    assert re.search(r"Tenure, SMB</span>.*?9</span>.*?<b>3\.50</b>", again, re.DOTALL)
    assert fields_of(again)["thresholds.fragile_below"] == "55"
    with inside(cast):
        assert numbers() == [(1, "default")]
        assert not AuditEntry.objects.filter(action="model.published").exists()


def test_an_untouched_form_writes_no_draft(cast, client_for):
    client = client_for(cast.alice)
    client.post(f"{URL}draft/", fields_of(read(client)))
    with inside(cast):
        assert not ModelDraft.objects.exists()


@pytest.mark.parametrize(
    ("path", "text", "sentence"),
    [
        ("weights.tenure.smb", "-1", "Write a number from 0 to 100."),
        ("weights.tenure.smb", "1000", "Write a number from 0 to 100."),
        ("weights.tenure.smb", "nan", "Write a number, for example 1."),
        ("weights.tenure.smb", "many", "Write a number, for example 1."),
        ("thresholds.fragile_below", "101", "Write a number from 0 to 100."),
        ("thresholds.fragile_nights", "1.5", "Write a whole number."),
        ("thresholds.fragile_nights", "0", "Write a number from 1 to 60."),
        ("thresholds.value_segment", "Z", "Choose one of the values on offer."),
        ("organization.time_zone", "Europe/Atlantis", "Europe/Atlantis is not a time zone."),
        ("organization.night_at", "25:00", "time"),
        ("organization.late_renewal_grace_days", "900", "365"),
        ("organization.defense_arr", "-5", "0"),
        ("organization.fiscal_year_first_month", "13", "12"),
    ],
)
def test_bad_input_gets_a_sentence_and_is_not_kept(cast, client_for, path, text, sentence):
    client = client_for(cast.alice)
    answer = client.post(f"{URL}draft/", fields_of(read(client)) | {path: text})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert re.search(r'class="error">.*?' + re.escape(sentence), page, re.DOTALL)
    assert text in page  # nothing that was written is lost
    with inside(cast):
        assert not ModelDraft.objects.exists()


def test_a_number_is_read_as_its_language_writes_it(cast):
    with translation.override("fr"):
        write(cast, {"organization.defense_arr": "15\u202f000", "weights.tenure.smb": "2,5"})
    with inside(cast):
        assert open_desk(Organization.objects.get()).values == {
            "organization.defense_arr": 15000.0,
            "weights.tenure.smb": 2.5,
        }
    write(cast, {"organization.defense_arr": "15,500"})
    with inside(cast):
        assert open_desk(Organization.objects.get()).value("organization.defense_arr") == 15500.0


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"thresholds.fragile_below": "70"}, "Recovered begins below Fragile"),
        ({"thresholds.high_potential_until": "61"}, "High potential ends above where it begins"),
        ({"thresholds.window_closes_below": "62"}, "A growth window closes above Fragile"),
    ],
)
def test_thresholds_that_cross_are_told_and_cannot_be_published(cast, client_for, written, sentence):
    write(cast, written)
    page = read(client_for(cast.alice))
    assert sentence in page
    assert "Publish version" not in page
    with pytest.raises(DraftRefused, match=sentence):
        publish(cast)


def test_the_second_of_two_people_is_told_and_overwrites_nothing(cast, client_for):
    make_admin(cast, cast.bob)
    bobs = client_for(cast.bob)
    sent = fields_of(read(bobs))
    write(cast, {"thresholds.fragile_below": "55", "thresholds.recovered_from": "70"})
    answer = bobs.post(
        f"{URL}draft/", sent | {"thresholds.fragile_below": "58", "weights.tenure.smb": "1"}, follow=True
    )
    page = answer.content.decode()
    assert "Fragile below: Alice has set it to 55 meanwhile; your 58 is not saved." in page
    assert "Recovered from: Alice has set it to 70 meanwhile." in page
    with inside(cast):
        assert open_desk(Organization.objects.get()).values == {
            "thresholds.fragile_below": 55.0,
            "thresholds.recovered_from": 70.0,
            "weights.tenure.smb": 1.0,
        }


def test_htmx_gets_the_fields_and_the_draft_alone(cast, client_for):
    client = client_for(cast.alice)
    sent = fields_of(read(client)) | {"thresholds.fragile_below": "55"}
    answer = client.post(f"{URL}draft/", sent, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in text
    assert 'id="model-draft"' in text
    assert re.search(r'id="s-thresholds-fragile_below" hx-swap-oob="true">.*value="55"', text)
    assert "s-thresholds-recovered_from" not in text


def test_one_value_or_all_can_be_taken_back_and_put_back(cast, client_for):
    write(cast, {"thresholds.fragile_below": "55", "weights.tenure.smb": "1"})
    client = client_for(cast.alice)
    client.post(f"{URL}draft/reset/", {"path": "thresholds.fragile_below"})
    with inside(cast):
        assert open_desk(Organization.objects.get()).values == {"weights.tenure.smb": 1.0}
    page = client.post(f"{URL}draft/reset/", follow=True).content.decode()
    with inside(cast):
        assert open_desk(Organization.objects.get()).values == {}
    # Both toasts are told by now; the last is that of the whole draft.
    undo_url = re.findall(r'action="([^"]*/draft/undo/\d+/)"', page)[-1]
    client.post(undo_url)
    with inside(cast):
        assert open_desk(Organization.objects.get()).values == {"weights.tenure.smb": 1.0}
    assert "nothing to take back" in client.post(undo_url, follow=True).content.decode()


def test_the_preview_says_whom_two_more_weeks_of_the_same_facts_would_move(cast, client_for):
    """Diagnosing the same facts night after night by the published draft moves exactly the accounts foreseen."""
    accounts = diagnosed_book(cast)
    write(cast, FRAGILE | {"weights.tenure.mid_market": "30"})
    client = client_for(cast.alice)
    page = read(client, f"{URL}preview/")
    with inside(cast):
        before = dict(Diagnosis.objects.values_list("account_id", "segment"))
        kept = ModelDraft.objects.get().preview
        assert numbers() == [(1, "default")]
        assert dict(Diagnosis.objects.values_list("account_id", "segment")) == before
        organization = Organization.objects.get()
        model = open_desk(organization).model
        with connection.cursor() as cursor:
            settings = feature_settings(organization)
            features = compute_features(cursor, organization.id, NIGHT, settings)
            state = read_state(cursor, organization.id, NIGHT)
        by_night = []
        for _night in range(14):
            state = diagnose(features, model, NIGHT, state)
            by_night.append(dict(state.select("account_id", "segment").iter_rows()))
    moved = {str(pk) for pk, segment in before.items() if by_night[-1][str(pk)] != segment}
    tonight = {pk for pk in moved if by_night[0][pk] != before[next(a.pk for a in accounts if str(a.pk) == pk)]}
    assert moved
    assert {row["account_id"] for row in kept["rows"]} == moved
    assert kept["accounts"] == len(moved)
    assert kept["tonight"] == len(tonight)
    assert kept["arr"] == sum(12_000 + 6_000 * n for n, account in enumerate(accounts) if str(account.pk) in moved)
    assert kept["moved"][0]["because"][0] == "thresholds.fragile_below"
    for account in accounts:
        assert (f"/o/acme/accounts/{account.pk}/" in page) == (str(account.pk) in moved)


def test_a_preview_without_a_draft_says_where_one_begins(cast, client_for):
    page = read(client_for(cast.alice), f"{URL}preview/")
    assert "There is no draft" in page
    assert f'class="btn btn--primary btn--lg" href="{URL}"' in page


def test_a_preview_is_computed_once_and_anew_when_the_draft_moves(cast, client_for, monkeypatch):
    diagnosed_book(cast, 4)
    write(cast, FRAGILE)
    counted = []
    real = model_preview.compute_preview
    monkeypatch.setattr(model_preview, "compute_preview", lambda *given: counted.append(1) or real(*given))
    client = client_for(cast.alice)
    assert "being computed" in read(client)
    part = client.get(f"{URL}preview/", headers={"HX-Request": "true"}).content.decode()
    assert "change segment" in part
    assert "<html" not in part
    assert "being computed" not in read(client)
    read(client, f"{URL}preview/")
    assert len(counted) == 1
    write(cast, {"thresholds.fragile_below": "70"})
    read(client, f"{URL}preview/")
    assert len(counted) == 2


def test_readers_read_and_do_not_see_the_draft(cast, client_for):
    diagnosed_book(cast, 3)
    write(cast, {"thresholds.fragile_below": "55"})
    page = read(client_for(cast.bob))
    assert "Owners and admins change it." in page
    assert "<form" not in page[page.index("Thresholds") : page.index('id="versions"')]
    assert "Draft of version" not in page
    for path, status in (("preview/", 403), ("versions/", 200), ("versions/1/", 200)):
        assert client_for(cast.bob).get(URL + path).status_code == status
    for path in ("draft/", "draft/reset/", "draft/undo/1/", "publish/", "versions/1/return/"):
        assert client_for(cast.bob).post(URL + path).status_code == 403
    with inside(cast):
        Membership.objects.filter(user=cast.bob).update(role=Role.DPO)
    assert client_for(cast.bob).get(URL).status_code == 403


def test_strangers_find_nothing_and_verbs_are_kept_apart(cast, client_for):
    paths = ("", "preview/", "versions/", "versions/1/")
    acts = ("draft/", "draft/reset/", "draft/undo/1/", "publish/", "versions/1/return/")
    for path in paths:
        assert client_for(cast.charlie).get(URL + path).status_code == 404
        assert client_for(cast.alice).post(URL + path).status_code == 405
    for path in acts:
        assert client_for(cast.charlie).post(URL + path).status_code == 404
        assert client_for(cast.alice).get(URL + path).status_code == 405
    for path in ("versions/7/", "versions/0/"):
        assert client_for(cast.alice).get(URL + path).status_code == 404
    assert client_for(cast.alice).post(f"{URL}versions/7/return/", {"number": "1"}).status_code == 404


def test_after_the_trial_the_page_is_read_only(cast, client_for):
    with inside(cast):
        Organization.objects.update(trial_ends_at=timezone.now())
    page = read(client_for(cast.alice))
    assert 'id="model-form"' not in page
    assert client_for(cast.alice).post(f"{URL}draft/").status_code == 403


def test_after_the_trial_a_preview_is_shown_and_not_kept(cast, client_for):
    diagnosed_book(cast, 4)
    write(cast, FRAGILE)
    with inside(cast):
        Organization.objects.update(trial_ends_at=timezone.now())
        before = ModelDraft.objects.values().get()
    client = client_for(cast.alice)
    part = client.get(f"{URL}preview/", headers={"HX-Request": "true"}).content.decode()
    for page in (part, read(client, f"{URL}preview/")):
        assert "change segment" in page
    with inside(cast):
        assert ModelDraft.objects.values().get() == before


@pytest.mark.parametrize("versions", [1, 30])
def test_the_same_queries_with_one_and_with_thirty_versions(cast, client_for, versions):
    diagnosed_book(cast, 3)
    with inside(cast):
        base = read_model(ModelVersion.objects.get())
        for number in range(versions):
            publish_model(changed_model(base, fragile_below=30.0 + number), origin="own", note="n")
    write(cast, FRAGILE)
    client = client_for(cast.alice)
    read(client, f"{URL}preview/")
    counts = []
    for path in (URL, f"{URL}versions/", f"{URL}preview/"):
        read(client, path)
        with CaptureQueriesContext(connection) as captured:
            read(client, path)
        counts.append(len(captured))
    assert counts == [16, 12, 15]
