"""How the commands name an organization."""

import uuid
from argparse import ArgumentParser

from django.core.management.base import CommandError

from accounts.directory import find_organization


def add_organization_argument(parser: ArgumentParser) -> None:
    """`--organization SLUG`, required."""
    parser.add_argument("--organization", required=True, metavar="SLUG", help="the organization's address")


def organization_named(slug: str) -> uuid.UUID:
    """The id of the organization with this slug; raises CommandError."""
    organization_id = find_organization("slug", slug)
    if organization_id is None:
        raise CommandError(f"There is no organization {slug}.")
    return organization_id
