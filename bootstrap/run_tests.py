"""`make test`: every test, with one process a core, and a plain word at the end about what was left out.

Arguments go on to pytest: `make test ARGS="tests/embedded -k secret"`.
"""

import os
import subprocess
import sys
from pathlib import Path

from chromium import find_chromium, install_chromium

PROJECT = Path(__file__).resolve().parent.parent
MOST_PROCESSES = 8  # each has a database of its own


def run_tests(arguments: list[str]) -> int:
    """Run pytest with the browser it needs; returns its exit code."""
    chromium = find_chromium()
    if not chromium:
        print("· No Chromium: trying to install one for the browser tests.", flush=True)
        install_chromium()
        chromium = find_chromium()
    command = [sys.executable, "-m", "pytest", *(arguments or ["tests"])]
    if (processes := min(count_cores(), MOST_PROCESSES)) > 1 and not names_processes(arguments):
        command += ["-n", str(processes)]
    code = subprocess.run(command, cwd=PROJECT, env={**os.environ, "PHANO_CHROMIUM": chromium}, check=False).returncode
    if not chromium:
        print(
            "LEFT OUT: the browser tests, as there is no Chromium and none could be installed. "
            "Install the package chromium, or name one with CHROME=/path make test."
        )
    return code


def count_cores() -> int:
    """The cores that this process may use, which in a container are fewer than the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def names_processes(arguments: list[str]) -> bool:
    return any(argument.startswith(("-n", "--numprocesses", "--pdb")) for argument in arguments)


if __name__ == "__main__":
    sys.exit(run_tests(sys.argv[1:]))
