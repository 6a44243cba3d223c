"""`antiphon VERB`: arguments to one library call, its result to stdout.

Nothing heavy is imported before a verb runs: `antiphon --help` loads neither torch nor librosa.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import App, CycloptsError, Parameter
from pydantic import ValidationError as PydanticError

from antiphon import __version__
from antiphon.cli import terminal
from antiphon.cli.arguments import (
    ActionSection,
    AllSettings,
    Config,
    Folders,
    Json,
    Output,
    Overwrite,
    Pair,
    SamplingSection,
    Seed,
    settings_from,
)
from antiphon.cli.corpus import corpus_app
from antiphon.cli.printing import plain, print_json, print_statistics, print_summary, print_table
from antiphon.config import describe
from antiphon.errors import AntiphonError, SettingsError

app = App(
    name="antiphon",
    help="Learns how separate tracks answer one another, and answers a new guide from your own memory.",
    version=__version__,
    suppress_keyboard_interrupt=False,
)
app.command(corpus_app)


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
        print_json(result.as_dict())
        return
    print_summary(result.as_dict()["held_out"])
    print(f"guide: {result.guide_name}; memory: {result.memory_name}, on another instrument")
    print_statistics(result.as_dict()["response"])
    print(f"listen and look: {directory / 'index.html'}")


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

    resolved = settings_from(config, settings)
    given = open_given(corpus, pair, paired_folders, resolved.corpus)
    from antiphon.training.pipeline import train as run

    with terminal.progress() as progress:
        agent = run(given, output, settings=resolved, overwrite=overwrite, progress=progress)
    if as_json:
        from antiphon.agent.directory import description

        print_json(description(agent))
        return
    print_summary(agent.training["summary"])
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
    player = player.with_settings(settings_from(config, base=player.settings, sampling=sampling, action=action))
    with terminal.progress() as progress:
        result = answer_files(guide, memory, player, output, seed=seed, progress=progress)
    if as_json:
        print_json({"output": str(output), "response": vars(result.statistics)})
        return
    print_statistics(vars(result.statistics))
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
        print_json(
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
    summary = plain(rows)
    if as_json:
        print_json({"summary": summary})
    else:
        print_summary(summary)


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
        print_json(description(found))
    else:
        print(model_card(found), end="")


@app.command
def doctor(*, as_json: Json = False) -> None:
    """What this machine has and lacks."""
    from antiphon.cli.doctor import examine

    findings = examine()
    if as_json:
        print_json({"findings": [vars(finding) for finding in findings]})
    else:
        print_table(("", "what", "found"), [("ok" if each.fine else "--", each.what, each.found) for each in findings])
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
