"""Bills show the dollars that open questions about prices move, and only where they move any."""

import pytest

import estimator as ws

WHICH = "aws.shop.which"
MESSAGES = "aws.api_gateway.messages"
MINUTES = "aws.api_gateway.connection_minutes"
SCENARIO = ws.Scenario(
    profile="workplace-chat", location="virginia", peak_connections=5_000, free_allowances="none"
)


@pytest.fixture
def disputed(data_folder):
    """Whether a million messages cost 1, 3 or 6 dollars in us-east-1 is an open question."""
    dollars = {"one": "0.000001", "three": "0.000003", "six": "0.000006"}
    data_folder.ask(WHICH, *dollars)
    row = {"meter": MESSAGES, "region": "us-east-1", "effective_from": "2026-11-01"}
    data_folder.add(
        "rates",
        *(
            row | {"assumption": WHICH, "answer": answer, "usd_per_unit": usd}
            for answer, usd in dollars.items()
        ),
    )


def effect_of(bill: ws.Bill) -> dict[str, float]:
    """What each other answer changes; empty if the bill does not show the question."""
    shown = [effect.change_usd for effect in bill.effects if effect.assumption.id == WHICH]
    return {answer: float(usd) for answer, usd in shown[0].items()} if shown else {}


@pytest.mark.usefixtures("disputed")
@pytest.mark.parametrize(
    ("answer", "usd", "changes"),
    [
        (None, 18, {"three": 36, "six": 90}),
        ("one", 18, {"three": 36, "six": 90}),
        ("three", 54, {"one": -36, "six": 54}),
        ("six", 108, {"one": -90, "three": -54}),
    ],
)
def test_a_bill_of_quantities_shows_the_dollars_of_every_other_answer(answer, usd, changes):
    answers = {WHICH: answer} if answer else {}

    bill = ws.price({MESSAGES: 18e6}, "us-east-1", assumptions=answers)

    assert bill.total == pytest.approx(usd)
    assert effect_of(bill) == pytest.approx(changes)


@pytest.mark.usefixtures("disputed")
def test_effects_are_exactly_the_difference_of_two_bills():
    asked = {MESSAGES: 1.7e9, MINUTES: 3e6}
    bills = {
        answer: ws.price(asked, "us-east-1", assumptions={WHICH: answer})
        for answer in ("one", "three", "six")
    }

    for answer, bill in bills.items():
        assert effect_of(bill) == {
            other: bills[other].total - bill.total for other in bills if other != answer
        }


@pytest.mark.usefixtures("disputed")
def test_the_table_and_the_text_tell_question_answer_and_dollars():
    bill = ws.price({MESSAGES: 18e6}, "us-east-1")

    [three, six] = bill.assumptions.to_dict("records")
    assert three | {"change_usd": 0} == {
        "assumption": WHICH,
        "question": f"Which {WHICH}?",
        "chosen": "one",
        "alternative": "three",
        "change_usd": 0,
        "evidence": "none",
    }
    assert (three["change_usd"], six["change_usd"]) == pytest.approx((36, 90))
    assert (
        f"Open: Which {WHICH}? Assumed: one (it is one). "
        "Otherwise: three (it is three) +$36.00; six (it is six) +$90.00."
    ) in bill.explain()


@pytest.mark.usefixtures("disputed")
@pytest.mark.parametrize(
    ("asked", "region"),
    [
        ({MESSAGES: 0}, "us-east-1"),
        ({MESSAGES: 18e6}, "eu-central-1"),
        ({MINUTES: 1e6}, "us-east-1"),
    ],
    ids=["nothing used", "another region", "another meter"],
)
def test_a_question_that_moves_nothing_is_not_shown(asked, region):
    assert WHICH not in {e.assumption.id for e in ws.price(asked, region).effects}


