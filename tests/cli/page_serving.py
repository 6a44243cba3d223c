"""A verb that serves a page, run as a program of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx


@contextmanager
def serving(*verb: str, how: int = signal.SIGTERM) -> Iterator[tuple[subprocess.Popen, str, httpx.Client]]:
    """`antiphon VERB --no-browser`, which `how` ends: its process, the address it says, and a client with the token."""
    command = [sys.executable, "-m", "antiphon", *verb, "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://[\w.-]+:\d+/\?token=[\w-]{32}", address), address
        base, token = address.split("/?token=")
        with httpx.Client(base_url=base, headers={"x-antiphon-token": token}, timeout=60) as client:
            yield process, address, client
    finally:
        process.send_signal(how)
        process.wait(timeout=30)
