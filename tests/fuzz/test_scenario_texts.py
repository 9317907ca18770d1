"""A text that is almost a scenario is refused in few words, or has finite bills and comes back."""

import json
import random
from collections.abc import Callable

import numpy as np

import estimator as ws
from estimator.errors import MOST_MESSAGE_CHARACTERS
from fuzz import mutations

FORMS: tuple[mutations.Form, ...] = ("yaml", "json", "link")


def priced(text: str, form: mutations.Form) -> tuple[ws.Scenario, ws.Comparison] | str:
    """The scenario of a text and its bills, or why there are none."""
    read = ws.Scenario.from_token if form == "link" else ws.Scenario.from_yaml
    try:
        scenario = read(text)
        return scenario, ws.compare(scenario)
    except ws.EstimatorError as error:
        return str(error)


@mutations.named
def check(seed: int) -> bool:
    """Whether the text of a seed has bills; that it is right either way."""
    rng, form = random.Random(seed), FORMS[seed % len(FORMS)]
    text = mutations.written(mutations.mutated(mutations.scenario(rng), rng), form, rng)
    found = priced(text, form)
    if isinstance(found, str):
        assert 0 < len(found) <= MOST_MESSAGE_CHARACTERS
        return False
    scenario, compared = found
    for bill in compared.bills:
        for amount in (bill.total, bill.list_total, *(item.usage.quantity for item in bill.items)):
            assert np.all(np.isfinite(amount) & (np.asarray(amount) >= 0))
    assert ws.Scenario.from_yaml(scenario.to_yaml()) == scenario
    assert ws.Scenario.from_yaml(json.dumps(scenario.as_data())) == scenario
    assert ws.Scenario.from_token(scenario.to_token()) == scenario
    return True


def test_a_text_is_refused_or_has_finite_bills_and_comes_back(seeds: Callable[[int, int], range]):
    found = {check(seed) for seed in seeds(40, 6_000)}

    assert found == {True, False}  # a test in which all is refused would say nothing
