"""The page docs/osc.md, made from the table of addresses."""

from __future__ import annotations

import math
from collections.abc import Sequence

from antiphon.live.osc_table import SAID, SCHEMA, TAGS, UNDERSTOOD, Address, Argued

_HEAD = f"""# OSC

<!-- Made from the table in live/osc_table.py by live/osc_page.py: change it there. -->

With this page you drive `antiphon live` from Max, Pure Data, SuperCollider or a program of your own, and hear from
it what it plans and plays. All addresses begin with `/antiphon/`. This is schema {SCHEMA}; `hello` carries the
number.

Antiphon listens on UDP port 9000 (`--osc-port`) of this computer alone, unless `--host` names another address. It
sends to those who subscribed: `/antiphon/subscribe 9001` sends everything to port 9001 of the sender's host.

- **Two modes.** `--mode sound`: Antiphon plays. `--mode spans`: the host plays, from its own buffer with the same
  file: each `commit` says which file, from where, how long, with which fades.
- **Time.** `in` counts seconds from the moment of sending: delay by it. `frame` is exact, at the rate that `hello`
  names.
- **Bundles.** A bundle is held until its time, at most two seconds. One from further ahead is refused, one from the
  past is done at once.
- **Numbers.** A whole float is taken for an int. What is no number, out of range, too much or too little is refused
  with an `error`, and nothing of it is done. A button may send a number along.
- **Loopback.** Nothing here is protected by a password: open `--host` only in a network that you trust.
"""

_FOOT = """
## Patches

| host | patch | what it needs |
|---|---|---|
| Pure Data 0.53 or later, vanilla | `examples/puredata/antiphon.pd`, `examples/puredata/host_plays.pd` | nothing |
| SuperCollider 3.13 | `examples/supercollider/antiphon.scd`, `examples/supercollider/host_plays.scd` | nothing |
| Max 8 or later | `examples/max/antiphon.maxpat` | nothing |

## Notes as a guide

`/antiphon/guide/note` is for a keyboard as guide. The notes are sounded inside by a plain additive instrument,
which nobody hears, and go through the same perception and alphabet as a recording. What the agent hears is
therefore what that instrument plays: pitch, density and loudness are there, a timbre is not.

## Ableton Link

There is no Link inside: its bindings are under the GPL. Three bridges work. Live and most other hosts send MIDI
clock (`--midi PORT`). Max has `link.beat~` and Pure Data has `abl_link~`: both send `/antiphon/beat` on every
beat. A separate program such as Carabiner speaks Link and can be followed by a script that sends `/antiphon/tempo`
and `/antiphon/beat`.
"""


def osc_page() -> str:
    """The page as Markdown."""
    return "\n".join(
        [
            _HEAD,
            "## What Antiphon understands\n",
            *_table(UNDERSTOOD),
            "\n## What Antiphon sends\n",
            *_table(SAID),
            _FOOT,
        ]
    )


def _table(addresses: Sequence[Address]) -> list[str]:
    rows = [f"| `{each.path}` | {_arguments(each)} | {each.words} |" for each in addresses]
    return ["| address | arguments | meaning |", "|---|---|---|", *rows]


def _arguments(address: Address) -> str:
    return "; ".join(map(_argument, address.arguments)).replace("|", "\\|") or "none"


def _argument(argued: Argued) -> str:
    limits = f", {argued.low:g} to {argued.high:g}" if math.isfinite(argued.low) else ""
    off = " or `off`" if argued.can_be_off else ""
    return f"**{argued.name}** `{TAGS[argued.kind]}` {argued.words}{limits}{off}"
