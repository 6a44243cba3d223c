"""Two real processes, started as a user starts them, against one."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from antiphon.errors import MissingExtra
from antiphon.training.ranks import joined

SCRIPT = """
import sys
import numpy as np, torch
from antiphon.config import DecisionSettings, TrainingSettings
from antiphon.dataset import TokenExcerpt
from antiphon.decision.generation import Context
from antiphon.decision.transformer import DecisionNetwork
from antiphon.training.ranks import joined
from antiphon.training.trainer import Trainer
from safetensors.numpy import save_file

def twins(pieces, seed):
    random = np.random.default_rng(seed)
    tracks = [random.integers(6, size=41) for _ in range(pieces)]
    return [TokenExcerpt(f"{i}", f"{i}", ("a", "b"), (ids, ids)) for i, ids in enumerate(tracks)]

torch.manual_seed(0)
decision = DecisionSettings(layers=1, heads=2, dimension=16, feed_forward=16, guide_layers=1, dropout=0.0)
settled = {"teacher_decay": 1.0, "hide_guide": 0, "hide_past": 0}
training = TrainingSettings(batch_size=7, max_epochs=3, learning_rate=1e-2, **settled)
network = DecisionNetwork(decision, 6)
with joined() as ranks:
    history = Trainer(network, Context(12, 8), training, ranks=ranks).fit(twins(6, 0), twins(3, 1))
guide, before = torch.randint(6, (2, 5, 12), generator=torch.Generator().manual_seed(0))
with torch.no_grad():
    logits = network(guide, before)
bits = np.array([record.validation_bits for record in history])
save_file({"logits": logits.numpy(), "bits": bits}, f"{sys.argv[1]}/{ranks.rank}.safetensors")
"""

TOLERANCE = 1e-3
"""Sums in another order round otherwise, and Adam scales small gradients up: after three epochs no logit and no
validation loss is further away. (The biases of keys are: nothing depends on them, and their gradient is rounding.)"""


def run(folder: Path, *launcher: str) -> None:
    folder.mkdir()
    script = folder / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *launcher, str(script), str(folder)], check=True, env=environment, timeout=200)


@pytest.mark.slow
def test_two_processes_end_with_the_weights_of_one(tmp_path):
    run(tmp_path / "one")
    run(tmp_path / "two", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    alone = load_file(tmp_path / "one" / "0.safetensors")
    first, second = (load_file(tmp_path / "two" / f"{rank}.safetensors") for rank in (0, 1))
    assert alone["bits"][-1] < alone["bits"][0] - 0.5
    for name, expected in alone.items():
        np.testing.assert_array_equal(first[name], second[name])
        np.testing.assert_allclose(first[name], expected, atol=TOLERANCE)


def test_several_processes_without_accelerate_are_told_what_to_install(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(MissingExtra, match=r"antiphon\[distributed\]"), joined():
        pass
