"""The verdict on a pair: what A says about B on blocks of the pair that were held out, in words, or that it says
nothing; and what it is worth to remember the pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from antiphon.decision.relation.fitting import SHORTEST


def pair_verdict(training: Mapping[str, Any]) -> str:
    """One sentence on the pair that an agent learned from, by its account (`Agent.training`); empty where it has
    none."""
    if "relation" not in training:
        return ""
    found = training["relation"]
    if found is None:
        return f"The pair is too short to tell whether B has to do with A: {SHORTEST} segments are needed at least."
    p = f"p = {found['p']:.2g} against circularly shifted guides"
    if not found["stands"]:
        if training.get("remembers", {}).get("guide_after", {}).get("low", 0) > 0:
            return f"No relation was found that could be put into words ({p}), though A helps to predict B."
        return f"No relation found: B is as predictable without A ({p})."
    gain = found["gain"]
    return (
        f"{found['words']}: worth {gain['mean']:.2f} bits a segment ({gain['low']:.2f} to {gain['high']:.2f}) on "
        f"held-out blocks of the pair, {p}."
    )


def memory_verdict(training: Mapping[str, Any]) -> str:
    """One sentence on what the pairs that an agent remembers are worth on held-out blocks of them, by its account;
    empty where it remembers none."""
    if "remembers" not in training:
        return ""
    known = training["remembers"]
    gain, before, after = (known[name] for name in ("gain", "guide_before", "guide_after"))
    worth = (
        f"{known['bits'] - gain['mean']:.2f} bits a segment instead of {known['bits']:.2f} on held-out blocks "
        f"({gain['low']:.2f} to {gain['high']:.2f} better)"
        if gain["low"] > 0
        else f"no better than without on held-out blocks ({gain['low']:.2f} to {gain['high']:.2f} bits a segment)"
    )
    return (
        f"Remembers {known['segments']} segments: {worth}. The guide is worth {after['mean']:.2f} bits, "
        f"{before['mean']:.2f} without the memory."
    )


def following_verdict(training: Mapping[str, Any]) -> str:
    """How a response follows its guide beside the tokens, by what the pairs have shown; empty where
    that is nothing."""
    found = training.get("following")
    if not found:
        return ""
    said = []
    if harmony := found["harmony"]:
        as_heard, heard = ("", "the roots of its chords") if harmony.get("of_roots") else (" as it is", "its harmony")
        above = f" {harmony['semitones']} semitones higher" if harmony["semitones"] else as_heard
        said.append(f"{heard}{above}{_later(harmony['lag_seconds'])} (agreement {harmony['agreement']:.2f})")
    if level := found["level"]:
        turned = "" if level["sign"] > 0 else " turned round"
        said.append(f"its loudness{turned}{_later(level['lag_seconds'])} (correlation {level['agreement']:.2f})")
    # An account of before this was heard has nothing of it.
    if activity := found.get("activity"):
        busy = "how busy it is" + ("" if activity["sign"] > 0 else " turned round")
        said.append(f"{busy}{_later(activity['lag_seconds'])} (correlation {activity['agreement']:.2f})")
    if register := found.get("register"):
        high = "how high it lies" + ("" if register["sign"] > 0 else " turned round")
        said.append(f"{high}{_later(register['lag_seconds'])} (correlation {register['agreement']:.2f})")
    sentences = [f"As B follows A, a response follows its guide: {', '.join(said)}."] if said else []
    # An account of before this was told apart has no word of it.
    if found.get("rests") == "fill":
        sentences.append("B plays in A's rests and hardly rests itself, and so does a response.")
    elif found["plays_in_rests"]:
        sentences.append("B plays in A's rests, and a response does not rest with its guide.")
    return " ".join(sentences)


def _later(seconds: float) -> str:
    return f", {seconds:g} s later" if seconds else ""


def finetuning_verdict(training: Mapping[str, Any]) -> str:
    """One sentence on a fine-tuning that was tried on held-out blocks of the pairs; empty where none was."""
    if "tried" not in training:
        return ""
    tried = training["tried"]
    gain, form = tried["gain"], f"{tried['form']}, {tried['steps']} steps"
    worth = f"{gain['mean']:.2f} bits a segment better on held-out blocks ({gain['low']:.2f} to {gain['high']:.2f})"
    if tried["applied"]:
        return f"Fine-tuned ({form}): {worth}."
    return f"Not fine-tuned, since it is not surely better: the best way ({form}) is {worth}."
