"""One thread per worker, since pytest runs a worker per processor; and a frame cache that is nobody's."""

import os

import pytest
from hypothesis import settings

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

settings.register_profile("antiphon", deadline=None)
settings.load_profile("antiphon")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    os.environ["ANTIPHON_CACHE"] = str(tmp_path_factory.mktemp("frames"))
