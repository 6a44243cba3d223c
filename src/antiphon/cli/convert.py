"""`antiphon convert CKPT DIR`: a fairseq checkpoint to a directory that the wav2vec2 encoder takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from antiphon.cli.arguments import Json
from antiphon.cli.printing import print_json, put


def convert(
    checkpoint: Path,
    directory: Path,
    /,
    *,
    trust: Annotated[bool, Parameter(negative=())] = False,
    as_json: Json = False,
) -> None:
    """Turn a fairseq checkpoint of wav2vec 2.0 into a transformers directory, without fairseq.

    Parameters
    ----------
    checkpoint
        As pre-training wrote it; never changed.
    directory
        Where the model goes.
    trust
        Run the code that the checkpoint may hold; only for files whose maker you trust.
    """
    from antiphon.perception.encoders.fairseq import convert_fairseq

    config = convert_fairseq(checkpoint, directory, trust)
    if as_json:
        print_json({"output": str(directory), "config": config})
    else:
        put(f"{config['num_hidden_layers']} layers of {config['hidden_size']}: {directory}")
