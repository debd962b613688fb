"""How the commands name an organization and its nights."""

import uuid
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date

from django.core.management.base import CommandError

from accounts.directory import find_organization


def parse_day(text: str) -> date:
    """An ISO 8601 day; argparse shows the reason where it is not one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day such as 2026-11-21") from None


def add_organization_argument(parser: ArgumentParser) -> None:
    """`--organization SLUG`, required."""
    parser.add_argument("--organization", required=True, metavar="SLUG", help="the organization's address")


def organization_named(slug: str) -> uuid.UUID:
    """The id of the organization with this slug; raises CommandError."""
    organization_id = find_organization("slug", slug)
    if organization_id is None:
        raise CommandError(f"There is no organization {slug}.")
    return organization_id
