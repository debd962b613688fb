"""Founding an organization: the one act that must write before there is a membership."""

import re
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts import audit
from accounts.context import organization_context, service_user_id
from accounts.directory import hash_handle
from accounts.keystore import open_key_store
from accounts.models import Membership, Organization, Role, User

RESERVED_SLUGS = frozenset({"new", "api", "static", "accounts", "admin", "invitation", "health"})


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
            service = User(
                id=service_user_id(organization.id), email=f"service+{organization.id}@phano.invalid", is_service=True
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
    """An address made from a name; two random letters keep it free of clashes when offered again."""
    return re.sub(r"-+", "-", slugify(name))[:48].strip("-") or "organization"
