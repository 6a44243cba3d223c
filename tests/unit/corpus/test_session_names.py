"""What a track's name says, over names as studios, workstations and public multitracks write them."""

import pytest

from antiphon.config import CorpusSettings
from antiphon.corpus.instruments import family_of, is_wanted, means
from antiphon.corpus.roles import Role, no_tracks, part_of
from antiphon.corpus.stereo_names import stereo_pairs
from antiphon.corpus.words import words

FAMILIES = {
    "drums": (
        "BD|BD In|02_Kick In|Kick Out_bip|KickIn|kickin|KIK|KD Sub|Kick Trig|Kick Click|OFF KICK|SN|SN Top|"
        "SD bot|SNR|"
        "SnareUp|snare sample|Side stick|Rim|HH|HiHat|High Hat|HATS|ALT HH|HAT FILL|OH|OHs|Ovh|Overheads|"
        "overheadl|RM|"
        "Room Mono|Drum Room|DrumsRoom|Tom|TOMS|Rack Tom|FT|RT|Floor Tom|Ride|Cym|CRASH FADE|China|Drm Loop|Loop1|"
        "BREAK BEAT|HOUSE BEAT|TRAP BEAT|KICK HATS|02 DRUMSET|Dr Kit|OHL|13 Crotch|14 Close RM Hat|"
        "Nashville_Kick_Out.dup1_01|08-Kick-Title|Cymbal Swell"
    ),
    "percussion": "Perc 1|Percusion2|Aux Perc|Shkr|Tamb|Claps|Snaps|Cajon|Vibes|Glock|MALLET|Steel Drum|Cowbell",
    "bass": "Bs|BASS|Bass DI|bassdi|BassAmp|Bass Gtr|SY BASS|SynthBass|Bass Synth|Sub Bass|Upright Bass|Slap Bass",
    "guitar": (
        "GTR|GTR 2|EGTR|AGTR|Ac Gtr|AcGtr2|E. Gtr Crunch|ElecGtr1DT|03_ElecGtr2a|Gtr DI|Gtr Harmony|Guitar Room|"
        "Nylon|"
        "Tom Gtr|Rhythm Gtr Lt|Acoustic DI|Pedal Steel|Lead Gtr|GTR-Solo.dup1|ACO RHY_02|AMB Slide_02|"
        "Acoustic Room|LapSteel1|16.Lead Guitar Amplitube Left_01|13.AG 1_01"
    ),
    "keys": (
        "Pno|Pno_bip|Piano Left Hand|Grand Piano Hi|Kbd|Keys|Rhodes|EP|Wurli|Clav|Org|Hammond Hi|Organ Leslie|"
        "Syn|Sy 2|"
        "Pad|MELODY PAD|ECHO PAD|String Pad|Choir Pad|Bell Pad|Arp|ARP DIST|PLUCK|Lead|Synth Lead|Moog|FILL PIANO"
    ),
    "vocals": (
        "Vox|VOX LEAD|LV|LdVox|LeadVox|leadvox|Lead Vox Dbl|BV|BVs|BV 1|BGV3|BGVs|BGVOX 2|BGVOX MAIN|BackingVox3|"
        "Vocal Chop|Vox Room|Chorus Vox|Gang Vox|Choir|Harmony 1|Ad Lib|Tenor 2|Whispers|Main Vox|BU VOC1_02|"
        "14.KD.BV Dbl_01|12_Vox_Backing|OperaVox1"
    ),
    "bowed strings": "Strings|Str Hi|Vln 1|Violins II|Vla|Vc|Vc Solo|Celli|Contrabass|Fiddle",
    "wind": "Brass|Tpt|Tpt 2|Tbn|Fr Horn|Hn|Sax|Tenor Sax|AltoSax|Bari Sax|Flute|Picc|Ob 1|Clarinet|Bass Clarinet|Bsn",
    "effects": "FX|Vox FX|SFX 2|Risers|SWEEP|Impact|ORGAN SWEEP EFFECT|MICROCOSM_EFFECT|Crowd L|Audience|EDM BUILD",
    "banjo": "Banjo",
    "mandolin": "Mando 2",
    "ukulele": "Uke",
    "harp": "Harp",
    "": "Audio 1|Take 3|Verse|BEEP|Kontakt|Ann|guide|target|a|03|All Along|Playback L|17-Solo 1",
}

