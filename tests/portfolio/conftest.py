"""Fixtures of the facts: a desk in acme, one in globex, and one with a few accounts and products."""

import pytest

from tests.portfolio.desk import BASE, Desk
from tests.portfolio.worker import Worker


@pytest.fixture
def desk(cast, tmp_path) -> Desk:
    folder = tmp_path / "acme"
    folder.mkdir()
    return Desk(cast.acme, folder)


@pytest.fixture
def other_desk(cast, tmp_path) -> Desk:
    folder = tmp_path / "globex"
    folder.mkdir()
    return Desk(cast.globex, folder)


@pytest.fixture
def base(desk) -> Desk:
    """A desk whose organization has two products, two plans and two accounts, by import 1."""
    desk.drop(BASE)
    return desk


@pytest.fixture
def worker(monkeypatch, settings, tmp_path) -> Worker:
    """The queue's stand-in. A test's own transaction never commits: what waits for that is done at once."""
    settings.MEDIA_ROOT = tmp_path / "media"
    hands = Worker()
    monkeypatch.setattr("portfolio.queue.current_app", hands)
    monkeypatch.setattr("portfolio.queue.transaction.on_commit", lambda act, **options: act())
    return hands


@pytest.fixture
def alice(cast, client_for):
    """Alice's browser."""
    return client_for(cast.alice)
