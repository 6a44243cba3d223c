"""`antiphon coupling`: how much two tracks go together, by measures that say how far they can be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from antiphon.cli import terminal
from antiphon.cli.arguments import CorpusSection, Json, Output, Seed, settings_from
from antiphon.cli.assembly import VerbApp
from antiphon.cli.printing import plain, print_json, print_table, put
from antiphon.errors import SettingsError

if TYPE_CHECKING:
    from antiphon.coupling.calibration import Calibrated, Calibration
    from antiphon.coupling.conditions import Condition
    from antiphon.coupling.pairs import Coupling
    from antiphon.use_cases.coupling import FolderCoupling

coupling_app = VerbApp(name="coupling", help="How much two tracks go together, by calibrated measures.")

SHORT = ("true", "< beat", "> beat", "same key", "other", "transposed", "itself", "random", "noise")
"""The conditions, in their order, as heads of columns."""

PLACES = ("true pairs", "> beat", "same key")
PLACES_ABOUT = (
    "true pairs, > beat, same key: % of calibrated excerpts of true, shifted and foreign partners that are lower"
)

Standard = Annotated[
    Path | None,
    Parameter(help="What `antiphon coupling train` wrote; without it the package's own, of rendered chorales."),
]


@coupling_app.default
def coupling(
    guide: Path | None = None,
    response: Path | None = None,
    /,
    *,
    folder: Path | None = None,
    standard: Standard = None,
    as_json: Json = False,
) -> None:
    """How much two tracks go together: each measure beside its calibration.

    Parameters
    ----------
    guide
        The track that was listened to.
    response
        The track that answers it.
    folder
        Instead of two files, sub-folders that each hold a guide, a response and, if known, a target, by these names.
    """
    from antiphon.use_cases.coupling import couple_files, couple_folder, standard_at

    if folder is not None:
        if guide is not None:
            raise SettingsError("give either two recordings or --folder")
        with terminal.progress() as progress:
            found = couple_folder(folder, standard_at(standard), progress)
        _show(found, as_json, _print_folder)
        return
    if guide is None or response is None:
        raise SettingsError("give a guide and a response, or --folder")
    _show(couple_files(guide, response, standard_at(standard)), as_json, _print_pair)


@coupling_app.command
def train(
    corpus: Path,
    /,
    *,
    output: Output,
    steps: int | None = None,
    trials: int = 1000,
    seed: Seed = 0,
    as_json: Json = False,
    corpus_section: CorpusSection = None,
) -> None:
    """Train a verifier on a corpus, calibrate every measure on its held-out pieces, and print the table.

    Parameters
    ----------
    corpus
        A manifest or a folder of multitracks.
    steps
        How long to train, in batches.
    trials
        Excerpts of 10 s to calibrate on.
    """
    from antiphon.corpus.opening import open_corpus
    from antiphon.coupling.settings import VerifierSettings
    from antiphon.use_cases.coupling import Trials, train_standard

    division = settings_from(None, corpus=corpus_section).corpus
    length = {} if steps is None else {"steps": steps}
    with terminal.progress() as progress:
        made = train_standard(
            open_corpus(corpus, division),
            output,
            settings=VerifierSettings(seed=seed, **length),
            trials=Trials(trials, seed),
            division=division,
            progress=progress,
        )
    _show(made.calibration, as_json, _print_calibration)


@coupling_app.command
def calibrate(
    corpus: Path,
    /,
    *,
    standard: Standard = None,
    trials: int = 1000,
    seed: Seed = 0,
    as_json: Json = False,
    corpus_section: CorpusSection = None,
) -> None:
    """What every measure gives for true partners, shifted and foreign ones, on the held-out pieces of a corpus.

    Parameters
    ----------
    corpus
        A manifest or a folder of multitracks.
    trials
        Excerpts of 10 s to calibrate on.
    """
    from antiphon.corpus.opening import open_corpus
    from antiphon.use_cases.coupling import Trials, calibrate_standard, standard_at

    division = settings_from(None, corpus=corpus_section).corpus
    with terminal.progress() as progress:
        given = open_corpus(corpus, division)
        against, size = standard_at(standard), Trials(trials, seed)
        found = calibrate_standard(given, against, trials=size, division=division, progress=progress)
    _show(found, as_json, _print_calibration)


def _show(result: Any, as_json: bool, show: Any) -> None:
    if as_json:
        print_json(_without_nan(plain(result)))
    else:
        show(result)


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: what a measure does not say is null."""
    if isinstance(value, Mapping):
        return {str(key): _without_nan(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and isnan(value) else value


def _print_pair(found: Coupling) -> None:
    excerpts = "one excerpt" if found.excerpts == 1 else f"the mean of {found.excerpts} excerpts of 10 s"
    put(f"{found.seconds:.1f} s in common, {excerpts}")
    put(PLACES_ABOUT)
    head = ("measure", "value", *PLACES, "claims that fail")
    rows = [(each.name, _number(each.value), *_places(each.below), _failing(each)) for each in found.measures]
    print_table(head, rows)
    put()
    print_table(
        ("over lags", "together", "largest", "at, s"),
        [(each.name, _number(each.together), _number(each.best), _seconds(each.lag)) for each in found.lags],
    )
    _print_failures([(each.name, each.failures) for each in found.measures])


def _print_folder(found: FolderCoupling) -> None:
    put(f"{len(found.items)} items: mean, and 95 % interval over items")
    put(PLACES_ABOUT)
    rows = [
        (each.name, _estimate(each.response), _estimate(each.target), *_places(each.below)) for each in found.measures
    ]
    print_table(("measure", "response", "target", *PLACES), rows)
    held = found.adherence
    if held.apa is None or held.nearness is None:
        put(f"APA: {held.about}")
    else:
        put(f"APA {held.apa:.3f}, nearness {held.nearness:.3f}, of all responses against {held.about}")
    _print_failures([(each.name, each.failures) for each in found.items[0].response.measures])


def _print_calibration(found: Calibration) -> None:
    """Two tables of measures by conditions: the share of trials in the claimed order, and the medians."""
    put(f"{found.trials} excerpts of 10 s of {found.pieces} held-out pieces")
    put("% of trials in which a measure respects its claim about a condition beside true B; ! where it fails")
    claims = [
        (each.name, *(_claim(each, name) for name in SHORT if name != "true"), f"{100 * each.first:.0f}")
        for each in found.measures
    ]
    print_table(("measure", *(name for name in SHORT if name != "true"), "true first"), claims)
    put()
    put("medians")
    medians = [
        (each.name, *(_number(each.distributions[condition].median) for condition in _conditions()))
        for each in found.measures
    ]
    print_table(("measure", *SHORT), medians)
    _print_failures([(each.name, each.failures) for each in found.measures])


def _conditions() -> tuple[Condition, ...]:
    from antiphon.coupling.conditions import Condition

    return tuple(Condition)


def _claim(measure: Calibrated, short: str) -> str:
    """What a measure claims about one condition beside the true partner, and whether it holds."""
    other = _conditions()[SHORT.index(short)]
    for claim in measure.claims:
        if other in (claim.higher, claim.lower):
            return f"{100 * claim.share:.0f}{'' if claim.holds else ' !'}"
    return ""


def _print_failures(measures: Sequence[tuple[str, Sequence[str]]]) -> None:
    lines = [f"{name} fails its own order: {'; '.join(failures)}" for name, failures in measures if failures]
    if lines:
        put()
    for line in lines:
        put(line)


def _failing(measured: Any) -> str:
    if not measured.below:
        return "not calibrated"
    return f"{len(measured.failures)}" if measured.failures else "none"


def _places(below: Mapping[Condition, float]) -> tuple[str, ...]:
    """Where a value lies among calibrated ones, in the columns of `PLACES`."""
    from antiphon.coupling.conditions import Condition

    return tuple(_percent(below.get(each)) for each in (Condition.TRUE, Condition.FAR, Condition.SAME_KEY))


def _number(value: float) -> str:
    return "-" if isnan(value) else f"{value:.3g}"


def _seconds(lag: float) -> str:
    return "-" if isnan(lag) else f"{lag:+.2f}"


def _percent(share: float | None) -> str:
    return "-" if share is None or isnan(share) else f"{100 * share:.0f}"


def _estimate(value: Any) -> str:
    return "-" if value is None else f"{value.mean:.3f} ({value.low:.3f} to {value.high:.3f})"
