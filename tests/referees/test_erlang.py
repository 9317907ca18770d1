"""Poisson quantiles, Erlang B and C and square-root staffing, against published figures.

Sources: the Erlang B table of the ITU as shipped with the tests of the Perl module
Math::Telephony::ErlangB (t/ErlangB-ITU.t); Erlang B and C values of the test suite of a public
library, of which some are wrong, so each is asserted against an exact sum too; S. Halfin and
W. Whitt, "Heavy-traffic limits for queues with many exponential servers", Operations Research 29
(1981), https://doi.org/10.1287/opre.29.3.567.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from estimator.errors import EstimatorError
from estimator.simulation.theory import (
    erlang_b,
    erlang_b_load,
    erlang_c,
    log_erlang_b,
    log_erlang_c,
    poisson_quantile,
    square_root_staffing_beta,
    square_root_staffing_wait,
)

QUANTILES = {
    10: (15, 18, 21, 24),
    100: (117, 124, 132, 139),
    1_000: (1_052, 1_074, 1_099, 1_120),
    10_000: (10_165, 10_233, 10_310, 10_374),
    100_000: (100_520, 100_736, 100_979, 101_178),
    1_000_000: (1_001_645, 1_002_327, 1_003_092, 1_003_721),
}

ITU_BLOCKING = np.array([0.001, 0.005, 0.01, 0.02, 0.05, 0.1])
ITU_ERLANGS = {
    1: (0.001, 0.00503, 0.0101, 0.02041, 0.05263, 0.11111),
    2: (0.04576, 0.1054, 0.15259, 0.22347, 0.38132, 0.59543),
    5: (0.76212, 1.132, 1.3608, 1.6571, 2.2185, 2.8811),
    10: (3.092, 3.9607, 4.4612, 5.084, 6.2157, 7.5106),
    20: (9.4115, 11.092, 12.031, 13.182, 15.249, 17.613),
    50: (32.512, 35.982, 37.901, 40.255, 44.533, 49.562),
    100: (75.242, 80.91, 84.064, 87.972, 95.24, 104.11),
    201: (166.54, 175.6, 180.71, 187.15, 199.55, 215.43),
    250: (211.92, 222.36, 228.3, 235.83, 250.5, 269.62),
    300: (258.65, 270.41, 277.13, 285.71, 302.62, 324.98),
}


def exact_log_b(servers: int, erlangs: int) -> float:
    """1/B(0) = 1, 1/B(k) = 1 + k / (A B(k - 1)), in whole numbers scaled by 10^40."""
    scale = 10**40
    inverse = scale
    for k in range(1, servers + 1):
        inverse = scale + k * inverse // erlangs
    # the logarithm of a whole number of any size
    return math.log(scale) - math.log(inverse)


def exact_log_c(servers: int, erlangs: int) -> float:
    log_b = exact_log_b(servers, erlangs)
    return log_b - math.log(1 - erlangs / servers * (1 - math.exp(log_b)))


@pytest.mark.parametrize(("mean", "quantiles"), QUANTILES.items())
def test_upper_quantiles_of_a_poisson_variate(mean, quantiles):
    found = poisson_quantile(float(mean), np.array([0.95, 0.99, 0.999, 0.9999]))

    np.testing.assert_array_equal(found, quantiles)


def test_quantiles_are_those_of_their_definition():
    # scipy's own quantiles are off by several at 1e7
    means = np.geomspace(0.001, 1e8, 60)[:, None]
    shares = np.array([1e-300, 1e-9, 0.01, 0.3, 0.5, 0.9, 0.99999, 1 - 1e-9, 1 - 1e-15])
    found = poisson_quantile(means, shares)

    assert np.all(stats.poisson.cdf(found, means) >= shares)
    assert np.all(stats.poisson.cdf(found - 1, means) < shares)


@pytest.mark.parametrize("number", [0, 1, 5, 1000])
def test_a_share_reached_exactly_is_enough(number):
    share = float(stats.poisson.cdf(number, number + 0.5))

    assert poisson_quantile(number + 0.5, share) == number


@pytest.mark.parametrize(("servers", "erlangs"), ITU_ERLANGS.items())
def test_blocking_of_the_itu_table(servers, erlangs):
    # the loads are rounded to five digits, which moves blocking by up to 1.3e-5
    found = erlang_b(np.array(erlangs), servers)

    np.testing.assert_allclose(found, ITU_BLOCKING, rtol=0, atol=2e-5)


@pytest.mark.parametrize(("servers", "erlangs"), ITU_ERLANGS.items())
def test_loads_of_the_itu_table(servers, erlangs):
    found = [erlang_b_load(p, servers) for p in ITU_BLOCKING.tolist()]

    # five digits, or five decimals below 1; the least load of 5 servers is printed 0.76212, though
    # it is 0.7621147
    digits = np.where(np.array(erlangs) < 1, 1e-5, 10.0 ** (np.floor(np.log10(erlangs)) - 4))
    units = 0.54 if servers == 5 else 0.5
    np.testing.assert_array_less(np.abs(found - np.array(erlangs)), units * digits + 1e-9)


@pytest.mark.parametrize("servers", [0, 1, 2, 7, 40])
@pytest.mark.parametrize("erlangs", [Fraction(1, 100), Fraction(3), Fraction(39), Fraction(4000)])
def test_erlang_b_is_the_ratio_of_its_sum(servers, erlangs):
    terms = [erlangs**k / math.factorial(k) for k in range(servers + 1)]

    exact = float(terms[-1] / sum(terms))
    assert erlang_b(float(erlangs), servers) == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize(
    ("servers", "erlangs", "log_b"),
    [
        (100, 120, -1.62826407041),
        (10_000, 12_000, -1.78927734649),
        (100, 20, -84.1661482002),
        (10_000, 200, -29325.7541713),
        (100, 10_000, -0.01004931575),
    ],
)
def test_published_logarithms_of_erlang_b(servers, erlangs, log_b):
    assert log_erlang_b(erlangs, servers) == pytest.approx(log_b, rel=1e-11, abs=1e-11)
    assert log_erlang_b(erlangs, servers) == pytest.approx(exact_log_b(servers, erlangs), rel=1e-12)


@pytest.mark.parametrize(
    ("servers", "erlangs"),
    [(12_000, 10_000), (200, 10_000), (9_999, 10_000), (10_000, 10_000), (10_001, 10_000)],
)
def test_large_numbers_of_servers_follow_the_recursion(servers, erlangs):
    exact = exact_log_b(servers, erlangs)

    assert log_erlang_b(erlangs, servers) == pytest.approx(exact, rel=1e-11)


def test_erlang_b_has_no_step_where_its_two_forms_meet():
    # dB/dA = B (n / A - 1 + B)
    for servers in (1, 30, 1e4):
        load = servers + 1
        below, above = (float(erlang_b(load * (1 + e), servers)) for e in (-1e-9, 1e-9))
        slope = above * (servers / load - 1 + above)
        assert above - below == pytest.approx(slope * 2e-9 * load, abs=2e-10 * above)


@pytest.mark.parametrize(
    ("servers", "erlangs", "log_c"),
    [
        (100, 90, -1.52813224460),
        (10_000, 9_000, -56.8266885378),
        (100, 10, -143.375505741),
        (10_000, 100, -36157.2159266),
    ],
)
def test_published_logarithms_of_erlang_c(servers, erlangs, log_c):
    assert log_erlang_c(erlangs, servers) == pytest.approx(log_c, rel=1e-11)
    assert log_erlang_c(erlangs, servers) == pytest.approx(exact_log_c(servers, erlangs), rel=1e-12)


@pytest.mark.parametrize(
    ("servers", "erlangs", "published", "exact"),
    [
        (100, 50, 0.0, -21.843928),
        (10_000, 5_000, -59093.08, -1936.302775),
        (10_000, 9_990, -15.46, -0.127218),
    ],
)
def test_logarithms_of_erlang_c_that_were_published_wrong(servers, erlangs, published, exact):
    assert exact_log_c(servers, erlangs) == pytest.approx(exact, abs=5e-7)
    assert log_erlang_c(erlangs, servers) == pytest.approx(exact, abs=5e-7)
    assert abs(log_erlang_c(erlangs, servers) - published) > 10


@pytest.mark.parametrize(
    ("servers", "erlangs", "published", "exact"), [(1, 5, 0.1, 0.8333), (200, 180, 0.012, 0.010325)]
)
def test_blocking_that_was_published_wrong(servers, erlangs, published, exact):
    assert math.exp(exact_log_b(servers, erlangs)) == pytest.approx(exact, rel=5e-5)
    assert erlang_b(erlangs, servers) == pytest.approx(exact, rel=5e-5)
    assert abs(erlang_b(erlangs, servers) - published) > 0.001


def test_200_servers_block_1_percent_at_the_load_of_the_itu_table():
    assert erlang_b_load(0.01, 200) == pytest.approx(179.74, abs=0.005)


def test_published_blocking_and_waiting():
    assert erlang_b(123, 132) == pytest.approx(0.0312, abs=5e-5)
    assert erlang_c(123, 132) == pytest.approx(0.3211, abs=5e-5)
    assert erlang_c(12_345, 12_421) == pytest.approx(0.3812, abs=5e-5)
    # documentation of Mathematica: ErlangB[30, 25] is about 0.05
    assert erlang_b(25, 30) == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize(
    ("servers", "erlangs", "waits"),
    [
        (1, 0.5, 0.5),
        (2, 1, 0.333333),
        (3, 2, 0.444444),
        (5, 4, 0.554113),
        (10, 6, 0.101299),
        (10, 8, 0.409180),
        (11, 10, 0.682118),
        (20, 18, 0.550769),
        (100, 90, 0.216940),
    ],
)
def test_shares_that_wait(servers, erlangs, waits):
    assert erlang_c(erlangs, servers) == pytest.approx(waits, abs=5e-7)


@pytest.mark.parametrize("servers", [1, 3, 25])
def test_erlang_c_is_the_ratio_of_its_sum(servers):
    for share in (Fraction(1, 50), Fraction(1, 2), Fraction(99, 100)):
        load = share * servers
        last = load**servers / math.factorial(servers) / (1 - share)
        exact = last / (sum(load**k / math.factorial(k) for k in range(servers)) + last)
        assert erlang_c(float(load), servers) == pytest.approx(float(exact), rel=1e-12)


def test_everybody_waits_where_the_queue_grows_for_ever():
    np.testing.assert_array_equal(erlang_c(np.array([5.0, 6.0, 1e6]), 5), [1, 1, 1])


def test_nobody_is_refused_without_load_and_everybody_without_servers():
    assert erlang_b(0, 3) == 0
    assert erlang_c(0, 3) == 0
    assert log_erlang_b(0, 3) == -math.inf
    np.testing.assert_allclose(erlang_b(np.array([0.0, 1.0, 1e9]), 0), 1, rtol=1e-15)


def test_arrays_are_broadcast_and_equal_single_calls():
    loads, servers = np.array([[0.5], [90.0], [1e4]]), np.array([1.0, 95.0, 9e3, 1.1e4])

    for function in (erlang_b, log_erlang_b, erlang_c, log_erlang_c):
        table = function(loads, servers)
        singles = [[float(function(a, n)) for n in servers] for a in loads[:, 0]]
        np.testing.assert_allclose(table, singles, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("servers", [1, 5, 300, 1_000_000])
@pytest.mark.parametrize("blocking", [1e-300, 1e-12, 0.001, 0.3, 0.999])
def test_the_load_found_blocks_what_was_asked_for(servers, blocking):
    found = erlang_b_load(blocking, servers)

    assert log_erlang_b(found, servers) == pytest.approx(math.log(blocking), rel=1e-9)


STAFFING = {
    0.1: 0.8803,
    0.2: 0.7714,
    0.3: 0.6729,
    0.4: 0.5841,
    0.5: 0.5045,
    0.6: 0.4335,
    0.7: 0.3705,
    0.8: 0.3148,
    0.9: 0.2660,
    1.0: 0.2234,
    1.2: 0.1546,
    1.4: 0.1042,
    1.5: 0.0847,
    1.6: 0.0683,
    1.8: 0.0435,
    2.0: 0.0269,
    2.5: 0.0070,
    3.0: 0.0015,
}


def test_waiting_under_square_root_staffing():
    found = square_root_staffing_wait(np.array(list(STAFFING)))

    np.testing.assert_allclose(found, list(STAFFING.values()), rtol=0, atol=5.001e-5)


@pytest.mark.parametrize(
    ("waits", "beta"),
    [
        (0.5, 0.5061),
        (0.3, 0.8289),
        (0.2, 1.0615),
        (0.1, 1.4202),
        (0.05, 1.7398),
        (0.02, 2.1167),
        (0.01, 2.3749),
    ],
)
def test_staffing_for_a_share_that_waits(waits, beta):
    assert square_root_staffing_beta(waits) == pytest.approx(beta, abs=5.001e-5)


@pytest.mark.parametrize("waits", [1e-300, 1e-9, 0.4, 0.999999])
def test_the_staffing_found_makes_wait_what_was_asked_for(waits):
    found = square_root_staffing_beta(waits)

    assert square_root_staffing_wait(found) == pytest.approx(waits, rel=1e-9)


def test_square_root_staffing_is_7_percent_low_for_100_servers_and_exact_for_very_many():
    beta = 10 / math.sqrt(90)
    asymptotic = square_root_staffing_wait(beta)
    assert beta == pytest.approx(1.054, abs=5e-4)
    assert asymptotic == pytest.approx(0.203, abs=5e-4)
    assert asymptotic / erlang_c(90, 100) - 1 == pytest.approx(-0.066, abs=0.0005)

    load = 1e8
    assert erlang_c(load, load + beta * math.sqrt(load)) == pytest.approx(asymptotic, rel=1e-4)


def test_everybody_waits_without_spare_servers_and_nobody_with_very_many():
    np.testing.assert_array_equal(square_root_staffing_wait(np.array([0.0, 1e5])), [1, 0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: erlang_b(-1, 5), "offered load must be finite and at least 0, but is -1"),
        (lambda: erlang_b(math.inf, 5), "offered load must be finite and at least 0, but is inf"),
        (lambda: erlang_c(1, np.array([3, math.nan])), "number of servers .* but is nan"),
        (lambda: erlang_b_load(1.0, 5), "blocking must be finite and above 0 and below 1"),
        (lambda: erlang_b_load(0.1, 0), "number of servers must be finite and above 0, but is 0"),
        (lambda: square_root_staffing_wait(-0.1), "beta must be finite and at least 0"),
        (lambda: square_root_staffing_beta(0), "share that waits .* above 0 and below 1, but is 0"),
        (lambda: poisson_quantile(0, 0.5), "mean must be finite and above 0, but is 0"),
        (lambda: poisson_quantile(3, 1), "share must be finite and above 0 and below 1, but is 1"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(EstimatorError, match=message):
        call()
