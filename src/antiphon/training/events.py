"""The training's course as TensorBoard event files, for who likes to watch it in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from antiphon.errors import MissingExtra
from antiphon.training.trainer import EpochRecord

NamedLog = Callable[[str, EpochRecord], None]
"""Called with a model's name and its epoch's record."""


@contextmanager
def event_files(directory: Path | None) -> Iterator[NamedLog]:
    """A log that writes into `directory`, whose earlier files are replaced; nowhere for None.

    Raises MissingExtra without the extra `tensorboard`.
    """
    if directory is None:
        yield lambda name, record: None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtra(
            "setting training.tensorboard needs an extra: pip install 'antiphon[tensorboard]'"
        ) from error
    shutil.rmtree(directory, ignore_errors=True)
    with SummaryWriter(str(directory)) as writer:

        def write(name: str, record: EpochRecord) -> None:
            values = {
                "train bits per token": record.train_bits,
                "validation bits per token": record.validation_bits,
                "learning rate": record.learning_rate,
                "probability of the true token": record.true_token_probability,
            }
            for title, value in values.items():
                if value is not None:
                    writer.add_scalar(f"{title}/{name}", value, record.epoch)
            writer.flush()

        yield write
