import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from antiphon.checkpoint import save_json
from antiphon.errors import AntiphonError
from antiphon.files import OLD, _machine, sha256, sweep, temporary_directory, whole_directory, whole_file

MARK = "config.json"
NAMES = (MARK, "old", "new")


class Stopped(BaseException):
    """Stands for ctrl-C in the middle of writing."""


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def write_result(target: Path, **files: str) -> None:
    with whole_directory(target, NAMES) as inside:
        (inside / MARK).write_text("{}", encoding="utf-8")
        for name, text in files.items():
            (inside / name).write_text(text, encoding="utf-8")


def test_a_file_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "new" / "a.txt"
    with whole_file(target) as temporary:
        temporary.write_text("half", encoding="utf-8")
        assert not target.exists()
        assert temporary.suffix == target.suffix
    assert target.read_text(encoding="utf-8") == "half"
    assert names(target.parent) == ["a.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, Stopped])
def test_a_file_that_fails_leaves_the_old_one(tmp_path, error):
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")

    def fail():
        with whole_file(target) as temporary:
            temporary.write_text("new", encoding="utf-8")
            raise error

    with pytest.raises(error):
        fail()
    assert names(tmp_path) == ["a.txt"]
    assert target.read_text(encoding="utf-8") == "old"


def test_a_directory_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "agent"
    with whole_directory(target, NAMES) as inside:
        (inside / MARK).touch()
        assert not target.exists()
    assert names(tmp_path) == ["agent"]
    assert names(target) == [MARK]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, Stopped])
def test_a_directory_that_fails_leaves_the_old_one(tmp_path, error):
    target = tmp_path / "agent"
    write_result(target, old="old")

    def fail():
        with whole_directory(target, NAMES) as inside:
            (inside / "new").touch()
            raise error

    with pytest.raises(error):
        fail()
    assert names(tmp_path) == ["agent"]
    assert names(target) == [MARK, "old"]


def test_nothing_of_the_old_result_stays_behind(tmp_path):
    target = tmp_path / "agent"
    write_result(target, old="old")
    write_result(target, new="new")
    assert names(tmp_path) == ["agent"]
    assert names(target) == [MARK, "new"]


def test_an_empty_directory_is_nobodys(tmp_path):
    (tmp_path / "agent").mkdir()
    write_result(tmp_path / "agent")
    assert names(tmp_path / "agent") == [MARK]


def test_somebodys_directory_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(AntiphonError, match="files of its own"):
        write_result(tmp_path)
    assert names(tmp_path) == ["thesis.tex"]


def test_a_result_to_which_somebody_added_files_is_left_alone(tmp_path):
    write_result(tmp_path / "agent", old="old")
    (tmp_path / "agent" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(AntiphonError, match=r"notes\.txt"):
        write_result(tmp_path / "agent", new="new")
    assert names(tmp_path / "agent") == [MARK, "notes.txt", "old"]


def test_a_file_is_no_directory(tmp_path):
    (tmp_path / "agent").write_text("mine", encoding="utf-8")
    with pytest.raises(AntiphonError, match="is a file"):
        write_result(tmp_path / "agent")
    assert (tmp_path / "agent").read_text(encoding="utf-8") == "mine"


def test_a_directory_is_no_file(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(AntiphonError, match=r"cannot write .*a\.txt"), whole_file(tmp_path / "a.txt") as temporary:
        temporary.touch()
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("parent", ["a regular file", "/proc/nowhere"])
def test_where_nothing_can_be_written_it_says_so(tmp_path, parent):
    place = Path(parent) if parent.startswith("/") else tmp_path / parent
    if not parent.startswith("/"):
        place.touch()
    with pytest.raises(AntiphonError, match="cannot write"), whole_file(place / "a.txt"):
        pass
    with pytest.raises(AntiphonError, match="cannot write"):
        write_result(place / "agent")


def test_names_may_be_as_long_as_the_file_system_allows(tmp_path):
    with whole_file(tmp_path / ("ö" * 125 + ".txt")) as temporary:
        temporary.write_text("x", encoding="utf-8")
    for _ in range(2):
        write_result(tmp_path / ("d" * 255))
    assert len(names(tmp_path)) == 2


def test_others_may_read_what_was_written(tmp_path):
    write_result(tmp_path / "agent")
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.touch()
    assert (tmp_path / "agent").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


def test_sha256(tmp_path):
    # The digest of "abc" in FIPS 180-2, appendix B.1.
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "b").write_bytes(bytes(3_000_000))
    assert sha256(tmp_path / "b") == hashlib.sha256(bytes(3_000_000)).hexdigest()


def test_an_error_inside_a_directory_names_the_place_that_was_asked_for(tmp_path):
    """A file of it that cannot be written is known by where it was to lie, not by its temporary name."""

    def write():
        with whole_directory(tmp_path / "out", ("a.json",)) as inside:
            (inside / "sub").write_text("no folder")
            save_json(inside / "sub" / "a.json", {})

    with pytest.raises(AntiphonError, match="cannot write") as raised:
        write()
    assert str(tmp_path / "out" / "sub" / "a.json") in str(raised.value)
    assert "-antiphon" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


LEAVER = """
import os, signal, sys
from pathlib import Path
from antiphon.files import whole_directory, whole_file
how = whole_file(Path(sys.argv[1])) if sys.argv[2] == "file" else whole_directory(Path(sys.argv[1]), ["a"])
with how:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills of POSIX")
@pytest.mark.parametrize("kind", ["file", "directory"])
def test_a_program_that_lives_on_removes_what_others_left_meanwhile(tmp_path, kind):
    """Also where it has swept the folder before: a studio lives for days."""
    with whole_file(tmp_path / "mine.txt") as temporary:
        temporary.write_text("x")
    subprocess.run([sys.executable, "-c", LEAVER, str(tmp_path / "theirs"), kind], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    with whole_file(tmp_path / "mine.txt") as temporary:
        temporary.write_text("y")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


PLAYER = """
import os, signal
from antiphon.files import temporary_directory
with temporary_directory("live") as kept:
    (kept / "samples").write_bytes(bytes(1000))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills of POSIX")
def test_what_a_killed_program_kept_for_itself_goes_with_the_next_one(tmp_path, monkeypatch):
    """The memory of a live run may be a gigabyte, and lies where the system has its temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    subprocess.run([sys.executable, "-c", PLAYER], check=False, env={**os.environ, "TMPDIR": str(tmp_path)})
    (left,) = tmp_path.iterdir()
    assert (left / "samples").stat().st_size == 1000
    with temporary_directory("live") as kept:
        assert names(tmp_path) == [kept.name]
        assert kept.name.startswith(".live-antiphon")
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
@pytest.mark.parametrize("kind", ["", OLD])
def test_a_link_that_is_called_like_something_left_behind_leads_nowhere(tmp_path, kind):
    """Whoever may write to a folder could lay one there: what it leads to is neither moved nor removed."""
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "mine.txt").write_text("mine")
    place = tmp_path / "place"
    place.mkdir()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (place / f".x-antiphon{gone.pid}x{_machine()}{kind}-abcd_123").symlink_to(tmp_path / "house")
    sweep(place)
    assert names(place) == []
    assert (tmp_path / "house" / "mine.txt").read_text() == "mine"
