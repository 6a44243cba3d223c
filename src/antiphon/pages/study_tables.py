"""A study as a page of text: the nine cells side by side as in the paper, then every model in each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from antiphon.evaluation.protocol import CONSENSUS, FORCED, FREE, GUIDE_ONLY, MEMORY, ORACLE, TRACK, Form
from antiphon.evaluation.results import BASELINE, OURS, Cell, find

Row = Sequence[str]

LIKELY = 0.0001
"""Below this a p-value is printed as in the paper."""


@dataclass(frozen=True)
class Table:
    """A table of text."""

    head: Row
    rows: Sequence[Row]

    def markdown(self) -> str:
        """In Markdown; a bar in a value does not end it."""
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return "\n".join("| " + " | ".join(value.replace("|", "\\|") for value in line) + " |" for line in lines)


def as_markdown(table: Mapping[str, Any]) -> str:
    """table.md."""
    cells = table["cells"]
    parts: list[str] = ["# Re-generation of B from A", *about(table["study"])]
    parts += ["## All cells, as in the paper", grid(cells).markdown()]
    parts += ["## What the guide adds, bits per token", gains(cells).markdown()]
    for cell in cells:
        parts.append(f"## {cell['name']}")
        parts += [part.markdown() if isinstance(part, Table) else part for part in cell_parts(cell)]
    return "\n\n".join(parts) + "\n"


def about(study: Mapping[str, Any]) -> tuple[str, ...]:
    """What was studied, with what, and how to read the tables."""
    corpus = study["corpus"]
    versions = ", ".join(f"{name} {number}" for name, number in sorted(study["versions"].items()))
    return (
        f"{corpus['pieces']} pieces, {corpus['minutes']:.0f} minutes; seed {study['seed']}; "
        f"antiphon {study['antiphon']}, protocol {study['protocol']}; {versions}.",
        "Means over held-out pieces, in parentheses the 95 % bootstrap interval over pieces. `oracle` allows the "
        "labels of the true B, which the paper calls constrained generation; `memory` those of the memory in use.",
    )


def models_of(cell: Cell) -> tuple[str, ...]:
    """All models of a cell in the order in which they were judged with the true past, as all are that decide."""
    decide = [each["model"] for each in cell["columns"] if each["form"] == FORCED.name]
    return tuple(dict.fromkeys([*decide, *(each["model"] for each in cell["columns"])]))


def interval(value: Mapping[str, float] | None, digits: int) -> str:
    """An estimate as text; nothing where there is none."""
    if value is None:
        return ""
    if value["pieces"] == 1:
        return f"{value['mean']:.{digits}f}"
    return f"{value['mean']:.{digits}f} ({value['low']:.{digits}f} to {value['high']:.{digits}f})"


def spoken_p(p: float) -> str:
    """A p-value as the paper prints it."""
    return "< 0.0001" if p < LIKELY else f"{p:.4f}"


def _number(cell: Cell, model: str, form: Form, name: str, digits: int) -> str:
    found = find(cell, model, form)
    return "" if found is None else interval(found.get(name), digits)


def grid(cells: Sequence[Cell]) -> Table:
    """The paper's figures 4 to 6 in numbers, a row for each cell."""
    head = (
        "cell",
        "TPP, %",
        "uniform",
        "p (Mann-Whitney)",
        "TPP oracle, %",
        "uniform",
        "p",
        "oracle allows, % of the alphabet",
        "TPP memory, %",
        "memory allows, %",
        "LCP oracle",
        "uniform",
    )
    return Table(head, [_grid_row(cell) for cell in cells])


def _grid_row(cell: Cell) -> Row:
    free, oracle = (cell["papers_test"][form.name] for form in (FREE, ORACLE))
    return (
        cell["name"],
        _number(cell, OURS, FREE, "tpp", 1),
        _number(cell, BASELINE, FREE, "tpp", 1),
        "" if free is None else spoken_p(free["p"]),
        _number(cell, OURS, ORACLE, "tpp", 1),
        _number(cell, BASELINE, ORACLE, "tpp", 1),
        "" if oracle is None else spoken_p(oracle["p"]),
        _allowed(cell, ORACLE),
        _number(cell, OURS, MEMORY, "tpp", 1),
        _allowed(cell, MEMORY),
        _number(cell, OURS, ORACLE, "lcp", 3),
        _number(cell, BASELINE, ORACLE, "lcp", 3),
    )


