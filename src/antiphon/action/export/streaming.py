"""A response of any length straight into a file, in constant room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import soundfile

from antiphon.action.rendering.crossfade import in_blocks
from antiphon.action.rendering.loudness import gain_for, with_gain
from antiphon.config import ActionSettings
from antiphon.errors import AntiphonError
from antiphon.files import whole_file, why_unwritten
from antiphon.interfaces import Renderer
from antiphon.types import Audio, Memory, Seconds, Selection


class Blocks:
    """Sound in blocks that lie end to end and can be gone through again and again: each time it is rendered anew."""

    def __init__(self, make: Callable[[], Iterator[Audio]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Audio]:
        return self._make()


def rendered_blocks(renderer: Renderer, selection: Selection, memory: Memory, intervals: Seconds) -> Blocks:
    """A rendering as blocks of sound."""
    return Blocks(lambda: (rendering.audio for rendering in in_blocks(renderer, selection, memory, intervals)))


def write_blocks(path: Path, blocks: Blocks, guide: Iterable[Audio], settings: ActionSettings) -> float:
    """Write a response as a wav of 24 bits, whole or not at all, at the level of the settings; return the gain.

    It is rendered once to measure it, twice where it shall be as loud as the guide, and once to write it: never is more
    of it in memory than a block. Same samples as `levels.balanced` gives.
    """
    gain = gain_for(blocks, guide, settings)
    with whole_file(path) as temporary:
        stream = None
        try:
            for block in blocks:
                if stream is None:
                    stream = soundfile.SoundFile(temporary, "w", block.sample_rate, block.channels, "PCM_24")
                stream.write(with_gain(block, gain).samples)
        except (soundfile.LibsndfileError, AssertionError) as error:
            said = str(getattr(error, "error_string", error)).rstrip(".")
            raise AntiphonError(f"cannot write {path}: {why_unwritten(temporary, said)}") from error
        finally:
            if stream is not None:
                stream.close()
    return gain
