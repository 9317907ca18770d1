"""Does a worker of Dask, which shall give freed memory back, keep it for the next array?"""

import os
import subprocess
import sys

import pytest

ARRAYS = 50
BYTES = 5_000_000
PAGES_OF_ALL = ARRAYS * BYTES // 4096

FREE_AND_TAKE_AGAIN = f"""
import resource
import sys
import threading
import numpy as np
from estimator.heap import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()


def work():
    for _ in range({ARRAYS}):
        np.ones({BYTES} // 8)


before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
worker = threading.Thread(target=work)  # as tasks of Dask run
worker.start()
worker.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(what: str) -> int:
    answer = subprocess.run(
        [sys.executable, "-c", FREE_AND_TAKE_AGAIN, what],
        env={**os.environ, "MALLOC_TRIM_THRESHOLD_": "65536"},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(answer.stdout)


@pytest.mark.skipif(
    sys.platform != "linux" or "glibc" not in str(os.confstr("CS_GNU_LIBC_VERSION")),
    reason="settings of glibc",
)
def test_what_was_freed_is_used_again():
    assert page_faults("give back") > PAGES_OF_ALL / 2
    assert page_faults("keep") < PAGES_OF_ALL / 10