def _allowed(cell: Cell, form: Form) -> str:
    found = find(cell, OURS, form)
    return "" if found is None else f"{100 * found['allowed']['mean']:.1f} ± {100 * found['allowed']['spread']:.1f}"


def gains(cells: Sequence[Cell]) -> Table:
    """What listening is worth, a row for each cell; see `evaluation.gain`."""
    head = ("cell", "bits per token", "whole", "piece part", "local part", "swapped guide costs", "calibration error")
    rows = []
    for cell in cells:
        gain = cell["gain"] or {}
        rows.append(
            (
                cell["name"],
                _number(cell, OURS, FORCED, "bits", 3),
                *(interval(gain.get(name), 3) for name in ("whole", "piece", "local", "swapped")),
                f"{cell['calibration']['antiphon']['error']:.3f}",
            )
        )
    return Table(head, rows)


MAIN = (
    ("TPP window, %", FREE, "tpp", 1),
    ("memory", MEMORY, "tpp", 1),
    ("oracle", ORACLE, "tpp", 1),
    ("TPP track, %", TRACK, "tpp", 1),
    ("consensus", CONSENSUS, "tpp", 1),
    ("by the guide alone", GUIDE_ONLY, "tpp", 1),
    ("argmax of the true past", FORCED, "tpp", 1),
    ("bits per token", FORCED, "bits", 3),
    ("LCP memory", MEMORY, "lcp", 3),
    ("entropy, bits", TRACK, "entropy", 2),
)
"""Head, form, number and digits of each column of the first table of a cell."""

MORE = (
    ("kappa", TRACK, "kappa", 3),
    ("TPP sounding, %", TRACK, "sounding", 1),
    ("TPP ±1", TRACK, "near", 1),
    ("TPP alike by centroid", TRACK, "alike", 1),
    ("TPP alike by use", TRACK, "used_alike", 1),
    ("4 right from a start, %", TRACK, "lasting", 2),
    ("repeats, %", TRACK, "repeats", 1),
    ("distinct classes", TRACK, "distinct", 1),
    ("copied, %", TRACK, "copied", 1),
)
"""The same of the second."""


def cell_parts(cell: Cell) -> Iterator[str | Table]:
    """Everything about one cell, a table or a sentence after the other."""
    pieces = cell["pieces"]
    yield (
        f"{pieces['test']} held-out pieces, {pieces['train']} to learn from; epochs: "
        + ", ".join(f"{name} {count}" for name, count in sorted(cell["epochs"].items()))
        + "."
    )
    if cell["centroids"] < cell["K"]:
        yield f"The corpus is too small for {cell['K']} classes: the alphabet has {cell['centroids']}."
    for columns in (MAIN, MORE):
        head = ("model", *(name for name, *_ in columns))
        yield Table(
            head,
            [
                (model, *(_number(cell, model, form, name, digits) for _, form, name, digits in columns))
                for model in models_of(cell)
            ],
        )
    truth = find(cell, OURS, TRACK) or {}
    yield (
        f"The true B: entropy {interval(truth.get('true_entropy'), 2)} bits, repeats "
        f"{interval(truth.get('true_repeats'), 1)} %, {interval(truth.get('true_distinct'), 1)} distinct classes."
    )
    yield "Antiphon and each opponent, piece by piece (Wilcoxon, Holm among the opponents; effect: rank-biserial):"
    yield _paired(cell)


def _paired(cell: Cell) -> Table:
    tpp, bits = cell["paired"][f"{TRACK.name}, tpp"], cell["paired"]["bits"]
    head = ("opponent", "TPP track more", "p", "effect", "bits more", "p", "effect")
    rows = [
        (
            model,
            interval(tpp[model]["difference"], 1),
            spoken_p(tpp[model]["p_holm"]),
            f"{tpp[model]['effect']:+.2f}",
            *(
                (
                    interval(bits[model]["difference"], 3),
                    spoken_p(bits[model]["p_holm"]),
                    f"{bits[model]['effect']:+.2f}",
                )
                if model in bits
                else ("", "", "")
            ),
        )
        for model in tpp
    ]
    return Table(head, rows)
