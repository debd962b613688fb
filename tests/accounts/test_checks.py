"""`check --deploy`: each weakened setting is named; a sound one passes."""

import pytest
from django.core.management import CommandError, call_command

from accounts import checks


@pytest.fixture
def sound(settings, tmp_path):
    """Settings as they should be in production."""
    settings.DISK_ENCRYPTION = "LUKS2 aes-xts 512, A. Admin, 2026-11-01"
    settings.REDIS_URL = "rediss://cache.internal:6379/0"
    settings.PUBLIC_URL, settings.HTTPS, settings.EMBEDDED = "https://phano.example", True, False
    master = settings.MASTER_KEY_FILE = tmp_path / "master"
    master.write_bytes(bytes(32))
    master.chmod(0o600)
    store = settings.KEY_STORE = tmp_path / "store"
    store.mkdir(mode=0o700)
    return settings


def faults():
    """The ids of what the checks of this room find."""
    found = [
        fault
        for check in (
            checks.check_disk_encryption,
            checks.check_database_lines,
            checks.check_broker_line,
            checks.check_keys,
            checks.check_public_address,
        )
        for fault in check()
    ]
    return [fault.id for fault in found]


def test_sound_settings_pass(sound):
    assert faults() == []


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("DISK_ENCRYPTION", "", "accounts.E001"),
        ("REDIS_URL", "redis://cache.internal:6379/0", "accounts.E003"),
        ("HTTPS", False, "accounts.E006"),
        ("EMBEDDED", True, "accounts.E007"),
    ],
)
def test_a_weakened_setting_is_named(sound, name, value, fault):
    setattr(sound, name, value)
    assert faults() == [fault]


@pytest.mark.parametrize(
    ("host", "options", "found"),
    [
        ("db.internal", {}, ["accounts.E002"]),
        ("db.internal", {"sslmode": "require"}, ["accounts.E002"]),
        ("127.0.0.1", {"sslmode": "prefer"}, ["accounts.E002"]),
        ("db.internal", {"sslmode": "verify-full"}, []),
        ("/var/run/postgresql", {}, []),
        ("", {}, []),
    ],
)
def test_a_database_line_is_verified_or_a_socket(sound, monkeypatch, host, options, found):
    monkeypatch.setattr(checks.settings, "DATABASES", {"default": {"HOST": host, "OPTIONS": options}})
    assert faults() == found


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_master_key_that_others_read_is_named(sound, mode):
    sound.MASTER_KEY_FILE.chmod(mode)
    assert faults() == ["accounts.E004"]


def test_a_key_store_that_others_enter_is_named(sound):
    sound.KEY_STORE.chmod(0o750)
    assert faults() == ["accounts.E004"]


def test_a_missing_or_short_master_key_is_named(sound):
    sound.MASTER_KEY_FILE.write_bytes(b"short")
    assert faults() == ["accounts.E005"]
    sound.MASTER_KEY_FILE.unlink()
    assert faults() == ["accounts.E005"]


def test_the_command_refuses_what_a_check_found(sound, capsys):
    sound.DISK_ENCRYPTION = ""
    with pytest.raises(CommandError, match=r"accounts\.E001"):
        call_command("check", deploy=True, fail_level="ERROR")
