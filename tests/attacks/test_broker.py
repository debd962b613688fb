"""Attack 29: what a forged message of the broker may carry."""

import base64
import pickle

import pytest
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads, prepare_accept_content

from phano.celery import app


class Payload:
    """What would run while it is unpacked."""

    def __reduce__(self):
        return exec, ("raise SystemExit('ran')",)


def test_29_a_pickled_message_is_refused_unopened():
    accepted = prepare_accept_content(app.conf.accept_content)
    forged = pickle.dumps(Payload())
    for content_type in ("application/x-python-serialize", "pickle"):
        with pytest.raises(ContentDisallowed):
            loads(forged, content_type, "binary", accept=accepted)
    with pytest.raises(ContentDisallowed):
        loads(base64.b64encode(forged), "application/x-yaml", "utf-8", accept=accepted)
    assert loads(b'{"night": 1}', "application/json", "utf-8", accept=accepted) == {"night": 1}
    assert (app.conf.task_serializer, app.conf.result_serializer) == ("json", "json")
