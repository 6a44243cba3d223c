"""The decision beside plain PyTorch of the same size, interleaved in the same run: `python benchmarks/decision.py`.

Plain: `torch.nn`'s own Transformer in fp32, Adam as a loop over the weights; to play, all of the response so far goes
through the model again for every token, or, stricter, through its decoder only. Times are medians; trust the ratios.
"""

import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from antiphon.config import DecisionSettings, SamplingSettings, resolve
from antiphon.decision.generation import Context, generate
from antiphon.decision.neural import NeuralDecision, suitable_threads
from antiphon.decision.positions import sinusoids
from antiphon.decision.transformer import DecisionNetwork
from antiphon.training.scheduled_sampling import sampled_past, shifted

CLASSES = 64
BATCH, WINDOW = 24, 60
"""The paper's batch; 15 s in segments of 0.25 s."""

EVERY = 12
"""Of a plain model's tokens, one in so many is timed."""

AGAIN = "whole model again, fp32"

PAPER = resolve(Path(__file__).parents[1] / "configs" / "paper.toml", {}).decision
SMALL = DecisionSettings()


class Plain(nn.Module):
    """The same model in torch.nn's own parts."""

    def __init__(self, settings: DecisionSettings) -> None:
        super().__init__()
        dimension = settings.dimension
        shape = (dimension, settings.heads, settings.feed_forward, settings.dropout)
        first = settings.norm == "pre"
        self.crosses = settings.conditioning == "cross-attention"
        self.guide_embedding = nn.Embedding(CLASSES + 2, dimension)
        self.response_embedding = nn.Embedding(CLASSES + 2, dimension)
        self.dropout = nn.Dropout(settings.dropout)
        self.encoder: nn.Module = nn.Identity()
        if settings.guide_layers:
            layer = nn.TransformerEncoderLayer(*shape, batch_first=True, norm_first=first)
            self.encoder = nn.TransformerEncoder(layer, settings.guide_layers, enable_nested_tensor=False)
        norm = nn.LayerNorm(dimension) if first else None
        if self.crosses:
            crossing = nn.TransformerDecoderLayer(*shape, batch_first=True, norm_first=first)
            self.decoder: nn.Module = nn.TransformerDecoder(crossing, settings.layers, norm)
        else:
            layer = nn.TransformerEncoderLayer(*shape, batch_first=True, norm_first=first)
            self.decoder = nn.TransformerEncoder(layer, settings.layers, norm, enable_nested_tensor=False)
        self.output = nn.Linear(dimension, CLASSES)

    def encode_in_blocks(self, guide: Tensor) -> Tensor:
        x = self.guide_embedding(guide)
        return self.encoder(self.dropout(x + sinusoids(0, guide.shape[1], x)))

    def decode(self, memory: Tensor, previous: Tensor) -> Tensor:
        n = previous.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(n)
        x = self.response_embedding(previous)
        if self.crosses:
            x = self.dropout(x + sinusoids(0, n, x))
            return self.output(self.decoder(x, memory, tgt_mask=mask, tgt_is_causal=True))
        x = self.dropout(x + memory[:, :n] + sinusoids(0, n, x))
        return self.output(self.decoder(x, mask=mask, is_causal=True))

    def forward(self, guide: Tensor, previous: Tensor) -> Tensor:
        return self.decode(self.encode_in_blocks(guide), previous)


