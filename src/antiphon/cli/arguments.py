"""What several verbs share of their arguments, and how flags become settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import Group, Parameter
from pydantic import BaseModel

from antiphon.cli import terminal
from antiphon.config import MOST_SEED, CorpusSettings, Settings, in_force, origins, resolve

SETTINGS = Group("Settings", sort_key=2)
"""Beside flags: environment variables such as ANTIPHON_TRAINING__SEED, and a TOML file; flags win."""

Output = Annotated[Path, Parameter(name=["--output", "-o"], help="Where the result goes.")]
OptionalOutput = Annotated[Path | None, Parameter(name=["--output", "-o"])]
Json = Annotated[bool, Parameter(name="--json", negative=(), help="Print JSON.")]
Config = Annotated[Path | None, Parameter(name="--config", help="A TOML file of settings.")]
Seed = Annotated[
    int, Parameter(help="Seed of all draws, 0 or more.", validator=cyclopts.validators.Number(gte=0, lte=MOST_SEED))
]
Probe = Annotated[bool, Parameter(negative=())]
Overwrite = Annotated[bool, Parameter(negative=(), help="Replace what is there of its kind.")]
Folders = Annotated[
    tuple[Path, Path] | None, Parameter(negative=(), help="Two folders whose files are paired by name.")
]
Pair = Annotated[tuple[Path, Path] | None, Parameter(negative=(), help="Two files that sound together.")]
ForLive = Annotated[
    bool, Parameter(name="--live", negative=(), help="Learn what can be played live (configs/live.toml).")
]
Pairs = Annotated[
    list[tuple[Path, Path]] | None,
    Parameter(name="--pair", negative=(), help="Two files that sound together, the guide first; may be repeated."),
]
BothWays = Annotated[bool, Parameter(negative=(), help="Of a pair, teach A to answer B too (paper 5.1).")]
AllSettings = Annotated[Settings | None, Parameter(name="*", group=SETTINGS)]
CorpusSection = Annotated[CorpusSettings | None, Parameter(name="--corpus", group=SETTINGS)]


def settings_from(
    config: Path | None, flags: Settings | None = None, base: Settings | None = None, **sections: BaseModel | None
) -> Settings:
    """Settings from flags over the environment over the file `config` over `base`; `sections` are flags of one
    section."""
    overrides = overrides_of(flags)
    given = {name: section for name, section in sections.items() if section is not None}
    overrides |= {name: section.model_dump(exclude_unset=True) for name, section in given.items()}
    resolved = resolve(config, overrides=overrides, base=base)
    if terminal.is_verbose():
        tell_settings(resolved, origins(config, overrides=overrides, base=base))
    return resolved


def overrides_of(flags: Settings | None) -> dict[str, Any]:
    """What was given as flags, and nothing else."""
    return {} if flags is None else flags.model_dump(exclude_unset=True)


def changed_values(settings: Settings) -> dict[str, Any]:
    """The settings whose value is not the default, by dotted key."""
    defaults = in_force(Settings())
    return {key: value for key, value in in_force(settings).items() if value != defaults[key]}


def tell_settings(settings: Settings, sources: Mapping[str, str]) -> None:
    """Where details are asked for, say which settings differ from the defaults, and where each comes from."""
    for key, value in changed_values(settings).items():
        terminal.detail(f"setting {key} = {json.dumps(value, ensure_ascii=False)} ({sources[key]})")
