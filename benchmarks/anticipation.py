"""What a guide is worth that is heard late, as by an agent that plays live.

    python benchmarks/anticipation.py CORPUS OUTPUT.json [--segments 0.5 0.25] [--delays 0 0.1 0.25 0.35 0.5 1]

For each length of segments and each delay (from the end of a segment that is decided back to the last that was heard of
the guide) one network is trained, and one that hears nothing for each length; then bits per token over whole held-out
tracks, and what the guide is worth: the difference, with its interval over pieces. The encoder's own lookahead is part
of the delay. Goes on where it was stopped: what stands in OUTPUT is not done again.

`--model counts` counts instead of training networks, in seconds (`decision/counts`, with the guide and without it).
`--way` changes what is learned: `aux` adds the loss of foretelling the guide's next token; `distilled` learns half of
it from the network that hears the present. `--size large` is the default network, `small` one that converges soon.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from antiphon.agent.parts import context_of
from antiphon.checkpoint import save_json
from antiphon.confidence import estimate
from antiphon.config import Settings, resolve
from antiphon.corpus.manifest import Corpus
from antiphon.corpus.opening import open_corpus
from antiphon.dataset import TokenExcerpt, prepare, split_tokens, training_segments
from antiphon.decision.counts import ALONE, WITH_GUIDE, interpolated
from antiphon.decision.generation import Context
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.transformer import DecisionNetwork
from antiphon.evaluation.delay import bits_by_piece
from antiphon.evaluation.opponents import side_by_side
from antiphon.perception.alphabet import fit_alphabet
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import make_quantizer
from antiphon.training.network_variants import TrainingData, new_network
from antiphon.training.trainer import Trainer
from antiphon.training.transposition import in_other_keys
from antiphon.types import Alphabet

SIZES: dict[str, dict[str, Any]] = {
    "small": {"dimension": 64, "feed_forward": 256, "layers": 2, "guide_layers": 1},
    "large": {},
}


def settings_of(segment: float, delay: float, heard: float | None, given: argparse.Namespace) -> Settings:
    """A causal agent's settings; all but the delay are alike."""
    return resolve(
        environment={},
        overrides={
            # Counts fit their weights on validation pieces; networks train for a number of steps.
            "corpus": {"train_share": 0.6, "validation_share": 0.1}
            if given.model == "counts"
            else {"train_share": 0.7, "validation_share": 0.0},
            "perception": {
                "segment_seconds": segment,
                "alphabet_size": given.classes,
                "guide_delay_seconds": delay,
                "guide_heard_seconds": heard,
                "encoder": {"name": given.encoder, "lookahead_seconds": given.encoder_lookahead},
            },
            "decision": {"lookahead_seconds": 0.0, **SIZES[given.size]},
            "training": {"teacher_decay": 1.0, "hide_past": 0.0, "max_epochs": 10_000, "precision": given.precision},
        },
    )


def lesson_of(corpus: Corpus, settings: Settings, alphabet: Alphabet | None) -> tuple[Alphabet, TrainingData]:
    """The alphabet, the same whatever the delay, and tokens in all keys."""
    perception = Perception(settings.perception, None, FrameCache(default_directory()))
    prepared = prepare(corpus, perception, settings.corpus)
    train = prepared.division["train"]
    if alphabet is None:
        alphabet = fit_alphabet(training_segments(prepared.encoded, train), perception.encoder, settings.perception)
    keys = in_other_keys(prepared.encoded, train, make_quantizer(alphabet), perception.encoder)
    return alphabet, TrainingData(split_tokens(prepared, alphabet), keys)


class EnoughError(Exception):
    """The steps are over."""