ROLES = {
    Role.MIX: (
        "MASTER|00_master|Mix|Mixture|Mixdown|Rough Mix|ROUGHMIX|2-Bus|2 Bus|2Mix|Stereo Out|Output 1-2|"
        "Main Out|Print|"
        "Bounce 3|PreMaster|Main System|Lead Me Home Master|Guitar Town Rough Mix|Main L|21.Valerie Mix_01|"
        "Trooper-mix1|10_RR Master_01"
    ),
    Role.BUS: (
        "Drm Bus|DrumBus|Drum Mix|Gtr Mix|BGV All|All Drums|Kick Sum|Drums Parallel|Music Bus|Bus 3-4|"
        "Vox Submix|Lead VOX Double_SUM|Piano_SUM|"
        "Instrumental|My Song - Instrumental|Acapella"
    ),
    Role.REFERENCE: "Ref|Reference|Demo Vox|Scratch Vox|Scratch Gtr",
    Role.CLICK: "Click|Click Track|Metronome|Count In|SMPTE|Talkback",
    Role.RETURN: (
        "Verb|Vox Verb|Snare Verb|Reverb|Delay|Gtr Dly|FX Return|FX Rtn 1|Vox Echo|BGVOX ECHO|Plate|Hall|Slapback|"
        "Delay Throw|Aux 2|24.Vocal.Eko.Plate_01"
    ),
}

TABLE = [(name, family) for family, names in FAMILIES.items() for name in names.split("|")]
KINDS = [(name, role) for role, names in ROLES.items() for name in names.split("|")]


def test_the_tables_are_as_long_as_they_claim():
    assert len(TABLE) + len(KINDS) >= 240


@pytest.mark.parametrize(("name", "family"), TABLE)
def test_a_track_is_one_and_of_its_family(name, family):
    assert family_of(name) == family
    assert part_of(name).role is Role.TRACK
    assert is_wanted(name, (), CorpusSettings().exclude) == (family not in ("drums", "percussion", "effects"))


@pytest.mark.parametrize(("name", "role"), KINDS)
def test_what_is_no_track_is_known_by_its_name(name, role):
    assert part_of(name).role is role


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("02_LeadVox", ["lead", "vox"]),
        ("BVs-dry.L", ["bvs", "dry", "l"]),
        ("BGVox2", ["bg", "vox"]),
        ("DRUMSET", ["drumset"]),
        ("Flûte à bec", ["flûte", "à", "bec"]),
        ("808", []),
    ],
)
def test_words_are_told_apart_by_humps_and_signs(name, said):
    assert words(name) == said


@pytest.mark.parametrize(
    ("wanted", "inside", "outside"),
    [
        ("guitar", "EGTR 2", "Banjo"),
        ("backing vocals", "BGV 1", "Lead Vox"),
        ("lead vocal", "LV", "BV"),
        ("violin", "Vln II", "Vla"),
        ("bass", "Bs DI", "Bass Drum"),
        ("drums", "OH L", "Tom Gtr"),
        ("percussion", "Congas", "Kick"),
    ],
)
def test_a_setting_in_full_words_means_what_the_studio_abbreviates(wanted, inside, outside):
    assert means(wanted, inside)
    assert not means(wanted, outside)


