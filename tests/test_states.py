"""What each state means, in the one table that says so."""

import numpy as np
import pytest

from estimator.states import NUMBERS, STATES, Assessment, State, within_limits, worst


def test_hard_limits_far_quotas_and_what_nobody_checked_are_never_the_cheapest():
    never = {state for state in State if not state.is_within_limits}

    assert never == {State.BEYOND_QUOTA, State.NOT_CHECKED, State.OVER_LIMIT}
    assert {state for state in State if state.fails} == never
    assert {each for each in Assessment if each.fails} == {
        Assessment.MISSED,
        Assessment.DOES_NOT_RECOVER,
    }


def test_numbers_of_states_ascend_from_best_to_worst():
    numbers = np.arange(len(State), dtype=np.int8)

    assert [STATES[number] for number in numbers] == [*State]
    assert within_limits(numbers).tolist() == [state.is_within_limits for state in State]
    assert NUMBERS[State.WITHIN_LIMITS] == 0
    assert NUMBERS[State.OVER_LIMIT] == len(State) - 1


@pytest.mark.parametrize("kind", [State, Assessment])
def test_colors_are_never_alone(kind):
    # who cannot see colors tells the tones apart by the symbol, who sees neither by the mark
    for one in kind:
        for other in kind:
            if one.tone != other.tone:
                assert one.symbol != other.symbol
                assert one.mark != other.mark


def test_the_worst_of_none_is_what_was_said():
    assert worst([], State.NOT_CHECKED) is State.NOT_CHECKED
    assert worst([Assessment.MET, Assessment.AT_RISK], Assessment.MET) is Assessment.AT_RISK


@pytest.mark.parametrize(
    ("state", "assessment"),
    [
        (State.WITHIN_LIMITS, Assessment.MET),
        (State.NEAR_LIMIT, Assessment.AT_RISK),
        (State.SETTING, Assessment.AT_RISK),
        (State.QUOTA, Assessment.AT_RISK),
        (State.BEYOND_QUOTA, Assessment.MISSED),
        (State.NOT_CHECKED, Assessment.NOT_CHECKED),
        (State.OVER_LIMIT, Assessment.MISSED),
    ],
)
def test_staying_within_a_limit_is_an_assumption(state, assessment):
    assert Assessment.of(state) is assessment
