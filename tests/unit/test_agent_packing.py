"""An agent as one file: the same bytes, everything in it checked, and one way in for files, folders and addresses."""

import os
import shutil
import stat
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

import antiphon
from antiphon.agent import Agent
from antiphon.agent.directory import AGENT_FILES
from antiphon.agent.opening import address_of, copied, opened
from antiphon.agent.packing import EARLIEST, INDEX, pack
from antiphon.errors import AntiphonError, AntiphonWarning, BadData, SettingsError

BASE = Path(antiphon.__file__).parent / "base_agent"


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "base.antiphon"
    pack(BASE, path)
    return path


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name in AGENT_FILES}


def rewritten(packed: Path, path: Path, change) -> Path:
    """The pack with `change(name, data)` in place of each file; None leaves it out."""
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            data = change(entry.filename, source.read(entry))
            if data is not None:
                target.writestr(zipfile.ZipInfo(entry.filename, EARLIEST), data)
    return path


def test_a_packed_agent_comes_back_byte_for_byte_with_its_card(packed, tmp_path):
    copied(packed, tmp_path / "agent")
    assert held(tmp_path / "agent") == held(BASE)
    assert "## Licence" in (tmp_path / "agent" / "README.md").read_text(encoding="utf-8")


def test_the_same_agent_is_packed_to_the_same_bytes_wherever_it_came_from(packed, tmp_path):
    copied(packed, tmp_path / "agent")
    for path in (tmp_path / "agent").iterdir():
        path.touch()
    pack(tmp_path / "agent", tmp_path / "again.antiphon")
    assert (tmp_path / "again.antiphon").read_bytes() == packed.read_bytes()


def test_a_packed_file_and_an_address_are_agents_like_the_folder(packed):
    from_folder = Agent.load(BASE)
    for source in (packed, f"file://{packed}", f"file://{BASE}"):
        found = Agent.load(source)
        assert found.alphabet.id == from_folder.alphabet.id
        weights, wanted = (each.network.state_dict() for each in (found, from_folder))
        assert all(np.array_equal(weights[name], wanted[name]) for name in wanted)


def test_a_folder_in_memory_of_fsspec_is_an_agent(packed):
    import fsspec

    system = fsspec.filesystem("memory")
    for name, data in held(BASE).items():
        system.pipe(f"/shared/{name}", data)
    system.pipe("/shared.antiphon", packed.read_bytes())
    for address in ("memory://shared", "memory://shared.antiphon"):
        with opened(Path(address)) as directory:
            assert held(directory) == held(BASE)
        assert not directory.exists()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("hf://owner/name", "hf://owner/name"),
        ("https://host:8000/a.antiphon?x=1", "https://host:8000/a.antiphon?x=1"),
        ("file:///a/b", "file:///a/b"),
        ("a/b", None),
        ("C:/agents/a", None),
        ("zip://a::https://host/b", None),
    ],
)
def test_a_path_keeps_its_address(address, found):
    assert address_of(Path(address)) == found


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        ("nowhere://a/b.antiphon", SettingsError, "nowhere"),
        ("memory://absent.antiphon", BadData, "memory://absent.antiphon"),
        ("memory://absent", BadData, "not an agent"),
        ("absent.antiphon", BadData, "absent.antiphon"),
    ],
)
def test_what_cannot_be_reached_is_named(source, error, said):
    with pytest.raises(error, match=said):
        Agent.load(source)


def bad_packs(packed: Path, folder: Path) -> dict[str, Path]:
    def flipped(name, data):
        return bytes([*data[:-1], data[-1] ^ 1]) if name == "decision.safetensors" else data

    (folder / "cut").write_bytes(packed.read_bytes()[:-100])
    (folder / "text").write_text("no zip at all")
    for name, extra in (("more", "code.py"), ("outside", "../config.json"), ("twice", "config.json")):
        shutil.copy(packed, folder / name)
        with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(folder / name, "a") as archive:
            archive.writestr(extra, b"{}")
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(folder / "deflated", "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(folder / "link", "w") as target:
        for entry in source.infolist():
            if entry.filename == "README.md":
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            target.writestr(entry, source.read(entry))
    rewritten(packed, folder / "flipped", flipped)
    rewritten(packed, folder / "less", lambda name, data: None if name == "README.md" else data)
    rewritten(packed, folder / "no index", lambda name, data: None if name == INDEX else data)
    rewritten(packed, folder / "other", lambda name, data: b'{"version": 7}' if name == INDEX else data)
    return {path.name: path for path in folder.iterdir()}


def test_a_pack_that_is_not_what_it_says_is_refused_and_leaves_nothing(packed, tmp_path):
    (tmp_path / "bad").mkdir()
    found = bad_packs(packed, tmp_path / "bad")
    assert len(found) == 11
    for name, path in found.items():
        with pytest.raises(BadData, match=r"damaged|not a packed agent") as refusal:
            copied(path, tmp_path / "out")
        assert str(path) in str(refusal.value), name
        assert "\n" not in str(refusal.value)
        assert not (tmp_path / "out").exists(), name


def test_an_agent_is_not_written_over_and_what_is_no_part_of_it_is_named(tmp_path):
    shutil.copytree(BASE, tmp_path / "agent")
    (tmp_path / "agent" / "notes.txt").write_text("mine")
    with pytest.warns(AntiphonWarning, match=r"notes\.txt"):
        pack(tmp_path / "agent", tmp_path / "a.antiphon")
    with pytest.raises(SettingsError, match="--overwrite"):
        pack(BASE, tmp_path / "a.antiphon")
    copied(tmp_path / "a.antiphon", tmp_path / "back")
    with pytest.raises(SettingsError, match="--overwrite"):
        copied(tmp_path / "a.antiphon", tmp_path / "back")


def test_a_link_among_the_files_is_not_packed(tmp_path):
    shutil.copytree(BASE, tmp_path / "agent")
    (tmp_path / "agent" / "README.md").unlink()
    (tmp_path / "agent" / "README.md").symlink_to("/etc/passwd")
    with pytest.raises(BadData, match="a link"):
        pack(tmp_path / "agent", tmp_path / "a.antiphon")


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("way", [pack, copied])
def test_a_disk_without_room_names_what_was_to_be_written(tmp_path, way):
    """And not the agent, which can be read."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(AntiphonError, match=r"cannot write .*out") as raised:
            way(BASE, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert raised.value.exit_code == 1
    assert not (tmp_path / "out").exists()
