"""The emulator's control API, for what no official client can do."""

import http.client
import json

from clients import EMULATOR


def advance_clock(seconds):
    """Moves the emulator's clock, backwards when negative."""
    _call("POST", "clock", {"advance_seconds": seconds})


def requests():
    """Every call the emulator was sent."""
    return _call("GET", "requests")


def last_request():
    """The latest call the emulator was sent."""
    return requests()[-1]


def _call(method, path, body=None):
    connection = http.client.HTTPConnection(EMULATOR, timeout=10)
    try:
        connection.request(method, "/_emulator/" + path, body=json.dumps(body) if body else None)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text)
    finally:
        connection.close()
