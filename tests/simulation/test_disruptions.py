"""Faults and surges become cuts, throttles and streams that say the same in numbers."""

from itertools import pairwise

import numpy as np
import pytest

from estimator.demand.admission_limits import Stage
from estimator.errors import EstimatorError
from estimator.scenario.disruptions import (
    BalancerResize,
    Broadcast,
    ConnectionThrottle,
    FlashCrowd,
    NetworkFlap,
    Outage,
    RefusedAttempts,
    RollingDeployment,
    SlowDependency,
    TopOfHour,
    ZoneOutage,
)
from estimator.scenario.sessions import DeterministicSession, ExponentialSession
from estimator.simulation.disruptions import (
    cuts_and_throttles,
    surge_streams,
    with_zone_shares,
)
from estimator.simulation.model import ArrivalRate, Cut, Stream, Throttle

HOUR, WEEK = 3600.0, 604_800.0
TUESDAY_14 = 38 * HOUR
USUAL = Stream(
    ArrivalRate(np.array([0.0, WEEK]), np.array([2.0, 2.0]), periodic=True),
    ExponentialSession(mean_hours=2),
)


def arrivals(rate: ArrivalRate, from_s: float = -np.inf, until_s: float = np.inf) -> float:
    """Area under the line, where knots stand at both times or nothing lies beyond."""
    x, y = rate.knots_s, rate.per_second
    inside = (x[:-1] >= from_s) & (x[1:] <= until_s)
    return float(((y[:-1] + y[1:]) / 2 * np.diff(x))[inside].sum())


def in_each(rate: ArrivalRate, span_s: float) -> np.ndarray:
    spans = np.arange(0, WEEK, span_s)
    return np.array([arrivals(rate, start, start + span_s) for start in spans])


def test_an_outage_cuts_at_once_and_takes_its_units_away_for_a_while():
    outage = Outage(at="Tue 14:00", share=0.25, lasts="5 min", notice="25 s")

    cuts, throttles = cuts_and_throttles([outage])

    # the last quarter of the units, whose connections these are
    last = (0.75, 1.0)
    assert cuts == (Cut(TUESDAY_14, 0.25, notice_s=25.0, span=last),)
    assert throttles == (Throttle(TUESDAY_14, TUESDAY_14 + 300, units_share=0.75, span=last),)


def test_an_outage_of_everything_lets_nobody_in():
    _, [throttle] = cuts_and_throttles([Outage(at=1, lasts="1 min")])

    assert (throttle.units_share, throttle.span) == (0, (0, 1))


def test_an_outage_that_is_over_at_once_leaves_the_limits_as_they_are():
    assert cuts_and_throttles([Outage(at=1)])[1] == ()


BATCHES = {0.0: (0.0, 0.25), 120.0: (0.25, 0.5), 240.0: (0.5, 0.75), 360.0: (0.75, 1.0)}
"""The units of each of four batches, by when it starts."""


def test_a_rolling_deployment_cuts_once_for_each_batch():
    deployment = RollingDeployment(at="Tue 14:00", batches=4, every="2 min", drain="30 s")

    cuts, throttles = cuts_and_throttles([deployment])

    assert cuts == tuple(
        Cut(TUESDAY_14 + after, 0.25, over_s=30.0, span=span) for after, span in BATCHES.items()
    )
    assert throttles == ()


def test_nodes_that_restart_are_away_from_their_drain_on():
    deployment = RollingDeployment(
        at="Tue 14:00", batches=4, every="2 min", drain="30 s", restart="20 s"
    )

    _, throttles = cuts_and_throttles([deployment])

    assert throttles == tuple(
        Throttle(TUESDAY_14 + after, TUESDAY_14 + after + 50, units_share=0.75, span=span)
        for after, span in BATCHES.items()
    )


