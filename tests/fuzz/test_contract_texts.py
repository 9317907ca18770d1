"""A text that is almost a contract is refused in few words, or its prices make a bill."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np

import estimator as ws
from estimator.errors import MOST_MESSAGE_CHARACTERS
from fuzz import mutations

QUANTITIES = {"aws.api_gateway.messages": 1e9, "aws.api_gateway.connection_minutes": 1e12}


def priced(file: Path) -> tuple[ws.Contract, ws.Bill] | str:
    """The contract of a file and a bill under it, or why there is none."""
    try:
        contract = ws.load_contract(file)
        return contract, ws.price(QUANTITIES, region="us-east-1", contract=contract)
    except ws.EstimatorError as error:
        return str(error)


@mutations.named
def check(seed: int, file: Path) -> bool:
    """Whether the text of a seed makes a bill; that it is right either way."""
    rng = random.Random(seed)
    content = mutations.mutated(mutations.contract(rng), rng)
    text = mutations.written(content, ("yaml", "json")[seed % 2], rng)
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    found = priced(file)
    if isinstance(found, str):
        assert 0 < len(found) <= MOST_MESSAGE_CHARACTERS
        return False
    contract, bill = found
    assert np.isfinite(bill.total)
    assert bill.total >= 0
    assert ws.Contract(**contract.as_data()) == contract
    return True


def test_a_text_is_refused_or_makes_a_bill(seeds: Callable[[int, int], range], tmp_path: Path):
    found = {check(seed, tmp_path / "ours.yaml") for seed in seeds(100, 10_000)}

    assert found == {True, False}  # a test in which all is refused would say nothing
