"""settings.json met by an import: taken over by an organization without facts, left aside by any other."""

import json

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import audit
from accounts.models import Organization
from portfolio.importing.records import add_note
from portfolio.models import Account, Import, ImportFile, Product
from portfolio.settings_file import read_settings, write_settings


def take_settings(claimed: Import, file: ImportFile, content: bytes) -> None:
    """Apply an export's settings where the organization has no facts of its own; call inside its context."""
    if Account.objects.exists() or Product.objects.exists():
        add_note(file, "settings_kept")
        return
    organization = Organization.objects.get(pk=claimed.organization_id)
    before = json.loads(write_settings(organization))
    try:
        with transaction.atomic():
            read_settings(organization, content)
    except (ValueError, ValidationError, TypeError, AttributeError):
        add_note(file, "settings_unreadable")
        return
    Import.objects.filter(pk=claimed.pk).update(settings_before=before)
    audit.record("organization.settings_imported", subject="import", subject_id=claimed.pk)
    add_note(file, "settings_read")
