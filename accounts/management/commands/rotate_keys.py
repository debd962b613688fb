"""Renews data keys, or wraps them with another master key."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.directory import all_organization_ids, find_organization
from accounts.encryption import KeyDestroyed
from accounts.keystore import MasterKeyFile
from accounts.rotation import Rotation, rewrap_all, rotate_installation, rotate_organization


class Command(BaseCommand):
    help = (
        "Renew data keys. The new key is used at once; what older keys sealed is sealed anew; an older key is "
        "forgotten an hour later at the earliest, by running this again. With --rewrap only the key files change: put "
        "the new master key before the old one in the master key file, rewrap, then take the old one out."
    )

    def add_arguments(self, parser: Any) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--organization", metavar="SLUG", help="renew the data key of this organization")
        whose.add_argument("--all", action="store_true", help="renew those of every organization and the installation")
        whose.add_argument("--rewrap", action="store_true", help="wrap every key with the first key of the master file")
        parser.add_argument("--master-key-file", metavar="FILE", help="with --rewrap: use the first key of this file")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rewrap"]:
            self._rewrap(Path(options["master_key_file"] or settings.MASTER_KEY_FILE))
        elif options["all"]:
            self._tell("the installation", rotate_installation())
            for organization_id in all_organization_ids():
                try:
                    self._tell(str(organization_id), rotate_organization(organization_id))
                except KeyDestroyed:
                    self.stderr.write(f"{organization_id}: its key was destroyed, there is nothing to renew.")
        else:
            found = find_organization("slug", options["organization"])
            if found is None:
                raise CommandError(f"There is no organization {options['organization']}.")
            try:
                self._tell(options["organization"], rotate_organization(found))
            except KeyDestroyed as error:
                raise CommandError("This organization's key was destroyed: there is nothing to renew.") from error

    def _rewrap(self, path: Path) -> None:
        try:
            master = MasterKeyFile(path)
        except (OSError, ValueError) as error:
            raise CommandError(f"{path} is no master key file: {error}") from error
        self.stdout.write(f"{rewrap_all(master)} key files are wrapped with the first key of {path}.")

    def _tell(self, whose: str, done: Rotation) -> None:
        line = f"{whose}: key {done.newest} is in use, {done.resealed} rows were sealed anew."
        if done.retired:
            line += f" Forgotten: key {', '.join(map(str, done.retired))}."
        if done.wait_seconds:
            line += f" Older keys stay for transactions that are still open; run this again in {done.wait_seconds} s."
        self.stdout.write(line)
