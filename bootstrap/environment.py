"""Makes `.venv` from the lock: `python bootstrap/environment.py run|dev`, on a bare Python 3.12 or newer.

A mark in `.venv`, written last, says which lock it was made from and where. With the right mark there is nothing to
do and no network is needed; with an older one the packages are brought up to the lock; without one the folder is half
made (a killed install, a moved checkout) and is made again.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
MARK = VENV / "phano-lock.json"
SETS = ("run", "dev")  # dev holds run, at the same versions


class EnvironmentFailed(Exception):
    """One sentence: why there is no environment, and what to type."""


def make_environment(name: str) -> None:
    """Make `.venv` hold the packages of requirements/<name>.txt; raises EnvironmentFailed."""
    if is_made(name):
        return
    with one_at_a_time():
        if is_made(name):  # by the one we waited for
            return
        began = time.monotonic()
        whole = read_mark() is not None
        if VENV.is_symlink() or VENV.exists():
            MARK.unlink(missing_ok=True)
            if not whole:
                say("`.venv` is half made: making it again.")
                remove_environment()
        uv = find_uv()
        lock = PROJECT / "requirements" / f"{name}.txt"
        count = len(re.findall(r"^[\w.\[\],-]+==", lock.read_text(), flags=re.MULTILINE))
        say(f"Installing {count} packages into .venv with {'uv' if uv else 'pip, which takes some minutes'}.")
        if uv:
            install_with_uv(uv, lock, new=not whole)
        else:
            install_with_pip(lock, count, new=not whole)
        MARK.write_text(json.dumps(describe_mark(name)))
        say(f"The environment is made ({time.monotonic() - began:.0f} s).")


def is_made(name: str) -> bool:
    """Whether `.venv` holds this set, or the larger one, from the present lock."""
    mark = read_mark()
    return mark is not None and any(mark == describe_mark(larger) for larger in SETS[SETS.index(name) :])


def describe_mark(name: str) -> dict[str, str]:
    """What the mark of a whole environment says. The path belongs to it: a moved one starts nothing."""
    digest = hashlib.sha256((PROJECT / "requirements" / f"{name}.txt").read_bytes()).hexdigest()
    return {"set": name, "lock": digest, "path": str(VENV)}


def read_mark() -> dict[str, str] | None:
    """The mark of an environment that was once whole, stands where it was made and whose Python is still there."""
    try:
        mark: dict[str, str] = json.loads(MARK.read_text())
    except (OSError, ValueError):
        return None
    return mark if mark.get("path") == str(VENV) and os.access(PYTHON, os.X_OK) else None


def remove_environment() -> None:
    if VENV.is_symlink():
        VENV.unlink()
    else:
        shutil.rmtree(VENV)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one make at a time work on `.venv`; the lock's own file serves, so that no other file is needed."""
    with open(PROJECT / "requirements" / "run.txt") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def find_uv() -> str | None:
    """A uv that runs: a version manager may leave a name on the PATH that does not."""
    uv = shutil.which("uv")
    if uv and subprocess.run([uv, "--version"], capture_output=True, check=False).returncode == 0:
        return uv
    return None


def install_with_uv(uv: str, lock: Path, *, new: bool) -> None:
    if new:
        run_or_fail([uv, "venv", "--quiet", "--python", find_base_python(), str(VENV)])
    run_or_fail([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(PYTHON), str(lock)])


def install_with_pip(lock: Path, count: int, *, new: bool) -> None:
    """Install with the pip that comes with Python, counting aloud: it is silent for minutes otherwise."""
    if new:
        make_venv()
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--requirement", str(lock)]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        seen, lines = 0, []
        for line in pip.stdout or ():
            lines.append(line)
            seen += line.startswith(("Collecting ", "Requirement already satisfied: "))
            if line.startswith("Collecting ") and seen % 10 == 0:
                say(f"{seen} of {count} packages")
    if pip.returncode != 0:
        raise EnvironmentFailed(f"pip could not install the packages:\n{''.join(lines[-12:])}")


def make_venv() -> None:
    """Make an empty environment; on Debian and Ubuntu the module for it is a package of its own."""
    command = [find_base_python(), "-m", "venv", str(VENV)]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        return
    package = f"python3.{sys.version_info.minor}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"Installing Debian's package {package}.")
        subprocess.run(["apt-get", "update"], capture_output=True, check=False)
        subprocess.run(["apt-get", "install", "--yes", package], capture_output=True, check=False)
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentFailed(f"This Python cannot make .venv: install uv, or the package {package}.\n{done.stdout}")


def find_base_python() -> str:
    """The interpreter itself where we run inside an environment, perhaps the very one that is about to be removed."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def run_or_fail(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode != 0:
        raise EnvironmentFailed(f"`{' '.join(command)}` failed; its last lines above say why.")


def say(line: str) -> None:
    print(f"· {line}", flush=True)


def main() -> None:
    if sys.version_info < (3, 12):
        sys.exit(f"Phano needs Python 3.12 or newer; this is {sys.version.split()[0]}.")
    if len(sys.argv) != 2 or sys.argv[1] not in SETS:
        sys.exit(__doc__)
    # The database server may run as another user than the one who installs it, and has to read its files.
    os.umask(0o022)
    try:
        make_environment(sys.argv[1])
    except EnvironmentFailed as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted; the next `make` makes .venv again.")


if __name__ == "__main__":
    main()