def test_a_deployment_of_all_nodes_at_once_lets_nobody_in_while_they_restart():
    deployment = RollingDeployment(at="Tue 14:00", batches=1, every="2 min", restart="20 s")

    [cut], [throttle] = cuts_and_throttles([deployment])

    assert (cut.share, cut.span) == (1, (0, 1))
    assert (throttle.units_share, throttle.until_s) == (0, TUESDAY_14 + 20)


def test_an_outage_of_a_zone_is_an_outage_of_its_share():
    zone = ZoneOutage(at="Tue 14:00", lasts="5 min", notice="25 s")

    found = cuts_and_throttles(with_zone_shares([zone], 0.5))

    assert found == cuts_and_throttles(
        [Outage(at="Tue 14:00", share=0.5, lasts="5 min", notice="25 s")]
    )


@pytest.mark.parametrize(
    ("said", "of_zone", "taken"), [(None, None, 1 / 3), (None, 1.0, 1.0), (0.2, 0.5, 0.2)]
)
def test_a_zone_has_the_share_that_is_said_or_known_or_else_a_third(said, of_zone, taken):
    others = Outage(at=0, share=0.7)

    told = with_zone_shares([ZoneOutage(at=0, share=said), others], of_zone)

    assert told == (ZoneOutage(at=0, share=taken), others)


def test_an_outage_of_a_zone_of_which_nothing_is_known_is_refused():
    with pytest.raises(
        EstimatorError, match=r"how much is lost.* share .*zone outage on Mon 00:00"
    ):
        cuts_and_throttles([ZoneOutage(at=0)])


def test_a_slow_dependency_is_one_more_stage_for_a_while():
    slow = SlowDependency(
        at="Tue 14:00", lasts="10 min", new_connections_per_second=50, queue="500"
    )

    cuts, [throttle] = cuts_and_throttles([slow])

    stage = Stage(name="slow dependency", per_second=50, queue=500)
    assert cuts == ()
    assert throttle == Throttle(TUESDAY_14, TUESDAY_14 + 600, stage=stage)


def test_all_wait_for_a_slow_dependency_without_a_queue_that_ends():
    slow = SlowDependency(at=0, lasts=1, new_connections_per_second=50)

    _, [throttle] = cuts_and_throttles([slow])

    assert throttle.stage is not None
    assert throttle.stage.queue == np.inf


def test_refused_attempts_are_refused_whatever_the_limits():
    refused = RefusedAttempts(at="Tue 14:00", lasts="5 min", share="50%")

    assert cuts_and_throttles([refused]) == (
        (),
        (Throttle(TUESDAY_14, TUESDAY_14 + 300, refused_share=0.5),),
    )


def test_a_resize_of_the_balancer_closes_evenly():
    cuts, _ = cuts_and_throttles([BalancerResize(at="Tue 14:00", share="25%", over="5 min")])

    assert cuts == (Cut(TUESDAY_14, 0.25, over_s=300.0),)


def test_a_flap_keeps_clients_away_each_time():
    flap = NetworkFlap(at="Tue 14:00", share=0.1, away="20 s", times=2, every="1 min")

    cuts, _ = cuts_and_throttles([flap])

    assert cuts == (Cut(TUESDAY_14, 0.1, away_s=20.0), Cut(TUESDAY_14 + 60, 0.1, away_s=20.0))


def test_a_flap_may_be_noticed_late():
    flap = NetworkFlap(at="Tue 14:00", share=0.1, away="20 s", notice="25 s")

    assert cuts_and_throttles([flap])[0] == (Cut(TUESDAY_14, 0.1, notice_s=25.0, away_s=20.0),)


def test_slow_connecting_only_narrows_the_limits():
    slow = ConnectionThrottle(at="Tue 14:00", lasts="10 min", new_connections_per_second=50)

    assert cuts_and_throttles([slow]) == (
        (),
        (Throttle(TUESDAY_14, TUESDAY_14 + 600, new_connections_per_second=50.0),),
    )