def interleaved(works: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each, one after another in every round, so that a busy moment slows all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(repeats + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if round_:  # the first round warms up
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def table(title: str, seconds: dict[str, float], against: str, unit: float = 1e-3, name: str = "ms") -> None:
    print(f"\n{title}")
    for what, taken in seconds.items():
        print(f"  {what:34} {taken / unit:9.2f} {name}  {seconds[against] / taken:6.2f} x")


def pairs(batch: int) -> tuple[Tensor, Tensor]:
    guide, target = np.random.default_rng(0).integers(CLASSES, size=(2, batch, WINDOW))
    return torch.from_numpy(guide), torch.from_numpy(target)


def training_step(
    network: nn.Module, optimizer: torch.optim.Optimizer, probability: float, bf16: bool
) -> Callable[[], None]:
    """One step: past, forward, backward, clipped, updated."""
    guide, target = pairs(BATCH)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16) if bf16 else nullcontext():
            if isinstance(network, DecisionNetwork):
                past = sampled_past(network, guide, target, probability)
            else:
                past = shifted(target, CLASSES)
            logits = network(guide, past)
        loss = functional.cross_entropy(logits.flatten(0, 1).float(), target.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()

    return step


def looped(weights: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(weights, lr=1e-6, foreach=False, fused=False)


def fused(weights: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(weights, lr=1e-6, fused=True)


def training_tables(repeats: int) -> None:
    plain, network = Plain(PAPER).train(), DecisionNetwork(PAPER, CLASSES).train()
    for model in (plain, network):
        model.requires_grad_(True)
    ours = fused(network.parameters())
    works = {
        "plain, fp32, looped Adam": training_step(plain, looped(plain.parameters()), 1.0, False),
        "fp32": training_step(network, ours, 1.0, False),
        "bf16": training_step(network, ours, 1.0, True),
        "fp32, scheduled sampling": training_step(network, ours, 0.5, False),
        "bf16, scheduled sampling": training_step(network, ours, 0.5, True),
    }
    seconds = interleaved(works, repeats)
    table(f"training step, paper's size, {BATCH} x {WINDOW}", seconds, "plain, fp32, looped Adam", 1, "s")
    for kind in ("fp32", "bf16"):
        cost = seconds[f"{kind}, scheduled sampling"] / seconds[kind]
        print(f"  scheduled sampling costs {cost:.2f} x teacher forcing in {kind}")


def recomputed(plain: Plain, guide: Tensor, whole: bool) -> Callable[[], None]:
    """Tokens from all that was played before them, again: every twelfth, at the prefix in the middle of its twelve.

    A prefix costs the same whoever computed it, and all sixty at the paper's size take minutes.
    """

    @torch.inference_mode()
    def play() -> None:
        memory = plain.encode_in_blocks(guide)
        played = torch.zeros(guide.shape, dtype=torch.int64)
        for length in range(EVERY // 2, guide.shape[1], EVERY):
            if whole:
                memory = plain.encode_in_blocks(guide)
            plain.decode(memory, played[:, :length])[:, -1].argmax(dim=-1)

    return play


def stepped(network: DecisionNetwork, guide: Tensor) -> Callable[[], None]:
    """Token by token behind the protocol, log-probabilities handed out as numpy arrays."""
    decision, heard = NeuralDecision(network), guide.numpy()

    def play() -> None:
        state, previous, new = decision.start(len(heard)), None, heard
        for _ in range(heard.shape[1]):
            state, log_probabilities = decision.step(state, new, previous)
            previous, new = log_probabilities.argmax(axis=1), heard[:, :0]

    return play


def generation_tables(repeats: int) -> None:
    for name, settings in (("small", SMALL), ("paper's size", PAPER)):
        plain, network = Plain(settings).eval(), DecisionNetwork(settings, CLASSES).eval()
        half = DecisionNetwork(settings, CLASSES).eval().to(torch.bfloat16)
        for batch in (1, 64):
            guide, _ = pairs(batch)
            works = {
                AGAIN: recomputed(plain, guide, whole=True),
                "stepped, fp32": stepped(network, guide),
                "stepped, bf16 weights": stepped(half, guide),
            }
            if settings.guide_layers:
                works["decoder again, fp32"] = recomputed(plain, guide, whole=False)
            with suitable_threads(network):  # for all: a small plain model is faster on one thread too
                seconds = interleaved(works, 5 * repeats if settings is SMALL and batch == 1 else repeats)
            tokens = {what: WINDOW // EVERY if "again" in what else WINDOW for what in works}
            each = {what: taken / tokens[what] for what, taken in seconds.items()}
            table(f"generation, {name}, batch {batch}: a token of {WINDOW}", each, AGAIN)
            if settings.guide_layers:
                print(
                    f"  against the decoder again: {each['decoder again, fp32'] / each['stepped, fp32']:.2f} x in fp32"
                )


def memory_table(_: int) -> None:
    """What a longer track adds to the largest memory this process has taken."""
    print("\nmemory: the small model over a whole track, context 60, hop 40")
    decision = NeuralDecision(DecisionNetwork(SMALL, CLASSES).eval())
    # Kilobytes on Linux, bytes on a Mac.
    unit = 1e-6 if sys.platform == "darwin" else 1e-3
    for segments in (400, 800, 8000):
        guide = np.random.default_rng(0).integers(CLASSES, size=(1, segments))
        generate(decision, guide, Context(60, 40), sampling=SamplingSettings(), seeds=[0])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        print(f"  {segments:6} segments: {peak:8.1f} MB at most so far")


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}, medians of {repeats}")
    parts = {"memory": memory_table, "generation": generation_tables, "training": training_tables}
    for part in sys.argv[2:] or parts:
        parts[part](repeats)


if __name__ == "__main__":
    main()
