"""Secrets and keys of the embedded default: random, private, made once, never replaced in silence."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from phano import embedded
from phano.embedded.place import EmbeddedError, Place


def test_a_secret_is_random_private_and_stays(open_folder):
    place, other = Place(open_folder / "one"), Place(open_folder / "other")
    made = place.secret("django")
    assert re.fullmatch("[0-9a-f]{64}", made)
    assert place.secret("django") == made
    assert len({made, place.secret("context"), other.secret("django")}) == 3
    file = place.data / "secrets" / "django"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_many_makers_at_once_agree_on_one_secret(open_folder):
    place = Place(open_folder / "data")
    place.secret("first")
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: place.secret("contended"), range(64)))
    assert len(made) == 1
    assert sorted(file.name for file in (place.data / "secrets").iterdir()) == ["contended", "first"]


def test_urls_are_the_same_each_time_and_start_nothing(open_folder):
    place = Place(open_folder / "data")
    urls = embedded.urls(place)
    assert urls == embedded.urls(place)
    assert sorted(urls) == ["DATABASE_ADMIN_URL", "DATABASE_OWNER_URL", "DATABASE_URL", "REDIS_URL"]
    assert [entry.name for entry in place.data.iterdir()] == ["secrets"]


def test_the_master_key_is_made_once_and_private(open_folder):
    place = Place(open_folder / "data")
    file = embedded.master_key_file(place)
    made = file.read_bytes()
    assert len(made) == 32
    assert embedded.master_key_file(place).read_bytes() == made
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent, file.parent / "store")]
    assert modes == [0o600, 0o700, 0o700]


def test_a_lost_master_key_is_named_not_replaced(open_folder):
    place = Place(open_folder / "data")
    file = embedded.master_key_file(place)
    (file.parent / "store" / "organization.json").write_text("{}")
    file.unlink()
    with pytest.raises(EmbeddedError, match="is gone and the keys in"):
        embedded.master_key_file(place)
    assert not file.exists()
