"""The sample portfolio in an organization: loaded by the same way as any import, and taken out again as a whole."""

import tempfile
import uuid
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, Organization, Role, Team, User
from accounts.organizations import found_organization
from accounts.tenancy import organization_context, service_context
from portfolio import sample
from portfolio.events import tell_sample_loaded
from portfolio.importing import NotPossible, begin_import, claim_undo, find_sources, run_import, take_back
from portfolio.importing.records import list_files
from portfolio.importing.run import Progress
from portfolio.models import Account, Import
from portfolio.queue import send_to_worker

NAME, SLUG = "Brindel", "brindel"


def request_sample(membership: Membership) -> Import:
    """Begin the sample's import and send its loading to a worker; call inside the organization's context.

    Raises NotPossible where the organization has accounts or a sample.
    """
    # Two requests at once take turns: the second finds the first one's import.
    organization = Organization.objects.select_for_update().get(pk=membership.organization_id)
    if find_sample() is not None:
        raise NotPossible(_("The sample portfolio is loaded already, or on its way."))
    _refuse_own_accounts()
    begun = begin_import(organization, [], origin=Import.Origin.SAMPLE, created_by=membership.user_id)
    send_to_worker("portfolio.load_sample", organization.pk, begun.pk)
    return begun


def load_sample_into(
    organization_id: uuid.UUID,
    *,
    import_id: uuid.UUID | None = None,
    origin: Import.Origin = Import.Origin.SAMPLE,
    progress: Progress | None = None,
) -> Import:
    """Write the sample as of today in the organization's time zone, import it, and tell who diagnoses it.

    `import_id` of an import that `request_sample` began; None begins one. Raises NotPossible where the organization
    has accounts: the sample never mixes with anybody's own. Outside any transaction.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="phano-sample-") as folder:
            with service_context(organization_id):
                _refuse_own_accounts()
                organization = Organization.objects.get(pk=organization_id)
                sample.write(Path(folder), timezone.now().astimezone(organization.zone).date())
                sources = find_sources([Path(folder)], with_acts=True)
                if import_id is None:
                    begun = begin_import(organization, sources, origin=origin)
                else:
                    begun = Import.objects.select_for_update().get(pk=import_id)
                    if begun.state != Import.State.WAITING:
                        raise NotPossible(_("The sample portfolio is loaded already, or on its way."))
                    list_files(begun, sources)
            state = run_import(organization_id, begun.pk, sources=sources, progress=progress)
    except BaseException:
        if import_id is not None:
            _give_up(organization_id, import_id)
        raise
    if state is not Import.State.LANDED:
        raise NotPossible(_("The sample portfolio could not be loaded; its import says why."))
    tell_sample_loaded(organization_id)
    return begun


def _give_up(organization_id: uuid.UUID, import_id: uuid.UUID) -> None:
    with service_context(organization_id):
        left = Import.objects.filter(pk=import_id, state=Import.State.WAITING)
        left.update(state=Import.State.FAILED, ended_at=timezone.now())


def _refuse_own_accounts() -> None:
    if Account.objects.exists():
        raise NotPossible(_("The organization has accounts: the sample never mixes with your own."))


def find_sample() -> Import | None:
    """The open organization's sample, while it is loaded or on its way; Brindel's own portfolio does not count."""
    gone = (Import.State.UNDONE, Import.State.FAILED)
    return Import.objects.filter(origin=Import.Origin.SAMPLE).exclude(state__in=gone).order_by("-number").first()


def request_sample_removal(membership: Membership) -> Import:
    """Claim the sample for its removal and send that to a worker; raises NotPossible where none can be removed."""
    loaded = find_sample()
    if loaded is None:
        raise NotPossible(_("No sample portfolio is loaded."))
    if loaded.is_interrupted or loaded.state == Import.State.WAITING:
        # Its worker is gone or never came; one that comes now finds that it no longer waits.
        Import.objects.filter(pk=loaded.pk, state=loaded.state).update(state=Import.State.STOPPED)
    if not claim_undo(loaded.pk):
        raise NotPossible(_("The sample portfolio is still being loaded or removed. Wait for its end."))
    send_to_worker("portfolio.remove_sample", loaded.organization_id, membership.user_id)
    return loaded


def remove_sample(organization_id: uuid.UUID, *, removed_by: uuid.UUID | None = None) -> None:
    """Take the sample out, with what members did to its accounts; raises NotPossible where none is loaded."""
    with service_context(organization_id):
        loaded = find_sample()
    if loaded is None:
        raise NotPossible(_("No sample portfolio is loaded."))
    take_back(organization_id, loaded.pk, undone_by=removed_by, with_what_members_did=True)


def found_sample_organization() -> Organization:
    """Brindel with its members, without a trial's end; raises SlugTaken where the address is another organization's.

    Its members can sign in with the printed password in the embedded default alone; anywhere else they have none.
    """
    with transaction.atomic():
        people = {email: _make_member(email, name) for email, name, _role, _team in sample.MEMBERS}
        owner = next(email for email, _name, role, _team in sample.MEMBERS if role == Role.OWNER)
        organization = found_organization(name=NAME, slug=SLUG, owner=people[owner], with_trial=False)
        with organization_context(organization_id=organization.pk, user_id=people[owner].pk):
            teams = {name: Team.objects.create(name=name) for name in dict.fromkeys(row[3] for row in sample.MEMBERS)}
            for email, _name, role, team in sample.MEMBERS:
                Membership.objects.update_or_create(user=people[email], defaults={"role": role, "team": teams[team]})
    return organization


def _make_member(email: str, name: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        password = sample.PASSWORD if settings.EMBEDDED else None
        user = User.objects.create_user(email, password, full_name=name)
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user
