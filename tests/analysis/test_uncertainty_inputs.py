"""What is uncertain, checked before it is drawn; draws that are even, and bills of each of them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.estimate.estimate import estimate_all
from estimator.analysis.fields import with_values
from estimator.analysis.uncertainty.input_ranges import Lognormal, Uniform
from estimator.analysis.uncertainty.inputs import (
    Question,
    Uncertain,
    open_questions,
    uncertain_quantities,
)
from estimator.analysis.uncertainty.sampling import (
    SCRAMBLES,
    block_count,
    even_shares,
    price_draws,
    pricing_jobs,
    scrambled_draws,
    values_of,
)
from estimator.errors import ScenarioError, UnknownNameError

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)
GATEWAY = "aws.api_gateway"
CONNECT = "aws.api_gateway.connect_is_message"
BYTES = "aws.api_gateway.billed_bytes"


def quantities(evidence=False, **inputs) -> list[Uncertain]:
    named = {name.replace("__", "."): spread for name, spread in inputs.items()}
    return [*uncertain_quantities(CHAT, named, evidence=evidence)]


def questions(*names: str, scenario=CHAT) -> list[Uncertain]:
    return [*open_questions(scenario, estimate_all(scenario, [GATEWAY])[0], names)]


BEYOND = {
    "hours_per_day": ("20..30", ["reaches 30", "at most 24"]),
    "options.azure.web_pubsub.headroom": ("0.5..1.5", ["reaches 1.5", "options of azure"]),
    "posts.rate_per_hour": ("-1..4", ["reaches -1", "must not be negative"]),
    "peak_connections": ("-100..100", ["reaches -100"]),
    "session.sigma": ("1 x/ 3", ["reaches 14"]),
    "percent_off.aws.*": ("50..120", ["reaches 120"]),
    "heartbeat.interval_seconds": ("0..30", ["reaches 0"]),
}


@pytest.mark.parametrize("field", BEYOND)
def test_what_a_field_cannot_hold_is_refused_before_anything_is_drawn(field):
    text, told = BEYOND[field]

    with pytest.raises(ScenarioError) as fault:
        uncertain_quantities(CHAT, {field: text}, evidence=False)

    assert f"the distribution {text} " in str(fault.value)
    for words in told:
        assert words in str(fault.value)


def test_names_are_found_by_their_end_once_each_or_refused():
    [found] = quantities(posts__rate_per_hour="1..4")
    assert found.name == "profile.flows.posts.rate_per_hour"

    with pytest.raises(UnknownNameError, match=r"did you mean 'posts\.rate_per_hour'"):
        uncertain_quantities(CHAT, {"post.rate_per_hour": "1..4"}, evidence=False)
    twice = {"posts.fan_out": "1..4", "profile.flows.posts.fan_out": "1..5"}
    with pytest.raises(ScenarioError, match=r"'profile\.flows\.posts\.fan_out' is given twice"):
        uncertain_quantities(CHAT, twice, evidence=False)
    with pytest.raises(
        ScenarioError, match=r"profile\.flows\.posts\.fan_out: .* is not a distribution"
    ):
        uncertain_quantities(CHAT, {"posts.fan_out": "some"}, evidence=False)
    with pytest.raises(ws.ArgumentError, match=r"inputs, posts\.fan_out: .* a text, not 20"):
        ws.uncertainty(CHAT, {"posts.fan_out": 20})  # pyright: ignore[reportArgumentType]


def test_what_is_said_counts_more_than_the_evidence():
    said = uncertain_quantities(CHAT, {"posts.fan_out": "10..12"}, evidence=True)

    ranges = {each.name: each.input_range for each in said}
    assert ranges["profile.flows.posts.fan_out"] == Uniform(10, 12)
    assert ranges["profile.flows.typing.fan_out"] == Lognormal(20, 2)


def test_around_what_the_scenario_says():
    [found] = quantities(posts__fan_out="± 25 %")

    assert (
        found == uncertain_quantities(CHAT, {"posts.fan_out": Uniform(15, 25)}, evidence=False)[0]
    )


def test_whole_numbers_stay_whole():
    name = "options.aws.alb_ec2.spare_nodes"
    [nodes] = uncertain_quantities(CHAT, {name: "1..3"}, evidence=False)

    assert nodes.whole
    # half of the range is nearest to 2
    assert nodes.values(np.array([0.1, 0.3, 0.5, 0.7, 0.9])).tolist() == [1, 2, 2, 2, 3]


def test_questions_are_those_that_move_the_bill_and_that_nobody_answered():
    bills = estimate_all(CHAT, [GATEWAY, "aws.alb_ec2"])[0]
    found = {each.name: each for each in open_questions(CHAT, bills)}

    assert found[CONNECT].moves == {GATEWAY}
    assert found["aws.egress.gigabyte"].moves == {GATEWAY, "aws.alb_ec2"}
    answered = CHAT.replace(assumptions={CONNECT: "yes"})
    bills = estimate_all(answered, [GATEWAY])[0]
    assert CONNECT not in {each.name for each in open_questions(answered, bills)}
    assert open_questions(CHAT, bills, ()) == []


def test_questions_that_cannot_be_open_are_refused():
    bills = estimate_all(CHAT, [GATEWAY])[0]

    with pytest.raises(UnknownNameError, match=f"did you mean '{CONNECT}'"):
        open_questions(CHAT, bills, ["aws.api_gateway.connect_is_mesage"])
    with pytest.raises(ScenarioError, match="changes none of the bills"):
        open_questions(CHAT, bills, ["aws.alb_ec2.billed_bytes"])
    with pytest.raises(ScenarioError, match="the scenario answers"):
        questions(CONNECT, scenario=CHAT.replace(assumptions={CONNECT: "yes"}))


def test_every_answer_has_an_equal_share():
    [asked] = questions(BYTES)
    assert isinstance(asked, Question)
    shares = (np.arange(400) + 0.5) / 400

    assert np.bincount(asked.values(shares).astype(int)).tolist() == [100] * 4
    assert asked.values(np.array([0.0, 1.0])).tolist() == [0, 3]


def test_draws_are_even_one_in_each_stratum():
    inputs = quantities(peak_connections="0..1", posts__rate_per_hour="0..1")

    for column in even_shares(inputs, 256, np.random.SeedSequence(3)).T:
        assert sorted(np.floor(column * 256).astype(int)) == list(range(256))


def test_what_is_priced_value_by_value_has_a_16th_of_the_values_as_even():
    inputs = [*quantities(peak_connections="0..1"), *questions(CONNECT)]
    shares = even_shares(inputs, 256, np.random.SeedSequence(3), columns=2)

    assert block_count(inputs, 256) == 16
    for slow in (shares[:, 1], shares[:, 3]):
        values, times = np.unique(slow, return_counts=True)
        assert times.tolist() == [16] * 16
        assert np.floor(values * 16).astype(int).tolist() == list(range(16))
    assert len(np.unique(shares[:, 0])) == len(np.unique(shares[:, 2])) == 256


def test_draws_share_laws_that_go_in_one_pass():
    inputs = quantities(peak_connections="0..1", session__mean_hours="1..2")
    shares = even_shares(inputs, 256, np.random.SeedSequence(3))

    assert block_count(inputs, 256) == 16
    assert len(np.unique(shares[:, 1])) == 16
    values = values_of(inputs, shares)
    [job] = pricing_jobs(CHAT, inputs, values, [GATEWAY, "aws.alb_ec2"])
    assert job.draws.tolist() == list(range(256))
    assert np.array_equal(job.moving["profile.session.mean_hours"], values[:, 1])


def test_deployments_share_passes_whose_draws_are_the_same():
    inputs = [*quantities(peak_connections="1..2"), *questions(CONNECT, BYTES)]
    values = np.array([[1.0, 0, 0], [1.2, 1, 0], [1.4, 0, 1], [1.6, 0, 0]])
    jobs = pricing_jobs(CHAT, inputs, values, [GATEWAY, "aws.alb_ec2", "oci.load_balancer_vm"])

    # no question moves the bills of the others, which need one pass
    assert {(job.deployments, tuple(job.draws)) for job in jobs} == {
        ((GATEWAY,), (0, 3)),
        ((GATEWAY,), (1,)),
        ((GATEWAY,), (2,)),
        (("aws.alb_ec2", "oci.load_balancer_vm"), (0, 1, 2, 3)),
    }
    answers = {tuple(job.draws): job.scenario.assumptions for job in jobs}
    assert answers[1,] == {CONNECT: "yes", BYTES: answers[0, 3][BYTES]}
    assert answers[0, 1, 2, 3] == {}


def test_scrambles_are_independent_and_a_seed_gives_the_same_draws():
    inputs = quantities(peak_connections="0..1")
    first, again, other = (scrambled_draws(inputs, 512, seed) for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    parts = first.reshape(SCRAMBLES, -1)
    assert len(np.unique(parts)) == 512
    for part in parts:
        assert sorted(np.floor(part * 64).astype(int)) == list(range(64))


@pytest.fixture(scope="module")
def drawn():
    inputs = [
        *quantities(peak_connections="5000..50000", posts__rate_per_hour="1..40"),
        *quantities(session__mean_hours="0.5..4"),
        *questions(CONNECT, BYTES),
    ]
    values = values_of(inputs, even_shares(inputs, 32, np.random.SeedSequence(0)))
    names = [GATEWAY, "aws.alb_ec2", "oci.load_balancer_vm"]
    return inputs, values, names, price_draws(CHAT, inputs, values, names)


def test_every_draw_has_the_bill_of_its_scenario(drawn):
    inputs, values, names, priced = drawn

    for draw in (0, 5, 17, 31):
        numbers = {e.name: v for e, v in zip(inputs, values[draw], strict=True)
                   if not isinstance(e, Question)}  # fmt: skip
        answers = {e.name: e.answers[int(v)] for e, v in zip(inputs, values[draw], strict=True)
                   if isinstance(e, Question)}  # fmt: skip
        asked = with_values(CHAT, numbers).replace(assumptions=answers)
        for row, name in enumerate(names):
            bill = ws.estimate(asked, name)
            assert priced.total_usd[row, draw] == pytest.approx(bill.total)
            assert priced.within_limits[row, draw] == bill.is_within_limits
            # a meter may stand on several lines: nodes and Redis, the application's own work
            by_meter: dict[str, float] = {}
            for item in bill.items:
                meter = item.usage.meter_id
                by_meter[meter] = by_meter.get(meter, 0.0) + float(item.cost_usd)
            for meter, usd in by_meter.items():
                assert priced.lines_usd[name][meter][draw] == pytest.approx(usd)


def test_lines_add_up_to_the_total_of_every_draw(drawn):
    *_, names, priced = drawn

    for row, name in enumerate(names):
        assert sum(priced.lines_usd[name].values()) == pytest.approx(priced.total_usd[row])


def test_the_bills_are_the_same_wherever_they_are_priced(drawn):
    inputs, values, names, priced = drawn
    counts = []
    with ThreadPoolExecutor(2) as pool:
        again = price_draws(CHAT, inputs, values, names, client=pool,
                            progress=lambda *count: counts.append(count))  # fmt: skip

    assert np.array_equal(again.total_usd, priced.total_usd)
    assert counts[-1] == (96, 96)
    assert [done for done, _ in counts] == sorted(done for done, _ in counts)


def test_a_combination_without_a_price_is_told_and_no_number():
    # Azure's Web PubSub has no price in Frankfurt
    scenario = CHAT.replace(location="frankfurt")
    inputs: list[Uncertain] = [*uncertain_quantities(scenario, {"posts.fan_out": "1..4"},
                                                     evidence=False)]  # fmt: skip
    values = scrambled_draws(inputs, 128, 0)
    priced = price_draws(scenario, inputs, values, ["azure.app_service", GATEWAY])

    refused = set(priced.refusals)
    assert np.isnan(priced.total_usd[0]).all() == ("azure.app_service" in refused)
    assert np.isfinite(priced.total_usd[1]).all()
