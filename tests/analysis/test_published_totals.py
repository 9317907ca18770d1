"""Each published total is reproduced within its spread, or declared a miss with a reason.

What the profiles should make of an audience is worked out here by hand, from their rates and from
what Mattermost's weekly curve shows: daily means of 2,320, 2,677, 2,645, 2,639, 2,337, 1,025 and
824 open connections, Monday to Sunday, and 3,997 in the fullest hour of Tuesday, the busiest day.
"""

import math
import re

import pytest

import estimator as ws
from estimator import files
from estimator.analysis.published_totals import (
    PublishedTotal,
    compared_totals,
    profiles_without_totals,
)
from estimator.errors import PricingDataError
from estimator.files import load_mapping
from estimator.render.markdown import render
from estimator.render.views.published_totals import published_totals_view

COMPARED = {each.name: each for each in compared_totals()}
DAILY_MEANS = (2_320, 2_677, 2_645, 2_639, 2_337, 1_025, 824)
BUSIEST, FULLEST_HOUR = 2_677, 3_997
BUSY_DAYS_PER_WEEK = sum(DAILY_MEANS) / BUSIEST
WEEKDAY = (
    *(45, 30, 20, 14, 11, 11, 15, 22, 27, 28, 29, 31),
    *(36, 35, 34, 38, 46, 56, 68, 82, 95, 100, 90, 68),
)
SATURDAY = (
    *(58, 45, 31, 21, 15, 12, 13, 18, 28, 40, 50, 57),
    *(60, 61, 63, 65, 67, 70, 76, 86, 95, 98, 91, 76),
)
SUNDAY = (
    *(61, 47, 32, 22, 15, 12, 13, 18, 28, 40, 50, 57),
    *(60, 61, 63, 65, 67, 70, 75, 84, 92, 94, 82, 60),
)
MEAN_OF_EVENINGS = (5 * sum(WEEKDAY) + sum(SATURDAY) + sum(SUNDAY)) / 168
PER_RIDER = 6 * 60 + 1 + 0.8 * (15 * 60 * 0.548 + 10 + 4)
"""Messages per hour to a rider and 0.8 drivers: arrival times, what the rider asks, and for each
driver positions and steps of a job to the rider, and offers."""
PER_WINDOW = 5_000 * 7 / 3600 * 0.5
"""Messages and reactions of a room in half a second."""
BY_HAND = {
    # users x hours per busy day x busy days per week / hours per week
    "slack_2015_connected": (500_000 * 9 * BUSY_DAYS_PER_WEEK / 168, 0.01),
    # connections x posts per hour
    "slack_2015_posts": (136_986 * 2.3 / 3600, 1e-6),
    # users x hours per busy day / hours per day x fullest hour over the mean of that day
    "slack_2017_spring": (5_000_000 * 10 / 24 * FULLEST_HOUR / BUSIEST, 0.02),
    "slack_2017_fall": (6_000_000 * 10 / 24 * FULLEST_HOUR / BUSIEST, 0.02),
    # connections x (ticker 1, order book 5, heartbeats 1 per second)
    "rabbitx_2023": (1_000 * (1 + 5 + 1), 1e-6),
    # connections x (cursors for a tenth of the time, edits for a twentieth, presence)
    "miro_2020": (100_000 * (10 * 0.1 + 4 * 0.05 + 4 / 60), 1e-6),
    # connections x (notifications, and read marks of others)
    "netflix_2024": (316_000_000 * (5.4 + 1) / 3600, 1e-6),
    "mailru_2017": (3_000_000 * (5.4 + 1) / 3600, 1e-6),
    # riders, each with 0.8 drivers x messages to all of them
    "uber_first": (600_000 / 1.8 * PER_RIDER / 3600, 1e-3),
    "uber_2020": (1_500_000 / 1.8 * PER_RIDER / 3600, 1e-3),
    # viewers x two windows per second x the share of windows with a message in them
    "linkedin_2020": (10_000 * 2 * (1 - math.exp(-PER_WINDOW)), 1e-3),
    # mean x the fullest hour over the mean of the evenings
    "roblox_2025": (17_935_000 * 100 / MEAN_OF_EVENINGS, 1e-3),
}
GOOD = """
one:
  profile: market-data
  operator: Acme
  quantity: messages_to_clients_per_second
  hour: peak
  published: 700
  said: 7 per second to each of a hundred.
  audience: {peak_connections: 100}
  spread: 1.1
  spread_because: Rounding.
  source: https://example.org
  checked_on: 2026-12-01
  confidence: confirmed
"""


