"""`antiphon live` on stage, as a musician calls it."""

import json
import socket
import threading
import time

import pytest

from antiphon.cli.app import run
from antiphon.live.osc_packets import decode, encode

pytestmark = pytest.mark.long


@pytest.fixture
def taken_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_port_that_is_taken_is_one_line_before_anything_is_loaded(taken_port, memory_file, capsys):
    words = ["live", "--memory", str(memory_file), "--mode", "spans", "--input", "none", "--osc-port", str(taken_port)]
    assert run(words) == 1
    words = f"UDP port {taken_port} is in use, perhaps by another antiphon live: take another with --osc-port"
    assert capsys.readouterr().err.strip().splitlines() == [f"antiphon: {words}"]


def test_a_device_that_is_not_there_is_named(jack_server, memory_file, capsys):
    assert run(["live", "--memory", str(memory_file), "--output", "moog", "--osc-port", "0"]) == 3
    assert "no output device 'moog'; there are: system" in capsys.readouterr().err


def test_channels_that_are_not_there_are_named(jack_server, memory_file, capsys):
    words = ["live", "--memory", str(memory_file), "--output-channels", "31", "32", "--osc-port", "0"]
    assert run(words) == 2
    assert "system has outputs 1 to 2, got 31, 32" in capsys.readouterr().err


def test_devices_are_listed(jack_server, capsys):
    assert run(["live", "--devices", "--json"]) == 0
    (device,) = json.loads(capsys.readouterr().out)["devices"]
    assert (device["name"], device["outputs"], device["sample_rate"]) == ("system", 2, 48_000)


@pytest.mark.timeout(600)
def test_the_agent_inside_the_package_plays_for_a_host(memory_file, tmp_path, capsys):
    """No device at all: the guide comes as notes, and what is to be played goes out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
        host.bind(("127.0.0.1", 0))
        host.settimeout(0.2)
        heard, ended = [], threading.Event()

        def play_along():
            while not ended.is_set():
                asked = {"subscribe": [host.getsockname()[1]], "guide/note": [60 + len(heard) % 12, 100]}
                for name, values in asked.items():
                    host.sendto(encode(f"/antiphon/{name}", values), ("127.0.0.1", port))
                until = time.monotonic() + 0.25
                while time.monotonic() < until:
                    try:
                        heard.extend(decode(host.recv(65_536)))
                    except OSError:
                        break

        musician = threading.Thread(target=play_along)
        musician.start()
        words = ["live", "--memory", str(memory_file), "--mode", "spans", "--input", "none", "--seconds", "4"]
        words += ["--osc-port", str(port), "--record", str(tmp_path / "record"), "--set", "rests=fill"]
        code = run(words)
        ended.set()
        musician.join()
    assert code == 0, capsys.readouterr().err
    assert "0 gaps" in capsys.readouterr().out
    names = [message.address.removeprefix("/antiphon/") for message in heard]
    assert {"hello", "plan", "commit", "token", "heartbeat", "status"} <= set(names)
    commits = [message.arguments for message in heard if message.address == "/antiphon/commit"]
    assert any(commit[8] == str(memory_file) and commit[2] > 0 for commit in commits)
    assert (tmp_path / "record" / "events.jsonl").read_text(encoding="utf-8").count("\n") >= 3
    assert run(["live", "--replay", str(tmp_path / "record")]) == 0
    assert "the same specification and selection, bit for bit" in capsys.readouterr().out
