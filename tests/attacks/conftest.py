"""What the attacks on the way in share."""

import uuid

import pytest
from allauth.account.models import EmailAddress

from accounts.models import User
from tests.attacks.sign_in import PASSWORD


@pytest.fixture
def own_counts(settings):
    """Sessions and tries are kept in a cache of this test alone."""
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": uuid.uuid4().hex}
    }


@pytest.fixture
def alice(db):
    """Somebody with a password and a verified address."""
    user = User.objects.create_user("alice@acme.example", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def cast_of_alice(alice):
    """The address of an organization that Alice owns."""
    from accounts.organizations import found_organization

    return found_organization(name="Acme", slug="acme", owner=alice).slug
