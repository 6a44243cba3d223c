"""Tries what once failed and then mutations; whatever is no AntiphonError is a failure, and kept as a case."""

import hashlib
import json
import os
import random as python_random
import warnings
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from mutations import RAW, mutated_bytes, mutated_tree

from antiphon.errors import AntiphonError

FAILED = Path(__file__).parent / "failed"

COUNTED = Counter()


def attack(kind, cases, mutate, load):
    """`load(content)` of the cases that failed once, and of so many mutations, each of `mutate(random)`."""

    def tried(content):
        COUNTED[kind] += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                load(content)
            except AntiphonError:
                return
            except BaseException:
                kept = FAILED / kind / hashlib.sha256(content).hexdigest()[:16]
                last.append((kept, content))
                raise

    last = []
    for path in sorted((FAILED / kind).glob("*")):
        tried(path.read_bytes())

    # No shrinking: a case of bytes is kept as it is, and the traceback says more than its size.
    @settings(
        max_examples=cases,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
        database=None,
        derandomize=cases < 1000 and "ANTIPHON_FUZZ_SEED" not in os.environ,
    )
    @given(st.integers(0, 2**64 - 1))
    def every(number):
        tried(mutate(python_random.Random(number)))

    if given_seed := os.environ.get("ANTIPHON_FUZZ_SEED"):
        every = seed(f"{given_seed} {kind}")(every)

    try:
        every()
    except BaseException:
        for kept, content in last:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(content)
        raise


def of_tree(tree):
    def mutate(random):
        if random.random() < 0.05:
            return random.choice(RAW).encode("utf-8", "surrogatepass")
        changed = mutated_tree(random, tree)
        text = json.dumps(changed)
        return (mutated_bytes(random, text.encode(), 1)) if random.random() < 0.1 else text.encode()

    return mutate
