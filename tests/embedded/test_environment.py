"""`.venv` is made from the lock once; a half-made, moved or outdated one is seen and mended."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bootstrap"))

import chromium
import environment


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose locks hold no package: making its environment is real and needs no network."""
    (tmp_path / "requirements").mkdir()
    for name in environment.SETS:
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"# the empty lock of {name}\n")
    venv = tmp_path / ".venv"
    monkeypatch.setattr(environment, "PROJECT", tmp_path)
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(environment, "MARK", venv / "phano-lock.json")
    return tmp_path


def test_an_environment_is_made_once(project, capsys):
    environment.make_environment("run")
    assert (project / ".venv" / "bin" / "python").exists()
    capsys.readouterr()
    environment.make_environment("run")
    assert capsys.readouterr().out == ""


def test_the_larger_set_serves_the_smaller_and_not_the_other_way(project):
    environment.make_environment("run")
    assert not environment.is_made("dev")
    environment.make_environment("dev")
    assert environment.is_made("run")


def test_a_half_made_environment_is_made_again(project, capsys):
    (project / ".venv" / "lib").mkdir(parents=True)
    (project / ".venv" / "lib" / "half").touch()
    environment.make_environment("run")
    assert "`.venv` is half made: making it again." in capsys.readouterr().out
    assert not (project / ".venv" / "lib" / "half").exists()
    assert environment.is_made("run")


def test_a_new_lock_keeps_the_environment_and_brings_it_up(project, capsys):
    environment.make_environment("run")
    (project / ".venv" / "kept").touch()
    (project / "requirements" / "run.txt").write_text("# another lock\n")
    assert not environment.is_made("run")
    environment.make_environment("run")
    assert environment.is_made("run")
    assert (project / ".venv" / "kept").exists()


@pytest.mark.parametrize("damage", ["moved", "python"])
def test_a_moved_checkout_or_a_vanished_python_is_half_made(project, damage):
    environment.make_environment("run")
    if damage == "moved":
        mark = project / ".venv" / "phano-lock.json"
        mark.write_text(mark.read_text().replace(str(project), "/elsewhere"))
    else:
        (project / ".venv" / "bin" / "python").unlink()
    (project / ".venv" / "old").touch()
    assert not environment.is_made("run")
    environment.make_environment("run")
    assert environment.is_made("run")
    assert not (project / ".venv" / "old").exists()


def test_pip_serves_where_there_is_no_uv(project, monkeypatch):
    monkeypatch.setattr(environment, "find_uv", lambda: None)
    environment.make_environment("run")
    assert environment.is_made("run")
    assert (project / ".venv" / "bin" / "pip").exists()


def test_an_install_that_fails_leaves_no_mark(project, capfd):
    (project / "requirements" / "run.txt").write_text("not-hashed==1.0\n")
    with pytest.raises(environment.EnvironmentFailed):
        environment.make_environment("run")
    assert not environment.is_made("run")


def test_a_browser_that_does_not_run_is_not_taken(tmp_path, monkeypatch):
    stub, browser = tmp_path / "stub", tmp_path / "browser"
    for path, code in ((stub, 1), (browser, 0)):
        path.write_text(f"#!/bin/sh\nexit {code}\n")
        path.chmod(0o755)
    monkeypatch.delenv("PHANO_CHROMIUM", raising=False)
    monkeypatch.setenv("CHROME", str(browser))
    assert chromium.find_chromium() == str(browser)
    monkeypatch.setenv("CHROME", str(stub))
    assert chromium.find_chromium() != str(stub)