def test_cuts_come_by_time_and_remember_their_fault():
    cuts, _ = cuts_and_throttles(
        [
            RollingDeployment(at=10, batches=2, every="2 h"),
            Outage(at=11),
            ConnectionThrottle(at=0, lasts=1, new_connections_per_second=1),
            Outage(at=0),
        ]
    )

    assert [(cut.at_s / HOUR, cut.fault) for cut in cuts] == [(0, 3), (10, 0), (11, 1), (12, 0)]


def test_what_lies_beyond_the_week_is_left_out():
    cuts, throttles = cuts_and_throttles(
        [
            RollingDeployment(at="Sun 23:00", batches=3, every="40 min"),
            Outage(at="Sun 23:59", share=0.5, lasts="1 h"),
        ]
    )

    assert [cut.at_s for cut in cuts] == [WEEK - HOUR, WEEK - HOUR + 2400, WEEK - 60]
    assert [throttle.until_s for throttle in throttles] == [WEEK]


@pytest.mark.parametrize(
    "fault",
    [
        ZoneOutage(at="Sun 23:00", share=0.5, lasts="168 h"),
        SlowDependency(at="Sun 23:00", lasts="168 h", new_connections_per_second=1),
        RefusedAttempts(at="Sun 23:00", lasts="168 h", share=1),
        ConnectionThrottle(at="Sun 23:00", lasts="168 h", new_connections_per_second=1),
        RollingDeployment(at="Sun 23:00", batches=9, every="30 min", drain="4 h", restart="3 h"),
    ],
    ids=lambda fault: fault.fault,
)
def test_what_never_ends_ends_with_the_week(fault):
    cuts, throttles = cuts_and_throttles([fault])

    assert throttles
    assert {throttle.until_s for throttle in throttles} == {WEEK}
    assert all(throttle.from_s < WEEK for throttle in throttles)
    assert all(cut.at_s < WEEK for cut in cuts)


def test_a_flash_surge_comes_fastest_first_and_stays_as_others_do():
    surge = FlashCrowd(at="Tue 14:00", clients=6000, over="10 min")

    usual, added = surge_streams([surge], (USUAL,))

    assert usual is USUAL
    assert added.session == USUAL.session
    assert not added.arrivals.periodic
    assert arrivals(added.arrivals) == pytest.approx(6000)
    np.testing.assert_allclose(added.arrivals.knots_s, [TUESDAY_14, TUESDAY_14 + 600])
    np.testing.assert_allclose(added.arrivals.per_second, [20, 0])


def test_a_broadcast_gathers_before_it_begins_and_leaves_when_it_ends():
    surge = Broadcast(at="Tue 14:00", clients=9000, gather="15 min", lasts="1 h")

    _, *added = surge_streams([surge], (USUAL,))

    begin, end = TUESDAY_14, TUESDAY_14 + HOUR
    assert sum(arrivals(stream.arrivals) for stream in added) == pytest.approx(9000)
    assert added[0].arrivals.knots_s[0] == begin - 900
    assert added[-1].arrivals.knots_s[-1] == begin
    assert added[-1].arrivals.per_second[-1] == pytest.approx(2 * 9000 / 900)
    for stream in added:
        assert isinstance(stream.session, DeterministicSession)
        leaves = stream.arrivals.knots_s + stream.session.hours * HOUR
        np.testing.assert_allclose(leaves, end, atol=90)


def test_clients_of_a_broadcast_spend_its_length_and_a_third_of_the_gathering():
    # the mean of a line that rises from zero lies at two thirds of it
    surge = Broadcast(at="Tue 14:00", clients=9000, gather="15 min", lasts="1 h")

    _, *added = surge_streams([surge], (USUAL,))

    hours = sum(arrivals(stream.arrivals) * stream.session.mean for stream in added)
    assert hours == pytest.approx(9000 * (1 + 0.25 / 3))


def test_every_slice_of_a_broadcast_goes_on_where_the_one_before_ends():
    surge = Broadcast(at="Tue 14:00", clients=9000, gather="15 min", lasts="1 h")

    _, *added = surge_streams([surge], (USUAL,))

    for one, following in pairwise(added):
        assert following.arrivals.knots_s[0] == one.arrivals.knots_s[-1]
        assert following.arrivals.per_second[0] == one.arrivals.per_second[-1]


