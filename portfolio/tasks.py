"""Doors of the facts' background work: ids in, one call into the room."""

import logging
import uuid

from celery import shared_task
from django.utils import timezone

from accounts.context import service_context
from portfolio import exports
from portfolio.importing import NotPossible, find_next_import, run_import, start_next_import, take_back
from portfolio.sample_portfolio import load_sample_into, remove_sample

logger = logging.getLogger(__name__)


@shared_task(name="portfolio.run_import")
def run_import_task(organization_id: str, import_id: str) -> None:
    """Land the import that has waited longest, which may be an earlier one that the queue lost.

    While another of the organization runs it stays waiting; each that ends calls the next.
    """
    organization = uuid.UUID(organization_id)
    with service_context(organization):
        chosen = find_next_import(uuid.UUID(import_id))
    if chosen is None:
        logger.info("Import %s waits no longer.", import_id)
        return
    try:
        state = run_import(organization, chosen.pk)
    except NotPossible:
        logger.info("Import %s waits for the one that runs.", chosen.pk)
        return
    logger.info("Import %s ended: %s.", chosen.pk, state or "another worker has it")
    with service_context(organization):
        start_next_import(organization)


@shared_task(name="portfolio.undo_import")
def undo_import_task(organization_id: str, import_id: str, user_id: str) -> None:
    """Take back an import that was claimed for it."""
    take_back(uuid.UUID(organization_id), uuid.UUID(import_id), undone_by=uuid.UUID(user_id))


@shared_task(name="portfolio.load_sample")
def load_sample_task(organization_id: str, import_id: str) -> None:
    """Load the sample portfolio as the import that was begun for it."""
    load_sample_into(uuid.UUID(organization_id), import_id=uuid.UUID(import_id))


@shared_task(name="portfolio.remove_sample")
def remove_sample_task(organization_id: str, user_id: str) -> None:
    """Take the sample portfolio out of an organization again."""
    remove_sample(uuid.UUID(organization_id), removed_by=uuid.UUID(user_id))


@shared_task(name="portfolio.make_export")
def make_export_task(organization_id: str, export_id: str) -> None:
    """Write an export that a member asked for."""
    exports.make_export(uuid.UUID(organization_id), uuid.UUID(export_id))


@shared_task(name="portfolio.clear_old_files")
def clear_old_files() -> None:
    """Remove exports nobody fetched and uploads nobody came back to."""
    logger.info("Old files removed: %s.", exports.clear_old_files(timezone.now()))
