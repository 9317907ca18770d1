"""Refusals for want of a place, against the Erlang B table of the ITU.

The table is the one shipped with the tests of the Perl module Math::Telephony::ErlangB
(t/ErlangB-ITU.t): offered load in erlang for n servers and blocking p, rounded to five digits,
which moves p by up to 1.3e-5. Clients here give up when they are refused, so a number of slots is
Erlang's loss system, and blocking is the same for any law of sessions (M/G/n/n).
"""

import numpy as np
import pytest

from estimator.demand.admission_limits import AdmissionLimits
from estimator.scenario.reconnect import Reconnect
from estimator.simulation.flows import Flows

BLOCKING = (0.01, 0.02, 0.05, 0.1)
ERLANGS = {
    5: (1.3608, 1.6571, 2.2185, 2.8811),
    10: (4.4612, 5.084, 6.2157, 7.5106),
    20: (12.031, 13.182, 15.249, 17.613),
    50: (37.901, 40.255, 44.533, 49.562),
    100: (84.064, 87.972, 95.24, 104.11),
    201: (180.71, 187.15, 199.55, 215.43),
    250: (228.3, 235.83, 250.5, 269.62),
    300: (277.13, 285.71, 302.62, 324.98),
}
CASES = [
    (slots, erlangs, p, law)
    for slots, row in ERLANGS.items()
    for p, erlangs in zip(BLOCKING, row, strict=True)
    for law in ("exponential", "deterministic")
    if law == "exponential" or p in (0.01, 0.1)
]
SESSION_S, WARM_UP_S = 20, 200
RUNS = 10
ONCE = Reconnect(give_up_after=1)


def figures(flows: Flows) -> tuple[float, ...]:
    refused = flows.refused_full.sum()
    return flows.arrivals.sum(), flows.attempts.sum(), refused, flows.open_after.mean()


@pytest.mark.parametrize(("slots", "erlangs", "blocking", "law"), CASES)
def test_blocking_is_that_of_the_itu_table(
    slots, erlangs, blocking, law, law_of, steady, replicate, mean_is
):
    # surges vary slowly compared with their arrivals, and cost less by the session
    sessions = 40_000 if slots <= 20 else 150_000
    horizon_s = int(np.ceil(sessions / RUNS / erlangs)) * SESSION_S
    admission = AdmissionLimits(connections_most=slots)
    model = steady(
        erlangs,
        law_of(law, SESSION_S),
        horizon_s,
        admission=admission,
        reconnect=ONCE,
        warm_up_s=WARM_UP_S,
    )
    seed = CASES.index((slots, erlangs, blocking, law))
    found = np.array(replicate(model, "exact", RUNS, seed, figures))
    came, knocked, refused, open_mean = found.T

    np.testing.assert_array_equal(knocked, came)
    # arrivals see time averages, so this difference has the mean 0, which a ratio had not
    mean_is(refused - blocking * came)
    mean_is(open_mean, erlangs * (1 - blocking))


def test_in_a_flood_all_who_find_no_free_slot_are_refused(law_of, steady, replicate):
    # 5,000 erlang on 100 slots: a slot is taken again at once
    law = law_of("exponential", SESSION_S)
    admission = AdmissionLimits(connections_most=100)
    model = steady(5000, law, 200, admission=admission, reconnect=ONCE, warm_up_s=60)
    came, _, refused, open_mean = replicate(model, "exact", 1, 5, figures)[0]

    # n - n / (A - n) are open on average; the error is that of the number of arrivals
    assert 1 - refused / came == pytest.approx(99.98 / 5000, rel=3.3 / np.sqrt(came))
    assert open_mean == pytest.approx(99.98, abs=0.05)
