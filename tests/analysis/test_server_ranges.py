"""Derived figures of servers and the assumed work of the application are uncertain, others not."""

import pytest

import estimator as ws
from estimator.analysis.uncertainty.input_ranges import Triangular, Uniform
from estimator.analysis.uncertainty.inputs import uncertain_quantities
from estimator.analysis.uncertainty.server_ranges import server_input_ranges

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)
FLEET, RUN, GATEWAY = "aws.alb_ec2", "gcp.cloud_run", "aws.api_gateway"
WORK = "options.*.application_factor"
SPEED = "core_speed_factor"


def test_the_application_of_a_chat_is_as_uncertain_as_mattermosts_machines():
    # 893 users per vCPU (200,000 users) at 70 %, and 1,875 (15,000 users) at half a vCPU, both
    # against 1,250 at 70 %
    least, most = 1_250 / 1_875 * 0.5 / 0.7, 1_250 / 893

    found = server_input_ranges(CHAT, [FLEET])[WORK]
    assert (found.low, found.high) == pytest.approx((least, most), rel=0.01)
    assert isinstance(found, Triangular)
    assert found.mode == 1


def test_deployments_that_agree_share_a_range():
    found = server_input_ranges(CHAT, [FLEET, RUN, GATEWAY])
    found = {name: each for name, each in found.items() if not name.endswith(SPEED)}

    assert {name.split(".")[1] for name in found} == {"*"}
    # 4.7 us of idle connections and 27 KB of memory were measured with Centrifugo
    assert "options.*.idle_factor" not in found
    assert "options.*.memory_factor" not in found
    assert "options.*.message_factor" in found


def test_the_order_in_which_deployments_are_named_changes_nothing():
    # the same draws fall to the same numbers only where these stand in the same order
    one, other = (
        server_input_ranges(CHAT, names) for names in ([FLEET, GATEWAY], [GATEWAY, FLEET])
    )

    assert list(one.items()) == list(other.items())


def test_deployments_that_differ_have_ranges_of_their_own():
    scenario = CHAT.replace(options={FLEET: {"server": "node-ws"}})
    found = server_input_ranges(scenario, [FLEET, RUN])

    assert f"options.{FLEET}.message_factor" in found
    assert f"options.{RUN}.message_factor" in found
    assert f"options.{FLEET}.idle_factor" in found
    assert f"options.{RUN}.idle_factor" not in found
    assert WORK in found


@pytest.mark.parametrize(
    "given",
    [
        {"application": "none"},
        {"application_cpu_ms_per_delivery": 0.1},
        {"application_factor": 2},
    ],
)
def test_what_is_given_of_the_application_is_known(given):
    found = server_input_ranges(CHAT.replace(options={FLEET: given}), [FLEET])

    assert WORK not in found


@pytest.mark.parametrize(
    ("deployment", "given", "least", "most"),
    [
        # families.csv: m7g.large has Graviton3, 0.97 of the reference speed (0.67 to 1.07)
        (FLEET, {"machine": "m7g.large"}, 0.67 / 0.97, 1.07 / 0.97),
        # t3.medium has Cascade Lake, 0.56 (0.45 to 0.63), sustained or not
        (FLEET, {"machine": "t3.medium"}, 0.45 / 0.56, 0.63 / 0.56),
        # of an instance of Cloud Run 0.61 is inferred (0.35 to 0.92)
        (RUN, {}, 0.35 / 0.61, 0.92 / 0.61),
        # of a function of Lambda 0.56 is inferred (0.43 to 0.93), and on Arm 0.66 (0.43 to 0.87)
        (GATEWAY, {}, 0.43 / 0.56, 0.93 / 0.56),
        (GATEWAY, {"lambda_architecture": "arm64"}, 0.43 / 0.66, 0.87 / 0.66),
    ],
)
def test_processors_are_as_fast_as_those_of_their_family_may_be(deployment, given, least, most):
    found = server_input_ranges(CHAT.replace(options={deployment: given}), [deployment])
    speed = found[f"options.*.{SPEED}"]

    assert (speed.low, speed.high) == pytest.approx((least, most), rel=1e-12)


def test_the_cheapest_machine_says_how_fast_its_processors_may_be():
    # c8g at AWS: Graviton4, 1.17 of the reference speed (0.86 to 1.30)
    sizing = ws.estimate(CHAT, FLEET).sizing
    assert sizing is not None
    [machine] = sizing.machines
    speed = server_input_ranges(CHAT, [FLEET])[f"options.*.{SPEED}"]

    assert machine.startswith("c8g.")
    assert (speed.low, speed.high) == pytest.approx((0.86 / 1.17, 1.30 / 1.17), rel=1e-12)


def test_a_speed_that_was_given_is_known():
    found = server_input_ranges(CHAT.replace(options={FLEET: {SPEED: 0.9}}), [FLEET])

    assert f"options.*.{SPEED}" not in found


def test_an_own_figure_of_the_server_is_known():
    own = {"messages_per_core_second": 20_000, "byte_factor": 2}
    found = server_input_ranges(CHAT.replace(options={FLEET: own}), [FLEET])

    assert set(found) == {WORK, "options.*.new_connection_factor", f"options.*.{SPEED}"}


NOTHING_RUNS = {GATEWAY: {"backend": "none", "application": "none"}}


def test_where_nothing_of_the_users_runs_nothing_of_it_is_uncertain():
    assert server_input_ranges(CHAT.replace(options=NOTHING_RUNS), [GATEWAY]) == {}


def test_a_function_behind_a_service_runs_the_application_and_no_server():
    found = server_input_ranges(CHAT, [GATEWAY])

    assert set(found) == {WORK, f"options.*.{SPEED}"}


def test_a_fleet_names_the_work_of_its_application():
    found = ws.uncertainty(CHAT, deployments=[FLEET, GATEWAY], samples=128)
    words = {each.name: each.words for each in found.uncertain}

    assert words[WORK] == (
        "the application's own work, multiple of what is assumed (all deployments)"
    )
    assert "profile.flows.posts.rate_per_hour" in found.inputs
    alone = CHAT.replace(options=NOTHING_RUNS)
    assert WORK not in ws.uncertainty(alone, deployments=GATEWAY, samples=128).inputs
    only = {"posts.rate_per_hour": "1..3"}
    known = ws.uncertainty(CHAT, only, FLEET, evidence=False, samples=128)
    assert WORK not in known.inputs


def test_what_is_said_counts_more():
    said = uncertain_quantities(CHAT, {WORK: "0.5..3"}, evidence=True, deployments=[FLEET])

    assert {each.name: each.input_range for each in said}[WORK] == Uniform(0.5, 3)