@pytest.mark.usefixtures("disputed")
def test_a_question_that_was_answered_is_shown_though_it_moves_nothing():
    bill = ws.price({MESSAGES: 0}, "us-east-1", assumptions={WHICH: "three"})

    assert effect_of(bill) == {"one": 0, "six": 0}


@pytest.mark.usefixtures("disputed")
def test_effects_keep_allowances_and_contract():
    half = {"title": "Half", "rates": [{"meters": [MESSAGES], "percent_off": 50}]}

    bill = ws.price({MESSAGES: 18e6}, "us-east-1", free_allowances="all", contract=half)

    # one million is free for new accounts, the other 17 at half the price
    assert effect_of(bill) == pytest.approx({"three": 17 * 1.0, "six": 17 * 2.5})


@pytest.mark.usefixtures("disputed")
@pytest.mark.parametrize(
    ("assumptions", "error"),
    [
        ({"aws.shop.wich": "one"}, f"unknown assumption 'aws.shop.wich': did you mean '{WHICH}'"),
        ({WHICH: "thre"}, f"unknown answer to {WHICH} 'thre': did you mean 'three'?"),
        ({"azure.web_pubsub.kilobyte": "1000"}, "unknown assumption 'azure.web_pubsub.kilobyte'"),
    ],
    ids=["question", "answer", "about counting"],
)
def test_answers_are_checked(assumptions, error):
    with pytest.raises(ws.UnknownNameError) as caught:
        ws.price({MESSAGES: 1}, "us-east-1", assumptions=assumptions)

    assert error in str(caught.value)


@pytest.mark.usefixtures("disputed")
def test_a_scenario_shows_the_dollars_beside_what_the_vendor_leaves_open():
    bill = ws.estimate(SCENARIO, "aws.api_gateway")
    other = ws.estimate(SCENARIO.replace(assumptions={WHICH: "three"}), "aws.api_gateway")
    [messages] = [i for i in bill.items if i.rate.meter_id == MESSAGES]

    assert WHICH in ws.assumptions()
    # two dollars a million more
    assert effect_of(bill)["three"] == other.total - bill.total
    assert effect_of(bill)["three"] == pytest.approx(float(messages.usage.quantity) * 2e-6)
    assert "aws.api_gateway.minute_rounding" in bill.assumptions["assumption"].tolist()
    assert effect_of(ws.estimate(SCENARIO, "azure.web_pubsub")) == {}


@pytest.mark.usefixtures("disputed")
def test_a_scenario_file_answers_and_is_checked(tmp_path):
    file = tmp_path / "scenario.yaml"
    head = "profile: market-data\nlocation: virginia\npeak_connections: 10\n"
    file.write_text(f"{head}assumptions: {{{WHICH}: six}}\n")
    answered = ws.estimate(ws.Scenario.load(file), "aws.api_gateway")
    file.write_text(f"{head}assumptions: {{{WHICH}: sixx}}\n")

    assert set(effect_of(answered)) == {"one", "three"}
    with pytest.raises(ws.ScenarioError, match=r"scenario\.yaml, line 4.*did you mean 'six'"):
        ws.estimate(ws.Scenario.load(file), "aws.api_gateway")


def test_the_step_of_messages_may_be_what_is_open(data_folder, make_demand):
    data_folder.ask(WHICH, "whole", "half")
    data_folder.split(
        "meters",
        {
            "whole": {"assumption": WHICH, "step_bytes": "32768"},
            "half": {"assumption": WHICH, "step_bytes": "16384"},
        },
        meter=MESSAGES,
    )
    demand = make_demand(connections=100, to_client=3600, payload=20_000)

    bill = ws.estimate(SCENARIO, "aws.api_gateway", demand=demand)
    [messages] = [i for i in bill.items if i.rate.meter_id == MESSAGES]

    # each message of 20,000 bytes is one step of 32 KB or two of 16 KB
    assert messages.usage.quantity == pytest.approx(3600 * 730)
    assert effect_of(bill) == pytest.approx({"half": float(messages.cost_usd)})
