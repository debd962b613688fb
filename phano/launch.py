"""`make run`, `make stop` and `make fresh`: one Phano on this machine, from nothing to the first page.

    python -m phano.launch run|stop|fresh

The port is PORT (8000). What has to be done is done each time and skipped where it stands: servers, roles, migrations,
the sample portfolio; then web, worker and beat run under one supervisor until Ctrl-C or SIGTERM.
"""

import fcntl
import http.client
import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import IO

import psutil

from phano import embedded
from phano.embedded.place import PROJECT, find_place, make_folder, open_own
from phano.supervisor import Child, Supervisor, end_left_children, read_start
from phano.welcome import describe_running_site

HOST = "127.0.0.1"
WEB_SECONDS = 60
STOP_SECONDS = 40


class Refusal(Exception):
    """One sentence: why Phano does not start, and what to type."""


def run() -> int:
    """Bring Phano up and keep it up; returns the exit code, 0 where it was asked to end."""
    data = embedded.data_folder()
    port = read_port(os.environ.get("PORT", "8000"))
    supervisor = Supervisor(logs=data / "logs", record=data / "children.json", report=say, watch=Watch())
    supervisor.catch_signals()
    began = time.monotonic()
    try:
        with claim_site(data, port):
            end_left_children(supervisor.record)
            refuse_taken_port(port)
            started = embedded.ensure_running()
            if embedded.missing_servers():
                say(f"PostgreSQL and Valkey {'started' if started else 'answer'} ({time.monotonic() - began:.1f} s).")
            code = serve(supervisor, port)
    finally:
        supervisor.end()
        embedded.release()
    return 0 if supervisor.stopping else code


def serve(supervisor: Supervisor, port: int) -> int:
    """Prepare the database, start the three processes in order, show the address, and stay."""
    code = supervisor.run_once([sys.executable, "-m", "phano.prepare"])
    if code != 0 or supervisor.stopping:
        return code
    say("Starting web, worker and beat.")
    web, worker, beat = describe_children(port)
    # Web and worker side by side: each spends seconds on imports. Beat last: what it sends finds a worker.
    supervisor.start(web)
    supervisor.start(worker)
    if not supervisor.wait_for(web, lambda: is_answering(port), seconds=WEB_SECONDS):
        if not supervisor.stopping:
            say(f"The web server did not answer in {WEB_SECONDS} s; the end of its log:\n{supervisor.read_end(web)}")
        return 1
    supervisor.start(beat)
    print(describe_running_site(port), flush=True)
    supervisor.keep_running()
    say("Stopping.")
    return 0


def describe_children(port: int) -> tuple[Child, Child, Child]:
    """The commands of web, worker and beat; the worker's two processes match the two cores that we plan for."""
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--app", "phano.celery:app"]
    schedule = embedded.data_folder() / "beat"
    web = [*python, "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port), "--no-ws"]
    web += ["--workers", "1", "--blocking-threads", "4", "--respawn-failed-workers", "phano.wsgi:application"]
    worker = [*celery, "worker", "--loglevel", "INFO", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--loglevel", "INFO", "--schedule", str(schedule)]
    return Child("web", web), Child("worker", worker), Child("beat", beat)


class Watch:
    """Brings a dead embedded server back, and says so once."""

    def __init__(self) -> None:
        self.trouble = ""

    def __call__(self) -> None:
        try:
            if embedded.ensure_running():
                say("An embedded server had died and runs again.")
            self.trouble = ""
        except embedded.EmbeddedError as error:
            if str(error) != self.trouble:
                say(str(error))
            self.trouble = str(error)


def read_port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Refusal(f"PORT is “{text}”, which is no port: type `PORT=8001 make run`.")
    return int(text)


def refuse_taken_port(port: int) -> None:
    """Raise Refusal where another programme answers on the port, on either loopback address: a browser that asks for
    localhost would reach that one."""
    if not is_port_free(port):
        free = next((number for number in range(port + 1, 65536) if is_port_free(number)), 8001)
        raise Refusal(f"Port {port} is taken by {name_listener(port)}: type `PORT={free} make run`.")


def is_port_free(port: int) -> bool:
    try:
        with socket.socket() as probe:
            # As servers do it: a connection that lingers from the last run does not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
    except OSError:
        return False
    try:
        socket.create_connection(("::1", port), timeout=0.2).close()
    except OSError:
        return True
    return False


def name_listener(port: int) -> str:
    """The programme that listens on the port, as far as this user may see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass  # macOS shows other processes' sockets to root alone
    return "another programme"


def is_answering(port: int) -> bool:
    """Whether the web server gives any answer to a request for its first page."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def claim_site(data: Path, port: int) -> IO[str]:
    """Hold this data folder's site for us; raises Refusal with the address of the one that runs already."""
    make_folder(data)
    file = open_own(data / "site")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _pid, _started, address = read_site(data)
        raise Refusal(f"Phano already runs here on {address}: press Ctrl-C there, or type `make stop`.") from None
    file.truncate(0)
    file.write(f"{os.getpid()} {read_start(os.getpid())} http://localhost:{port}")
    file.flush()
    return file


def read_site(data: Path) -> tuple[int, float, str]:
    """Process, its start time and address of the site that runs or last ran here; (0, 0.0, "") where there is none."""
    try:
        pid, started, address = (data / "site").read_text().split(" ")
    except (OSError, ValueError):
        return 0, 0.0, ""
    return int(pid), float(started), address


def stop() -> int:
    """End the site of this data folder, its left-over processes and its embedded servers, whoever started them."""
    data = embedded.data_folder()
    if not data.exists():
        say("Nothing runs here.")
        return 0
    pid, started, _address = read_site(data)
    if pid and read_start(pid) == started:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while read_start(pid) == started and time.monotonic() < deadline:
            time.sleep(0.1)
    end_left_children(data / "children.json")
    embedded.stop()
    say("Phano is stopped; its data is kept.")
    return 0


def start_afresh() -> int:
    """Remove the data folder after asking; without a terminal FRESH=yes is the answer."""
    data = embedded.data_folder()
    if not data.exists():
        say("There is nothing to remove.")
        return 0
    if not (data / "secrets").is_dir():
        raise Refusal(f"{data} is not a data folder of Phano: nothing is removed.")
    if os.environ.get("FRESH") != "yes":
        if not sys.stdin.isatty():
            raise Refusal("`make fresh` removes every database and key of this checkout: type `FRESH=yes make fresh`.")
        if input(f"Remove every database and key in {data}? Type yes: ").strip() != "yes":
            say("Nothing is removed.")
            return 1
    stop()
    sockets = find_place().sockets
    if sockets.parent != data:
        shutil.rmtree(sockets.parent, ignore_errors=True)
    shutil.rmtree(data)
    say("Removed. `make run` starts anew.")
    return 0


def say(line: str) -> None:
    """One line of progress, at once also into a pipe."""
    print(f"· {line}", flush=True)


def main() -> None:
    os.chdir(PROJECT)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phano.settings")
    acts = {"run": run, "stop": stop, "fresh": start_afresh}
    if len(sys.argv) != 2 or sys.argv[1] not in acts:
        sys.exit(__doc__)
    try:
        sys.exit(acts[sys.argv[1]]())
    except (Refusal, embedded.EmbeddedError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
