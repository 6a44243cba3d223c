"""Within a run the flags of a verb are assembled once, and nothing of a run is left for the next."""

import json

from antiphon.cli.app import app
from antiphon.cli.assembly import assembled_once

GIVEN = ("--training.seed", "7")


def test_flags_are_assembled_once_within_a_run_and_anew_in_the_next():
    verb = app["train"]
    with assembled_once():
        first = verb.assemble_argument_collection()
        assert verb.assemble_argument_collection() is first
        assert verb.assemble_argument_collection(parse_docstring=True) is not first, "help wants the words too"
    with assembled_once():
        assert verb.assemble_argument_collection() is not first
    assert verb.assemble_argument_collection() is not first


def test_a_flag_of_one_run_is_not_in_force_in_the_next(call):
    seeds = [json.loads(call("settings", "--json", *flags).out)["training.seed"] for flags in (GIVEN, ())]
    assert [seed["from"] for seed in seeds] == ["command line", "default"]
    assert seeds[0]["value"] == 7
