"""One program at a time writes an output: others are told in a sentence, and the dead own nothing."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from antiphon.errors import AntiphonError, SettingsError
from antiphon.files import claimed, owned, whole_directory

MARK = "config.json"
NAMES = (MARK, "weights")

HOLDER = """
import sys, time
from pathlib import Path
from antiphon.files import claimed, owned
target = Path(sys.argv[2])
holding = owned(target) if sys.argv[1] == "owned" else claimed(target, ("config.json",), overwrite=True, holding="one")
with holding:
    print("held", flush=True)
    time.sleep(60)
"""
"""Another program, which owns an output until it is stopped."""


def claim(target: Path, overwrite: bool = False):
    return claimed(target, NAMES, overwrite=overwrite, holding="an agent")


def write(target: Path, text: str = "{}") -> None:
    with whole_directory(target, NAMES) as inside:
        (inside / MARK).write_text(text, encoding="utf-8")


def everything(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*"))


@pytest.fixture(params=["claimed", "owned"])
def other(request, tmp_path):
    """Another process that writes `agent` already; and how to own the same."""
    target = tmp_path / "agent"
    process = subprocess.Popen([sys.executable, "-c", HOLDER, request.param, str(target)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process, target, (lambda: owned(target)) if request.param == "owned" else (lambda: claim(target))
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_refused_in_one_line(other):
    _, target, own = other
    with pytest.raises(AntiphonError) as refused, own():
        pass
    assert str(refused.value).startswith(f"{target} is being written by another program")
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 1


def test_what_a_killed_process_held_is_taken_over(other, tmp_path):
    process, _, own = other
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert everything(tmp_path), "a killed process cannot clean up"
    with own():
        pass
    assert [name for name in everything(tmp_path) if name != "agent"] == []


def test_a_second_thread_is_refused(tmp_path):
    said = []

    def second():
        try:
            with claim(tmp_path / "agent"):
                said.append("owned")
        except AntiphonError as error:
            said.append(str(error))

    with claim(tmp_path / "agent"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert len(said) == 1
    assert "another program" in said[0]


def test_of_many_threads_never_two_own_it(tmp_path):
    (tmp_path / "corpus").mkdir()
    inside, most, turns = [], [], []

    def often():
        for _ in range(20):
            try:
                with owned(tmp_path / "corpus"):
                    inside.append(1)
                    most.append(len(inside))
                    turns.append(1)
                    inside.pop()
            except AntiphonError:
                pass

    threads = [threading.Thread(target=often) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(turns) > 20
    assert everything(tmp_path) == ["corpus"]


def test_nothing_stays_behind_whether_it_went_well_or_not(tmp_path):
    with claim(tmp_path / "a" / "b" / "agent"):
        write(tmp_path / "a" / "b" / "agent")
    assert everything(tmp_path) == ["a", "a/b", "a/b/agent", f"a/b/agent/{MARK}"]
    with pytest.raises(ZeroDivisionError), claim(tmp_path / "c" / "d" / "agent"):
        1 / 0  # noqa: B018
    with pytest.raises(ZeroDivisionError), owned(tmp_path / "c" / "d"):
        1 / 0  # noqa: B018
    assert "c" not in everything(tmp_path)


def test_outputs_side_by_side_do_not_wait_for_each_other(tmp_path):
    long = "n" * 250
    with claim(tmp_path / "one"), claim(tmp_path / "two"), claim(tmp_path / f"{long}1"), claim(tmp_path / f"{long}2"):
        assert len(everything(tmp_path)) == 4


def test_one_folder_by_two_names_is_one_folder(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with claim(tmp_path / "real"), pytest.raises(AntiphonError, match="another program"), claim(tmp_path / "link"):
        pass


def test_a_child_that_outlives_its_parent_owns_nothing(tmp_path):
    """Processes that render pieces are forked; one of them left over from a killed build must not block the next."""
    code = HOLDER.replace('print("held"', 'import os\n    if os.fork() == 0: time.sleep(60)\n    print("held"')
    process = subprocess.Popen(
        [sys.executable, "-c", code, "owned", str(tmp_path / "corpus")], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout.readline() == b"held\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    try:
        with owned(tmp_path / "corpus"):
            pass
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()


def test_what_is_there_is_replaced_only_where_that_was_asked_for(tmp_path):
    write(tmp_path / "agent", "old")
    refused = pytest.raises(SettingsError, match="holds an agent; choose another name, or pass --overwrite")
    with refused, claim(tmp_path / "agent"):
        pass
    with claim(tmp_path / "agent", overwrite=True) as own:
        own.confirm()
        write(tmp_path / "agent", "new")
    assert (tmp_path / "agent" / MARK).read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_appeared_meanwhile_is_left_as_it_is(tmp_path, overwrite):
    with claim(tmp_path / "agent", overwrite) as own:
        write(tmp_path / "agent", "theirs")
        with pytest.raises(SettingsError, match="appeared while this ran"):
            own.confirm()
    assert (tmp_path / "agent" / MARK).read_text(encoding="utf-8") == "theirs"


def test_what_changed_meanwhile_is_not_what_may_be_replaced(tmp_path):
    write(tmp_path / "agent", "old")
    with claim(tmp_path / "agent", overwrite=True) as own:
        write(tmp_path / "agent", "new")
        with pytest.raises(SettingsError, match="changed while this ran"):
            own.confirm()


def test_what_was_taken_away_meanwhile_is_written(tmp_path):
    write(tmp_path / "agent", "old")
    with claim(tmp_path / "agent", overwrite=True) as own:
        (tmp_path / "agent" / MARK).unlink()
        own.confirm()


def test_files_that_somebody_put_there_meanwhile_are_not_thrown_away(tmp_path):
    def meanwhile():
        with whole_directory(tmp_path / "agent", NAMES) as inside:
            (inside / MARK).touch()
            (tmp_path / "agent").mkdir()
            (tmp_path / "agent" / "thesis.tex").touch()

    with pytest.raises(AntiphonError, match="files of its own"):
        meanwhile()
    assert everything(tmp_path) == ["agent", "agent/thesis.tex"]


def test_where_nothing_can_be_written_it_says_so(tmp_path):
    (tmp_path / "file").touch()
    for own in (claim(tmp_path / "file" / "agent"), owned(tmp_path / "file" / "corpus"), owned(Path("/proc/nowhere"))):
        with pytest.raises(AntiphonError, match="cannot write"), own:
            pass
