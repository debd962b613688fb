"""The database, the fixed cast and the open contexts that all tests share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation
from hypothesis import settings

from tests.databases import test_database, truncate_after_transaction_tests

# A test says what is right; how fast is for `make bench`. A busy machine would fail an example that is right.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker, tmp_path_factory, worker_id) -> Iterator[None]:
    """Each process works in a clone of the migrated template, as the app role."""
    base = tmp_path_factory.getbasetemp()
    folder = base if worker_id == "master" else base.parent
    truncate_after_transaction_tests()
    with django_db_blocker.unblock(), test_database(worker_id, Path(folder, "databases.lock")):
        yield


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Each test begins in English: a request in French leaves its language to whatever runs after it."""
    with translation.override("en"):
        yield


@dataclass
class Cast:
    """Alice owns acme, Bob is its CSM; Charlie owns globex; Dora is a CSM in both; Eve is nobody's member."""

    alice: object
    bob: object
    charlie: object
    dora: object
    eve: object
    acme: object
    globex: object


def make_cast() -> Cast:
    """The cast, made by the product's own acts."""
    from accounts.context import organization_context
    from accounts.models import Membership, Role, User
    from accounts.organizations import found_organization

    people = {
        name: User.objects.create_user(
            f"{name}@{company}.example", "correct horse battery", full_name=f"{name.title()}"
        )
        for name, company in (
            ("alice", "acme"),
            ("bob", "acme"),
            ("charlie", "globex"),
            ("dora", "consulting"),
            ("eve", "elsewhere"),
        )
    }
    acme = found_organization(name="Acme", slug="acme", owner=people["alice"])
    globex = found_organization(name="Globex", slug="globex", owner=people["charlie"])
    joins = ((acme, people["alice"], "bob"), (acme, people["alice"], "dora"), (globex, people["charlie"], "dora"))
    for organization, owner, name in joins:
        with organization_context(organization_id=organization.id, user_id=owner.id):
            Membership.objects.create(user=people[name], role=Role.CSM)
    return Cast(**people, acme=acme, globex=globex)


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


@pytest.fixture
def acme_context(cast) -> Iterator[object]:
    """Alice's open context in acme."""
    from accounts.context import organization_context

    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id) as context:
        yield context


@pytest.fixture
def globex_context(cast) -> Iterator[object]:
    """Charlie's open context in globex."""
    from accounts.context import organization_context

    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id) as context:
        yield context


@pytest.fixture
def client_for() -> Callable[[object], Client]:
    """A browser-like client signed in as the given user."""

    def sign_in(user: object) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
