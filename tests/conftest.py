"""One thread per worker, since pytest runs a worker per processor; and caches that are nobody's or its own."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

# Two processes that compile librosa's beat tracker into one cache at once can leave code there that ends a process.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
os.environ["NUMBA_CACHE_DIR"] = str(Path(__file__).parent.parent / ".pytest_cache" / "numba" / WORKER)

settings.register_profile("antiphon", deadline=None)
settings.load_profile("antiphon")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    os.environ["ANTIPHON_CACHE"] = str(tmp_path_factory.mktemp("frames"))