def test_a_bus_goes_only_where_its_tracks_are():
    assert no_tracks(["Drm Bus", "Kick", "Bass"], "Song") == {"Drm Bus": "a bus"}
    assert no_tracks(["Drm Bus", "Bass Bus", "Vox Bus"], "Song") == {}
    assert no_tracks(["Instrumental", "Lead Vox"], "Song") == {}
    assert no_tracks(["Instrumental", "Acapella"], "Song") == {}
    assert set(no_tracks(["Instrumental", "Acapella", "Lead Vox", "Bass"], "Song")) == {"Instrumental", "Acapella"}


def test_a_print_goes_where_what_was_printed_is():
    assert no_tracks(["Vox Print", "Vox", "Bass"], "Song") == {"Vox Print": "a print of Vox"}
    assert no_tracks(["Syn Print", "Vox", "Bass"], "Song") == {}
    assert no_tracks(["Gtr 1 wet", "Gtr 1 dry", "Gtr 2"], "Song") == {"Gtr 1 wet": "a print of Gtr 1 dry"}


def test_the_file_that_is_called_as_its_song_is_the_mix():
    tracks = ["Lithium_Bass", "Lithium_Keys", "Lithium_Vox"]
    assert no_tracks([*tracks, "Lithium 124bpm v2"], "album/Lithium") == {"Lithium 124bpm v2": "a mix"}
    assert no_tracks([*tracks, "Lithium strings"], "album/Lithium") == {}
    assert no_tracks(["take 1", "take 2", "take 3", "take 4"], "take") == {}
    assert no_tracks(["a", "b", "c", "d"], "a") == {}


def test_what_include_names_stays():
    assert no_tracks(["Drm Bus", "Kick", "Bass"], "Song", ["Drm Bus"]) == {}
    assert no_tracks(["Drm Bus", "Kick", "Bass"], "Song", ["drums"]) == {"Drm Bus": "a bus"}


@pytest.mark.parametrize(
    ("names", "base"),
    [
        (("GTR L", "GTR R"), "GTR"),
        (("Room_L", "Room_R"), "Room"),
        (("OH-L", "OH-R"), "OH"),
        (("Piano.L", "Piano.R"), "Piano"),
        (("OHL", "OHR"), "OH"),
        (("OverheadsL", "OverheadsR"), "Overheads"),
        (("rooml", "roomr"), "room"),
        (("Gtr Left", "Gtr Right"), "Gtr"),
        (("Rhythm Gtr Lt", "Rhythm Gtr Rt"), "Rhythm Gtr"),
        (("05_OH L", "06_OH R"), "05_OH"),
        (("Gtr_L_01", "Gtr_R_01"), "Gtr_01"),
        (("GtrL1", "GtrR1"), "Gtr1"),
        (("GTR-L.dup1", "GTR-R.dup1"), "GTR.dup1"),
        (("OH L_bip", "OH R_bip"), "OH_bip"),
        (("L Gtr", "R Gtr"), "Gtr"),
        (("Gtr (L)", "Gtr (R)"), "Gtr"),
        (("EGTR L DI", "EGTR R DI"), "EGTR DI"),
        (("l", "r"), ""),
    ],
)
def test_left_and_right_are_found_by_name(names, base):
    (pair,) = stereo_pairs(["Bass", names[1], names[0], "Kick"])
    assert (pair.left, pair.right, pair.base) == (*names, base)


@pytest.mark.parametrize(
    "names",
    [
        ("Piano Left Hand", "Piano Right Hand"),
        ("Hal", "Har"),
        ("Vox L", "Gtr R"),
        ("Gtr L", "Gtr Right"),
        ("OH L", "OH"),
    ],
)
def test_what_is_not_one_recording_is_no_pair(names):
    assert stereo_pairs(names) == []


def test_numbers_in_front_pair_in_their_order():
    pairs = stereo_pairs(["01 Gtr L", "02 Gtr R", "03 Gtr L", "04 Gtr R"])
    assert [(pair.left, pair.right) for pair in pairs] == [("01 Gtr L", "02 Gtr R"), ("03 Gtr L", "04 Gtr R")]
