"""Finds the Chromium of the browser tests, or installs one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
INSTALL_SECONDS = 600


def find_chromium() -> str:
    """The path of a Chromium or Chrome that runs, "" where there is none. CHROME names one that stands elsewhere."""
    return next((path for path in list_candidates() if is_runnable(path)), "")


def list_candidates() -> Iterator[str]:
    for variable in ("PHANO_CHROMIUM", "CHROME"):
        if path := os.environ.get(variable):
            yield path
    for name in NAMES:
        if path := shutil.which(name):
            yield path
    yield "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    browsers = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright"
    yield from map(str, Path(browsers).glob("chromium-*/chrome-linux*/chrome"))


def is_runnable(path: str) -> bool:
    """Whether it answers: Ubuntu's `chromium` may be a stub that only asks for a snap."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def install_chromium() -> None:
    """Try Debian's package where we may, then Playwright's own download; what fails is found out by looking again."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        run_for_a_while(["apt-get", "update"])
        run_for_a_while(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"])
    if not find_chromium():
        run_for_a_while([sys.executable, "-m", "playwright", "install", "chromium"])


def run_for_a_while(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=INSTALL_SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"· `{' '.join(command)}` took longer than {INSTALL_SECONDS} s.", flush=True)