class Anticipating(Trainer):
    """A trainer whose network also foretells what the guide plays now, which it has not heard (`weight` of that loss),
    or learns a share of `teacher` in place of the truth; `present` gives the guide's own tokens of a batch's rows."""

    foretelling: nn.Linear | None = None
    weight = 0.0
    teacher: DecisionNetwork | None = None

    def foretell(self, weight: float) -> None:
        network = self.network
        self.weight, self.foretelling = weight, nn.Linear(network.output.in_features, network.output.out_features)
        self.optimizer.add_param_group({"params": list(self.foretelling.parameters())})

    def _step(self, batch: Any, probability: float) -> float:
        if self.foretelling is None and self.teacher is None:
            return super()._step(batch, probability)
        network, vocabulary = self.network, self.network.vocabulary
        late, present = torch.div(batch.guide, vocabulary.size, rounding_mode="floor"), batch.guide % vocabulary.size
        self.optimizer.zero_grad()
        hidden = self._hidden(len(batch))
        past = torch.cat([torch.full_like(batch.target[:, :1], vocabulary.bos), batch.target[:, :-1]], dim=1)
        state = network.listen(late, batch.durations, hidden)
        _, logits = network.decode(state, past)
        filled = batch.target != vocabulary.pad
        loss = functional.cross_entropy(logits[filled].float(), batch.target[filled])
        if self.teacher is not None:
            with torch.no_grad():
                said = torch.softmax(self.teacher(present, past, batch.durations)[filled], dim=-1)
            loss = 0.5 * loss + 0.5 * functional.cross_entropy(logits[filled].float(), said)
        if self.foretelling is not None:
            loss = loss + self._foretold(state.guide[:, 1:], present, filled, hidden)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        self.average.update()
        return float(loss.detach())

    def _foretold(self, states: Tensor, present: Tensor, filled: Tensor, hidden: Tensor | None) -> Tensor:
        heard = filled if hidden is None else filled & ~hidden[:, None]
        assert self.foretelling is not None
        return self.weight * functional.cross_entropy(self.foretelling(states[heard]), present[heard])


def both_heard(excerpts: Sequence[TokenExcerpt], size: int) -> tuple[TokenExcerpt, ...]:
    """Guides whose ids say what was heard late and what sounds now."""
    return tuple(
        replace(each, heard=tuple(late * size + now for late, now in zip(each.guides, each.ids, strict=True)))
        for each in excerpts
    )


def trained(
    settings: Settings,
    alphabet: Alphabet,
    lesson: TrainingData,
    given: argparse.Namespace,
    *,
    hears: bool = True,
    teacher: DecisionNetwork | None = None,
) -> DecisionNetwork:
    """A network after the steps that are asked for, its weights averaged."""
    network = new_network(settings, alphabet, hears)
    context = context_of(settings.corpus, settings.perception)
    trainer = Anticipating(network, context, settings.training, rest=alphabet.rest if alphabet.has_rest else None)
    train, keys = lesson.splits.train, lesson.transposed
    if hears and given.way != "plain":
        size = network.vocabulary.size
        train, keys = both_heard(train, size), tuple(both_heard(each, size) for each in keys)
        trainer.teacher = teacher
        if given.way == "aux":
            trainer.foretell(given.weight)
    done = 0

    def count(task: str, now: int, total: int) -> None:
        nonlocal done
        done += 1
        if done > given.steps:
            raise EnoughError

    try:
        trainer.fit(train, [], count, transposed=keys)
    except EnoughError:
        network.load_state_dict({**network.state_dict(), **averaged(trainer)})
    return network.eval()


def averaged(trainer: Trainer) -> dict[str, Tensor]:
    with trainer.average.applied():
        return {name: value.clone() for name, value in trainer.network.state_dict().items()}


def bits_of(network: DecisionNetwork, excerpts: Sequence[TokenExcerpt], context: Context) -> dict[str, float]:
    return bits_by_piece(NeuralDecision(network), excerpts, context)


def counted(settings: Settings, alphabet: Alphabet, lesson: TrainingData, spec: Any) -> dict[str, float]:
    """Bits per token of each held-out piece by interpolated counts, whose weights fit the validation split."""
    context = context_of(settings.corpus, settings.perception)
    keys = (lesson.splits.train, *lesson.transposed)
    learned = [(group.guides, group.targets) for key in keys for group in side_by_side(key)]
    held_out = [(group.guides, group.targets) for group in side_by_side(lesson.splits.validation)]
    model = interpolated(learned, held_out, alphabet.classes, spec)
    return bits_by_piece(model, lesson.splits.test, context)


