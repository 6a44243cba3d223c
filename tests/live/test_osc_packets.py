"""OSC packets: as another implementation reads and writes them, and never a part of a packet that is damaged."""

import contextlib
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage as Theirs
from pythonosc.osc_message_builder import OscMessageBuilder

from antiphon.live.osc_packets import MOST_MESSAGES, NotOsc, OscMessage, decode, encode, encode_bundle

ARGUMENTS = st.lists(
    st.one_of(
        st.integers(-(1 << 31), (1 << 31) - 1),
        st.floats(width=32, allow_nan=False),
        st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=20),
        st.binary(min_size=1, max_size=40),
        st.booleans(),
        st.none(),
    ),
    max_size=8,
)


@given(ARGUMENTS)
def test_python_osc_reads_what_is_written(arguments):
    theirs = Theirs(encode("/antiphon/any", arguments))
    assert theirs.address == "/antiphon/any"
    assert list(theirs.params) == arguments


@given(ARGUMENTS)
def test_what_python_osc_writes_is_read(arguments):
    builder = OscMessageBuilder("/antiphon/any")
    for argument in arguments:
        builder.add_arg(argument)
    assert decode(builder.build().dgram) == (OscMessage("/antiphon/any", tuple(arguments)),)


def test_a_bundle_of_python_osc_carries_its_time():
    builder = OscBundleBuilder(1_700_000_000.25)
    builder.add_content(OscMessageBuilder("/antiphon/beat").build())
    (message,) = decode(builder.build().dgram)
    assert message.due == pytest.approx(1_700_000_000.25, abs=1e-6)
    (now,) = decode(encode_bundle([encode("/antiphon/beat")]))
    assert now.due is None


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_refused(data):
    for packet in (data, b"/a\0\0" + data, b"/a\0\0,ifsb\0\0\0" + data, b"#bundle\0" + data):
        with contextlib.suppress(NotOsc):
            assert all(message.address.startswith("/") for message in decode(packet))


@given(ARGUMENTS.filter(bool), st.data())
def test_a_packet_that_is_cut_is_refused_or_shorter_but_never_changed(arguments, data):
    packet = encode("/antiphon/any", arguments)
    cut = packet[: data.draw(st.integers(0, len(packet) - 1))]
    try:
        (message,) = decode(cut)
    except NotOsc:
        return
    assert message.arguments == ()  # its tags were cut off whole


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (b"", "empty"),
        (b"hello", "neither"),
        (b"/a\0\0,m\0\0\0\0\0\0", "type 'm'"),
        (b"/a\0\0,b\0\0\x7f\xff\xff\xff", "blob of 2147483647"),
        (b"/a\0\0,b\0\0\xff\xff\xff\xff", "blob of -1"),
        (b"/a\0\0,i\0\0\0\0\0\1\0\0\0\0", "4 bytes too many"),
        (b"/a\0\0xxxx", "without an end"),
        (b"/a\0\0xxx\0", "without type tags"),
        (b"#bundle\0" + bytes(8) + b"\0\0\0\x03/a\0", "element of 3 bytes"),
        (b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc", "element of -4 bytes"),
        (b"/\xff\0\0,\0\0\0", "not UTF-8"),
    ],
)
def test_what_is_wrong_is_named(packet, words):
    with pytest.raises(NotOsc, match=words.replace("(", r"\(")):
        decode(packet)


def test_bundles_are_neither_deep_nor_endless():
    packet = encode("/a")
    for _ in range(3):
        packet = encode_bundle([packet])
    assert len(decode(packet)) == 1
    with pytest.raises(NotOsc, match="deep"):
        decode(encode_bundle([encode_bundle([packet])]))
    with pytest.raises(NotOsc, match=f"more than {MOST_MESSAGES}"):
        decode(encode_bundle([encode("/a")] * (MOST_MESSAGES + 1)))


def test_numbers_that_are_none_come_through_as_they_are():
    packet = b"/a\0\0,fd\0" + struct.pack(">fd", math.nan, -math.inf)
    nan, infinite = decode(packet)[0].arguments
    assert math.isnan(nan)
    assert infinite == -math.inf
