"""Founding an organization, the one act that must write before there is a membership, and changing its settings."""

import re
import secrets
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts import audit
from accounts.context import organization_context, service_user_id
from accounts.directory import find_organization, hash_handle
from accounts.keystore import open_key_store
from accounts.models import Membership, Organization, Role, User
from accounts.rules import lock_for

RESERVED_SLUGS = frozenset({"new", "api", "static", "accounts", "admin", "invitation", "health"})
LONGEST_SLUG = 48
SETTINGS = frozenset(
    {
        *("name", "visibility", "currency", "time_zone", "night_at"),
        *("nrr_with_reactivation", "figures_per_person", "expansion_share"),
        *("fiscal_year_first_month", "defense_arr", "late_renewal_grace_days", "priorities_a_day", "cooldown_days"),
    }
)


class SlugTaken(ValueError):
    """Another organization has this address."""


def found_organization(
    *,
    name: str,
    slug: str,
    owner: User,
    currency: str = "EUR",
    time_zone: str = "Europe/Paris",
    with_trial: bool = True,
) -> Organization:
    """Make an organization with its owner, its service member and its data key.

    Raises SlugTaken, or ValidationError for a bad name, slug, currency or time zone. Without a trial it never ends.
    """
    organization = Organization(id=uuid.uuid4(), name=name, slug=slug, currency=currency, time_zone=time_zone)
    organization.full_clean(validate_unique=False, validate_constraints=False)
    if with_trial:
        organization.trial_ends_at = timezone.now() + timedelta(days=settings.TRIAL_DAYS)
    try:
        with transaction.atomic():
            # Not active: no password, link or passkey opens a session for it, ever.
            service = User(
                id=service_user_id(organization.id),
                email=f"service+{organization.id}@phano.invalid",
                is_service=True,
                is_active=False,
            )
            service.set_unusable_password()
            service.save(force_insert=True)
            with organization_context(organization_id=organization.id, user_id=owner.id):
                _claim_slug(slug)
                organization.save(force_insert=True)
                for user, role in ((owner, Role.OWNER), (service, Role.SERVICE)):
                    Membership.objects.create(organization_id=organization.id, user=user, role=role)
                open_key_store().create(organization.id)
                audit.record("organization.founded", subject="organization", subject_id=organization.id)
    except BaseException:
        open_key_store().destroy(organization.id)
        raise
    return organization


def _claim_slug(slug: str) -> None:
    if slug in RESERVED_SLUGS:
        raise SlugTaken(slug)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT guard.found(%s)", [hash_handle("slug", slug)])
    except IntegrityError as error:
        raise SlugTaken(slug) from error


def suggest_slug(name: str) -> str:
    """A free address made from a name: with a number where the plain one is taken."""
    plain = re.sub(r"[-_]+", "-", slugify(name))[: LONGEST_SLUG - 6].strip("-") or "organization"
    numbered = [plain, *(f"{plain}-{number}" for number in range(2, 6))]
    for slug in numbered:
        if slug not in RESERVED_SLUGS and find_organization("slug", slug) is None:
            return slug
    return f"{plain}-{secrets.token_hex(2)}"


def change_organization(*, actor: Membership, **settings_: Any) -> list[str]:
    """Change some of an organization's SETTINGS; returns the names of those that really changed.

    Raises PermissionDenied, ValidationError, or TypeError for a name that is no setting.
    """
    if unknown := settings_.keys() - SETTINGS:
        raise TypeError(f"No such settings: {sorted(unknown)}")
    lock_for(actor, "organization.change")
    organization = Organization.objects.get()
    before = {name: getattr(organization, name) for name in settings_}
    for name, value in settings_.items():
        setattr(organization, name, value)
    organization.full_clean(validate_unique=False, validate_constraints=False)
    changed = sorted(name for name in before if getattr(organization, name) != before[name])
    if changed:
        organization.save(update_fields=changed)
        audit.record(
            "organization.changed",
            subject="organization",
            subject_id=organization.pk,
            before={name: str(before[name]) for name in changed},
            after={name: str(getattr(organization, name)) for name in changed},
        )
    return changed
