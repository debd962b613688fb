"""The product as a new user starts it: `make run`'s own launcher, with a data folder and a port of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 240
STOP_SECONDS = 60
# The embedded default must answer here, whatever servers the test run itself uses.
FOREIGN = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "REDIS_URL")
OWN_PREFIXES = ("PHANO_", "DJANGO_")


class Site(NamedTuple):
    """A running Phano: where it answers, and its data folder with logs and mail."""

    address: str
    data: Path


def find_free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def sample_site() -> Iterator[Site]:
    """Yield a running Phano with the sample portfolio and its nights; gone after the block."""
    folder = Path(tempfile.mkdtemp(prefix="phano-site-"))
    folder.chmod(0o711)
    port = find_free_port()
    environment = {k: v for k, v in os.environ.items() if k not in FOREIGN and not k.startswith(OWN_PREFIXES)}
    environment |= {"PHANO_DATA": str(folder / "data"), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    log = folder / "launch.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "phano.launch", "run"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            address = f"http://localhost:{port}"
            _wait_for(address, process, log)
            yield Site(address, folder / "data")
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _wait_for(address: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/accounts/login/", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    raise RuntimeError(f"The site did not start:\n{log.read_text()[-3000:]}")
