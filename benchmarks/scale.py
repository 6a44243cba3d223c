"""Scale by simulation: shards of tokens as large as wanted, with a relation that is known, and what a training does.

    python benchmarks/scale.py generate OUT --hours 10000     # two tracks, half-second segments: 72 million a track
    python benchmarks/scale.py memory OUT --steps 2000        # start, memory over steps, bits against the truth
    python benchmarks/scale.py kill OUT --kills 4             # what a SIGKILL at any time costs
    python benchmarks/scale.py throughput OUT --steps 300     # one process against two
    python benchmarks/scale.py batches OUT --steps 2000       # windows a second, without a network

b(t) = a(t - 2), but in one segment of ten another class, drawn alike: 0.86 bits a segment with the guide, against more
than two without. Results are JSON on stdout; `--plot FILE` draws memory over steps.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from antiphon.config import PerceptionSettings, Settings, validated
from antiphon.dataset import TokenExcerpt
from antiphon.dataset.shards.encoding import footer
from antiphon.dataset.shards.index import Place, ShardFolder, open_shards
from antiphon.dataset.shards.parquet import write
from antiphon.dataset.shards.plan import GROUP_SECONDS, INDEX, SHARDS_VERSION, Plan, begin, shard_name
from antiphon.dataset.shards.token_rows import TokenRows, schema, table_of

CLASSES, LAG, SLIP = 16, 2, 0.1
SEGMENT_SECONDS = 0.5
PIECE_SEGMENTS = 600
"""Five minutes."""

PIECES_IN_GROUP = int(GROUP_SECONDS / (2 * PIECE_SEGMENTS * SEGMENT_SECONDS))
GROUPS_IN_SHARD = 8

SMALL = {
    "decision": {"layers": 2, "guide_layers": 1, "dimension": 64, "feed_forward": 128, "heads": 4},
    "training": {"deaf": False, "shifted": False, "max_epochs": 1, "teacher_decay": 1.0, "hide_past": 0.0},
}
"""A network whose steps are short, so that what is measured is the stream."""


def truth_bits() -> float:
    """Surprise of b given all of a, and its own past tells no more."""
    return -(1 - SLIP) * np.log2(1 - SLIP) - SLIP * np.log2(SLIP / (CLASSES - 1))


def planted(pieces: int, seed: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Tokens (pieces, segments) of a and b."""
    from antiphon.corpus.planted.chains import melody

    random, chain = np.random.default_rng(seed), melody(CLASSES)
    edges = np.cumsum(chain.transition, axis=1)[:, :-1]
    a = np.zeros((pieces, PIECE_SEGMENTS + LAG), dtype=np.int64)
    a[:, 0] = random.choice(CLASSES, pieces, p=chain.initial)
    for segment in range(1, a.shape[1]):
        a[:, segment] = (edges[a[:, segment - 1]] < random.random((pieces, 1))).sum(axis=1)
    b = a[:, :-LAG].copy()
    slips = random.random(b.shape) < SLIP
    b[slips] = (b[slips] + random.integers(1, CLASSES, int(slips.sum()))) % CLASSES
    return a[:, LAG:], b


class Tables:
    """Row groups of shards. `distinct` shards have tokens of their own; those behind them repeat them under other
    names, which saves the time to draw them and changes nothing of what is measured."""

    def __init__(self, distinct: int) -> None:
        self._distinct = distinct
        self._held: dict[tuple[int, int], list] = {}

    def of(self, shard: int, pieces: int) -> Iterator:
        import pyarrow as pa

        drawn = shard % self._distinct
        if (drawn, pieces) not in self._held:
            self._held[drawn, pieces] = list(_drawn(drawn, pieces))
        for held in self._held[drawn, pieces]:
            named = held
            for column in ("multitrack", "piece"):
                place = held.schema.get_field_index(column)
                names = [f"{shard:06d}-{name}" for name in held[column].to_pylist()]
                named = named.set_column(place, held.schema.field(place), pa.array(names))
            yield named


