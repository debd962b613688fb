"""Versions of the model: published with who and why, kept as they are, and taken up again."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import AuditEntry, Organization
from diagnostics.model_desk import compare_models, open_desk
from diagnostics.model_versions import ensure_model_version, publish_model, read_model
from diagnostics.models import ModelVersion, Night
from tests.diagnostics.books import NIGHT, diagnose_book
from tests.diagnostics.model_book import (
    FRAGILE,
    URL,
    changed_model,
    diagnosed_book,
    inside,
    numbers,
    publish,
    read,
    write,
)

pytestmark = pytest.mark.django_db


def test_publishing_makes_a_version_with_note_audit_and_what_it_moved(cast, client_for):
    diagnosed_book(cast)
    write(cast, FRAGILE | {"organization.late_renewal_grace_days": "45"})
    client = client_for(cast.alice)
    page = read(client, f"{URL}preview/")
    assert "Publish" not in page
    sent = dict(re.findall(r'name="(revision|number)" value="(\d+)"', read(client)))
    page = client.post(f"{URL}publish/", sent | {"note": "We renew late."}, follow=True).content.decode()
    assert "Version 2 is published. It diagnoses from the night at 03:30 on." in page
    with inside(cast):
        version = ModelVersion.objects.get(number=2)
        assert (version.origin, version.note, version.published_by) == ("own", "We renew late.", cast.alice.id)
        assert version.moved["accounts"] > 0
        assert set(compare_models(read_model(version), read_model(ModelVersion.objects.get(number=1)))) == {
            "thresholds.fragile_below",
            "thresholds.recovered_from",
            "organization.defense_arr",
        }
        organization = Organization.objects.get()
        assert (organization.defense_arr, organization.late_renewal_grace_days) == (Decimal(10_000), 45)
        entry = AuditEntry.objects.get(action="model.published")
        assert (entry.actor_id, entry.details["number"], entry.details["replaced"]) == (cast.alice.id, 2, 1)
        assert AuditEntry.objects.filter(action="organization.changed").exists()
        # The night that was diagnosed keeps its version; the next takes the new one, and makes no third.
        assert Night.objects.get(night=NIGHT).model_version.number == 1
        assert ensure_model_version(organization) == version
        assert open_desk(organization).values == {}
    assert "We renew late." in page
    audit = read(client, "/o/acme/audit/")
    assert "published a version of the model" in audit


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"note": ""}, "Say in a note why you publish"),
        ({"revision": "9"}, "The draft has changed since you looked at it."),
        ({"number": "7"}, "Another version was published meanwhile."),
        ({"note": "x" * 501}, "at most 500 characters"),
        ({"revision": "many"}, "The draft has changed since you looked at it."),
    ],
)
def test_what_cannot_be_published_is_said_and_changes_nothing(cast, client_for, change, sentence):
    with inside(cast):
        ensure_model_version(Organization.objects.get())
    write(cast, {"thresholds.fragile_below": "55"})
    sent = {"revision": "1", "number": "1", "note": "Why."} | change
    page = client_for(cast.alice).post(f"{URL}publish/", sent, follow=True).content.decode()
    assert sentence in page
    with inside(cast):
        assert numbers() == [(1, "default")]
        assert open_desk(Organization.objects.get()).values == {"thresholds.fragile_below": 55.0}


def test_settings_alone_make_no_version(cast):
    with inside(cast):
        ensure_model_version(Organization.objects.get())
    write(cast, {"organization.night_at": "04:15", "organization.cooldown_days": "30"})
    assert publish(cast) is None
    with inside(cast):
        organization = Organization.objects.get()
        assert (organization.night_at.isoformat(), organization.cooldown_days) == ("04:15:00", 30)
        assert numbers() == [(1, "default")]


def test_returning_takes_up_the_old_content_as_a_new_version(cast, client_for):
    diagnosed_book(cast, 3)
    write(cast, FRAGILE)
    publish(cast)
    client = client_for(cast.alice)
    page = read(client, f"{URL}versions/1/")
    assert "Return to version 1" in page
    # What stands now, and what would stand again.
    assert re.search(r"Fragile below</span>.*?75</span>.*?<b>60</b>", page, re.DOTALL)
    answer = client.post(f"{URL}versions/1/return/", {"number": "2", "note": "It was\0 too much."}, follow=True)
    assert "Version 3 takes up version 1, from the next night on." in answer.content.decode()
    with inside(cast):
        third = ModelVersion.objects.get(number=3)
        assert compare_models(read_model(third), read_model(ModelVersion.objects.get(number=1))) == {}
        assert third.parameters["returned_to"] == 1
        organization = Organization.objects.get()
        assert organization.defense_arr == Decimal(40_000)
        assert ensure_model_version(organization) == third
        assert AuditEntry.objects.filter(action="model.published", details__returned_to=1).count() == 1
    refused = client.post(f"{URL}versions/1/return/", {"number": "3"}, follow=True).content.decode()
    assert "says the same as the one in force" in refused
    stale = client.post(f"{URL}versions/2/return/", {"number": "2"}, follow=True).content.decode()
    assert "Another version was published meanwhile. Nothing was changed." in stale


def test_a_fitted_version_stands_in_the_history_with_its_audit_row(cast, client_for):
    diagnosed_book(cast, 3)
    with inside(cast):
        organization = Organization.objects.get()
        fitted = changed_model(read_model(ensure_model_version(organization))).with_weights(
            {"tenure": {"enterprise": 1.0, "mid_market": 2.0, "smb": 3.0}}, version=0
        )
        publish_model(fitted, fitted={"as_of": "2026-03-01", "last_night": "2025-11-01", "nights": 9})
        assert AuditEntry.objects.get(action="model.published").details["origin"] == "fitted"
    page = read(client_for(cast.alice))
    assert "fitted to outcomes known on 2026-03-01" in page
    assert "1 · 2 · 3" in page  # beside the default
    # Changed by hand afterwards, it still says what its weights were fitted on.
    write(cast, {"weights.tenure.smb": "4"})
    assert publish(cast).parameters["fitted"]["as_of"] == "2026-03-01"


def test_the_amount_for_defense_follows_the_settings_also_for_an_own_version(cast):
    diagnosed_book(cast, 3)
    write(cast, {"thresholds.fragile_below": "55"})
    publish(cast)
    with inside(cast):
        organization = Organization.objects.get()
        organization.defense_arr = 5_000
        version = ensure_model_version(organization)
        assert (version.number, version.origin) == (3, "own")
        model = read_model(version)
        assert (model.thresholds.value_amount, model.thresholds.fragile_below) == (5000.0, 55.0)


def test_a_night_that_was_diagnosed_has_its_own_version_for_good(cast):
    diagnosed_book(cast, 4)
    write(cast, FRAGILE)
    second = publish(cast)
    diagnose_book(cast.acme, NIGHT - timedelta(days=40))
    with inside(cast):
        organization = Organization.objects.get()
        first = ModelVersion.objects.get(number=1)
        assert ensure_model_version(organization, NIGHT) == first
        assert ensure_model_version(organization, NIGHT - timedelta(days=40)) == second
        assert ensure_model_version(organization, NIGHT + timedelta(days=1)) == second
        assert Night.objects.get(night=NIGHT).model_version == first


def test_fitted_weights_are_for_the_nights_from_their_day_on(cast):
    diagnosed_book(cast, 3)
    diagnose_book(cast.acme, NIGHT - timedelta(days=1))
    with inside(cast):
        fitted = read_model(ensure_model_version(Organization.objects.get())).with_weights(
            {"tenure": {"enterprise": 1.0, "mid_market": 2.0, "smb": 3.0}}, version=0
        )
        publish_model(fitted, fitted={"as_of": NIGHT.isoformat(), "last_night": "2025-11-01", "nights": 9})
    for night in (NIGHT - timedelta(days=1), NIGHT):
        diagnose_book(cast.acme, night)
    with inside(cast):
        numbers = dict(Night.objects.values_list("night", "model_version__number"))
    assert numbers == {NIGHT - timedelta(days=1): 1, NIGHT: 2}
