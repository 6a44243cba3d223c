"""The port: one program has it, bundles wait for their time and no longer, and garbage is said once."""

import os
import random
import socket
import time

import pytest

from antiphon.errors import AntiphonError
from antiphon.live.osc import Refused, Subscribe
from antiphon.live.osc_packets import decode, encode, encode_bundle
from antiphon.live.osc_port import MOST_SUBSCRIBERS, OscPort


@pytest.fixture
def port():
    made = OscPort(port=0)
    yield made
    made.close()


@pytest.fixture
def client():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.settimeout(1.0)
    yield made
    made.close()


def arrived(port, seconds=0.05):
    time.sleep(seconds)
    return port.arrived()


def said_to(client):
    client.setblocking(False)
    found = []
    while True:
        try:
            found += decode(client.recv(65_536))
        except BlockingIOError:
            return found


def test_a_second_program_is_told_that_the_port_is_taken(port):
    with pytest.raises(AntiphonError, match=rf"^UDP port {port.port} is in use.*--osc-port$") as caught:
        OscPort(port=port.port)
    assert caught.value.exit_code == 1


def test_only_this_computer_is_listened_to_unless_asked(port):
    assert port._socket.getsockname()[0] == "127.0.0.1"
    with pytest.raises(AntiphonError, match="no such address"):
        OscPort("no.such.host.invalid", 0)


def test_a_message_comes_with_its_sender(port, client):
    client.sendto(encode("/antiphon/tap"), ("127.0.0.1", port.port))
    (found,) = arrived(port)
    assert found.message.address == "/antiphon/tap"
    assert found.sender[1] == client.getsockname()[1]


def test_a_bundle_waits_for_its_time(port, client):
    client.sendto(encode_bundle([encode("/antiphon/beat")], time.time() + 0.3), ("127.0.0.1", port.port))
    assert arrived(port, 0.1) == []
    (found,) = arrived(port, 0.3)
    assert found.message.address == "/antiphon/beat"
    client.sendto(encode_bundle([encode("/antiphon/beat")], time.time() - 100), ("127.0.0.1", port.port))
    assert len(arrived(port)) == 1


def test_a_bundle_of_next_year_is_refused_at_once(port, client):
    client.sendto(encode_bundle([encode("/antiphon/beat")], time.time() + 3e7), ("127.0.0.1", port.port))
    assert arrived(port) == []
    (error,) = said_to(client)
    assert error.address == "/antiphon/error"
    assert error.arguments[0] == "time"
    assert "3e+07 s" in error.arguments[1]


def test_garbage_is_counted_and_said_once_a_second(client):
    heard = []
    port = OscPort(port=0, note=heard.append)
    draws = random.Random(0)
    for _ in range(100):
        client.sendto(draws.randbytes(draws.randint(0, 300)), ("127.0.0.1", port.port))
    assert arrived(port, 0.1) == []
    assert port.refused == 100
    assert len(said_to(client)) == len(heard) == 1
    time.sleep(1.0)
    client.sendto(b"more", ("127.0.0.1", port.port))
    arrived(port)
    assert "99 more like it" in heard[1]
    port.close()


def test_subscribers_hear_what_is_told_until_they_do_not(port, client):
    sender = client.getsockname()
    port.subscribe(Subscribe(sender[1]), sender)
    port.subscribe(Subscribe(sender[1]), sender)
    port.tell(encode("/antiphon/pong", [1]))
    time.sleep(0.02)
    assert len(said_to(client)) == 1
    port.subscribe(Subscribe(sender[1], False), sender)
    port.tell(encode("/antiphon/pong", [2]))
    time.sleep(0.02)
    assert said_to(client) == []


def test_subscribers_are_limited(port):
    for number in range(MOST_SUBSCRIBERS):
        port.subscribe(Subscribe(20_000 + number), ("127.0.0.1", 1))
    with pytest.raises(Refused, match="are there already"):
        port.subscribe(Subscribe(30_000), ("127.0.0.1", 1))


def test_a_subscriber_that_is_gone_is_no_error(port):
    port.subscribe(Subscribe(9), ("127.0.0.1", 1))
    for _ in range(3):
        port.tell(encode("/antiphon/pong", [os.getpid() % 1000]))
        assert port.arrived() == []
