"""What instruments are called: by the taxonomies of MedleyDB and MoisesDB, and by those who label tracks in a studio.

A name can say more than one thing (`Bass Drum`, `Vox Room`, `Synth Brass`), so that each family has its words in three
degrees: `sure` ones mean nothing else, `likely` ones are short or are somebody's name as well, and `loose` ones count
where nothing else is said (a room is the drums' unless it is the guitar's).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


@dataclass(frozen=True)
class Family:
    """The words of a family, in the singular; a star stands for any ending (`perc*`: percusion as well)."""

    sure: frozenset[str]
    likely: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()


BEATEN = ("drums", "percussion")
"""Families that share members: a conga is in both."""

FAMILIES: Mapping[str, Family] = {
    "effects": Family(
        _named("effect fx sfx scratch* foley riser uplifter downlifter sweep impact whoosh swoosh vinyl crackle"),
        _named("crowd audience applause noise transition stinger"),
        _named("build reverse ambience atmo swell boom hit"),
    ),
    "drums": Family(
        _named(
            "drum* kick snare hat hihat cymbal* overhead sidestick rimshot breakbeat bongo conga darbuka doumbek tabla "
            "timpani"
        ),
        _named("kit tom ride crash splash china rim beat floor rack crotch"),
        _named("room break loop"),
    ),
    "percussion": Family(
        _named(
            "perc* triangle cowbell cabasa gong guiro castanet clap snap fingersnap rattle shaker maraca tambourine gu "
            "tamburine xylophone vibraphone marimba glockenspiel bongo conga darbuka doumbek tabla timpani cajon "
            "djembe udu taiko timbale clave woodblock stomp mallet kalimba caxixi agogo cuica pandeiro surdo "
            "steelpan handpan crotale bodhran rainstick jingle"
        ),
        _named("bell chime whistle"),
        _named("toy block"),
    ),
    "vocals": Family(
        _named("vocal* vox voice singer singing rapper choir beatbox* vocoder talkbox adlib topline"),
        _named("rap gang speaker whisper scream shout spoken speech narrator narration ooh aah"),
        _named("background backing harmony double soprano alto tenor baritone"),
    ),
    "keys": Family(
        _named(
            "key piano keyboard organ harpsichord clavinet celesta rhodes wurlitzer accordion synth* mellotron "
            "melodica harmonium hammond moog farfisa juno prophet pad arp"
        ),
        _named("arpeggio pluck sequence sequencer stab"),
        _named("lead poly saw chord drone texture melody leslie"),
    ),
    "bass": Family(_named("bass bassline subbass"), loose=_named("sub upright")),
    "guitar": Family(
        _named("guitar dobro telecaster stratocaster"),
        _named("nylon strat tele"),
        _named("acoustic electric rhythm crunch slide steel amp"),
    ),
    "bowed strings": Family(
        _named("violin viola cello violoncello contrabass fiddle erhu string"), loose=_named("quartet")
    ),
    "wind": Family(
        _named(
            "wind woodwind brass flute piccolo recorder oboe clarinet bassoon sax saxophone horn trumpet trombone tuba "
            "cornet flugelhorn euphonium panpipe bagpipe dizi harmonica ocarina didgeridoo shakuhachi duduk"
        ),
        _named("reed"),
    ),
}
"""In the order in which they are asked where a name has sure words of several."""

OTHERS = _named("harp banjo mandolin ukulele lute oud sitar theremin sampler bouzouki koto zither dulcimer")
"""Instruments that are a family of their own."""

ATTRIBUTES = _named(
    "electric acoustic clean distorted lead rhythm backing male female bowed plucked other double grand upright slide "
    "pedal section soprano alto tenor baritone english french left right l r low high"
)
"""Words that go with an instrument's name, in the name of a folder too."""

PLACES = _named(
    "in out top bottom up down under over mic di amp cab close far near front back side mid left right hi lo high low "
    "mono stereo wet dry main one two bus buss comp track mix sub click loop solo alt verb l r"
)
"""Words that are written together with an instrument's (`kickin`, `bassdi`), and say where or how it was taken."""

COMPOUNDS: Mapping[str, str] = {
    "bass drum": "kick",
    "hi hat": "hihat",
    "high hat": "hihat",
    "cross stick": "sidestick",
    "side stick": "sidestick",
    "x stick": "sidestick",
    "break beat": "breakbeat",
    "steel drum": "steelpan",
    "steel pan": "steelpan",
    "hand pan": "handpan",
    "wind chime": "chime",
    "finger snap": "snap",
    "tin whistle": "flute",
    "penny whistle": "flute",
    "french horn": "horn",
    "cor anglais": "oboe",
    "bass guitar": "bass",
    "double bass": "bass",
    "sub bass": "subbass",
    "sub drop": "sweep",
    "white noise": "sweep",
    "mouth harp": "harmonica",
    "pedal steel": "guitar",
    "lap steel": "guitar",
    "ad lib": "adlib",
    "b gv": "backing vocal",
    "b v": "backing vocal",
    "l v": "lead vocal",
    "e gtr": "electric guitar",
    "a gtr": "acoustic guitar",
    "e piano": "electric piano",
}
"""Words that mean something else together."""