@pytest.mark.parametrize("name", COMPARED)
def test_a_total_is_within_its_spread_or_declared_a_miss(name):
    each = COMPARED[name]

    assert each.is_met == (each.total.miss is None), f"ratio {each.ratio:.3f}"


@pytest.mark.parametrize("name", BY_HAND)
def test_a_total_of_a_profile_is_the_one_by_hand(name):
    expected, tolerance = BY_HAND[name]

    assert COMPARED[name].computed == pytest.approx(expected, rel=tolerance)


def test_in_one_time_zone_slack_of_fall_2017_is_within_the_spread():
    """As its miss says: 94% of an office are connected in the fullest hour, of 6 million 5.64."""
    total = COMPARED["slack_2017_fall"].total
    in_one_zone = PublishedTotal.model_validate({**total.model_dump(), "changes": {}})
    shape = ws.load_profile("workplace-chat").weekly_shape

    assert in_one_zone.computed == pytest.approx(0.94 * 6_000_000, rel=0.005)
    assert "5.6 million" in (total.miss or "")
    assert shape is not total.scenario.profile.weekly_shape
    assert in_one_zone.computed / total.published < total.spread


def test_connections_of_an_operator_are_those_of_all_kinds_of_clients():
    demand = ws.expected_demand(COMPARED["uber_2020"].total.scenario)

    assert len(demand.kinds) == 2
    assert float(demand.peak_connections) == pytest.approx(1_500_000)


def test_what_misses_say_of_the_profiles_is_so():
    """Figures in their texts: 426 per hour, 36 likes per viewer, edits and presence alone."""
    uber, miro = COMPARED["uber_2020"], COMPARED["miro_2020"]

    assert uber.computed / 1_500_000 * 3600 == pytest.approx(426, abs=0.5)
    assert miro.ratio == pytest.approx(2.5, abs=0.05)


def test_the_table_has_every_total_and_its_source():
    table = ws.published_totals().set_index("name")

    assert set(table.index) == set(COMPARED)
    assert table["source"].str.startswith("https://").all()
    assert (table["ratio"] == table["computed"] / table["published"]).all()
    assert not table.loc["rabbitx_2023", "met"]
    assert table.loc["slack_2015_connected", "met"]


def test_each_profile_has_totals_or_is_listed_without_them():
    with_totals = set(ws.published_totals()["profile"])

    assert with_totals.isdisjoint(profiles_without_totals())
    assert with_totals.union(profiles_without_totals()) == set(ws.profile_names())


def test_the_page_shows_every_total_each_miss_and_the_profiles_without_any():
    page = render(published_totals_view())

    for each in COMPARED.values():
        assert f"[{each.total.operator}]({each.total.source})" in page
        assert each.total.miss is None or each.total.miss in page
    for name in profiles_without_totals():
        assert name in page


@pytest.fixture
def read(monkeypatch):
    """What is read from a text in place of the file."""

    data_text = files.data_text

    def from_text(text):
        name = "published_totals.yaml"
        monkeypatch.setattr(files, "data_text", lambda n: text if n == name else data_text(n))
        load_mapping.cache_clear()
        return load_mapping(name, PublishedTotal)

    yield from_text
    load_mapping.cache_clear()


def test_a_total_is_read_and_computed(read):
    assert read(GOOD)["one"].computed == pytest.approx(700)


@pytest.mark.parametrize(
    ("old", "new", "line", "error"),
    [
        ("market-data", "market-dota", 3, "did you mean 'market-data'"),
        ("{peak_connections: 100}", "{}", 9, "give one of peak_connections"),
        (
            "{peak_connections: 100}",
            "{peak_connections: 100, mean_connections: 50}",
            9,
            "give one of peak_connections",
        ),
        ("{peak_connections: 100}", "{users_per_day: 100}", 9, "go together"),
        ("  hour: peak\n", "", 2, "hour goes with messages per second"),
        ("messages_to_clients_per_second", "peak_connections", 2, "hour goes with messages"),
        ("messages_to_clients", "messages_to_server", 2, "market-data has no such messages"),
        ("  spread: 1.1\n", "  spread: 1\n", 10, "greater than 1"),
        ("  published: 700", "  flows: [odds]\n  published: 700", 2, "no such messages"),
        ("  published: 700", "  changes: {flow: 1}\n  published: 700", 2, "flow"),
        ("  operator: Acme", "  operator: Acme\n  operater: Acme", 5, "operater"),
    ],
)
def test_a_wrong_total_is_named_by_file_and_line(read, old, new, line, error):
    where = re.escape(f"pricing_data/published_totals.yaml, line {line}")

    with pytest.raises(PricingDataError, match=f"(?s)^{where}.*{error}"):
        read(GOOD.replace(old, new, 1))
