"""Sealed fields: what opens them, what never does, and where the key is kept."""

import json
import stat
import threading
import uuid

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from django.utils import timezone

from accounts.context import service_context
from accounts.encryption import DecryptionFailed, KeyDestroyed, decrypt, encrypt, hash_for_lookup
from accounts.keystore import KeyStore, MasterKeyFile, open_key_store
from accounts.models import Invitation

PLACE = {"table": "portfolio_contact", "column": "email", "row_id": uuid.UUID(int=7)}


def invite(email):
    return Invitation.objects.create(
        email=email, email_hash=b"", token_hash=uuid.uuid4().bytes, role="csm", expires_at=timezone.now()
    )


def test_a_sealed_text_opens_in_its_place_and_nowhere_else(cast):
    sealed = encrypt("ingrid@halvorsen.example", organization_id=cast.acme.id, **PLACE)
    assert b"ingrid" not in sealed
    assert decrypt(sealed, organization_id=cast.acme.id, **PLACE) == "ingrid@halvorsen.example"
    elsewhere = [
        {"organization_id": cast.globex.id},
        {"table": "portfolio_ticket"},
        {"column": "name"},
        {"row_id": uuid.UUID(int=8)},
    ]
    for change in elsewhere:
        with pytest.raises(DecryptionFailed):
            decrypt(sealed, **{**PLACE, "organization_id": cast.acme.id, **change})


@pytest.mark.parametrize("position", [0, 3, 14, 20, -1], ids=["version", "nonce", "nonce end", "text", "tag"])
def test_a_changed_byte_is_noticed(cast, position):
    sealed = bytearray(encrypt("a text", organization_id=cast.acme.id, **PLACE))
    sealed[position] ^= 1
    with pytest.raises(DecryptionFailed):
        decrypt(bytes(sealed), organization_id=cast.acme.id, **PLACE)


def test_the_same_text_is_never_sealed_alike(cast):
    assert len({encrypt("same", organization_id=cast.acme.id, **PLACE) for _ in range(50)}) == 50


def test_a_field_reads_as_text_and_stands_sealed_in_the_table(acme_context):
    invitation = invite("dora@consulting.example")
    with connection.cursor() as cursor:
        cursor.execute("SELECT email FROM accounts_invitation")
        stored = bytes(cursor.fetchone()[0])
    assert b"dora" not in stored
    assert len(stored) == 1 + 2 + 12 + len("dora@consulting.example") + 16
    assert Invitation.objects.get().email == "dora@consulting.example"
    invitation.email = ""
    invitation.save()
    assert Invitation.objects.get().email == ""


def test_a_ciphertext_copied_to_another_row_does_not_open(acme_context):
    """Attack 40, for fields: the value moves, its row does not."""
    mine, other = invite("mine@a.example"), invite("other@a.example")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_invitation SET email = (SELECT email FROM accounts_invitation WHERE id = %s) "
            "WHERE id = %s",
            [other.pk, mine.pk],
        )
    with pytest.raises(DecryptionFailed):
        _ = Invitation.objects.get(pk=mine.pk).email
    assert Invitation.objects.get(pk=other.pk).email == "other@a.example"


@pytest.mark.parametrize(
    "use",
    [
        lambda: Invitation.objects.update(email="plain@a.example"),
        lambda: Invitation.objects.filter(email="plain@a.example").exists(),
    ],
    ids=["update", "filter"],
)
def test_a_plain_text_never_reaches_the_table(acme_context, use):
    invite("sealed@a.example")
    with pytest.raises(FieldError, match="is encrypted"):
        use()


def test_look_up_hashes_meet_inside_one_organization_only(cast):
    acme, globex = cast.acme.id, cast.globex.id
    assert hash_for_lookup(acme, "email", "Ingrid@X.example ") == hash_for_lookup(acme, "email", "ingrid@x.example")
    assert hash_for_lookup(acme, "email", "ingrid@x.example") != hash_for_lookup(globex, "email", "ingrid@x.example")
    assert hash_for_lookup(acme, "email", "ingrid") != hash_for_lookup(acme, "name", "ingrid")
    assert hash_for_lookup(acme, "email", "  ") == b""


def test_a_destroyed_key_opens_nothing_and_the_page_says_so(cast, client_for):
    with service_context(cast.acme.id):
        invite("lost@a.example")
    client = client_for(cast.alice)
    assert b"lost@a.example" in client.get("/o/acme/members/").content

    open_key_store().destroy(cast.acme.id)

    with service_context(cast.acme.id), pytest.raises(KeyDestroyed):
        _ = Invitation.objects.get().email
    answer = client.get("/o/acme/members/")
    assert answer.status_code == 410
    assert "sealed with a key that has been destroyed" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "private, no-store"
    # What was never sealed is still there.
    assert client.get("/o/acme/settings/").status_code == 200


@pytest.fixture
def store(tmp_path):
    (tmp_path / "master").write_bytes(bytes(32))
    return KeyStore(tmp_path / "store", MasterKeyFile(tmp_path / "master"))


def test_the_key_store_is_closed_to_others_and_holds_no_key_in_clear(store):
    owner = uuid.uuid4()
    store.create(owner)
    file = store.folder / f"{owner}.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    content = json.loads(file.read_text())
    assert {len(bytes.fromhex(wrapped)) for wrapped in [content["lookup"], *content["keys"].values()]} == {40}
    with pytest.raises(FileExistsError):
        store.create(owner)


def test_rotations_at_once_lose_no_key(store):
    owner = uuid.uuid4()
    store.create(owner)
    numbers = []
    threads = [threading.Thread(target=lambda: numbers.append(store.rotate(owner))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(2, 10))
    assert store.keys(owner).numbers == list(range(1, 10))


def test_an_open_process_sees_a_rotation_and_a_destruction_at_once(store):
    owner = uuid.uuid4()
    store.create(owner)
    other_process = KeyStore(store.folder, store.wrapper)
    for newest in range(1, 6):
        assert other_process.keys(owner).newest == newest
        store.rotate(owner)
    store.destroy(owner)
    with pytest.raises(KeyDestroyed):
        other_process.keys(owner)


def test_destroying_leaves_no_draft_behind(store):
    owner = uuid.uuid4()
    store.create(owner)
    # A process that died while it wrote.
    (store.folder / f"{owner}.draft").write_text((store.folder / f"{owner}.json").read_text())
    store.destroy(owner)
    assert [path.name for path in store.folder.iterdir()] == [".lock"]


def test_a_name_from_outside_stays_in_the_folder(store):
    with pytest.raises(ValueError, match="badly formed"):
        store.keys("../../etc/passwd")


@pytest.mark.parametrize("size", [0, 31, 33, 63])
def test_a_master_key_of_another_size_is_refused(tmp_path, size):
    (tmp_path / "master").write_bytes(bytes(size))
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKeyFile(tmp_path / "master")