ABBREVIATIONS: Mapping[str, str] = {
    # drums
    **dict.fromkeys(("bd", "kd", "kik", "kck", "kic", "bdrum"), "kick"),
    **dict.fromkeys(("sn", "sd", "snr", "snre"), "snare"),
    **dict.fromkeys(("hh", "hhat", "hht"), "hat"),
    **dict.fromkeys(("oh", "ovh", "ovhd", "ohd", "ovr", "overh", "ovhead"), "overhead"),
    **dict.fromkeys(("rm", "rms"), "room"),
    **dict.fromkeys(("ft", "rt", "ht", "mt", "lt"), "tom"),
    **dict.fromkeys(("drm", "drms", "drs", "dr"), "drum"),
    **dict.fromkeys(("cym", "cymb"), "cymbal"),
    "xstick": "sidestick",
    "crsh": "crash",
    # percussion
    **dict.fromkeys(("prc", "pcn"), "percussion"),
    **dict.fromkeys(("tamb", "tambo", "tmb", "tambourin"), "tambourine"),
    **dict.fromkeys(("shkr", "shk", "shake"), "shaker"),
    **dict.fromkeys(("vibe", "vib"), "vibraphone"),
    "glock": "glockenspiel",
    "xylo": "xylophone",
    "timp": "timpani",
    # bass
    **dict.fromkeys(("bs", "bss", "bas", "ebass", "abass"), "bass"),
    # guitars
    **dict.fromkeys(("gtr", "gt", "gts", "git", "guit", "gui", "gtar"), "guitar"),
    **dict.fromkeys(("egtr", "elgtr", "elecgtr", "eg", "egt", "eguitar"), "electric guitar"),
    **dict.fromkeys(("agtr", "acgtr", "acoustgtr", "ag", "agt", "aguitar"), "acoustic guitar"),
    **dict.fromkeys(("ac", "acc", "aco", "acous", "acou", "acst"), "acoustic"),
    **dict.fromkeys(("el", "ele", "elec", "elect"), "electric"),
    **dict.fromkeys(("rhy", "rhyt", "rtm", "rtx"), "rhythm"),
    "mando": "mandolin",
    "uke": "ukulele",
    # keys
    **dict.fromkeys(("pno", "pn", "pf", "pia"), "piano"),
    **dict.fromkeys(("ep", "epno", "epiano"), "electric piano"),
    **dict.fromkeys(("kbd", "kb", "keyb", "kbrd", "kys"), "keyboard"),
    **dict.fromkeys(("rhds", "rhode"), "rhodes"),
    **dict.fromkeys(("wurli", "wurly", "wurl", "wur"), "wurlitzer"),
    **dict.fromkeys(("clav", "clavi"), "clavinet"),
    **dict.fromkeys(("org", "orgn"), "organ"),
    **dict.fromkeys(("syn", "synt", "sy", "snth"), "synth"),
    "seq": "sequence",
    "accord": "accordion",
    "harpsi": "harpsichord",
    # vocals
    **dict.fromkeys(("voc", "vx", "voxe", "voi", "vcl"), "vocal"),
    **dict.fromkeys(("lv", "lvx", "lvox", "ldv", "ldvx", "ldvox", "ldvoc", "lvoc"), "lead vocal"),
    **dict.fromkeys(
        ("bv", "bvx", "bvox", "bvoc", "bgv", "bgvx", "bgvox", "bgvoc", "bkv", "bkvox", "bkgv", "bgvocal"),
        "backing vocal",
    ),
    **dict.fromkeys(("bg", "bkg", "bkgd", "bckg", "bk"), "backing"),
    **dict.fromkeys(("harm", "harmonie", "hrm"), "harmony"),
    **dict.fromkeys(("dbl", "dub"), "double"),
    "ld": "lead",
    "chr": "choir",
    # bowed strings
    **dict.fromkeys(("vln", "vn", "vlin", "vio", "vl", "vlns"), "violin"),
    **dict.fromkeys(("vla", "va"), "viola"),
    **dict.fromkeys(("vc", "vlc", "vcs", "celli", "clo"), "cello"),
    **dict.fromkeys(("cb", "cbass"), "contrabass"),
    **dict.fromkeys(("str", "strg", "strng"), "string"),
    # wind
    **dict.fromkeys(("brs", "bras"), "brass"),
    **dict.fromkeys(("tpt", "trpt", "trp", "tpet", "tr"), "trumpet"),
    **dict.fromkeys(("tbn", "trb", "tbone", "trmb", "bone"), "trombone"),
    **dict.fromkeys(("hn", "hrn", "fhn", "frhn"), "horn"),
    **dict.fromkeys(("flug", "flugel", "fluegel"), "flugelhorn"),
    **dict.fromkeys(("sx", "saxe"), "sax"),
    **dict.fromkeys(("asax", "altosax"), "alto sax"),
    **dict.fromkeys(("tsax", "tenorsax"), "tenor sax"),
    **dict.fromkeys(("bsax", "barisax"), "baritone sax"),
    **dict.fromkeys(("ssax", "sopsax"), "soprano sax"),
    **dict.fromkeys(("fl", "flt"), "flute"),
    **dict.fromkeys(("ob",), "oboe"),
    **dict.fromkeys(("cl", "clar", "clr"), "clarinet"),
    **dict.fromkeys(("bsn", "fag"), "bassoon"),
    **dict.fromkeys(("ww",), "woodwind"),
    "picc": "piccolo",
    "bari": "baritone",
    # effects
    **dict.fromkeys(("efx", "fxs"), "fx"),
    **dict.fromkeys(("atmos", "atmosphere"), "atmo"),
    **dict.fromkeys(("aud", "crowds"), "audience"),
    **dict.fromkeys(("amb", "ambient"), "ambience"),
}
"""What the studio writes for a word, in the singular."""

LIKELY_LENGTH = 2
"""Abbreviations this short are somebody's initials as often: they count as `likely` at most."""

SURE_ABBREVIATIONS = _named("bd sn sd hh gt bv lv")
"""Short ones that mean nothing else on a track."""
