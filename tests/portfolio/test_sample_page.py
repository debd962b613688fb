"""The sample portfolio on the pages: loaded like any import, mixed with nobody's own, removed in one click."""

import pytest

from accounts.context import service_context
from portfolio.models import Account, Act, Import
from tests.portfolio.desk import BASE
from tests.portfolio.page import only_import, send, text_of

LOAD, REMOVE = "/o/acme/sample/load/", "/o/acme/sample/remove/"


@pytest.fixture(autouse=True)
def _small_sample(monkeypatch):
    """Three files instead of twenty-three: what the sample holds is tested elsewhere."""

    def write(folder, today) -> None:
        for name, content in BASE.items():
            (folder / name).write_text(content)

    monkeypatch.setattr("portfolio.sample_portfolio.sample.write", write)
    monkeypatch.setattr("portfolio.sample_portfolio.tell_sample_loaded", lambda organization_id: None)


def accounts_of(cast) -> int:
    with service_context(cast.acme.pk):
        return Account.objects.count()


def test_an_empty_organization_is_offered_the_sample_loads_it_and_removes_it(cast, alice, worker):
    for url in ("/o/acme/today/", "/o/acme/import/"):
        assert f'action="{LOAD}"' in alice.get(url).content.decode()
    alice.post(LOAD)
    assert "The sample portfolio is being written" in text_of(alice)
    worker.work()
    text = text_of(alice)
    assert "Sample portfolio has landed: 6 rows stand in Phano." in text
    assert "Remove it before you import your own" in text
    assert "Drop CSV files" not in text
    assert accounts_of(cast) == 2
    with service_context(cast.acme.pk):
        account = Account.objects.first()
        Act.objects.create(source_id="act", account=account, kind="called", at="2026-11-01T10:00:00Z")
    alice.post(REMOVE)
    assert worker.work() == ["portfolio.remove_sample"]
    assert accounts_of(cast) == 0
    assert "Drop CSV files" in text_of(alice)


def test_the_sample_never_mixes_with_ones_own(cast, alice, worker):
    alice.post(LOAD)
    refused = send(alice, BASE)
    assert refused.status_code == 409
    assert "it never mixes with your own. Remove it first." in refused.content.decode()
    assert "on its way" in alice.post(LOAD, follow=True).content.decode()
    worker.work()
    alice.post(REMOVE)
    worker.work()
    send(alice, BASE)
    worker.work()
    assert "The organization has accounts" in alice.post(LOAD, follow=True).content.decode()
    assert worker.sent == []
    with service_context(cast.acme.pk):
        assert list(Import.objects.order_by("number").values_list("origin", "state")) == [
            ("sample", "undone"),
            ("page", "landed"),
        ]


def test_a_sample_that_cannot_be_written_fails_in_words(cast, alice, worker, monkeypatch):
    monkeypatch.setattr("portfolio.sample_portfolio.sample.write", lambda folder, today: 1 / 0)
    alice.post(LOAD)
    with pytest.raises(ZeroDivisionError):
        worker.work()
    assert only_import(cast).state == "failed"
    assert "Sample portfolio failed" in text_of(alice)
    assert "Drop CSV files" in text_of(alice)


def test_a_sample_that_no_worker_loaded_can_be_removed(cast, alice, worker):
    alice.post(LOAD)
    lost = worker.sent.pop()
    alice.post(REMOVE)
    worker.work()
    assert only_import(cast).state == "undone"
    # The message arrives after all: nothing is loaded.
    worker.sent.append(lost)
    with pytest.raises(ValueError, match="loaded already"):
        worker.work()
    assert accounts_of(cast) == 0
