"""What two scenarios say differently, field by field."""

import pytest

import estimator as ws
from estimator.analysis.diff.field_changes import field_changes

BASE = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)


def words(old: ws.Scenario, new: ws.Scenario) -> list[str]:
    return [each.words for each in field_changes(old, new)]


CHANGES = {
    "location": ({"location": "tokyo"}, ["location: virginia → tokyo"]),
    "count": ({"peak_connections": 60_500}, ["peak_connections: 50,000 → 60,500"]),
    "small change of a large count": (
        {"peak_connections": 50_000.0004},
        ["peak_connections: 50000.0 → 50000.0004"],
    ),
    "shipped profile": ({"profile": "market-data"}, ["profile: workplace-chat → market-data"]),
    "number deep in the profile": (
        {"profile": {"extends": "workplace-chat", "flows": {"posts": {"rate_per_hour": 3}}}},
        ["profile.flows.posts.rate_per_hour: 2.3 → 3"],
    ),
    "part of the profile left out": (
        {"profile": {"extends": "workplace-chat", "heartbeat": None}},
        ["profile.heartbeat: 3 fields → not given"],
    ),
    "another law of sessions": (
        {
            "profile": {
                "extends": "workplace-chat",
                "session": {"law": "deterministic", "hours": 2},
            }
        },
        [
            "profile.session.law: lognormal → deterministic",
            "profile.session.mean_hours: 2 → not given",
            "profile.session.sigma: 1 → not given",
            "profile.session.hours: not given → 2",
        ],
    ),
    "option, against its default": (
        {"options": {"azure.web_pubsub": {"headroom": 0.7}}},
        ["options.azure.web_pubsub.headroom: 0.8 → 0.7"],
    ),
    "answer, against its default": (
        {"assumptions": {"aws.api_gateway.connect_is_message": "yes"}},
        ["assumptions.aws.api_gateway.connect_is_message: no → yes"],
    ),
    "fault": (
        {"faults": [{"fault": "outage", "at": "Tue 14:00"}]},
        ["faults: not given → outage on Tue 14:00: 100% of connections lost"],
    ),
    "users elsewhere": (
        {"users_in": {"europe": 1}},
        ['users_in: not given → {"europe": 1.0}'],
    ),
    "contract": (
        {"contract": "azure-reservations-1-year"},
        ["contract: not given → azure-reservations-1-year"],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told_with_its_path_and_both_values(changes, expected):
    assert words(BASE, BASE.replace(**changes)) == expected


@pytest.mark.parametrize(
    "said",
    [
        {"hours_per_month": 730},
        {"free_allowances": "always"},
        {"options": {"azure.web_pubsub": {}}},
        {"options": {"aws.api_gateway": {"backend": "lambda_dynamodb"}}},
        {"assumptions": {"aws.api_gateway.connect_is_message": "no"}},
        {"profile": {"extends": "workplace-chat"}},
        {"faults": []},
    ],
    ids=str,
)
def test_saying_what_holds_anyway_changes_nothing(said):
    assert words(BASE, BASE.replace(**said)) == []


def test_the_way_back_swaps_both_values():
    changed = BASE.replace(location="tokyo", mean_connections=9)

    there, back = field_changes(BASE, changed), field_changes(changed, BASE)

    assert {(each.path, each.before, each.after) for each in there} == {
        (each.path, each.after, each.before) for each in back
    }
    assert len(there) == 2


def test_rates_of_a_contract_are_told_one_by_one():
    def under(*percents: float) -> ws.Scenario:
        rates = [{"meters": ["aws.*"], "percent_off": percent} for percent in percents]
        return BASE.replace(contract={"title": "Ours", "rates": rates})

    [changed, added] = field_changes(under(10), under(20, 30))

    assert changed.words == "contract.rates[0].percent_off: 10 → 20"
    assert added.path == "contract.rates[1]"
    assert added.before is None


def test_long_values_are_counted_and_still_told_apart():
    def week(first: float) -> ws.Scenario:
        shape = {"hourly": [first, *[1.0] * 167]}
        return BASE.replace(profile={"extends": "workplace-chat", "weekly_shape": shape})

    assert words(week(1), week(2)) == [
        "profile.weekly_shape.hourly: 168 values → 168 values, others"
    ]
    assert all(len(line) < 200 for line in words(BASE, week(2)))