class Table:
    """What was found so far, in a file; each row under the words that say what it is of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def add(self, name: str, row: dict[str, Any]) -> None:
        self.rows[name] = row
        save_json(self.path, self.rows)
        told = {key: value for key, value in row.items() if key != "pieces"}
        print(name, json.dumps(told), flush=True)


def measured(table: Table, corpus: Corpus, segment: float, given: argparse.Namespace) -> None:
    """All delays at one length of segments."""
    model = "counts" if given.model == "counts" else f"{given.size}, {given.steps} steps"
    about = f"{given.name} {segment:g} s, {model}"
    deaf, teacher, alphabet = table.rows.get(f"{about}, deaf"), None, None
    for delay in given.delays:
        for asked in given.heard:
            heard = seconds_of(asked, segment, delay)
            way = "" if given.way == "plain" else f", {given.way} {given.weight:g}"
            length = "" if heard is None else f", in {heard:g} s"
            name = f"{about}, {delay:g} s late{length}{way}"
            if name in table.rows:
                continue
            settings = settings_of(segment, delay, heard, given)
            context = context_of(settings.corpus, settings.perception)
            alphabet, lesson = lesson_of(corpus, settings, alphabet)
            if deaf is None:
                if given.model == "counts":
                    pieces = counted(settings, alphabet, lesson, ALONE)
                else:
                    network = trained(settings, alphabet, lesson, given, hears=False)
                    pieces = bits_of(network, lesson.splits.test, context)
                deaf = {"bits": float(np.mean(list(pieces.values()))), "pieces": pieces}
                table.add(f"{about}, deaf", deaf)
            if given.way == "distilled" and teacher is None:
                plain = argparse.Namespace(**{**vars(given), "way": "plain"})
                teacher = trained(settings, alphabet, lesson.at_once, plain)
            began = time.thread_time()
            if given.model == "counts":
                pieces = counted(settings, alphabet, lesson, WITH_GUIDE)
            else:
                network = trained(settings, alphabet, lesson, given, teacher=teacher)
                pieces = bits_of(network, lesson.splits.test, context)
            gain = estimate([deaf["pieces"][piece] - bits for piece, bits in pieces.items()])
            row = {"bits": float(np.mean(list(pieces.values()))), "gain": asdict(gain)}
            table.add(name, {**row, "seconds": round(time.thread_time() - began, 1), "pieces": pieces})


def length_of_guide(text: str) -> float | str:
    return text if text in ("segment", "rest") else float(text)


def seconds_of(heard: float | str, segment: float, delay: float) -> float | None:
    """The length of a guide token: as given, as a segment, or what is heard of the segment that is decided (where that
    is nothing, the last 0.1 s)."""
    if heard == "segment" or (heard == "rest" and delay == 0):
        return None
    return max(0.1, segment - delay) if heard == "rest" else float(heard)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--name", default="chorales")
    parser.add_argument("--segments", type=float, nargs="+", default=[0.5, 0.25])
    parser.add_argument("--delays", type=float, nargs="+", default=[0.0, 0.1, 0.25, 0.5, 1.0])
    parser.add_argument("--heard", type=length_of_guide, nargs="+", default=["segment"], help="seconds, segment, rest")
    parser.add_argument("--encoder", default="quick-notes")
    parser.add_argument("--encoder-lookahead", type=float)
    parser.add_argument("--classes", type=int, default=64)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--model", choices=("network", "counts"), default="network")
    parser.add_argument("--way", choices=("plain", "aux", "distilled"), default="plain")
    parser.add_argument("--weight", type=float, default=0.3, help="of the loss of foretelling")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--pieces", type=int, default=0, help="only so many, by name")
    given = parser.parse_args()
    torch.set_num_threads(1)
    corpus = open_corpus(given.corpus, Settings().corpus)
    if given.pieces:
        corpus = Corpus(tuple(sorted(corpus.multitracks, key=lambda each: each.name)[: given.pieces]))
    table = Table(given.output)
    for segment in given.segments:
        measured(table, corpus, segment, given)


if __name__ == "__main__":
    main()
