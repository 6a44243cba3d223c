"""Small scores in exactly the formats of the published corpora: compressed MusicXML, and POP909's folders."""

import zipfile
from pathlib import Path

CONTAINER = (
    '<?xml version="1.0"?><container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'  # of .mxl
)
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def note(pitch: str, quarters: float, *, extra: str = "", staff: int = 0, voice: int = 1, chord: bool = False) -> str:
    """A note such as `C4`; quarters 0 is a grace note. Divisions are 4 to a quarter."""
    duration = f"<duration>{round(quarters * 4)}</duration>" if quarters else ""
    ties = "".join(f'<tie type="{kind}"/>' for kind in extra.split())
    tied = "".join(f'<tied type="{kind}"/>' for kind in extra.split())
    return (
        f"<note>{'' if quarters else '<grace/>'}{'<chord/>' if chord else ''}"
        f"<pitch><step>{pitch[0]}</step><octave>{pitch[1]}</octave></pitch>{duration}{ties}<voice>{voice}</voice>"
        f"{'' if quarters else '<type>eighth</type>'}{f'<staff>{staff}</staff>' if staff else ''}"
        f"{f'<notations>{tied}</notations>' if tied else ''}</note>"
    )


def tempo(bpm: float, dynamic: str = "") -> str:
    mark = f"<direction-type><dynamics><{dynamic}/></dynamics></direction-type>" if dynamic else ""
    return (
        f"<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>{bpm:g}</per-minute>"
        f'</metronome></direction-type><sound tempo="{bpm:g}"/></direction>'
        + (f"<direction>{mark}</direction>" if mark else "")
    )


def attributes(beats: int = 4, staves: int = 1, fifths: int = 0) -> str:
    return (
        f"<attributes><divisions>4</divisions><key><fifths>{fifths}</fifths></key>"
        f"<time><beats>{beats}</beats><beat-type>4</beat-type></time>"
        + (f"<staves>{staves}</staves>" if staves > 1 else "")
        + "</attributes>"
    )


def backup(quarters: float) -> str:
    return f"<backup><duration>{round(quarters * 4)}</duration></backup>"


REPEAT = '<barline location="right"><bar-style>light-heavy</bar-style><repeat direction="backward"/></barline>'


def mxl(path: Path, parts: dict[str, list[str]], numbers: list[int] | None = None) -> Path:
    """A score of parts, each a list of bars; `numbers` are the printed numbers of the bars."""
    listed = "".join(
        f'<score-part id="P{i}"><part-name>{name}</part-name></score-part>' for i, name in enumerate(parts, 1)
    )
    bodies = "".join(
        f'<part id="P{i}">'
        + "".join(
            f'<measure number="{number}">{bar}</measure>'
            for number, bar in zip(numbers or range(1, len(bars) + 1), bars, strict=True)
        )
        + "</part>"
        for i, bars in enumerate(parts.values(), 1)
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><score-partwise version="3.1">'
        f"<part-list>{listed}</part-list>{bodies}</score-partwise>"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("score.xml", text)
    return path


def song(path: Path, bpm: float = 60) -> Path:
    """Two bars of 4/4: a voice, and a piano of two staves."""
    voice = [
        attributes() + tempo(bpm, "p") + note("C4", 4),
        note("E4", 2) + note("G4", 2),
    ]
    piano = [
        attributes(staves=2) + note("E4", 4, staff=1) + backup(4) + note("C3", 4, staff=2, voice=5),
        note("C5", 4, staff=1) + backup(4) + note("G2", 4, staff=2, voice=5),
    ]
    return mxl(path, {"Singstimme Voice": voice, "Klavier": piano})


def lieder(folder: Path, songs: int = 3) -> Path:
    """OpenScore Lieder as it is cloned: composer, set, song."""
    for number in range(songs):
        song(folder / "scores" / "Schubert,_Franz" / "Winterreise,_D.911" / f"{number}_Lied" / f"lc{100 + number}.mxl")
    return folder


def pop909(folder: Path) -> Path:
    """One song of POP909: the arrangement, another version of it, beats, chords, key."""
    import pretty_midi

    midi = pretty_midi.PrettyMIDI(initial_tempo=90)
    for name, pitch in (("MELODY", 72), ("BRIDGE", 64), ("PIANO", 48)):
        track = pretty_midi.Instrument(0, name=name)
        track.notes = [pretty_midi.Note(70 + i, pitch + i, 0.5 + i, 1.25 + i) for i in range(4)]
        midi.instruments.append(track)
    piece = folder / "POP909" / "001"
    (piece / "versions").mkdir(parents=True)
    midi.write(str(piece / "001.mid"))
    midi.write(str(piece / "versions" / "001-v1.mid"))
    downs = [(0.0, 0.0), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0), (0.0, 0.0), (1.0, 1.0)]
    rows = [f"{0.5 * i} {simple} {compound}" for i, (simple, compound) in enumerate(downs)]
    (piece / "beat_midi.txt").write_text("\n".join(rows) + "\n")
    (piece / "chord_midi.txt").write_text("0.0\t1.0\tN\n1.0\t2.0\tC:maj\n2.0\t3.0\tC:maj\n3.0\t4.0\tF#:maj7/5\n")
    (piece / "key_audio.txt").write_text("0.5\t4.5\tGb:maj\n")
    return folder
