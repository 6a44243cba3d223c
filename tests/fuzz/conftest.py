"""How many cases: two hundred of each kind by default, 10,000 under the marker `long`."""

import os

import pytest

CASES, MANY = 200, 10_000


@pytest.fixture(
    scope="session", params=[CASES, pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(7200)])]
)
def cases(request):
    """Cases of a kind; ANTIPHON_FUZZ_CASES sets another number, and ANTIPHON_FUZZ_SEED other cases."""
    return int(os.environ.get("ANTIPHON_FUZZ_CASES", request.param))
