"""Renewing data keys while the organization works."""

import os
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.context import service_context
from accounts.encryption import DecryptionFailed, KeyDestroyed, data_keys, hash_for_lookup, key_number
from accounts.keystore import open_key_store
from accounts.models import AuditEntry, Invitation
from accounts.rotation import rotate_organization


def seal_invitations(organization, count):
    """Invitations whose addresses are sealed with the key of the moment."""
    with service_context(organization.id):
        for number in range(count):
            Invitation.objects.create(
                email=f"person{number}@example.org",
                email_hash=b"",
                token_hash=os.urandom(8),
                role="csm",
                expires_at=timezone.now(),
            )


def stored_key_numbers(organization):
    """By how many rows each key number is in use, as the table has it."""
    with service_context(organization.id), connection.cursor() as cursor:
        cursor.execute("SELECT email FROM accounts_invitation")
        return sorted(key_number(row[0]) for row in cursor.fetchall())


def read_emails(organization):
    with service_context(organization.id):
        return sorted(invitation.email for invitation in Invitation.objects.all())


EMAILS = [f"person{number}@example.org" for number in range(5)]


def test_rows_move_to_the_new_key_and_the_old_one_is_forgotten_an_hour_later(cast):
    seal_invitations(cast.acme, 5)
    seal_invitations(cast.globex, 1)
    lookup = hash_for_lookup(cast.acme.id, "email", "a@b.example")

    first = rotate_organization(cast.acme.id, block=2)

    assert (first.newest, first.resealed, first.retired) == (2, 5, [])
    assert 3500 < first.wait_seconds <= 3600
    assert stored_key_numbers(cast.acme) == [2] * 5
    assert stored_key_numbers(cast.globex) == [1]
    assert read_emails(cast.acme) == EMAILS
    assert data_keys(cast.acme.id).numbers == [1, 2]

    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1), tick=False):
        second = rotate_organization(cast.acme.id)

    assert (second.newest, second.resealed, second.retired, second.wait_seconds) == (2, 0, [1], 0)
    assert data_keys(cast.acme.id).numbers == [2]
    assert read_emails(cast.acme) == EMAILS
    assert hash_for_lookup(cast.acme.id, "email", "a@b.example") == lookup
    with service_context(cast.acme.id):
        assert AuditEntry.objects.filter(action="keys.rotated").count() == 1


def test_a_run_that_was_killed_goes_on_where_it_stopped(cast, monkeypatch):
    seal_invitations(cast.acme, 5)
    from accounts import rotation

    real, calls = rotation._reseal_block, []

    def die_in_the_second_block(*args):
        calls.append(args)
        if len(calls) == 2:
            raise SystemExit
        return real(*args)

    monkeypatch.setattr(rotation, "sealed_models", lambda: [Invitation])
    monkeypatch.setattr(rotation, "_reseal_block", die_in_the_second_block)
    with pytest.raises(SystemExit):
        rotate_organization(cast.acme.id, block=2)
    assert stored_key_numbers(cast.acme) == [1, 1, 1, 2, 2]
    assert read_emails(cast.acme) == EMAILS

    monkeypatch.setattr(rotation, "_reseal_block", real)
    again = rotate_organization(cast.acme.id, block=2)
    assert (again.newest, again.resealed) == (2, 3)
    assert stored_key_numbers(cast.acme) == [2] * 5


def test_an_old_row_written_meanwhile_keeps_its_key_until_it_is_found(cast):
    seal_invitations(cast.acme, 1)
    with service_context(cast.acme.id), connection.cursor() as cursor:
        cursor.execute("SELECT id, email FROM accounts_invitation")
        row_id, sealed_before = cursor.fetchone()
    rotate_organization(cast.acme.id)
    with service_context(cast.acme.id), connection.cursor() as cursor:
        # What a transaction that began before the rotation would write.
        cursor.execute("UPDATE accounts_invitation SET email = %s WHERE id = %s", [sealed_before, row_id])

    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        done = rotate_organization(cast.acme.id)

    assert (done.resealed, done.retired) == (1, [1])
    assert read_emails(cast.acme) == ["person0@example.org"]


@pytest.fixture
def own_key_store(settings, tmp_path):
    """A key store of this test alone: the others' keys must not be wrapped anew under their hands."""
    settings.KEY_STORE, settings.MASTER_KEY_FILE = tmp_path / "store", tmp_path / "master"
    settings.MASTER_KEY_FILE.write_bytes(os.urandom(32))
    open_key_store.cache_clear()
    yield
    open_key_store.cache_clear()


def test_a_new_master_key_is_brought_in_without_a_gap(own_key_store, cast, settings, capsys):
    seal_invitations(cast.acme, 1)
    file = settings.MASTER_KEY_FILE
    old, new = file.read_bytes(), os.urandom(32)

    file.write_bytes(new + old)
    open_key_store.cache_clear()
    assert read_emails(cast.acme) == ["person0@example.org"]
    call_command("rotate_keys", rewrap=True)
    assert "2 key files are wrapped" in capsys.readouterr().out
    assert read_emails(cast.acme) == ["person0@example.org"]

    file.write_bytes(new)
    open_key_store.cache_clear()
    assert read_emails(cast.acme) == ["person0@example.org"]

    file.write_bytes(old)
    open_key_store.cache_clear()
    with pytest.raises(KeyDestroyed):
        read_emails(cast.acme)


def test_the_command_names_what_it_did_and_what_it_cannot_do(cast, capsys):
    call_command("rotate_keys", organization="acme")
    assert "acme: key 2 is in use, 0 rows were sealed anew." in capsys.readouterr().out
    with pytest.raises(CommandError, match="no organization nowhere"):
        call_command("rotate_keys", organization="nowhere")
    open_key_store().destroy(cast.globex.id)
    with pytest.raises(CommandError, match="was destroyed"):
        call_command("rotate_keys", organization="globex")


def test_a_retired_key_opens_nothing(cast):
    seal_invitations(cast.acme, 1)
    with service_context(cast.acme.id), connection.cursor() as cursor:
        cursor.execute("SELECT email FROM accounts_invitation")
        sealed = cursor.fetchone()[0]
        row = Invitation.objects.get()
        field = Invitation._meta.get_field("email")
        assert field.open(sealed, organization_id=cast.acme.id, row_id=row.pk) == "person0@example.org"
    rotate_organization(cast.acme.id)
    open_key_store().retire(cast.acme.id, 1)
    with pytest.raises(KeyDestroyed):
        field.open(sealed, organization_id=cast.acme.id, row_id=row.pk)
    with pytest.raises(DecryptionFailed):
        field.open(bytes([9, *bytes(sealed)[1:]]), organization_id=cast.acme.id, row_id=row.pk)
