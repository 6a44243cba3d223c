"""Pure Data and SuperCollider, the programs themselves, each exchange 500 events with a running instrument."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from stage import close_stage, open_stage

from antiphon.live.events import Cue

EXAMPLES = Path(__file__).parents[2] / "examples"
EVENTS = 500

PD = """#N canvas 50 50 700 400 12;
#X obj 20 20 antiphon_osc {port} {own};
#X obj 20 50 route pong commit value;
#X obj 20 80 t f b f;
#X obj 140 110 tabread sent;
#X obj 80 110 realtime;
#X obj 80 140 -;
#X obj 20 170 pack f f;
#X obj 20 200 print pong;
#X obj 240 80 print commit;
#X obj 240 110 print value;
#X obj 400 20 loadbang;
#X obj 400 50 t b b;
#X obj 400 80 del 800;
#X msg 500 110 temperature 0.5;
#X msg 400 110 1;
#X obj 400 140 metro 8;
#X obj 400 170 f;
#X obj 440 170 + 1;
#X obj 400 200 sel {events};
#X msg 500 140 0;
#X obj 400 230 t f b f;
#X obj 460 260 realtime;
#X obj 460 290 tabwrite sent;
#X msg 400 320 ping \\$1;
#X obj 600 20 array define sent 1000;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 1 8 0;
#X connect 1 2 9 0;
#X connect 2 0 6 0;
#X connect 2 1 4 1;
#X connect 2 2 3 0;
#X connect 3 0 5 1;
#X connect 4 0 5 0;
#X connect 5 0 6 1;
#X connect 6 0 7 0;
#X connect 10 0 11 0;
#X connect 11 0 12 0;
#X connect 11 1 4 0;
#X connect 11 1 21 0;
#X connect 12 0 13 0;
#X connect 12 0 14 0;
#X connect 13 0 0 0;
#X connect 14 0 15 0;
#X connect 15 0 16 0;
#X connect 16 0 17 0;
#X connect 16 0 18 0;
#X connect 17 0 16 1;
#X connect 18 0 19 0;
#X connect 18 1 20 0;
#X connect 19 0 15 0;
#X connect 20 0 23 0;
#X connect 20 1 21 1;
#X connect 20 2 22 1;
#X connect 21 0 22 0;
#X connect 23 0 0 0;
"""

SC = """
~antiphonPort = {port}; ~ownPort = {own};
"{example}".load;
fork {{
    var sent = Array.newClear({events});
    0.5.wait;
    ~on.("pong", {{ |number| ("pong: % %").format(number, 1000 * (Main.elapsedTime - sent[number])).postln }});
    ~on.("commit", {{ |number| ("commit: %").format(number).postln }});
    ~on.("value", {{ |name, value| ("value: % %").format(name, value).postln }});
    ~ask.("subscribe", {own});
    ~ask.("temperature", 0.5);
    {events}.do {{ |number|
        sent[number] = Main.elapsedTime;
        ~ask.("ping", number);
        0.008.wait;
    }};
    0.5.wait;
    "done".postln;
    0.exit;
}};
"""

pytestmark = pytest.mark.long


@pytest.fixture
def stage(memory_file, tmp_path):
    made = open_stage(memory_file, tmp_path / "kept")
    made.instrument.cue(Cue("start"))
    yield made
    close_stage(made)


def free_port():
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def exchange(stage, command, environment, seconds=30.0):
    """What a program prints while the instrument turns, until it has had its answers."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        process = subprocess.Popen(
            command, stdout=printed, stderr=subprocess.STDOUT, env=os.environ | environment, start_new_session=True
        )
        until = time.monotonic() + seconds
        try:
            while process.poll() is None and time.monotonic() < until:
                stage.run(0.25)
                printed.seek(0)
                if len(re.findall(r"^pong: ", printed.read(), re.MULTILINE)) >= EVENTS:
                    break
        finally:
            process.kill()
            process.wait(5)
        printed.seek(0)
        return printed.read()


def judged(who, text):
    trips = {int(float(number)): float(trip) for number, trip in re.findall(r"^pong: (\S+) (\S+)$", text, re.MULTILINE)}
    assert sorted(trips) == list(range(EVENTS)), text[-2000:]
    times = np.array(list(trips.values()))
    commits = len(re.findall(r"^commit: ", text, re.MULTILINE))
    print(f"{who}: {EVENTS} events, round trip median {np.median(times):.1f} ms, p99 {np.percentile(times, 99):.1f} ms")
    assert np.median(times) < 50
    assert commits >= 10
    assert re.search(r"^value: temperature 0.5", text, re.MULTILINE)


@pytest.mark.skipif(shutil.which("pd") is None, reason="no Pure Data (Debian: puredata-core)")
def test_pure_data_exchanges_500_events(stage, tmp_path):
    patch = tmp_path / "exchange.pd"
    patch.write_text(PD.format(port=stage.instrument.port.port, own=free_port(), events=EVENTS), encoding="utf-8")
    command = [
        *["pd", "-nogui", "-noaudio", "-nomidi", "-stderr"],
        "-path",
        str(EXAMPLES / "puredata"),
        "-open",
        str(patch),
    ]
    judged("Pure Data", exchange(stage, command, {}))


@pytest.mark.skipif(shutil.which("sclang") is None, reason="no SuperCollider (Debian: supercollider-language)")
def test_supercollider_exchanges_500_events(stage, tmp_path):
    script = tmp_path / "exchange.scd"
    example = EXAMPLES / "supercollider" / "antiphon.scd"
    text = SC.format(port=stage.instrument.port.port, own=free_port(), events=EVENTS, example=example)
    script.write_text(text, encoding="utf-8")
    headless = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1", "HOME": str(tmp_path)}
    judged("SuperCollider", exchange(stage, ["sclang", str(script)], headless, 60.0))
