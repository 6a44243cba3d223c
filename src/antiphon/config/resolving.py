"""Where settings come from: command line over environment over TOML file over default; one line for what is wrong."""

from __future__ import annotations

import difflib
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from antiphon.config.tree import Settings
from antiphon.errors import BadData, SettingsError
from antiphon.reading import bytes_of

ENVIRONMENT_PREFIX = "ANTIPHON_"
"""`ANTIPHON_TRAINING__LEARNING_RATE=3e-4` sets `training.learning_rate`; two underscores enter a section."""


def resolve(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    base: Settings | None = None,
) -> Settings:
    """Settings from `overrides` over `environment` over the TOML `file` over `base` (the defaults, if None).

    Raises SettingsError, naming the key and the nearest known one, for anything unknown or out of range.
    """
    tree = (base or Settings()).model_dump()
    layers = [_read_toml(file) if file else {}, _from_environment(os.environ if environment is None else environment)]
    for layer in (*layers, overrides or {}):
        _refuse_unknown(layer, Settings, "")
        _merge(tree, layer)
    return validated(tree)


def origins(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    base: Settings | None = None,
) -> dict[str, str]:
    """Where `resolve` takes each setting from, by its dotted key: "default", "agent" (where `base` differs from the
    default), the TOML file, the environment variable, or "command line"."""
    defaults = _flat(Settings().model_dump())
    found = dict.fromkeys(defaults, "default")
    found |= {key: "agent" for key, value in _flat((base or Settings()).model_dump()).items() if value != defaults[key]}
    if file:
        found |= dict.fromkeys(_flat(_read_toml(file)), str(file))
    for key in _flat(_from_environment(os.environ if environment is None else environment)):
        found[key] = ENVIRONMENT_PREFIX + key.upper().replace(".", "__")
    return found | dict.fromkeys(_flat(overrides or {}), "command line")


def in_force(settings: Settings) -> dict[str, Any]:
    """Every setting's value by its dotted key, as in `perception.encoder.name`."""
    return _flat(settings.model_dump(mode="json"))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def validated(tree: Mapping[str, Any]) -> Settings:
    """Settings from a complete or partial tree; one line for the first thing that is wrong."""
    _refuse_unknown(tree, Settings, "")
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(describe(error)) from None


def describe(error: ValidationError) -> str:
    """The first problem of a pydantic error in one line: which key, what is wrong, what was given."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict | BaseModel) else f" (given: {first['input']!r})"
    return f"setting {key}: {message}{given}"


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(bytes_of(file).decode("utf-8").replace("\r\n", "\n"))
    except BadData as error:
        raise SettingsError(f"cannot read settings {error}") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"settings {file} are not TOML: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in sorted(environment.items()):
        keys = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        if len(keys) == 1:
            _refuse_single_underscore(name, keys[0])
            continue
        section = tree
        for key in keys[:-1]:
            section = section.setdefault(key, {})
            if not isinstance(section, dict):
                raise SettingsError(f"{name}: {key} is set both as a value and as a section")
        section[keys[-1]] = _listed(value) if _is_list(keys) else value
    return tree


def _refuse_single_underscore(name: str, key: str) -> None:
    if key.startswith(tuple(Settings.model_fields)):
        raise SettingsError(f"{name}: two underscores enter a section, as in {ENVIRONMENT_PREFIX}TRAINING__SEED")


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _is_list(keys: list[str]) -> bool:
    model: Any = Settings
    for key in keys:
        fields = getattr(model, "model_fields", {})
        if key not in fields:
            return False
        model = fields[key].annotation
    return typing.get_origin(model) is tuple


def _merge(tree: dict[str, Any], layer: Mapping[str, Any]) -> None:
    for key, value in layer.items():
        if isinstance(value, Mapping) and isinstance(tree.get(key), dict):
            _merge(tree[key], value)
        else:
            tree[key] = value


def _refuse_unknown(layer: Mapping[str, Any], model: type[BaseModel], prefix: str) -> None:
    for key, value in layer.items():
        field = model.model_fields.get(key)
        if field is None:
            near = difflib.get_close_matches(key, model.model_fields, n=1, cutoff=0)[0]
            raise SettingsError(f"unknown setting {prefix}{key}; did you mean {prefix}{near}?")
        section = field.annotation
        if not isinstance(section, types.GenericAlias) and isinstance(section, type) and issubclass(section, BaseModel):
            if not isinstance(value, Mapping):
                raise SettingsError(f"setting {prefix}{key} is a section, not a value (given: {value!r})")
            _refuse_unknown(value, section, f"{prefix}{key}.")
