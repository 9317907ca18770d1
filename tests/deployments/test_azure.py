"""What Web PubSub counts: units in the steps that exist, and messages beyond those of the day.

Rules: https://learn.microsoft.com/azure/azure-web-pubsub/concept-billing-model; unit counts:
https://learn.microsoft.com/azure/azure-web-pubsub/howto-scale-manual-scale
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import estimator as ws
from estimator.deployments.azure import allowed_units

ID = "azure.web_pubsub"
STANDARD_UNITS = "azure.web_pubsub.standard_unit_days"
STANDARD_MESSAGES = "azure.web_pubsub.standard_messages"
PREMIUM_UNITS = "azure.web_pubsub.premium_unit_days"
PREMIUM_MESSAGES = "azure.web_pubsub.premium_messages"
ONE_WEEK = 168.0
STEPS = [*range(1, 10), *range(10, 100, 10), *range(100, 1001, 100)]


@pytest.mark.parametrize(
    ("connections", "units", "meter"),
    [
        (0, 1, STANDARD_UNITS),
        (1, 1, STANDARD_UNITS),
        (1_000, 1, STANDARD_UNITS),
        (1_001, 2, STANDARD_UNITS),
        (10_000, 10, STANDARD_UNITS),
        (10_001, 20, STANDARD_UNITS),
        (90_001, 100, STANDARD_UNITS),
        (100_000, 100, STANDARD_UNITS),
        (100_001, 200, PREMIUM_UNITS),
        (900_001, 1000, PREMIUM_UNITS),
        (1_000_000, 1000, PREMIUM_UNITS),
        (1_000_001, 1100, PREMIUM_UNITS),
    ],
)
def test_units_come_in_the_steps_that_exist(
    make_demand, bill_of, quantities, connections, units, meter
):
    bill = bill_of(ID, make_demand(connections, hours_per_month=24), options={"headroom": 1})

    assert quantities(bill)[meter] == pytest.approx(units)


@pytest.mark.parametrize(("headroom", "units"), [(1, 8), (0.8, 10), (0.7, 20)])
def test_headroom_leaves_room_in_every_unit(make_demand, bill_of, quantities, headroom, units):
    demand = make_demand(8_000, hours_per_month=24)
    bill = bill_of(ID, demand, options={"headroom": headroom})

    assert quantities(bill)[STANDARD_UNITS] == pytest.approx(units)


@given(st.floats(0, 5e6))
def test_units_suffice_and_no_smaller_count_would(needed):
    units = float(allowed_units(np.array(needed)))
    full, rest = divmod(units, 1000)

    assert units >= needed - 1e-6
    if full == 0 or units == 1000:
        assert units in STEPS
        assert all(step < needed for step in STEPS if step < units)
    else:
        # full resources of 1,000 units and a last one, which as Premium_P2 has at least 100
        assert rest in {0, *range(100, 1000, 100)}
        assert units - 100 < needed


def test_units_are_those_of_the_busiest_hour_all_month(make_demand, bill_of, quantities):
    hours = np.full(168, 100.0)
    hours[50] = 4_500
    bill = bill_of(ID, make_demand(hours, hours_per_month=ONE_WEEK), options={"headroom": 1})

    assert quantities(bill)[STANDARD_UNITS] == pytest.approx(5 * 7)


def test_autoscaling_pays_the_units_of_each_hour(make_demand, bill_of, quantities):
    hours = np.full(168, 100.0)
    hours[48:72] = 4_500
    demand = make_demand(hours, hours_per_month=ONE_WEEK)
    bill = bill_of(ID, demand, options={"headroom": 1, "scaling": "autoscale"})

    assert quantities(bill)[PREMIUM_UNITS] == pytest.approx(6 * 1 + 1 * 5)


def test_autoscaling_needs_premium(make_demand, bill_of, quantities):
    # the billing model: only Premium scales by itself
    bill = bill_of(ID, make_demand(100), options={"scaling": "autoscale"})

    assert STANDARD_UNITS not in quantities(bill)


def test_premium_can_be_chosen(make_demand, bill_of, quantities):
    bill = bill_of(ID, make_demand(100, hours_per_month=24), options={"tier": "premium"})

    assert quantities(bill) == {PREMIUM_UNITS: pytest.approx(1), PREMIUM_MESSAGES: 0}


def test_a_busy_day_is_not_averaged_with_quiet_ones(make_demand, bill_of, quantities):
    # 6 million messages on Wednesday and none on other days; one unit includes a million a day,
    # seven million a week, which would seem to suffice
    hours = np.zeros(168)
    hours[48:72] = 6e6 / 24
    bill = bill_of(ID, make_demand(1, to_client=hours, hours_per_month=ONE_WEEK))

    assert quantities(bill)[STANDARD_UNITS] == pytest.approx(7)
    assert quantities(bill)[STANDARD_MESSAGES] == pytest.approx(5e6)


def test_a_busy_hour_is_averaged_over_its_day(make_demand, bill_of, quantities):
    # the allowance is the day's
    hours = np.zeros(168)
    hours[[12, 36, 60]] = 1e6
    bill = bill_of(ID, make_demand(1, to_client=hours, hours_per_month=ONE_WEEK))

    assert quantities(bill)[STANDARD_MESSAGES] == 0


def test_every_unit_includes_a_million_messages_a_day(make_demand, bill_of, quantities):
    demand = make_demand(5_000, to_client=7e6 / 24, hours_per_month=24)
    bill = bill_of(ID, demand, options={"headroom": 1})

    assert quantities(bill)[STANDARD_MESSAGES] == pytest.approx(7e6 - 5e6)


@pytest.mark.parametrize(
    ("payload", "counted"), [(1, 1), (2048, 1), (2049, 2), (4096, 2), (20_000, 10)]
)
def test_a_delivery_counts_once_for_every_started_2_kb(
    make_demand, bill_of, quantities, payload, counted
):
    demand = make_demand(1, to_client=1e7 / 24, payload=payload, hours_per_month=24)
    bill = bill_of(ID, demand)

    assert quantities(bill)[STANDARD_MESSAGES] == pytest.approx(counted * 1e7 - 1e6)


def test_small_deliveries_may_be_added_up_instead(make_demand, bill_of, quantities):
    demand = make_demand(1, to_client=1e8 / 24, payload=204.8, hours_per_month=24)
    bill = bill_of(ID, demand, answers={"small_messages": "by_bytes"})

    assert quantities(bill)[STANDARD_MESSAGES] == pytest.approx(1e8 / 10 - 1e6)


@pytest.mark.parametrize(("event_handler", "counted"), [(True, 3e6), (False, 2e6)])
def test_what_is_passed_to_an_event_handler_counts(
    make_demand, bill_of, quantities, event_handler, counted
):
    # the billing model: traffic leaving the service counts, to clients and to the event handler
    demand = make_demand(1, to_client=2e6 / 24, to_server=1e6 / 24, hours_per_month=24)
    bill = bill_of(ID, demand, options={"event_handler": event_handler})

    assert quantities(bill)[STANDARD_MESSAGES] == pytest.approx(counted - 1e6)


@pytest.mark.parametrize(("answer", "on_the_bill"), [("no", False), ("yes", True)])
def test_internet_traffic_is_billed_only_if_the_open_question_is_answered_so(
    make_demand, bill_of, quantities, answer, on_the_bill
):
    bill = bill_of(ID, make_demand(1, to_client=1), answers={"internet_traffic": answer})

    assert ("azure.egress.internet" in quantities(bill)) is on_the_bill


def test_many_messages_need_more_units_than_their_connections(make_demand, bill_of, quantities):
    # the performance guide: 3,000 broadcast messages a second and unit, at 70 % of server load
    demand = make_demand(100, to_client=3000 * 0.7 * 3600 * 3.5, hours_per_month=24)
    bill = bill_of(ID, demand)

    assert quantities(bill)[STANDARD_UNITS] == pytest.approx(4)
    assert "messages out, 2,100 a second and unit need most" in bill.explain()


def test_the_constraint_that_binds_is_named(make_demand, bill_of):
    explained = bill_of(ID, make_demand(5_000, to_client=1)).explain()

    assert "connections, 800 a unit need most" in explained


@pytest.mark.parametrize(
    ("connections", "note"),
    [
        (150_000, None),
        (150_001, "More than 150 units in a region need a support request"),
        (1_000_001, "More than 1000 units need several resources"),
    ],
)
def test_quotas_of_units_are_noted(make_demand, bill_of, connections, note):
    options = {"headroom": 1}
    notes = " ".join(bill_of(ID, make_demand(connections), options=options).notes)

    if note is None:
        assert "resources" not in notes
    else:
        assert note in notes


def test_standard_cannot_be_forced_on_what_needs_premium(make_demand, bill_of):
    # a Standard resource ends at 100 units: the bill must not pretend otherwise
    with pytest.raises(ws.ScenarioError, match="standard ends at 100 units, and 200 are needed"):
        bill_of(ID, make_demand(100_001), options={"headroom": 1, "tier": "standard"})


def test_arrays_may_need_standard_and_premium_at_once():
    scenario = ws.Scenario(
        profile="workplace-chat",
        place="virginia",
        peak_connections=[50_000, 500_000],
        options={ID: {"headroom": 1}},
    )
    bill = ws.estimate(scenario, ID)
    units = {item.rate.meter_id: item.usage.quantity for item in bill.items}

    np.testing.assert_array_equal(units[STANDARD_UNITS] > 0, [True, False])
    np.testing.assert_array_equal(units[PREMIUM_UNITS] > 0, [False, True])
