"""Sound devices, on a real JACK server: what is written at a frame is played at that frame, whatever Python does."""

import time

import numpy as np
import pytest

from antiphon.errors import MissingExtra, SettingsError
from antiphon.live.devices import Device, Lost, devices, found, wired

RATE = 48_000


@pytest.fixture
def device(jack_server):
    made = Device(wired("default", "default"))
    yield made
    assert made.close()


def looped(jack_server):
    """What the device plays is what it hears."""
    ports = jack_server.port("PortAudio")
    source, target = (next(port for port in ports if port.is_output is way) for way in (True, False))
    jack_server.rewire(source, target)


def heard_for(device, seconds, each=lambda: None):
    """The frame of the first sample, and all that was heard."""
    first, blocks, until = None, [], time.monotonic() + seconds
    while time.monotonic() < until:
        start, samples = device.heard()
        first = start if first is None else first
        blocks.append(samples)
        each()
        time.sleep(0.003)
    return first, np.concatenate(blocks)


def test_devices_are_found_by_number_name_and_part_of_a_name(jack_server):
    (jack,) = devices()
    assert (jack.system, jack.sample_rate, jack.is_default) == ("JACK Audio Connection Kit", RATE, True)
    for name in ("default", "0", "system", "sys", "jack audio"):
        assert found(name, for_input=False) == jack
    with pytest.raises(MissingExtra, match="no output device 'moog'; there are: system"):
        found("moog", for_input=False)


def test_channels_that_a_device_has_not_are_refused(jack_server):
    with pytest.raises(SettingsError, match="outputs 1 to 2, got 1, 3"):
        wired("default", None, outputs=(1, 3))
    with pytest.raises(SettingsError, match="inputs 1 to 2, got 0"):
        wired("default", "default", inputs=(0,))


def test_what_is_written_at_a_frame_is_played_there_even_where_something_else_was(jack_server, device):
    device.write(0, np.zeros((3 * RATE, 2), dtype=np.float32))
    device.start()
    looped(jack_server)
    asked = []

    def click():
        if device.played > (len(asked) + 1) * RATE // 4 and len(asked) < 4:
            frame = device.played + device.guard
            device.write(frame, np.ones((1, 2), dtype=np.float32))
            asked.append(frame)

    first, samples = heard_for(device, 1.5, click)
    found_at = first + np.flatnonzero(samples[:, 0] > 0.5)
    assert len(found_at) == len(asked) == 4
    assert len(set((found_at - np.array(asked)).tolist())) == 1  # JACK's own block, always the same


def test_python_that_stands_still_for_a_second_is_not_heard(jack_server, device):
    ramp = (np.arange(4 * RATE) % 1000 / 1000).astype(np.float32)
    device.write(0, np.repeat(ramp[:, None], 2, axis=1))
    device.start()
    looped(jack_server)
    heard_for(device, 0.2)
    time.sleep(1.0)
    _, samples = heard_for(device, 0.1)
    assert len(samples) > 0.9 * RATE
    assert set(np.round(np.diff(samples[:, 0]) * 1000).astype(int).tolist()) == {1, -999}
    assert not device.ran_dry()


def test_a_device_that_runs_dry_says_so_and_plays_again(jack_server, device):
    device.write(0, np.full((RATE // 10, 2), 0.5, dtype=np.float32))
    device.start()
    time.sleep(0.4)
    assert device.ran_dry()
    device.write(device.written, np.full((RATE, 2), 0.5, dtype=np.float32))
    before = device.played
    time.sleep(0.3)
    assert device.played > before + RATE // 5
    assert not device.ran_dry()


def test_a_device_that_is_stopped_is_lost(jack_server, device):
    device.write(0, np.zeros((RATE, 2), dtype=np.float32))
    device.start()
    time.sleep(0.1)
    device.check()
    device._stream.abort()
    with pytest.raises(Lost):
        device.check()


def test_a_place_that_is_not_on_the_tape_is_refused(jack_server, device):
    with pytest.raises(ValueError, match="do not lie on the tape"):
        device.write(1, np.zeros((10, 2), dtype=np.float32))
    with pytest.raises(ValueError, match="do not lie on the tape"):
        device.write(0, np.zeros((1 << 20, 2), dtype=np.float32))
