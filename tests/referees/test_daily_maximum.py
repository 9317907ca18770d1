"""Most open connections of a day, against a published table and the exact law of a Markov chain.

The table holds the mean maximum of a day of a stationary M/M/infinity system, found by simulating
event by event, also as z = (maximum - m) / sqrt(m), known to 0.07. Runs here look at the end of
each second, which misses little: at 33 events per second, the most here, 0.58 sqrt(33)
(D. Siegmund, "Corrected diffusion approximations in certain random walk problems", Advances in
Applied Probability 11 (1979), https://doi.org/10.2307/1426855), or 0.03 in z.
"""

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.linalg import expm
from scipy.sparse import linalg

from estimator.simulation.flows import Flows

DAY_S = 86_400
TABLE_ERROR = 0.07
TABLE = {
    # E[S] in minutes: z, then mean maximum by mean number of connections
    10: (3.40, {100: 134.8, 1_000: 1_108.0, 10_000: 10_339.0}),
    60: (2.70, {100: 127.1, 1_000: 1_085.0, 10_000: 10_270.0}),
    600: (1.45, {1_000: 1_046.0}),
}
DAYS = {
    10: {100: 200, 1_000: 120, 10_000: 20},
    60: {100: 200, 1_000: 200, 10_000: 30},
    600: {1_000: 800},
}
"""Enough to know z to 0.02 to 0.03 (standard error) from each line of the table. A day of 10,000
costs as much as a hundred of 100 and tells no more, so there are fewer of them."""
ROWS = [(minutes, mean) for minutes, (_, row) in TABLE.items() for mean in row]


@pytest.fixture(scope="module")
def maxima(law_of, steady, replicate):
    """Largest numbers of open connections, of so many days."""
    found = {}

    def largest(flows: Flows) -> float:
        return float(flows.open_after.max())

    for minutes, mean in ROWS:
        model = steady(mean, law_of("exponential", minutes * 60), DAY_S)
        days = replicate(model, "exact", DAYS[minutes][mean], 21, largest)
        found[minutes, mean] = np.array(days)
    return found


def mean_maximum_of_chain(mean: float, session_s: float) -> float:
    """Mean of the most open connections at the end of a second of a day, without simulation.

    From the generator of the birth and death process follows what a second brings. That nobody saw
    more than n is the mass left after a day on the states up to n. Seen through the square root of
    the stationary distribution, that part of the matrix is symmetric; of its powers only that of
    the largest eigenvalue is left, the next being exp(-day / session) as large or less. States
    further than five standard deviations below the mean, or eight above it, are left out.
    """
    deviation = np.sqrt(mean)
    states = np.arange(int(mean - 5 * deviation), int(mean + 8 * deviation))
    births, deaths = np.full(states.size - 1, mean), states[1:].astype(float)
    generator = np.diag(births, 1) + np.diag(deaths, -1)
    generator -= np.diag(generator.sum(axis=1))
    second = expm(generator / session_s)
    root = np.sqrt(stats.poisson.pmf(states, mean))
    symmetric = sparse.csr_array(second * root[:, None] / root)
    # the sum of P(maximum > n) over n
    expected = float(states[0])
    for kept in range(states.size - 1, 0, -1):
        value, vector = linalg.eigsh(symmetric[:kept, :kept], k=1, which="LA", v0=root[:kept])
        # the state at the start of the day is not looked at, only the ends of its seconds
        below = float((root[:kept] @ vector[:, 0]) ** 2 * min(value[0], 1.0) ** (DAY_S - 1))
        expected += 1 - below
        if below < 1e-9:
            return expected + kept - 1
    return expected


@pytest.mark.parametrize("minutes", [10, 60])
def test_the_mean_maximum_is_that_of_the_markov_chain(minutes, maxima, mean_is):
    mean_is(maxima[minutes, 100], mean_maximum_of_chain(100, minutes * 60))


@pytest.mark.parametrize("minutes", TABLE)
def test_the_published_z_of_the_maximum(minutes, maxima):
    z = [(maxima[minutes, mean] - mean) / np.sqrt(mean) for mean in TABLE[minutes][1]]

    assert np.concatenate(z).mean() == pytest.approx(TABLE[minutes][0], abs=TABLE_ERROR)


@pytest.mark.parametrize(("minutes", "mean"), ROWS)
def test_the_published_mean_maximum(minutes, mean, maxima):
    days = maxima[minutes, mean]
    error = days.std(ddof=1) / np.sqrt(days.size)

    published = TABLE[minutes][1][mean]
    reach = TABLE_ERROR * np.sqrt(mean) + stats.norm.isf(0.0005) * error
    assert days.mean() == pytest.approx(published, abs=reach)
