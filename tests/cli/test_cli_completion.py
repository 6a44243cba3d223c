"""`antiphon --install-completion`: a script that knows the verbs and their flags."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from cli_making import digests, refused

from antiphon.cli.app import app
from antiphon.cli.docstrings import read_once

COMPLETE = """
source "$1"
COMP_WORDS=({words}); COMP_CWORD={last}
$(complete -p antiphon | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A home without shells' files."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setattr(Path, "home", lambda: folder)
    return folder


def completed(script: Path, *words: str) -> set[str]:
    """What bash offers for the last of `words`."""
    quoted = " ".join(f'"{word}"' for word in words)
    code = COMPLETE.format(words=quoted, last=len(words) - 1)
    done = subprocess.run(
        ["bash", "--norc", "-c", code, "bash", str(script)], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@cache
def script_for(shell: str) -> str:
    """A completion; it takes a second to make."""
    read_once()
    return app.generate_completion(shell=shell)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_the_script_names_every_verb(shell):
    script = script_for(shell)
    verbs = {name for name in app if not name.startswith("-")}
    assert {"train", "respond", "settings", "corpus"} <= verbs
    assert {verb for verb in verbs if verb not in script} == set()


def test_it_is_installed_where_bash_looks(call, home):
    done = call("--install-completion", "--shell", "bash")
    assert (done.code, done.err) == (0, "")
    (script,) = (path for path in home.rglob("antiphon") if path.is_file())
    assert str(script) in done.out
    assert str(script) in (home / ".bashrc").read_text(encoding="utf-8")
    assert script.read_text(encoding="utf-8") == script_for("bash")


def test_with_an_output_nothing_else_is_touched(call, home, tmp_path):
    done = call("--install-completion", "--shell", "zsh", "--output", tmp_path / "script")
    assert done.code == 0
    assert (tmp_path / "script").read_text(encoding="utf-8") == script_for("zsh")
    assert digests(home) == {}


def test_a_shell_that_is_not_known_is_asked_for(call, home, monkeypatch):
    from cyclopts.completion import detect

    def unknown():
        raise detect.ShellDetectionError

    monkeypatch.setattr(detect, "detect_shell", unknown)
    refused(call("--install-completion"), 2, "--shell")
    refused(call("--install-completion", "--shell", "tcsh"), 2, "--shell")
    assert digests(home) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_bash_completes_verbs_and_flags(tmp_path):
    script = tmp_path / "antiphon.bash"
    script.write_text(script_for("bash"), encoding="utf-8")
    assert completed(script, "antiphon", "re") == {"respond", "reproduce"}
    assert completed(script, "antiphon", "corpus", "") >= {"scan", "check", "build"}
    assert completed(script, "antiphon", "respond", "--mem") == {"--memory"}
    assert completed(script, "antiphon", "respond", "--verb") == {"--verbose"}
