"""`antiphon cache`: what was heard and is kept, and making room."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter, validators

from antiphon.cli.arguments import Json
from antiphon.cli.assembly import VerbApp
from antiphon.cli.printing import print_json, print_table, put
from antiphon.errors import SettingsError

DAY_SECONDS = 86400
MEGABYTE, GIGABYTE = 1e6, 1e9

cache_app = VerbApp(
    name="cache",
    help="What is kept so that a second run is fast (what encoders heard, long recordings, what was measured of "
    "memories): show it, make room.",
)

Amount = Annotated[float | None, Parameter(validator=validators.Number(gte=0))]


@cache_app.default
def show(*, as_json: Json = False) -> None:
    """What is kept: where, of which encoder or what else, how much, and when it was last used."""
    from antiphon.perception.cache import default_directory
    from antiphon.perception.cache_maintenance import cached_sounds, shares

    directory = default_directory()
    found = shares(cached_sounds(directory))
    total = sum(share.bytes for share in found)
    if as_json:
        print_json({"directory": str(directory), "bytes": total, "encoders": [vars(share) for share in found]})
        return
    put(f"{directory}: {total / MEGABYTE:.1f} MB")
    if found:
        rows = [
            (each.encoder, str(each.sounds), f"{each.bytes / MEGABYTE:.1f}", _day(each.oldest), _day(each.newest))
            for each in found
        ]
        print_table(("encoder", "sounds", "MB", "oldest use", "newest use"), rows)


@cache_app.command
def prune(
    *,
    older_than: Amount = None,
    larger_than: Amount = None,
    everything: Annotated[bool, Parameter(name="--all", negative=())] = False,
    as_json: Json = False,
) -> None:
    """Delete what was not used for longest. Nothing is lost but time: it is made again when it is needed.

    Parameters
    ----------
    older_than
        Days: all that was not used since.
    larger_than
        GB: as much as it takes to keep no more than that.
    everything
        All of it.
    """
    from antiphon.perception.cache import default_directory
    from antiphon.perception.cache_maintenance import beyond, cached_sounds, remove, unused_since

    if older_than is None and larger_than is None and not everything:
        raise SettingsError("say what to delete: --older-than DAYS, --larger-than GB or --all")
    kept = cached_sounds(default_directory())
    doomed = kept if everything else ()
    if older_than is not None and not everything:
        doomed = unused_since(kept, time.time() - older_than * DAY_SECONDS)
    if larger_than is not None and not everything:
        doomed += beyond(kept[len(doomed) :], larger_than * GIGABYTE)
    remove(doomed)
    size, left = (sum(sound.bytes for sound in sounds) for sounds in (doomed, kept[len(doomed) :]))
    if as_json:
        print_json({"sounds": len(doomed), "bytes": size, "bytes_left": left})
    else:
        put(f"{len(doomed)} sounds deleted, {size / MEGABYTE:.1f} MB; {left / MEGABYTE:.1f} MB are left")


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment).strftime("%Y-%m-%d")