RNG = np.random.default_rng(5)
HOURLY_LINE = RNG.uniform(0.5, 4, 168)
FULL_HOURS = np.linspace(0.0, WEEK, 169)
RATES = {
    "flat": USUAL.arrivals,
    "a line between the middles of the hours": ArrivalRate(
        FULL_HOURS + HOUR / 2, np.append(HOURLY_LINE, HOURLY_LINE[0]), periodic=True
    ),
    "steps at full hours": ArrivalRate(
        np.repeat(FULL_HOURS, 2)[1:-1], np.repeat(HOURLY_LINE, 2), periodic=True
    ),
    "steps at odd times": ArrivalRate(
        np.array([-1234.5, 70.5, 70.5, 9001.0, 9001.0, WEEK - 1234.5]),
        np.array([1.0, 3.0, 0.0, 7.0, 2.0, 1.0]),
        periodic=True,
    ),
}
HOURS = {
    "hourly": TopOfHour(share=0.2, within="2 min"),
    "half-hourly": TopOfHour(share="35 %", within="90 s", half_hours=True),
}


def expected_in_each(rate: ArrivalRate, span_s: float) -> np.ndarray:
    """Arrivals of each span by a sum over half seconds, between which all of RATES are lines."""
    step_s = 0.5
    middles = np.arange(step_s / 2, WEEK, step_s)
    first = rate.knots_s[0]
    values = np.interp(first + (middles - first) % WEEK, rate.knots_s, rate.per_second)
    return values.reshape(int(WEEK / span_s), -1).sum(axis=1) * step_s


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
@pytest.mark.parametrize("surge", HOURS.values(), ids=HOURS)
def test_a_top_of_the_hour_leaves_the_arrivals_of_each_hour_as_they_were(rate, surge):
    [peaked] = surge_streams([surge], (Stream(rate, USUAL.session),))

    assert peaked.arrivals.periodic
    assert (peaked.arrivals.knots_s[0], peaked.arrivals.knots_s[-1]) == (0, WEEK)
    np.testing.assert_allclose(
        in_each(peaked.arrivals, HOUR), expected_in_each(rate, HOUR), rtol=1e-9
    )


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
@pytest.mark.parametrize("surge", HOURS.values(), ids=HOURS)
def test_a_top_of_the_hour_lets_its_share_come_right_after_it(rate, surge):
    [peaked] = surge_streams([surge], (Stream(rate, USUAL.session),))
    span_s, starts = surge.every_seconds, np.arange(0, WEEK, surge.every_seconds)

    early = np.array([arrivals(peaked.arrivals, at, at + surge.within) for at in starts])

    whole = expected_in_each(rate, span_s)
    before = expected_in_each(rate, surge.within / 4)
    parts = before.reshape(starts.size, -1)[:, :4].sum(axis=1)
    np.testing.assert_allclose(early, surge.share * whole + (1 - surge.share) * parts, rtol=1e-9)


def test_a_flat_rate_gets_peaks_of_the_height_of_their_share():
    [peaked] = surge_streams([HOURS["hourly"]], (USUAL,))

    # 0.8 of 2 a second go on, and 0.2 of the 7,200 of an hour come within 120 s
    assert peaked.arrivals.most == pytest.approx(1.6 + 0.2 * 7200 / 120)
    assert peaked.arrivals.per_second.min() == pytest.approx(1.6)


def test_a_surge_that_comes_once_has_no_top_of_the_hour():
    flash = FlashCrowd(at="Tue 14:00", clients=6000, over="10 min")
    alone = surge_streams([flash], (USUAL,))[1]

    _, added = surge_streams([flash, HOURS["hourly"]], (USUAL,))

    np.testing.assert_array_equal(added.arrivals.knots_s, alone.arrivals.knots_s)


def test_without_surges_nothing_changes():
    assert surge_streams([], (USUAL,)) == (USUAL,)
