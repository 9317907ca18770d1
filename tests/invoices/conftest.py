"""Bills written for these tests, and where the public ones are."""

from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def sample():
    """The path of a sample bill, by its name."""
    return lambda name: SAMPLES / name
