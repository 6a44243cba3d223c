"""`antiphon corpus VERB`: which audio there is, what is wrong with it, and audio made from scores."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter, validators

from antiphon.cli import terminal
from antiphon.cli.arguments import AllSettings, Config, CorpusSection, Json, Output, Seed, settings_from
from antiphon.cli.assembly import VerbApp
from antiphon.cli.printing import plain, print_json, print_table, put, put_text
from antiphon.errors import BadData, SettingsError
from antiphon.interfaces import Progress

if TYPE_CHECKING:
    from antiphon.corpus.manifest import Corpus
    from antiphon.corpus.synthesis.building import BuildReport

corpus_app = VerbApp(name="corpus", help="Which audio there is: find it, check it, or build it from scores.")

BUILDS = "chorales, lieder, quartets, pop909, pairbench"
"""What `corpus build` makes."""


@corpus_app.command
def scan(
    folder: Path,
    /,
    *,
    output: Output | None = None,
    hashes: bool = False,
    as_json: Json = False,
    corpus: CorpusSection = None,
) -> None:
    """Find the multitracks of a folder, and write a manifest.

    Parameters
    ----------
    folder
        Folders that each hold the tracks of one multitrack, or a corpus in its published layout.
    hashes
        Write the SHA-256 of every file as well, which takes reading them all.
    """
    from antiphon.corpus.layouts import scan_corpus
    from antiphon.corpus.manifest import with_hashes, write_manifest

    found = scan_corpus(folder, settings_from(None, corpus=corpus).corpus)
    if hashes:
        with terminal.progress() as progress:
            found = with_hashes(found, os.cpu_count() or 1, progress)
    multitracks = found.multitracks
    if output is not None:
        write_manifest(output, found)
    if as_json:
        rows = [{"name": each.name, "tracks": [track.name for track in each.tracks]} for each in multitracks]
        print_json({"multitracks": rows, "left_out": plain(found.left_out)})
    else:
        print_table(
            ("multitrack", "tracks", "seconds"),
            [
                (each.name, ", ".join(track.name for track in each.tracks), f"{each.duration:.1f}")
                for each in multitracks
            ],
        )
        _print_left_out(found)


def _print_left_out(corpus: Corpus) -> None:
    """Each name of a track that was left out, and why; nothing where none was."""
    names = [each.where.rpartition("/")[2] for each in corpus.left_out]
    reasons = [f"{each.reason}: {each.family}" if each.family else each.reason for each in corpus.left_out]
    rows = [
        (f"{name} ({count})" if count > 1 else name, reason)
        for (name, reason), count in sorted(Counter(zip(names, reasons, strict=True)).items())
    ]
    if rows:
        put()
        print_table(("left out", "why"), rows)


@corpus_app.command
def check(corpus: Path, /, *, config: Config = None, settings: AllSettings = None, as_json: Json = False) -> None:
    """Say what is wrong with a corpus before time is spent on training with it; exit code 4 where it would be wrong.

    Parameters
    ----------
    corpus
        A manifest, or a folder of multitracks.
    """
    from antiphon.corpus.checking import check_path

    with terminal.progress() as progress:
        report = check_path(corpus, settings_from(config, settings), os.cpu_count() or 1, progress)
    if as_json:
        print_json(plain(report))
    else:
        put_text(str(report))
    if report.errors:
        raise BadData(f"{corpus}: training on it would be wrong, see the errors above")


@Parameter(name="*")
@dataclass(frozen=True)
class EngineFlags:
    """Who encodes the shards of `corpus encode`."""

    engine: str = "local"
    """local: processes of this machine; ray: the workers of a Ray cluster."""
    address: str | None = None
    """ray: the cluster, as in ray://HOST:10001; one on this machine unless given."""
    workers: int | None = None
    """How many processes; one a processor, or one a GPU where the encoder can use them, unless given."""
    shard_hours: Annotated[float, Parameter(validator=validators.Number(gt=0, lte=1000))] = 8.0
    """Hours of tracks in a shard, at most."""
    keep_frames: Annotated[bool, Parameter(negative=())] = False
    """Take frames from the cache, and keep there what is not; without, nothing but the shards is written."""


