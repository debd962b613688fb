"""Renewing data keys: a new one at once, rows sealed anew block by block, the old one forgotten last.

Each block is a transaction of its own and finds its rows by the key number that they carry, so that a run that was
killed goes on where it stopped. A transaction that began before the rotation may still write with the old key: it is
kept for as long as such a transaction can live.
"""

import time
import uuid
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt, encrypt
from django.apps import apps
from django.db import connection, models, transaction

from accounts import audit
from accounts.context import LIFETIME_SECONDS, NOBODY, service_context
from accounts.encryption import data_keys
from accounts.fields import EncryptedTextField, Sealed, encrypted_fields
from accounts.keystore import MasterKeyFile, open_key_store

BLOCK = 500


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a run did: the key in use, rows sealed anew, keys forgotten, and how long older ones must still stay."""

    newest: int
    resealed: int
    retired: list[int]
    wait_seconds: int


def rotate_organization(organization_id: uuid.UUID, *, block: int = BLOCK) -> Rotation:
    """Renew an organization's data key, or go on with a renewal that is not finished; raises KeyDestroyed."""
    if len(data_keys(organization_id).numbers) == 1:
        number = open_key_store().rotate(organization_id)
        with service_context(organization_id):
            audit.record("keys.rotated", subject="organization", subject_id=organization_id, key=number)
    wait = _seconds_to_wait(organization_id)
    resealed = sum(_reseal_model(model, organization_id, block) for model in sealed_models())
    return _finish(organization_id, resealed, wait)


def rotate_installation() -> Rotation:
    """Renew the installation's own data key, which seals second factors."""
    open_key_store().ensure(NOBODY)
    if len(data_keys(NOBODY).numbers) == 1:
        open_key_store().rotate(NOBODY)
    wait, resealed = _seconds_to_wait(NOBODY), 0
    for pk in Authenticator.objects.values_list("pk", flat=True):
        with transaction.atomic():
            resealed += _reseal_second_factor(pk)
    return _finish(NOBODY, resealed, wait)


def rewrap_all(master_key: MasterKeyFile) -> int:
    """Wrap every key in the store with another master key; returns how many key files were written."""
    store = open_key_store()
    owners = store.owners()
    for owner in owners:
        store.rewrap(owner, master_key)
    return len(owners)


def sealed_models() -> list[type[models.Model]]:
    """Every model with an encrypted field, in whichever room."""
    return [model for model in apps.get_models() if encrypted_fields(model)]


def _seconds_to_wait(organization_id: uuid.UUID) -> int:
    """Asked before the rows are gone through: a look that begins too early may miss a row written during it."""
    return max(0, open_key_store().rotated_at(organization_id) + LIFETIME_SECONDS - int(time.time()))


def _finish(organization_id: uuid.UUID, resealed: int, wait: int) -> Rotation:
    keys = data_keys(organization_id)
    old = keys.numbers[:-1]
    if wait:
        return Rotation(keys.newest, resealed, [], wait)
    for number in old:
        open_key_store().retire(organization_id, number)
    return Rotation(keys.newest, resealed, old, 0)


def _reseal_model(model: type[models.Model], organization_id: uuid.UUID, block: int) -> int:
    """Seal anew every row of the organization that carries an older key number; returns how many."""
    total = 0
    while True:
        with service_context(organization_id):
            done = _reseal_block(model, organization_id, block)
        total += done
        if done < block:
            return total


def _reseal_block(model: type[models.Model], organization_id: uuid.UUID, block: int) -> int:
    fields = encrypted_fields(model)
    newest = data_keys(organization_id).newest.to_bytes(2, "big")
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), [quote(str(field.column)) for field in fields]
    older = " OR ".join(
        f"(octet_length({column}) > 0 AND substring({column} FROM 2 FOR 2) <> %s)" for column in columns
    )
    # Names are the model's own, quoted; values are parameters. Locked, so that no save between is overwritten.
    find = (
        f"SELECT id, {', '.join(columns)} FROM {table} WHERE organization_id = %s AND ({older}) "  # noqa: S608  # see above
        "ORDER BY id LIMIT %s FOR UPDATE"
    )
    assignments = ", ".join(f"{column} = %s" for column in columns)
    write = f"UPDATE {table} SET {assignments} WHERE organization_id = %s AND id = %s"  # noqa: S608  # as above
    with connection.cursor() as cursor:
        cursor.execute(find, [organization_id, *[newest] * len(columns), block])
        rows = cursor.fetchall()
        for row_id, *sealed in rows:
            anew = [_reseal(field, value, organization_id, row_id) for field, value in zip(fields, sealed, strict=True)]
            cursor.execute(write, [*anew, organization_id, row_id])
    return len(rows)


def _reseal(
    field: EncryptedTextField, value: bytes | None, organization_id: uuid.UUID, row_id: uuid.UUID
) -> bytes | None:
    if value is None:
        return None
    text = field.open(Sealed(value), organization_id=organization_id, row_id=row_id)
    return bytes(field.seal(text, organization_id=organization_id, row_id=row_id))


def _reseal_second_factor(pk: int) -> int:
    authenticator = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if authenticator is None:
        return 0
    secrets = {name: authenticator.data[name] for name in ("secret", "seed") if name in authenticator.data}
    for name, sealed in secrets.items():
        authenticator.data[name] = encrypt(decrypt(sealed))
    authenticator.save(update_fields=["data"])
    return 1 if secrets else 0
