"""The paper's figures 4 to 8 from a study's cells (matplotlib, the extra `eval`). Same cells, same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from antiphon.errors import MissingExtra
from antiphon.evaluation.protocol import CONSENSUS, FREE, GUIDE_ONLY, MEMORY, ORACLE, TRACK, Form
from antiphon.evaluation.results import BASELINE, OURS, Cell, find

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#3b6fb6", "#d9822b", "#4a9a5b", "#8b5fb0", "#b3412e")
"""Of the alphabets, from small to large; again from the first where there are more."""

GREY, BLACK, RED = "#8a8a8a", "#1c1b22", "#c22f2f"

POINTS_PER_INCH = 150

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Drawing:
    """A figure: its file name without ending, what it shows, and the function that draws it."""

    name: str
    caption: str
    draw: Callable[[Sequence[Cell]], Figure]


def require() -> None:
    """Raise MissingExtra where nothing can be drawn."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingExtra("figures need matplotlib: pip install 'antiphon[eval]'") from error


def files(drawing: Drawing, cells: Sequence[Cell]) -> dict[str, bytes]:
    """The figure as PDF and as PNG, without dates and program names, whatever the user's own matplotlib style is."""
    from matplotlib import style

    nobody = {"pdf": {"CreationDate": None, "Creator": None, "Producer": None}, "png": {"Software": None}}
    found = {}
    with style.context(["default", STYLE]):
        figure = drawing.draw(cells)
        for ending, metadata in nobody.items():
            stream = io.BytesIO()
            figure.savefig(stream, format=ending, dpi=POINTS_PER_INCH, metadata=metadata)
            found[ending] = stream.getvalue()
    return found


def _boxes(panels: Sequence[tuple[Form, str]], name: str, label: str) -> Callable[[Sequence[Cell]], Figure]:
    """Boxplots of `name` for each cell, our model in its alphabet's colour and the uniform one grey to its right; one
    panel for each (form, title)."""

    def draw(cells: Sequence[Cell]) -> Figure:
        figure, axes = _panels(len(panels), 1, (1.8 + 0.72 * len(cells), 2.6 * len(panels) + 0.5))
        for panel, (form, title) in zip(axes, panels, strict=True):
            _draw_boxes(panel, cells, form, name)
            panel.set_title(title)
            panel.set_ylabel(label)
        return figure

    return draw


def _draw_boxes(axes: Axes, cells: Sequence[Cell], form: Form, name: str) -> None:
    sizes = sorted({cell["K"] for cell in cells})
    for place, cell in enumerate(cells):
        colour = COLOURS[sizes.index(cell["K"]) % len(COLOURS)]
        for model, offset, fill in ((OURS, -0.2, colour), (BASELINE, 0.2, "#c9c9c9")):
            column = find(cell, model, form)
            if column is None or column[name] is None:
                continue
            box = column[name]
            drawn = axes.bxp(
                [
                    {
                        "med": box["median"],
                        "q1": box["first"],
                        "q3": box["third"],
                        "whislo": box["low"],
                        "whishi": box["high"],
                        "mean": box["mean"],
                    }
                ],
                positions=[place + offset],
                widths=0.34,
                showfliers=False,
                showmeans=True,
                patch_artist=True,
                medianprops={"color": BLACK},
                meanprops={"marker": "o", "markerfacecolor": "white", "markeredgecolor": BLACK, "markersize": 3},
            )
            drawn["boxes"][0].set_facecolor(fill)
        if name == "entropy_box" and (truth := find(cell, OURS, form)) is not None:
            mean = truth["true_entropy"]["mean"]
            axes.plot([place - 0.4, place + 0.4], [mean, mean], color=RED, linewidth=1.2)
    axes.set_xticks(range(len(cells)), [cell["name"] for cell in cells], rotation=35, ha="right")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", linewidth=0.4, alpha=0.6)


def _prefixes(form: Form) -> Callable[[Sequence[Cell]], Figure]:
    """LCP by position, a panel for each cell: alphabets down, durations across."""

    def draw(cells: Sequence[Cell]) -> Figure:
        sizes, durations = (sorted({cell[name] for cell in cells}) for name in ("K", "segment_seconds"))
        figure, axes = _panels(len(sizes), len(durations), (2.9 * len(durations) + 0.4, 2.1 * len(sizes) + 0.5))
        for panel in axes:
            panel.set_visible(False)
        for cell in cells:
            place = sizes.index(cell["K"]) * len(durations) + durations.index(cell["segment_seconds"])
            axes[place].set_visible(True)
            _draw_prefixes(axes[place], cell, form)
        return figure

    return draw


