"""Found an organization without a trial's end."""

from argparse import ArgumentParser
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.organizations import SlugTaken, found_organization


class Command(BaseCommand):
    help = "Found an organization and its owner. It has no trial end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--slug", required=True, help="its address: /o/SLUG/")
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--currency", default="EUR", help="reporting currency (EUR)")
        parser.add_argument("--time-zone", default="Europe/Paris", help="decides when its day ends (Europe/Paris)")

    def handle(self, **options: Any) -> None:
        try:
            validate_email(options["owner"])
            with transaction.atomic():
                owner, is_new = _find_or_make_owner(options["owner"])
                organization = found_organization(
                    name=options["name"],
                    slug=options["slug"],
                    owner=owner,
                    currency=options["currency"],
                    time_zone=options["time_zone"],
                    with_trial=False,
                )
        except SlugTaken as error:
            raise CommandError(f"The address {options['slug']} is taken.") from error
        except ValidationError as error:
            raise CommandError(_name_faults(error)) from error
        self.stdout.write(f"{organization.name} is founded: {settings.PUBLIC_URL}/o/{organization.slug}/")
        if is_new:
            reset = settings.PUBLIC_URL + reverse("account_reset_password")
            self.stdout.write(f"{owner.email} has no password yet. Set one at {reset}")


def _find_or_make_owner(email: str) -> tuple[User, bool]:
    user = User.objects.filter(email=email.strip().lower(), is_service=False).first()
    if user is not None:
        return user, False
    user = User.objects.create_user(email)
    # Who may run commands vouches for the address; the password can only be set through its mailbox.
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user, True


def _name_faults(error: ValidationError) -> str:
    """Which option is wrong, and why."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items())
