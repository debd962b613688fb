"""A model goes out with the export and comes in with it: the other organization diagnoses alike."""

import json

import pytest

from accounts.models import AuditEntry, Organization
from accounts.tenancy import service_context
from diagnostics.model_drafts import publish_draft, save_draft
from diagnostics.model_versions import ensure_model_version, read_model
from diagnostics.models import ModelVersion
from portfolio.settings_file import read_settings, write_settings
from tests.diagnostics.model_book import inside, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def exported(cast) -> bytes:
    """Acme's settings: the default, then a version of its own."""
    with inside(cast):
        ensure_model_version(Organization.objects.get())
        save_draft(
            actor=member(cast),
            written={"thresholds.fragile_below": "55", "weights.tenure.smb": "3.5", "organization.cooldown_days": "30"},
            shown={},
        )
        publish_draft(actor=member(cast), revision=1, number=1, note="We renew late.")
        return write_settings(Organization.objects.get())


def test_settings_come_back_to_the_byte_and_the_model_is_in_force(cast, exported):
    with service_context(cast.globex.id):
        organization = Organization.objects.get()
        read_settings(organization, exported)
        assert write_settings(organization) == exported
        version = ensure_model_version(organization)
        assert (version.number, version.origin, version.note) == (2, "own", "We renew late.")
        model = read_model(version)
        assert (model.thresholds.fragile_below, model.weights["tenure"]["smb"]) == (55.0, 3.5)
        assert organization.cooldown_days == 30
        # The same file again changes nothing.
        read_settings(organization, exported)
        assert ModelVersion.objects.count() == 2


def test_taking_settings_back_puts_the_default_in_force_again(cast, exported):
    with service_context(cast.globex.id):
        organization = Organization.objects.get()
        before = write_settings(organization)
        read_settings(organization, exported)
        read_settings(organization, before)
        version = ensure_model_version(organization)
        assert version.origin == "default"
        assert read_model(version).thresholds.fragile_below == 60.0
        assert AuditEntry.objects.filter(action="model.published").exists()


@pytest.mark.parametrize(
    ("own", "written", "then"), [(False, True, False), (True, False, False), (True, True, True), (False, False, False)]
)
def test_a_file_turns_figures_of_persons_off_and_never_on(cast, exported, own, written, then):
    content = json.loads(exported)
    content["organization"]["figures_per_person"] = written
    with service_context(cast.globex.id):
        Organization.objects.update(figures_per_person=own)
        read_settings(Organization.objects.get(), json.dumps(content).encode())
        assert Organization.objects.get().figures_per_person is then


@pytest.mark.parametrize(
    "spoil",
    [
        lambda version: version.pop("parameters"),
        lambda version: version.update(origin="stolen"),
        lambda version: version["parameters"]["thresholds"].update(fragile_below="sixty"),
        lambda version: version["parameters"]["thresholds"].update(unheard_of=1),
        lambda version: version["parameters"]["weights"]["tenure"].update(smb=-1),
        lambda version: version["parameters"]["weights"]["tenure"].update(smb=float("nan")),
        lambda version: version["parameters"].pop("places"),
        lambda version: version["parameters"].update(signals=["no_such_signal"]),
        lambda version: version["parameters"].update(fitted="yesterday"),
    ],
)
def test_a_version_that_could_not_diagnose_is_refused(cast, exported, spoil):
    content = json.loads(exported)
    spoil(content["model_versions"][-1])
    with service_context(cast.globex.id):
        with pytest.raises((ValueError, TypeError)):
            read_settings(Organization.objects.get(), json.dumps(content).encode())
        assert not ModelVersion.objects.exists()