def _draw_prefixes(axes: Axes, cell: Cell, form: Form) -> None:
    import numpy as np

    length = cell["window_tokens"]
    positions = np.arange(length)
    found = cell["prefixes"][form.name]
    axes.plot(positions, length - positions, color=RED, linewidth=1)
    if OURS in found and found[OURS]["windows"]:
        mean, spread = (np.array(found[OURS][name]) for name in ("mean", "spread"))
        axes.fill_between(
            positions, np.maximum(mean - spread, 0), mean + spread, color=COLOURS[0], alpha=0.25, linewidth=0
        )
        axes.plot(positions, mean, color=COLOURS[0], linewidth=1.4)
    if BASELINE in found and found[BASELINE]["windows"]:
        axes.plot(positions, found[BASELINE]["mean"], color=BLACK, linewidth=1)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(0, 1.3 * length)
    axes.set_yticks([0, 1, 10], ["0", "1", "10"])
    axes.set_xlim(0, length - 1)
    axes.set_title(cell["name"])
    axes.set_xlabel("position")
    axes.set_ylabel("LCP")


WAYS = ((TRACK, "o", True), (CONSENSUS, "D", True), (GUIDE_ONLY, "o", False))
"""How a track is decided, and the mark that stands for it."""


def _everyone(cells: Sequence[Cell]) -> Figure:
    """TPP of every model in each cell, whole tracks, with the interval over pieces."""
    models = list(dict.fromkeys(column["model"] for cell in cells for column in cell["columns"]))
    across = min(3, len(cells))
    down = -(-len(cells) // across)
    figure, axes = _panels(down, across, (3.1 * across + 1.2, (0.19 * len(models) + 0.8) * down))
    for panel in axes[len(cells) :]:
        panel.set_visible(False)
    for panel, cell in zip(axes, cells, strict=False):
        for place, model in enumerate(reversed(models)):
            for form, marker, filled in WAYS:
                column = find(cell, model, form)
                if column is None:
                    continue
                value = column["tpp"]
                colour = RED if model == OURS else GREY
                panel.plot([value["low"], value["high"]], [place, place], color=colour, linewidth=1)
                inside = colour if filled else "white"
                panel.plot([value["mean"]], [place], marker, color=colour, markerfacecolor=inside, markersize=4)
        panel.set_yticks(range(len(models)), list(reversed(models)), fontsize=7)
        panel.set_xlim(left=0)
        panel.set_xlabel("TPP, %")
        panel.set_title(cell["name"])
        panel.grid(axis="x", linewidth=0.4, alpha=0.6)
    return figure


def _panels(down: int, across: int, inches: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches, layout="constrained")
    return figure, list(figure.subplots(down, across, squeeze=False).ravel())


CONSTRAINED = ((ORACLE, "Labels of the true B (the paper's form)"), (MEMORY, "Labels of the memory in use"))

DRAWINGS = (
    Drawing(
        "figure4-tpp",
        "Figure 4. TPP of windows without constraint; colour: Antiphon by alphabet, grey: the uniform baseline; a "
        "circle is the mean.",
        _boxes(((FREE, ""),), "tpp_box", "TPP, %"),
    ),
    Drawing(
        "figure5-tpp-constrained",
        "Figure 5. TPP of windows under the constraint, the uniform baseline too.",
        _boxes(CONSTRAINED, "tpp_box", "TPP, %"),
    ),
    Drawing(
        "figure6-lcp",
        "Figure 6. LCP at each position of the window under the paper's constraint: blue the mean and its standard "
        "deviation, black the uniform baseline, red the longest possible.",
        _prefixes(ORACLE),
    ),
    Drawing("figure6-lcp-memory", "Figure 6, with the labels of the memory in use.", _prefixes(MEMORY)),
    Drawing(
        "figure7-entropy",
        "Figure 7. Entropy of the windows without constraint; red: that of the true B, on average.",
        _boxes(((FREE, ""),), "entropy_box", "entropy, bits"),
    ),
    Drawing(
        "figure8-entropy-constrained",
        "Figure 8. Entropy of the windows under the constraint; red: that of the true B, on average.",
        _boxes(CONSTRAINED, "entropy_box", "entropy, bits"),
    ),
    Drawing(
        "everyone-tpp",
        "Not in the paper: TPP of every model, whole tracks in one pass, mean and 95 % interval over pieces. Dot: "
        "nucleus; diamond: consensus; ring: by the guide alone.",
        _everyone,
    ),
)
"""All figures of a study, in the order of the page."""
