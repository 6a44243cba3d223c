import builtins

import pytest

from antiphon.errors import MissingExtra
from antiphon.training.events import event_files
from antiphon.training.trainer import EpochRecord

RECORD = EpochRecord(0, 10, 3.0, 2.5, 1e-3, 1.0)


def test_what_is_written_is_what_tensorboard_reads(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for _ in range(2):
        with event_files(tmp_path / "events") as log:
            log("decision", RECORD)
            log("deaf", EpochRecord(1, 20, 2.0, None, 1e-3, 1.0))
    found = accumulator.EventAccumulator(str(tmp_path / "events")).Reload()
    assert [(each.step, each.value) for each in found.Scalars("validation bits per token/decision")] == [(0, 2.5)]
    assert [(each.step, each.value) for each in found.Scalars("train bits per token/deaf")] == [(1, 2.0)]
    assert "validation bits per token/deaf" not in found.Tags()["scalars"]


def test_without_the_extra_the_message_names_it(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **more):
        if "tensorboard" in name:
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"antiphon\[tensorboard\]"), event_files(tmp_path):
        pass