def _drawn(shard: int, pieces: int) -> Iterator:
    a, b = planted(pieces, (7, shard))
    for first in range(0, pieces, PIECES_IN_GROUP):
        numbers = range(first, min(first + PIECES_IN_GROUP, pieces))
        yield table_of([_rows(number, a[number], b[number]) for number in numbers])


def _rows(number: int, a: np.ndarray, b: np.ndarray) -> TokenRows:
    kind, name = number % 20, f"{number:03d}"
    split = "validation" if kind == 0 else "train"
    seconds = PIECE_SEGMENTS * SEGMENT_SECONDS
    excerpt = TokenExcerpt(name, name, ("a", "b"), (a, b), unanswering=frozenset({0}))
    tracks = ("a", "b")
    return TokenRows(
        (excerpt,), Place(split, 0.0, seconds), dict.fromkeys(tracks, ""), dict.fromkeys(tracks, seconds), alike=True
    )


def generate(out: Path, hours: float, distinct_hours: float) -> dict:
    """Write the shards; those that are there stay."""
    from antiphon.perception.alphabet import identify
    from antiphon.perception.perception import Perception
    from antiphon.training.shard_tokens import finish_tokens, save_alphabet, token_plan
    from antiphon.types import Alphabet

    begun, cpu = time.time(), time.process_time()
    perception = PerceptionSettings(alphabet_size=CLASSES)
    recipe = Perception(perception).recipe
    centroids = np.random.default_rng(0).random((CLASSES, 24)).astype(np.float32)
    alphabet = Alphabet(centroids, np.ones(24, np.float32), perception.rest_dbfs, True, recipe, id="")
    alphabet = Alphabet(**{**vars(alphabet), "id": identify(alphabet)})
    pieces = round(hours * 3600 / (PIECE_SEGMENTS * SEGMENT_SECONDS))
    each = PIECES_IN_GROUP * GROUPS_IN_SHARD
    shards = -(-pieces // each)
    about = {"version": SHARDS_VERSION, "antiphon": "simulation", "kind": "segments", "identity": f"{pieces:064x}"}
    source = Plan(**about, shards=shards, recipe=recipe, perception=perception, corpus=Settings().corpus)
    plan = token_plan(source, alphabet, (0,))
    begin(out, plan)
    save_alphabet(out, alphabet)
    tables = Tables(max(1, round(distinct_hours * 3600 / (each * PIECE_SEGMENTS * SEGMENT_SECONDS))))
    for shard in range(shards):
        if not (out / shard_name(shard)).exists():
            found = tables.of(shard, min(each, pieces - shard * each))
            write(out / shard_name(shard), schema(), found, lambda number=shard: footer(plan, number, []))
    folder = open_shards(out) if (out / INDEX).exists() else finish_tokens(out, plan)
    size = sum(path.stat().st_size for path in out.iterdir())
    return {
        "hours": folder.seconds / 3600 / 2,
        "tokens": int(2 * pieces * PIECE_SEGMENTS),
        "shards": shards,
        "bytes": size,
        "wall_seconds": time.time() - begun,
        "cpu_seconds": time.process_time() - cpu,
    }


def settings_for(folder: Path, steps: int, **training: object) -> Settings:
    plan = open_shards(folder).plan
    base = validated({**SMALL, "training": {**SMALL["training"], "most_epoch_steps": steps, **training}})
    return base.model_copy(update={"perception": plan.perception, "corpus": plan.corpus})


def resident() -> tuple[float, float]:
    """Memory of this process now and at its largest, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith("Vm")}
    return found["VmRSS"], found["VmHWM"]


CHILD = """
import json, os, sys, time
sys.path.insert(0, {here!r})
import scale
scale.child({folder!r}, {out!r}, {steps}, json.loads({training!r}), log={log!r}, begun={begun!r})
"""


def child(folder: str, out: str, steps: int, training: dict, *, log: str, begun: float) -> None:
    """A training as `antiphon train` does it, which writes down its memory and the time at each step."""
    from antiphon.training.pipeline import train

    def progress(task: str, done: int, total: int) -> None:
        if task.startswith("train"):
            now, most = resident()
            usage = os.times()
            kept.write(json.dumps([time.time() - begun, now, most, usage.user + usage.system]) + "\n")
            kept.flush()

    rank = os.environ.get("RANK", "0")
    with open(f"{log}-{rank}", "a", encoding="utf-8") as kept:
        agent = train(Path(folder), out, settings=settings_for(Path(folder), steps, **training), progress=progress)
    if rank == "0":
        rows = [{"epoch": row["epoch"], "validation_bits": row["validation_bits"]} for row in agent.history]
        Path(f"{log}-history").write_text(json.dumps(rows), encoding="utf-8")


def command(folder: Path, work: Path, steps: int, processes: int = 1, **training: object) -> list[str]:
    code = CHILD.format(
        here=str(Path(__file__).parent),
        folder=str(folder),
        out=str(work / "agent"),
        steps=steps,
        training=json.dumps(training),
        log=str(work / "log"),
        begun=time.time(),
    )
    script = work / "child.py"
    script.write_text(code, encoding="utf-8")
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return [sys.executable, *(launcher if processes > 1 else []), str(script)]


def logged(work: Path, rank: int = 0) -> np.ndarray:
    """Seconds since the start, MB now, MB at most, and CPU seconds, before each step."""
    lines = (work / f"log-{rank}").read_text(encoding="utf-8").splitlines()
    return np.array([json.loads(line) for line in lines if line.endswith("]")])


def memory(folder: Path, steps: int, epochs: int, plot: Path | None) -> dict:
    """A training from its start: when its first step is done, what it holds, and whether it learns what is planted."""
    with tempfile.TemporaryDirectory() as made:
        work = Path(made)
        subprocess.run(command(folder, work, steps, max_epochs=epochs), check=True)
        rows = logged(work)
        history = json.loads((work / "log-history").read_text(encoding="utf-8"))
    if plot is not None:
        _plot(rows, plot, folder)
    tenth = len(rows) // 10
    return {
        "steps": len(rows),
        "first_step_seconds": float(rows[1, 0]),
        "first_step_cpu_seconds": float(rows[1, 3]),
        "mb_first": float(rows[1, 1]),
        "mb_after_a_tenth": float(rows[tenth, 1]),
        "mb_last": float(rows[-1, 1]),
        "mb_most": float(rows[-1, 2]),
        "cpu_seconds_a_step": float((rows[-1, 3] - rows[tenth, 3]) / (len(rows) - 1 - tenth)),
        "history": history,
        "truth_bits": truth_bits(),
    }


def _plot(rows: np.ndarray, path: Path, folder: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3))
    axes.plot(np.arange(len(rows)), rows[:, 1], linewidth=1)
    hours = open_shards(folder).seconds / 7200
    axes.set(xlabel="step", ylabel="memory of the process, MB", ylim=(0, None), title=f"{hours:,.0f} hours, two tracks")
    figure.tight_layout()
    figure.savefig(path)


def kill(folder: Path, kills: int, steps: int, interval: int) -> dict:
    """Killed at random times, and gone on with: what is lost, and whether it ends as it does without."""
    random = np.random.default_rng(1)
    lost, agents = [], []
    with tempfile.TemporaryDirectory() as made:
        for name, times in (("whole", 0), ("killed", kills)):
            work = Path(made) / name
            work.mkdir()
            words = command(folder, work, steps, checkpoint_steps=interval)
            for _ in range(times):
                lost.append(_killed(words, work, int(random.integers(interval // 2, 2 * interval))))
            subprocess.run(words, check=True)
            agents.append((work / "agent" / "decision.safetensors").read_bytes())
    return {"interval": interval, "steps_lost": lost, "same_bytes": agents[0] == agents[1]}


def _killed(words: list[str], work: Path, after: int) -> int:
    """Start it, kill it `after` so many more steps; how many of its steps no checkpoint holds."""
    before = len(logged(work)) if (work / "log-0").exists() else 0
    process = subprocess.Popen(words, start_new_session=True)
    while not (work / "log-0").exists() or len(logged(work)) < before + after:
        if process.poll() is not None:
            break
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    state = work / ".agent.training" / "decision" / "course.json"
    kept = json.loads(state.read_text(encoding="utf-8"))["step"] if state.exists() else 0
    return begun_at(work, before) + len(logged(work)) - before - 1 - kept


BEGUN: dict[Path, int] = {}


def begun_at(work: Path, before: int) -> int:
    """The step at which the run that was just killed had begun: what the one before had kept."""
    begun = BEGUN.get(work, 0)
    state = work / ".agent.training" / "decision" / "course.json"
    BEGUN[work] = json.loads(state.read_text(encoding="utf-8"))["step"] if state.exists() else 0
    return begun if before else 0


def throughput(folder: Path, steps: int) -> dict:
    """Steps a second of one process and of two, by the clock and by the processors."""
    found = {}
    for processes in (1, 2):
        with tempfile.TemporaryDirectory() as made:
            work = Path(made)
            subprocess.run(command(folder, work, steps, processes), check=True)
            ranks = [logged(work, rank) for rank in range(processes)]
        tenth = len(ranks[0]) // 10
        wall = (ranks[0][-1, 0] - ranks[0][tenth, 0]) / (len(ranks[0]) - 1 - tenth)
        cpu = [(rows[-1, 3] - rows[tenth, 3]) / (len(rows) - 1 - tenth) for rows in ranks]
        found[str(processes)] = {"wall_seconds_a_step": wall, "cpu_seconds_a_step": cpu, "mb_most": ranks[0][-1, 2]}
    return found


def batches(folder: Path, steps: int) -> dict:
    """What the stream alone costs."""
    from antiphon.config import TrainingSettings
    from antiphon.decision.generation import Context
    from antiphon.decision.vocabulary import Vocabulary
    from antiphon.training.batches import Drawing
    from antiphon.training.ranks import Ranks
    from antiphon.training.shard_batches import ShardBatches

    found: ShardFolder = open_shards(folder)
    cpu = time.process_time()
    source = ShardBatches(
        found, Drawing(Context(30, 20), Vocabulary(CLASSES + 1), CLASSES), TrainingSettings(most_epoch_steps=0), Ranks()
    )
    opened = time.process_time() - cpu
    cpu = time.process_time()
    rows = 0
    for number, share in enumerate(source.shares(0, 0), 1):
        rows += len(share.own)
        if number == steps:
            break
    seconds = time.process_time() - cpu
    now, most = resident()
    return {
        "open_cpu_seconds": opened,
        "windows_a_cpu_second": rows / seconds,
        "steps_of_a_pass": source.steps,
        "mb": now,
        "mb_most": most,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("generate", "memory", "kill", "throughput", "batches"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=float, default=100)
    parser.add_argument("--distinct-hours", type=float, default=100)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--interval", type=int, default=50)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    tasks = {
        "generate": lambda: generate(given.folder, given.hours, given.distinct_hours),
        "memory": lambda: memory(given.folder, given.steps, given.epochs, given.plot),
        "kill": lambda: kill(given.folder, given.kills, given.steps, given.interval),
        "throughput": lambda: throughput(given.folder, given.steps),
        "batches": lambda: batches(given.folder, given.steps),
    }
    sys.stdout.write(json.dumps(tasks[given.task](), indent=1) + "\n")


if __name__ == "__main__":
    main()
