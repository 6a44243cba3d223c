import pytest

from antiphon.config import CorpusSettings
from antiphon.corpus.instruments import is_instrument, is_wanted
from antiphon.corpus.roles import Role, part_of

EXCLUDED = CorpusSettings().exclude

MEDLEYDB_PERCUSSION = [
    "triangle",
    "sleigh bells",
    "cowbell",
    "cabasa",
    "high hat",
    "gong",
    "guiro",
    "gu",
    "cymbal",
    "chimes",
    "castanet",
    "claps",
    "rattle",
    "shaker",
    "maracas",
    "xylophone",
    "vibraphone",
    "marimba",
    "glockenspiel",
    "whistle",
    "timpani",
    "toms",
    "snare drum",
    "kick drum",
    "bass drum",
    "bongo",
    "conga",
    "tambourine",
    "darbuka",
    "doumbek",
    "tabla",
    "auxiliary percussion",
    "drum set",
    "drum machine",
    "fx/processed sound",
    "scratches",
]
"""The classes `percussion` of MedleyDB's taxonomy, and what is electronic in them."""

PITCHED = [
    "electric bass",
    "double bass",
    "bassoon",
    "viola",
    "violin section",
    "male singer",
    "tack piano",
    "acoustic guitar",
    "erhu",
    "bass clarinet",
    "baritone saxophone",
    "french horn section",
    "pipe organ",
    "melodica",
    "synthesizer",
    "harp",
    "other keys",
]


@pytest.mark.parametrize("name", MEDLEYDB_PERCUSSION)
def test_the_fields_percussion_and_effects_are_out(name):
    assert not is_wanted(name, (), EXCLUDED)


@pytest.mark.parametrize("name", PITCHED)
def test_what_has_a_melody_stays(name):
    assert is_wanted(name, (), EXCLUDED)


@pytest.mark.parametrize(
    ("wanted", "inside", "outside"),
    [
        ("viola", "violas", "violin"),
        ("bass", "electric bass", "bassoon"),
        ("clarinet", "bass clarinet", "clavinet"),
        ("vocals", "female singer", "violin"),
        ("wind", "french horn section", "harp"),
        ("bowed_strings", "cello section", "acoustic guitar"),
        ("lead vocal", "lead vocals", "backing vocals"),
        ("drums", "kick", "guitar"),
    ],
)
def test_a_name_means_itself_and_a_family_its_members(wanted, inside, outside):
    assert is_wanted(inside, (wanted,), ())
    assert not is_wanted(outside, (wanted,), ())
    assert not is_wanted(inside, (), (wanted,))
    assert is_wanted(outside, (), (wanted,))


def test_what_is_asked_for_is_in_whatever_is_out():
    assert is_wanted("drum kit", ("drums", "bass"), EXCLUDED)


@pytest.mark.parametrize("name", ["Mix", "00_master", "mixture", "Main System"])
def test_a_mix_is_known(name):
    assert part_of(name).role is Role.MIX
    assert part_of("remix bass").role is Role.TRACK


def test_an_instruments_name_is_nothing_else():
    assert all(map(is_instrument, ("bass", "lead vocals", "Other Keys", "Gtr", "electric guitar 2")))
    assert not any(map(is_instrument, ("string quartet", "piano concerto", "01", "")))
