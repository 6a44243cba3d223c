"""`antiphon VERB`: arguments to one library call, its result to stdout.

Nothing heavy is imported before a verb runs: `antiphon --help` loads neither torch nor scipy.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import cyclopts
from cyclopts import CycloptsError, Parameter
from pydantic import ValidationError as PydanticError

from antiphon import __version__
from antiphon.cli import terminal
from antiphon.cli.adapt import adapt
from antiphon.cli.agent import agent_app
from antiphon.cli.agents import loaded
from antiphon.cli.alphabet import alphabet
from antiphon.cli.arguments import (
    AllSettings,
    BothWays,
    Config,
    Folders,
    ForLive,
    Json,
    Output,
    Overwrite,
    Pair,
    Seed,
    settings_from,
)
from antiphon.cli.assembly import VerbApp, assembled_once
from antiphon.cli.cache import cache_app
from antiphon.cli.compare import compare
from antiphon.cli.completion import completion_of
from antiphon.cli.convert import convert
from antiphon.cli.corpus import corpus_app
from antiphon.cli.coupling import coupling_app
from antiphon.cli.docstrings import read_once
from antiphon.cli.evaluate import evaluate
from antiphon.cli.explain import explain
from antiphon.cli.finetune import finetune
from antiphon.cli.listen import listen
from antiphon.cli.live import live
from antiphon.cli.printing import (
    print_delay,
    print_gain,
    print_json,
    print_statistics,
    print_summary,
    print_table,
    put,
    put_text,
)
from antiphon.cli.proof import proof
from antiphon.cli.reproduce import reproduce
from antiphon.cli.respond import respond
from antiphon.cli.settings import settings as settings_verb
from antiphon.cli.signals import Ended, ended_by_signals
from antiphon.cli.studio import studio
from antiphon.cli.talk import AS_USUAL, TalkFlags, timed
from antiphon.cli.terminal import Talk
from antiphon.config import describe
from antiphon.config.presets import trained_with, with_both_ways
from antiphon.errors import AntiphonError, SettingsError

if TYPE_CHECKING:
    from antiphon.agent.agent import Agent

AS_A_FUNCTION: Final[dict[str, Any]] = {"exit_on_error": False, "print_error": False, "result_action": "return_value"}
"""How cyclopts is called so that errors are raised, and an end is a return."""

app = VerbApp(
    name="antiphon",
    help="Learns how separate tracks answer one another, and answers a new guide from your own memory.",
    version=__version__,
    suppress_keyboard_interrupt=False,
)
app.meta.suppress_keyboard_interrupt = False
app.command(corpus_app)
app.command(cache_app)
app.command(coupling_app)
app.command(agent_app)
app.command(adapt)
app.command(evaluate)
app.command(finetune)
app.command(respond)
app.command(live)
app.command(reproduce)
app.command(explain)
app.command(compare)
app.command(convert)
app.command(alphabet)
app.command(studio)
app.command(proof)
app.command(listen)
app.command(settings_verb, name="settings")
app.command(completion_of(app), name="--install-completion")


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
    put(f"guide: {result.guide_name}; memory: {result.memory_name}, on another instrument")
    print_statistics(result.as_dict()["response"])
    put(f"listen and look: {directory / 'index.html'}")


@app.command
def train(
    corpus: Path | None = None,
    /,
    *,
    output: Output,
    pair: Pair = None,
    paired_folders: Folders = None,
    both_ways: BothWays = False,
    live: ForLive = False,
    overwrite: Overwrite = False,
    config: Config = None,
    settings: AllSettings = None,
    as_json: Json = False,
) -> None:
    """Learn a relation: encode (cached), fit the alphabet, train the decision. Goes on where it was stopped.

    Parameters
    ----------
    corpus
        A manifest, a folder of multitracks or of shards (`corpus encode`); or else --pair or --paired-folders, which
        teach B to answer A.
    """
    from antiphon.corpus.opening import open_given
    from antiphon.dataset.shards.plan import is_shards

    paired = pair is not None or paired_folders is not None
    shards = corpus if corpus is not None and not paired and is_shards(corpus) else None
    base = trained_with(paired, live)
    if shards is not None:
        from antiphon.training.shard_lesson import with_shards

        base = with_shards(base, shards)
    resolved = settings_from(config, settings, base)
    if both_ways:
        resolved = with_both_ways(resolved)
    given = shards or open_given(corpus, pair, paired_folders, resolved.corpus)
    from antiphon.training.pipeline import train as run
    from antiphon.training.ranks import is_first

    with terminal.progress() as progress:
        agent = run(given, output, settings=resolved, overwrite=overwrite, progress=progress)
    if is_first():
        _print_trained(agent, output, as_json=as_json)


def _print_trained(agent: Agent, output: Path, *, as_json: bool) -> None:
    from antiphon.agent.directory import description
    from antiphon.agent.pair_verdict import pair_verdict
    from antiphon.agent.verdict import verdict

    if as_json:
        print_json(description(agent))
        return
    print_summary(agent.training["summary"])
    print_gain(agent.training["gain"])
    print_delay(agent.training.get("delay"))
    for said in (pair_verdict(agent.training), verdict(agent.training)):
        if said:
            put(said)
    put(f"agent: {output}")


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
    from antiphon.corpus.track_audio import file_sound

    player = loaded(agent)
    tokens = player.tokens(file_sound(audio))
    if as_json:
        print_json(
            {"alphabet_id": tokens.alphabet_id, "ids": tokens.ids.tolist(), "intervals": tokens.intervals.tolist()}
        )
        return
    for (start, end), token in zip(tokens.intervals, tokens.ids, strict=True):
        put_text(f"{start:.3f}\t{end:.3f}\t{token}")


@app.command
def info(agent: Path, /, *, as_json: Json = False) -> None:
    """What an agent is and what it learned from.

    Parameters
    ----------
    agent
        A trained agent.
    """
    from antiphon.agent.card import model_card
    from antiphon.agent.directory import description

    found = loaded(agent)
    if as_json:
        print_json(description(found))
    else:
        put_text(model_card(found), end="")


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


@app.meta.default
def launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)], talk: TalkFlags = AS_USUAL
) -> None:
    """Run a verb, whichever of the flags of all verbs stand before or after it."""
    terminal.set_talk(talk.talk())
    with timed():
        app(tokens, **AS_A_FUNCTION)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run a command; an expected error is one line on stderr and an exit code, a bug keeps its traceback."""
    terminal.only_our_own()
    terminal.set_talk(Talk.NORMAL)
    if set(app.help_flags) & set(arguments):
        read_once()
    try:
        with ended_by_signals(), assembled_once():
            app.meta(list(arguments), **AS_A_FUNCTION)
            terminal.flush()
    except BrokenPipeError:
        terminal.give_up_output()
    except KeyboardInterrupt as error:
        terminal.say(f"antiphon: {str(error) or 'interrupted'}")
        return error.exit_code if isinstance(error, Ended) else terminal.INTERRUPTED
    except Exception as error:
        said = _said(error)
        if said is None:
            raise
        terminal.trace(error)
        terminal.say(f"antiphon: {said.line}")
        return said.exit_code
    return 0


@dataclass(frozen=True)
class _Said:
    line: str
    exit_code: int


def _said(error: Exception) -> _Said | None:
    """What is said of an error that is expected; None for a bug."""
    if isinstance(error, CycloptsError):
        return _Said(_usage(error), SettingsError.exit_code)
    if isinstance(error, AntiphonError):
        return _Said(str(error), error.exit_code)
    if isinstance(error, OSError):
        terminal.give_up_output()
        return _Said(terminal.refusal(error), AntiphonError.exit_code)
    exhausted = terminal.exhaustion(error)
    return None if exhausted is None else _Said(exhausted, AntiphonError.exit_code)


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
