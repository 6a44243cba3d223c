"""`antiphon VERB`: arguments to one library call, its result to stdout.

Nothing heavy is imported before a verb runs: `antiphon --help` loads neither torch nor librosa.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import cyclopts
from cyclopts import App, CycloptsError, Group, Parameter
from pydantic import BaseModel
from pydantic import ValidationError as PydanticError

from antiphon import __version__
from antiphon.cli import terminal
from antiphon.config import ActionSettings, CorpusSettings, SamplingSettings, Settings, describe, resolve
from antiphon.errors import AntiphonError, BadData, SettingsError

app = App(
    name="antiphon",
    help="Learns how separate tracks answer one another, and answers a new guide from your own memory.",
    version=__version__,
    suppress_keyboard_interrupt=False,
)
corpus_app = App(name="corpus", help="Which audio there is: find it, or build it from scores.")
app.command(corpus_app)

BUILDS = "chorales, lieder, quartets, pop909"
"""What `corpus build` renders."""

SETTINGS = Group("Settings", sort_key=2)
"""Beside flags: environment variables such as ANTIPHON_TRAINING__SEED, and a TOML file; flags win."""

Output = Annotated[Path, Parameter(name=["--output", "-o"], help="Where the result goes.")]
Json = Annotated[bool, Parameter(name="--json", negative=(), help="Print JSON.")]
Config = Annotated[Path | None, Parameter(name="--config", help="A TOML file of settings.")]
Seed = Annotated[int, Parameter(help="Seed of all draws, 0 or more.", validator=cyclopts.validators.Number(gte=0))]
Overwrite = Annotated[bool, Parameter(negative=(), help="Replace an agent that is there.")]
Folders = Annotated[
    tuple[Path, Path] | None, Parameter(negative=(), help="Two folders whose files are paired by name.")
]
Pair = Annotated[tuple[Path, Path] | None, Parameter(negative=(), help="Two files that sound together.")]
AllSettings = Annotated[Settings | None, Parameter(name="*", group=SETTINGS)]
CorpusSection = Annotated[CorpusSettings | None, Parameter(name="--corpus", group=SETTINGS)]
SamplingSection = Annotated[SamplingSettings | None, Parameter(name="--sampling", group=SETTINGS)]
ActionSection = Annotated[ActionSettings | None, Parameter(name="--action", group=SETTINGS)]


@app.command
def demo(directory: Path = Path("demo"), *, pieces: int = 80, seed: Seed = 0, as_json: Json = False) -> None:
    """Learn from the embedded corpus, answer a held-out guide, write audio and a page.

    Parameters
    ----------
    directory
        Where everything goes.
    pieces
        How many chorales the corpus has, 24 or more.
    """
    from antiphon.experiments.demo import demo as run

    with terminal.progress() as progress:
        result = run(directory, pieces=pieces, seed=seed, progress=progress)
    if as_json:
        _print_json(result.as_dict())
        return
    _print_summary(result.as_dict()["held_out"])
    print(f"guide: {result.guide_name}; memory: {result.memory_name}, on another instrument")
    _print_statistics(result.as_dict()["response"])
    print(f"listen and look: {directory / 'index.html'}")


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

    found = scan_corpus(folder, _settings(None, corpus=corpus).corpus)
    if hashes:
        with terminal.progress() as progress:
            found = with_hashes(found, os.cpu_count() or 1, progress)
    multitracks = found.multitracks
    if output is not None:
        write_manifest(output, found)
    if as_json:
        rows = [{"name": each.name, "tracks": [track.name for track in each.tracks]} for each in multitracks]
        _print_json({"multitracks": rows})
    else:
        _print_table(
            ("multitrack", "tracks", "seconds"),
            [
                (each.name, ", ".join(track.name for track in each.tracks), f"{each.duration:.1f}")
                for each in multitracks
            ],
        )


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
        report = check_path(corpus, _settings(config, settings), os.cpu_count() or 1, progress)
    if as_json:
        _print_json(_plain(report))
    else:
        print(report)
    if report.errors:
        raise BadData(f"{corpus}: training on it would be wrong, see the errors above")


@corpus_app.command
def build(
    kind: str,
    /,
    *,
    output: Output,
    source: Path | None = None,
    pieces: int | None = None,
    seed: Seed = 0,
    renderer: Literal["midirenderer", "fluidsynth"] = "midirenderer",
    soundfont: Path | None = None,
    sample_rate: int | None = None,
    timing_ms: float = 0.0,
    velocity_spread: float = 0.0,
    room_seconds: float = 0.0,
    noise_dbfs: float | None = None,
    processes: int | None = None,
    piece_seconds: float = 300.0,
    as_json: Json = False,
) -> None:
    """Render a corpus from scores, and write its manifest and a report. Goes on where it was stopped.

    Parameters
    ----------
    kind
        chorales: Bach's, four voices, from the installed music21; lieder, quartets: OpenScore's; pop909.
    source
        The folder with the scores; chorales need none.
    pieces
        How many, drawn with the seed; all of them unless given.
    soundfont
        A General MIDI .sf2; unless given, the one inside pretty_midi.
    sample_rate
        Hz; 22050 unless given, chorales 44100.
    timing_ms
        Standard deviation of the players' onsets, in milliseconds.
    velocity_spread
        Standard deviation of the MIDI velocities.
    room_seconds
        Reverberation time of a synthetic room.
    noise_dbfs
        Level of white noise.
    processes
        How many pieces are rendered side by side; one a processor unless given.
    piece_seconds
        After this time a piece is given up.
    """
    from antiphon.corpus.rendered import ChoraleSettings, build_chorales
    from antiphon.corpus.rendering.building import build_corpus
    from antiphon.corpus.rendering.settings import BuildSettings, RenderSettings

    sound: dict[str, Any] = {"renderer": renderer, "soundfont": soundfont, "seed": seed, "timing_ms": timing_ms}
    sound |= {"velocity_spread": velocity_spread, "room_seconds": room_seconds, "noise_dbfs": noise_dbfs}
    sound |= {} if sample_rate is None else {"sample_rate": sample_rate}
    amount: dict[str, Any] = {"pieces": pieces, "processes": processes, "piece_seconds": piece_seconds}
    with terminal.progress() as progress:
        if kind == "chorales":
            report = build_chorales(output, ChoraleSettings(**sound, **amount), progress)
        elif source is None:
            raise SettingsError(f"--source is missing: the folder with the scores of {kind}; known: {BUILDS}")
        else:
            settings, build = RenderSettings(**sound), BuildSettings(**amount)
            report = build_corpus(kind, source, output, settings=settings, build=build, progress=progress)
    if as_json:
        _print_json(report.as_dict())
        return
    for line in report.lines():
        print(line)


@app.command
def train(
    corpus: Path | None = None,
    /,
    *,
    output: Output,
    pair: Pair = None,
    paired_folders: Folders = None,
    overwrite: Overwrite = False,
    config: Config = None,
    settings: AllSettings = None,
    as_json: Json = False,
) -> None:
    """Learn a relation: encode (cached), fit the alphabet, train the decision. Goes on where it was stopped.

    Parameters
    ----------
    corpus
        A manifest, or a folder of multitracks; or else --pair or --paired-folders.
    """
    from antiphon.corpus.opening import open_given

    resolved = _settings(config, settings)
    given = open_given(corpus, pair, paired_folders, resolved.corpus)
    from antiphon.training.pipeline import train as run

    with terminal.progress() as progress:
        agent = run(given, output, settings=resolved, overwrite=overwrite, progress=progress)
    if as_json:
        from antiphon.agent.directory import description

        _print_json(description(agent))
        return
    _print_summary(agent.training["summary"])
    print(f"agent: {output}")


@app.command
def respond(
    guide: Annotated[list[Path], Parameter(negative=())],
    /,
    *,
    memory: Annotated[list[Path], Parameter(name=["--memory", "-m"], consume_multiple=True, negative=())],
    agent: Path,
    output: Output,
    seed: Seed = 0,
    config: Config = None,
    sampling: SamplingSection = None,
    action: ActionSection = None,
    as_json: Json = False,
) -> None:
    """Answer a guide from a memory: response, mix, specification, provenance and a page.

    Parameters
    ----------
    guide
        What is listened to; several are mixed.
    memory
        What may be played; several are joined.
    agent
        A trained agent.
    """
    from antiphon.agent import Agent
    from antiphon.experiments.answer import answer_files

    player = Agent.load(agent)
    player = player.with_settings(_settings(config, base=player.settings, sampling=sampling, action=action))
    with terminal.progress() as progress:
        result = answer_files(guide, memory, player, output, seed=seed, progress=progress)
    if as_json:
        _print_json({"output": str(output), "response": vars(result.statistics)})
        return
    _print_statistics(vars(result.statistics))
    print(f"listen and look: {output / 'index.html'}")


@app.command
def tokenize(audio: Path, /, *, agent: Path, as_json: Json = False) -> None:
    """The symbolic sequence of a recording: start, end and class of each segment.

    Parameters
    ----------
    audio
        Any recording.
    agent
        Whose alphabet.
    """
    from antiphon.agent import Agent
    from antiphon.audio import read

    tokens = Agent.load(agent).tokens(read(audio))
    if as_json:
        _print_json(
            {"alphabet_id": tokens.alphabet_id, "ids": tokens.ids.tolist(), "intervals": tokens.intervals.tolist()}
        )
        return
    for (start, end), token in zip(tokens.intervals, tokens.ids, strict=True):
        print(f"{start:.3f}\t{end:.3f}\t{token}")


@app.command
def evaluate(
    agent: Path,
    corpus: Path | None = None,
    /,
    *,
    pair: Pair = None,
    paired_folders: Folders = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """The re-generation task on the held-out part of a corpus: the agent against every baseline.

    Parameters
    ----------
    agent
        A trained agent.
    corpus
        A manifest or a folder; its division is that of the agent's settings.
    """
    from antiphon.agent import Agent
    from antiphon.corpus.opening import open_given
    from antiphon.experiments.evaluate import evaluate as run

    player = Agent.load(agent)
    given = open_given(corpus, pair, paired_folders, player.settings.corpus)
    with terminal.progress() as progress:
        rows = run(player, given, seed=seed, progress=progress)
    summary = _plain(rows)
    if as_json:
        _print_json({"summary": summary})
    else:
        _print_summary(summary)


@app.command
def info(agent: Path, /, *, as_json: Json = False) -> None:
    """What an agent is and what it learned from.

    Parameters
    ----------
    agent
        A trained agent.
    """
    from antiphon.agent import Agent
    from antiphon.agent.card import model_card
    from antiphon.agent.directory import description

    found = Agent.load(agent)
    if as_json:
        _print_json(description(found))
    else:
        print(model_card(found), end="")


@app.command
def doctor(*, as_json: Json = False) -> None:
    """What this machine has and lacks."""
    from antiphon.cli.doctor import examine

    findings = examine()
    if as_json:
        _print_json({"findings": [vars(finding) for finding in findings]})
    else:
        _print_table(("", "what", "found"), [("ok" if each.fine else "--", each.what, each.found) for each in findings])
    if not all(each.fine or each.optional for each in findings):
        raise AntiphonError("something that Antiphon needs is missing")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run a command; an expected error is one line on stderr and an exit code, a bug keeps its traceback."""
    terminal.only_our_own()
    try:
        app(list(arguments), exit_on_error=False, print_error=False, result_action="return_value")
        terminal.flush()
    except CycloptsError as error:
        terminal.say(f"antiphon: {_usage(error)}")
        return SettingsError.exit_code
    except AntiphonError as error:
        terminal.say(f"antiphon: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        terminal.say("antiphon: interrupted")
        return terminal.INTERRUPTED
    except BrokenPipeError:
        terminal.give_up_output()
        return 0
    except OSError as error:
        terminal.give_up_output()
        terminal.say(f"antiphon: {terminal.refusal(error)}")
        return AntiphonError.exit_code
    return 0


def _usage(error: CycloptsError) -> str:
    cause = error.__cause__
    if isinstance(error, cyclopts.ValidationError) and isinstance(cause, PydanticError):
        return describe(cause)
    help_of = " ".join(("antiphon", *(error.command_chain or ()), "--help"))
    if isinstance(error, cyclopts.MissingArgumentError) and error.argument and error.keyword is None:
        return f"{error.argument.name} is missing; see {help_of}"
    if isinstance(error, cyclopts.UnusedCliTokensError):
        return f"nothing is expected after that: {' '.join(error.unused_tokens or ())}; see {help_of}"
    return str(error)


def _settings(
    config: Path | None, flags: Settings | None = None, base: Settings | None = None, **sections: BaseModel | None
) -> Settings:
    overrides: dict[str, Any] = {} if flags is None else flags.model_dump(exclude_unset=True)
    given = {name: section for name, section in sections.items() if section is not None}
    overrides |= {name: section.model_dump(exclude_unset=True) for name, section in given.items()}
    return resolve(config, overrides=overrides, base=base)


def _plain(value: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(type(value)).dump_python(value, mode="json")


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False))


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_summary(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        print("no held-out pieces to score")
        return
    head = ("model", "TPP, %", "bits per token", "bits behind")
    table = [
        (row["model"], _interval(row["tpp"], 1), _interval(row["bits"], 3), _interval(row["behind"], 3)) for row in rows
    ]
    pieces = rows[0]["bits"]["pieces"]
    print("one held-out piece" if pieces == 1 else f"{pieces} held-out pieces: mean, and 95 % interval over pieces")
    _print_table(head, table)


def _interval(value: Mapping[str, float], digits: int) -> str:
    if value["pieces"] == 1:
        return f"{value['mean']:.{digits}f}"
    return f"{value['mean']:.{digits}f} ({value['low']:.{digits}f} to {value['high']:.{digits}f})"


def _print_statistics(numbers: Mapping[str, Any]) -> None:
    _print_table(("response", ""), [(name, f"{value:.3g}") for name, value in numbers.items()])