@corpus_app.command
def encode(
    corpus: Path,
    /,
    *,
    output: Output,
    engine: EngineFlags = EngineFlags(),
    config: Config = None,
    settings: AllSettings = None,
    as_json: Json = False,
) -> None:
    """Encode a large corpus once, into shards that `train` takes in its place. Goes on where it was stopped.

    Parameters
    ----------
    corpus
        A manifest, or a folder of multitracks.
    """
    from antiphon.use_cases.encode_corpus import EncodeOptions, encode_corpus
    from antiphon.use_cases.encoding_engines import engine_named

    options = EncodeOptions(
        engine_named(engine.engine, engine.address, engine.workers), engine.shard_hours, engine.keep_frames
    )
    with terminal.progress() as progress:
        report = encode_corpus(corpus, output, settings_from(config, settings), options, progress)
    if report.troubles:
        terminal.note(f"{report.troubles} lines in {output / 'report.jsonl'} say what could not be encoded")
    if as_json:
        print_json(report.as_dict())
        return
    put(f"{report.tracks} tracks, {report.hours:.2f} hours, in {report.shards} shards ({report.written} written now)")
    put(f"train with: antiphon train {output} -o AGENT")


@Parameter(name="*")
@dataclass(frozen=True)
class SynthesisFlags:
    """How the scores of `corpus build` are played."""

    seed: Seed = 0
    renderer: Literal["midirenderer", "fluidsynth", "additive"] = "midirenderer"
    """What plays the notes: a soundfont by one of two programs, or harmonics without any."""
    soundfont: Path | None = None
    """A General MIDI .sf2; unless given, the one inside pretty_midi."""
    varied: bool = False
    """Every piece in a rendering of its own: synthesis, instruments, tempo, room, noise."""
    soundfonts: tuple[Path, ...] = ()
    """More soundfonts for varied renderings."""
    sample_rate: int | None = None
    """Hz; 22050 unless given, chorales 44100."""
    timing_ms: float = 0.0
    """Standard deviation of the players' onsets, in milliseconds."""
    velocity_spread: float = 0.0
    """Standard deviation of the MIDI velocities."""
    room_seconds: float = 0.0
    """Reverberation time of a synthetic room."""
    noise_dbfs: float | None = None
    """Level of white noise."""

    def given(self) -> dict[str, Any]:
        """The settings of a synthesis; a rate only where one was given."""
        return {name: value for name, value in vars(self).items() if name != "sample_rate" or value is not None}


@Parameter(name="*")
@dataclass(frozen=True)
class AmountFlags:
    """How much `corpus build` builds, and how many at once."""

    pieces: int | None = None
    """How many, drawn with the seed; all of them unless given."""
    processes: int | None = None
    """How many pieces are rendered side by side; one a processor unless given."""
    piece_seconds: float = 300.0
    """After this time a piece is given up."""


@corpus_app.command
def build(
    kind: str,
    /,
    *,
    output: Output,
    source: Path | None = None,
    amount: AmountFlags = AmountFlags(),
    synthesis: SynthesisFlags = SynthesisFlags(),
    as_json: Json = False,
) -> None:
    """Render a corpus from scores, or planted relations; write its manifest. Goes on where it was stopped.

    Parameters
    ----------
    kind
        chorales: Bach's, four voices, from the installed music21; lieder, quartets: OpenScore's; pop909; pairbench:
        planted relations with exact bounds, which takes no other option than the output.
    source
        The folder with the scores; chorales need none.
    """
    if kind == "pairbench":
        _build_pairbench(output, as_json)
        return
    with terminal.progress() as progress:
        report = _build_from_scores(kind, source, output, amount=amount, synthesis=synthesis, progress=progress)
    if as_json:
        print_json(report.as_dict())
        return
    for line in report.lines():
        put(line)


def _build_from_scores(
    kind: str,
    source: Path | None,
    output: Path,
    *,
    amount: AmountFlags,
    synthesis: SynthesisFlags,
    progress: Progress,
) -> BuildReport:
    from antiphon.corpus.synthesis.building import build_corpus
    from antiphon.corpus.synthesis.chorales import ChoraleSettings, build_chorales
    from antiphon.corpus.synthesis.settings import BuildSettings, RenderSettings

    if kind == "chorales":
        return build_chorales(output, ChoraleSettings(**synthesis.given(), **vars(amount)), progress)
    if source is None:
        raise SettingsError(f"--source is missing: the folder with the scores of {kind}; known: {BUILDS}")
    settings, build = RenderSettings(**synthesis.given()), BuildSettings(**vars(amount))
    return build_corpus(kind, source, output, settings=settings, build=build, progress=progress)


def _build_pairbench(output: Path, as_json: bool) -> None:
    from antiphon.corpus.planted import build_pairbench

    with terminal.progress() as progress:
        built = build_pairbench(output, progress)
    if as_json:
        manifests = {world: str(manifest) for world, manifest in built.manifests.items()}
        print_json({"card": str(built.card), "checksums": str(built.checksums), "manifests": manifests})
    else:
        put_text(str(built.card_text))
