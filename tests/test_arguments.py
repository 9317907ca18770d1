"""Arguments: what is right in a file is right in a call of a public function, all else refused."""

import inspect
import pickle
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

import estimator as ws
from estimator.arguments import checks_arguments
from estimator.documents import read_yaml
from estimator.errors import MOST_MESSAGE_CHARACTERS, EstimatorError, UnknownNameError, cut, echo
from estimator.scenario.model import Hours

SCENARIO = ws.Scenario(profile="market-data", location="virginia", peak_connections=50)
WS: Any = ws
"""What a type checker lets one pass anything to."""
MESSAGES = "aws.api_gateway.messages"


@checks_arguments
def taken(
    *, number: float = 0, whole: int = 0, hours: Hours = 1, many: tuple[float, ...] = ()
) -> dict[str, Any]:
    return {"number": number, "whole": whole, "hours": hours, "many": many}


TAKEN: Any = taken


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("number", "1,250.5", 1250.5),
        ("number", np.float64(2), 2.0),
        ("whole", 1024.0, 1024),
        ("whole", np.int64(7), 7),
        ("whole", "1_024", 1024),
        ("hours", "90 min", 1.5),
        ("hours", "1,000", 1000.0),
        ("many", range(3), (0.0, 1.0, 2.0)),
        ("many", (each for each in "12"), (1.0, 2.0)),
    ],
)
def test_what_a_scenario_file_takes_is_taken(name, given, read):
    found = taken(**{name: given})[name]

    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: TAKEN(number=True), "taken, number: expected a number, not True"),
        (lambda: TAKEN(number=np.bool_(True)), "expected a number"),
        (lambda: TAKEN(number=float("nan")), "number: expected a finite number, not nan"),
        (lambda: TAKEN(whole=2.5), "whole: expected a whole number, not 2.5"),
        (lambda: TAKEN(hours="5 KB"), "hours: '5 KB' is not a time"),
        (lambda: TAKEN(hours=True), "hours: expected a number, not True"),
        (lambda: WS.Demand.of(1, session={}, flows={}, hours_per_month=True), "expected a number"),
        (lambda: WS.Uniform(True, 5), "Uniform, least: expected a number, not True"),
        (lambda: WS.simulate(SCENARIO, recover_within_s=True), "recover_within_s: expected a num"),
        (lambda: WS.expected_demand(SCENARIO).cut_after(True), "hours: expected a number, not T"),
        (lambda: TAKEN(many=5), "many: expected a list, not 5"),
        (lambda: TAKEN(manny=5), "unknown argument 'manny': did you mean 'many'?"),
        (lambda: TAKEN(1), "taken: too many positional arguments"),
        (lambda: WS.estimate(SCENARIO), "estimate: missing a required argument: 'deployment'"),
        (lambda: WS.estimate(SCENARIO, None), "estimate, deployment: expected a text, not None"),
        (lambda: WS.estimate({}, "aws.alb_ec2"), "scenario: expected a Scenario, not {}"),
        (lambda: WS.price([("a", 1)], "us-east-1"), "quantities: expected a Mapping"),
        (lambda: WS.price({5: 1}, "us-east-1"), "quantities: expected a text"),
        (lambda: WS.price({MESSAGES: []}, None), "region: expected a text, not None"),
        (lambda: WS.sweep(SCENARIO, {"peak_connections": [True]}), "axes, peak_connections: exp"),
        (lambda: WS.Look(ink="blue"), "Look, ink: 'blue' is not a color"),
        (lambda: WS.Look(width_inches=1e6), "Look, width_inches: must be from 1 to 50"),
        (lambda: WS.compare(SCENARIO, ["aws.alb_ec2"]).chart(5), "look: expected a Look, not 5"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_refused_with_its_name_and_what_would_be_right(call, told):
    with pytest.raises(ws.ArgumentError) as caught:
        call()

    assert told in str(caught.value)


def test_days_and_spans_of_time_are_written_as_in_a_file():
    day = WS.price({MESSAGES: 18e6}, "us-east-1", as_of="2026-05-01")
    fault = {"fault": "outage", "at": "Tue 14:00", "share": "30%"}
    found = WS.simulate(SCENARIO, faults=[fault], replications=1, recover_within_s="5 min")

    assert day.as_of is not None
    assert day.as_of.isoformat() == "2026-05-01"
    assert found.scenario.faults == (ws.Outage(at=38, share=0.3),)
    assert [each.assumed for each in found.findings if each.title == "Recovery"] == [300]


class Broken:
    """Raises a LookupError where it is looked at."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> float:
        raise LookupError("of its own")


def lost(text: str, *_: str) -> float:
    return {}[text]


class TestMistakes:
    """What an argument raises is the caller's; what this package's own checks raise is not."""

    def test_an_argument_that_cannot_be_looked_at_is_refused(self):
        with pytest.raises(ws.ArgumentError, match=r"many: .* \(LookupError: of its own\)"):
            TAKEN(many=Broken())
        with pytest.raises(ws.ScenarioError, match=r"cannot be read \(LookupError: of its own\)"):
            WS.Outage(at=Broken())

    def test_a_mistake_of_our_own_is_not_told_as_one_of_the_caller(self, monkeypatch):
        monkeypatch.setattr("estimator.errors._PACKAGE", Path(__file__).parent)
        monkeypatch.setattr("estimator.scenario.model.parse_quantity", lost)

        with pytest.raises(KeyError):
            TAKEN(hours="5 min")
        with pytest.raises(KeyError):
            WS.Outage(at=1, lasts="5 min")


def test_a_function_keeps_its_signature_and_text():
    function = inspect.unwrap(ws.estimate)

    assert function is not ws.estimate
    assert inspect.signature(ws.estimate) == inspect.signature(function)
    assert ws.estimate.__doc__ == function.__doc__
    assert pickle.loads(pickle.dumps(ws.estimate)) is ws.estimate


def public_callables() -> dict[str, Any]:
    """Public functions, and the methods that public classes define themselves."""
    found: dict[str, Any] = {}
    for name in ws.__all__:
        thing = getattr(ws, name)
        if inspect.isroutine(thing):
            found[name] = thing
        elif inspect.isclass(thing) and not issubclass(thing, Exception):
            for each in thing.__mro__:
                if each.__module__.startswith("estimator."):
                    own = {f"{each.__name__}.{key}": value for key, value in vars(each).items()}
                    found |= {
                        key: getattr(value, "__func__", value)
                        for key, value in own.items()
                        if not key.partition(".")[2].startswith(("_", "model_"))
                        and (inspect.isfunction(value) or isinstance(value, classmethod))
                    }
    return found


def test_every_public_function_and_method_checks_its_arguments():
    unchecked = [name for name, each in public_callables().items() if each is inspect.unwrap(each)]

    assert unchecked == ["InputRange.quantile"]  # abstract: those of its subclasses are called


class TestMessages:
    def test_no_message_is_longer_than_people_read(self):
        long = "x" * 5_000
        errors = (
            EstimatorError(long),
            UnknownNameError(long, long, [long, *map(str, range(500))]),
            ws.MissingRateError(long, long, [long] * 9, reason=long),
        )

        assert [len(str(each)) for each in errors] == [MOST_MESSAGE_CHARACTERS] * len(errors)

    def test_what_would_be_right_survives_a_long_text(self):
        with pytest.raises(EstimatorError, match=r"write 0\.3, '30%' or '1/3'$"):
            ws.Outage(at=1, share="9" * 5_000)

    def test_a_short_text_is_whole_and_a_cut_one_has_both_ends(self):
        assert cut("abc", 3) == "abc"
        assert cut("a" * 100 + "z" * 100, 41) == "a" * 27 + " […] " + "z" * 9
        assert echo("it's") == '"it\'s"'

    def test_an_error_comes_back_from_a_worker_as_it_was(self):
        for error in (
            UnknownNameError("region", "mars", ["us-east-1"]),
            ws.MissingRateError("aws.alb.hours", "mars-1", ["us-east-1"]),
            ws.ScenarioError("no audience"),
        ):
            back = pickle.loads(pickle.dumps(error))
            assert (type(back), str(back)) == (type(error), str(error))

    def test_many_errors_of_a_file_are_counted(self):
        text = "\n".join(f"field_{number}: 1" for number in range(50))
        with pytest.raises(ws.ScenarioError, match=r"and \d\d more errors$") as caught:
            ws.Scenario.from_yaml(text)

        assert len(str(caught.value)) <= MOST_MESSAGE_CHARACTERS

    def test_a_field_that_is_merged_in_has_the_line_where_it_stands(self):
        text = "a: &x\n  b: 1\nc:\n  d: 2\n  <<: *x\n"

        assert read_yaml(text, "file", ws.ScenarioError).where(["c", "b"]) == "file, line 2, c.b"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"peak_connections": [True, 5]}, "peak_connections"),
        ({"hours_per_month": True}, "hours_per_month"),
        ({"users_in": {"americas": True}}, "users_in"),
        ({"surges": [{"surge": "top_of_hour", "share": 0.1, "within": True}]}, "surges.0.within"),
    ],
)
def test_a_truth_value_is_a_number_nowhere(changes, field):
    with pytest.raises(ws.ScenarioError, match=rf"Scenario, {field}: expected a number"):
        SCENARIO.replace(**changes)


def test_no_audience_is_shown_with_a_sign():
    assert SCENARIO.replace(peak_connections=-0.0).audience == "0 at the peak"


def test_the_name_of_a_contract_file_points_to_what_reads_it():
    with pytest.raises(ws.ContractError, match=r"load_contract\('ours\.yaml'\)"):
        ws.price({MESSAGES: 1}, "us-east-1", contract="ours.yaml")
