"""Whatever a path leads to, each verb that takes one reads it, or says in one line why not, and leaves nothing."""

import os
import signal

import numpy as np
import pytest
from cli_making import FAST, RATE, sound, tones

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here"),
    pytest.mark.filterwarnings("ignore::antiphon.errors.AntiphonWarning"),
]

MOST_SECONDS = 120
"""What takes longer waits for something that never comes."""


def level(folder, name, value):
    return sound(folder / name, np.full((4 * RATE, 1), value, dtype=np.float32), subtype="FLOAT")


@pytest.fixture(scope="module")
def odd(tmp_path_factory, world):
    """Things that a path may lead to, each under the name of a sound."""
    folder = tmp_path_factory.mktemp("odd")
    os.mkfifo(folder / "pipe.wav")
    for name, target in (("zero", "/dev/zero"), ("loop", "loop.wav"), ("nowhere", "nothing"), ("core", "/proc/kcore")):
        (folder / f"{name}.wav").symlink_to(target)
    (folder / "folder.wav").mkdir()
    whole = (world / "delay-000" / "a.wav").read_bytes()
    contents = {
        **{"empty": b"", "text": b"hello\n" * 50, "deep": b"[" * 200_000, "digits": b"9" * 5000},
        **{"zip": b"PK\x03\x04" + bytes(100), "cut": whole[:30], "riff": b"RIFF", "\x1b[31mname\x07": whole[:100]},
    }
    for name, content in contents.items():
        (folder / f"{name}.wav").write_bytes(content)
    for name, value in (("nan", np.nan), ("infinite", np.inf), ("huge", 1e30), ("silent", 0)):
        level(folder, f"{name}.wav", value)
    sound(folder / "sample.wav", np.full((1, 1), 0.5))
    sound(folder / "short.wav", tones(0.01))
    sound(folder / "channels.wav", np.repeat(tones(3), 40, 1))
    return folder


PLACES = {
    "guide": ("respond", "X", "-m", "B", "--agent", "AGENT", "--no-explain", "-o", "OUT"),
    "memory": ("respond", "A", "-m", "X", "--agent", "AGENT", "--no-explain", "-o", "OUT"),
    "agent": ("respond", "A", "-m", "B", "--agent", "X", "--no-explain", "-o", "OUT"),
    "pair": ("respond", "A", "-m", "B", "--agent", "AGENT", "--pair", "X", "B", "--no-explain", "-o", "OUT"),
    "names": ("respond", "A", "-m", "B", "--agent", "AGENT", "--names", "X", "--no-explain", "-o", "OUT"),
    "config": ("respond", "A", "-m", "B", "--agent", "AGENT", "--config", "X", "--no-explain", "-o", "OUT"),
    "from": ("respond", "--from", "X", "--no-explain", "-o", "OUT"),
    "scan": ("corpus", "scan", "X", "-o", "OUT"),
    "check": ("corpus", "check", "X"),
    "encode": ("corpus", "encode", "X", "-o", "OUT", "--workers", "1"),
    "build": ("corpus", "build", "lieder", "--source", "X", "-o", "OUT", "--processes", "1"),
    "soundfont": ("corpus", "build", "chorales", "-o", "OUT", "--pieces", "1", "--processes", "1", "--soundfont", "X"),
    "explain": ("explain", "X", "--render", "OUT"),
    "compared guide": ("compare", "AGENT", "AGENT", "-g", "X", "-m", "B", "--no-explain", "-o", "OUT"),
    "compared agent": ("compare", "AGENT", "X", "-g", "A", "-m", "B", "--no-explain", "-o", "OUT"),
    "sheet of a corpus": ("alphabet", "AGENT", "X", "-o", "OUT"),
    "sheet of an agent": ("alphabet", "X", "WORLD", "-o", "OUT"),
    "convert": ("convert", "X", "OUT"),
    "finetune": ("finetune", "AGENT", "--pair", "X", "B", "-o", "OUT"),
    "adapt": ("adapt", "AGENT", "--pair", "A", "X", "-o", "OUT"),
    "live guide": ("live", "--guide", "X", "-m", "B", "--agent", "AGENT", "-o", "OUT"),
    "live memory": ("live", "--guide", "A", "-m", "X", "--agent", "AGENT", "-o", "OUT"),
    "replay": ("live", "--replay", "X"),
    "evaluate": ("evaluate", "AGENT", "X", "--probe", "-o", "OUT"),
    "pack": ("agent", "pack", "X", "-o", "OUT"),
    "unpack": ("agent", "unpack", "X", "-o", "OUT"),
    "info": ("info", "X"),
    "analyse": ("listen", "X", "--analyse", "-o", "OUT"),
    "proof": ("proof", "X", "-m", "B", "--agent", "AGENT", "--passages", "1", "--seconds", "2", "-o", "OUT"),
    "partner": ("proof", "A", "-m", "B", "--agent", "AGENT", "--kind", "rating", "--partner", "X", "-o", "OUT"),
    "train": ("train", "X", "-o", "OUT", *FAST),
    "train on a pair": ("train", "--pair", "A", "X", "-o", "OUT", *FAST),
    "reproduce": ("reproduce", "X", "-o", "OUT", "--quick", "--no-figures"),
    "encoder": (
        *("train", "WORLD", "-o", "OUT", "--perception.encoder.name", "wav2vec2"),
        *("--perception.encoder.checkpoint", "X"),
    ),
    "tokenize": ("tokenize", "X", "--agent", "AGENT"),
    "coupling": ("coupling", "A", "X"),
    "coupled folder": ("coupling", "--folder", "X"),
    "standard": ("coupling", "A", "B", "--standard", "X"),
    "verifier": ("coupling", "train", "X", "-o", "OUT", "--steps", "1"),
    "settings": ("settings", "--config", "X"),
    "studio": ("studio", "X", "--no-browser"),
}
"""The words of a verb; X is the path that leads somewhere odd."""


@pytest.fixture
def words(world, agent):
    """What stands for the words in capitals."""
    return {"A": world / "delay-000" / "a.wav", "B": world / "delay-000" / "b.wav", "AGENT": agent, "WORLD": world}


@pytest.mark.parametrize("place", PLACES)
def test_whatever_a_path_leads_to_a_verb_reads_it_or_says_in_one_line_why_not(call, words, odd, tmp_path, place):

    def late(*_):
        raise AssertionError("it waits")

    before, read = signal.signal(signal.SIGALRM, late), []
    try:
        for number, path in enumerate(sorted(odd.iterdir())):
            home = tmp_path / str(number)
            home.mkdir()
            if place == "studio" and path.is_dir():
                # A folder is a project, which is served until somebody ends it.
                continue
            signal.alarm(MOST_SECONDS)
            found = call(*({**words, "X": path, "OUT": home / "out"}.get(word, word) for word in PLACES[place]))
            signal.alarm(0)
            if found.code == 0:
                read.append(path.name)
            else:
                assert found.code in (2, 4), (path.name, found)
                said = [line for line in found.err.splitlines() if line.startswith("antiphon: ")]
                assert len(said) == 1, (path.name, found.err)
                assert list(home.iterdir()) == [], path.name
            assert not {"\x1b", "\x07"} & set(found.out + found.err), path.name
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert not {"pipe.wav", "zero.wav", "loop.wav", "nowhere.wav", "core.wav", "deep.wav"} & set(read)
