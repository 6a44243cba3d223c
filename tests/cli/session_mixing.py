"""A small mixer of REAPER sessions that shares nothing with Antiphon: the project is read by the package `rpp`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rpp
import soundfile

RISING = {
    0: lambda x: x,
    1: lambda x: x * (2 - x),
    2: lambda x: x * x,
    3: lambda x: 1 - (1 - x) ** 4,
    4: lambda x: x**4,
    5: lambda x: 3 * x**2 - 2 * x**3,
    6: lambda x: np.where(x < 0.5, 8 * x**4, 1 - 8 * (1 - x) ** 4),
}


def mixed_session(path: Path, seconds: float) -> tuple[np.ndarray, int]:
    """All tracks of a session but the guides', summed over `seconds`, and the sample rate."""
    project = rpp.loads(path.read_text())
    rate = int(float(values(project, "SAMPLERATE")[0]))
    total, folders = None, []
    for track in project.findall("TRACK"):
        own = float(values(track, "VOLPAN", ["1"])[0]) * (values(track, "MUTESOLO", ["0"])[0] == "0")
        gain = own * np.prod([1.0, *folders])
        if not values(track, "NAME")[0].startswith("Guide"):
            for item in track.findall("ITEM"):
                sound = heard(item, path.parent, rate, seconds)
                if sound is not None:
                    total = gain * sound if total is None else total + gain * sound
        bus = [int(value) for value in values(track, "ISBUS", ["0", "0"])]
        if bus[0] == 1:
            folders.append(own)
        elif bus[1] < 0:
            del folders[bus[1] :]
    assert total is not None
    return total, rate


def heard(item, folder: Path, rate: int, seconds: float):
    """An item over the time of the session (frames, channels); None for one that sounds nothing."""
    takes, chosen = [[]], 0
    for child in item.children:
        if child in ("TAKE", ["TAKE", "SEL"]):
            takes.append([])
            chosen = chosen if child == "TAKE" else len(takes) - 1
        else:
            takes[-1].append(child)
    lines = {child[0]: child[1:] for child in takes[0] if isinstance(child, list)}
    lines |= {child[0]: child[1:] for child in takes[chosen] if isinstance(child, list)}
    source = next((child for child in takes[chosen] if not isinstance(child, list) and child.tag == "SOURCE"), None)
    if source is None or source.find("FILE") is None or lines.get("MUTE", ["0"])[0] != "0":
        return None
    sound, own_rate = soundfile.read(folder / source.find("FILE")[1], always_2d=True)
    assert own_rate == rate
    start, length = round(float(lines["POSITION"][0]) * rate), round(float(lines["LENGTH"][0]) * rate)
    speed = float(lines.get("PLAYRATE", ["1"])[0])
    sound = at_speed(sound, rate, speed)
    places = round(float(lines.get("SOFFS", ["0"])[0]) * rate / speed) + np.arange(length)
    if lines.get("LOOP", ["0"])[0] == "1":
        places = places % len(sound)
    inside = (places >= 0) & (places < len(sound))
    excerpt = sound[np.clip(places, 0, len(sound) - 1)] * inside[:, None]
    volume = [float(value) for value in lines.get("VOLPAN", ["1", "0", "1", "-1"])]
    gain = volume[0] * (float(lines["TAKEVOLPAN"][1]) if chosen else volume[2])
    rising = fade(lines.get("FADEIN"), length, rate)
    falling = fade(lines.get("FADEOUT"), length, rate)[::-1]
    out = np.zeros((round(seconds * rate), sound.shape[1]))
    first, stop = max(start, 0), min(start + length, len(out))
    if first < stop:
        shaped = excerpt * (gain * rising * falling)[:, None]
        out[first:stop] = shaped[first - start : stop - start]
    return out


def at_speed(sound: np.ndarray, rate: int, speed: float) -> np.ndarray:
    """A file as a project plays it that preserves its pitch."""
    if speed == 1:
        return sound
    import python_stretch

    stretch = python_stretch.Signalsmith.Stretch(1)
    stretch.preset(sound.shape[1], rate)
    stretch.setTimeFactor(speed)
    return stretch.process(np.ascontiguousarray(sound.T, dtype=np.float32)).T.astype(float)


def fade(line, length: int, rate: int) -> np.ndarray:
    """A rise over the beginning of `length` samples."""
    if line is None:
        return np.ones(length)
    automatic = float(line[2])
    lasting = round((automatic if automatic > 0 else float(line[1])) * rate)
    if lasting == 0:
        return np.ones(length)
    return RISING[int(line[0])](np.clip((np.arange(length) + 0.5) / lasting, 0, 1))


def values(block, name: str, default=None):
    """What follows the first line with this name."""
    found = block.find(name)
    return default if found is None else found[1:]
