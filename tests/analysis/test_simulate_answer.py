"""What a simulation found, in the one sentence that people read first."""

import dataclasses
import re

import pytest

import estimator as ws
from estimator.analysis.simulate.answer import _end, cost_words, fault_words
from estimator.analysis.simulate.recovery import recoveries
from estimator.analysis.simulate.result import Simulation
from estimator.scenario.disruptions import FAULTS, parse_fault
from estimator.states import Assessment

API_GATEWAY = "aws.api_gateway"
AUDIENCE = ws.Scenario(profile="market-data", location="virginia", peak_connections=5_000)
SMALL = AUDIENCE.replace(peak_connections=200)
OUTAGE = "outage at Tue 14:00 share 30%"


def number(text: str) -> float:
    return float(text.replace(",", ""))


class TestStorm:
    def test_attempts_hit_the_quota_of_a_service(self):
        found = ws.simulate(AUDIENCE, API_GATEWAY, faults=OUTAGE, replications=2)

        said = re.fullmatch(
            r"After 30% of the service failed on Tuesday at 14:00, ([\d,]+) clients lost their "
            r"connection; 99% were back after ([\d.]+) s \(you allow 5 min\)"
            r"(?:, and nobody was turned away|; [\d,]+ gave up or left while waiting)\. "
            r"([\d,]+) attempts hit API Gateway's 500 per second\. "
            r"A month of such weeks costs \$[\d,.]+, .*estimated\.",
            found.answer,
        )
        assert said
        lost, seconds, attempts = map(number, said.groups())
        # 30% of 5,000, by a coin for each
        assert lost == pytest.approx(1_500, rel=0.1)
        # the bucket holds a second's worth
        assert seconds > 0.99 * lost / 500 - 1
        assert attempts > lost

    def test_where_nothing_is_known_it_says_so(self):
        found = ws.simulate(SMALL, "azure.web_pubsub", faults=OUTAGE, replications=1)
        without = ws.simulate(SMALL, faults=OUTAGE, replications=1)

        back = "99% were back within a second (you allow 5 min), and nobody was turned away."
        assert found.outcomes[0].verdict.endswith(back)
        unknown = "Nothing is known of how fast"
        assert found.outcomes[0].why == f"{unknown} Web PubSub lets clients in."
        # without a deployment there is no bill to tell of
        assert without.answer.endswith(f"{back} {unknown} anything lets clients in.")

    def test_what_a_fault_itself_refuses_is_not_blamed_on_the_service(self):
        slow = "connection throttle at Tue 13:00 lasts 2 h new_connections_per_second 5"

        found = ws.simulate(SMALL, faults=[slow, OUTAGE], replications=1)

        assert re.search(
            r"\. [\d,]+ attempts hit what a fault leaves, 5 per second\.$", found.answer
        )

    def test_full_units_are_told(self):
        audience = SMALL.replace(
            options={"aws.alb_ec2": {"machine": "m6g.medium", "memory_per_connection_bytes": 1e7}}
        )
        long = "outage at Tue 14:00 share 90% lasts 20 min"

        found = ws.simulate(audience, "aws.alb_ec2", faults=long, replications=1)

        said = re.search(
            r"\. Of ([\d,]+) attempts ([\d,]+) found no free connection slot", found.answer
        )
        assert said
        attempts, refused = map(number, said.groups())
        assert 0 < refused < attempts

    def test_of_several_faults_the_one_from_which_recovery_takes_longest(self):
        faults = ["network flap at Mon 10:00 share 50% away 90 s", OUTAGE]

        found = ws.simulate(SMALL, API_GATEWAY, faults=faults, replications=1)

        assert found.answer.startswith(
            "The worst of 2 faults: after the network of some clients failed on Monday at 10:00, "
        )
        assert [each.fault for each in found.outcomes] == [0, 1]

    def test_a_week_that_ends_too_soon(self):
        found = ws.simulate(
            AUDIENCE, API_GATEWAY, faults="outage at Sun 23:59:58 UTC", replications=1
        )

        assert found.answer.startswith("After the service failed on Sunday at 23:59:58 UTC, ")
        assert (
            "lost their connection, and 99% were not back before the week ended (you allow 5 min)"
            in found.answer
        )
        assert "turned away" not in found.outcomes[0].verdict

    def test_a_storm_of_batches_is_measured_from_the_last_loss(self):
        rolling = "rolling deployment at Tue 14:00 batches 3 every 1 min"

        found = ws.simulate(SMALL, API_GATEWAY, faults=rolling, replications=1)

        assert re.search(
            r"^After a rolling deployment began on Tuesday at 14:00, \d+ connections were lost; "
            r"99% were back (within a second of|[\d.]+ s after) the last loss \(you allow 5 min\)",
            found.answer,
        )

    def test_who_is_late_and_who_leaves_meanwhile(self):
        slow = "connection throttle at Tue 13:00 lasts 2 h new_connections_per_second 0.05"

        found = ws.simulate(
            SMALL, API_GATEWAY, faults=[slow, OUTAGE], replications=1, recover_within_s=90
        )
        [outcome], [told] = found.outcomes, recoveries(found.run)

        assert outcome.state is Assessment.MISSED
        assert " 99% were back only after " in outcome.verdict
        assert "(you allow 90 s); " in outcome.verdict
        gone = re.search(r"; ([\d,]+) gave up or left while waiting\.$", outcome.verdict)
        assert gone
        left = sum(int((each.gave_up + each.left_waiting).sum()) for each in found.run.replications)
        assert 0 < number(gone[1]) == told.never_back <= left

    def test_a_storm_that_feeds_itself(self):
        found = ws.simulate(SMALL, API_GATEWAY, faults=OUTAGE, replications=1)
        [finding] = [each for each in found.findings if each.title == "Recovery"]
        [told] = recoveries(found.run)
        endless = dataclasses.replace(
            told, unfinished=1.0, endless=0.5, never_back=1_234.0, why_endless="attempts hit 5/s"
        )

        assert _end(endless, finding, lasted=False) == (
            ", and in 50% of the weeks 99% never came back (you allow 5 min); "
            "1,234 gave up or left while waiting"
        )
        always = dataclasses.replace(endless, endless=1.0, never_back=0.0)
        assert _end(always, finding, lasted=False) == (
            ", and 99% never came back (you allow 5 min)"
        )


class TestQuiet:
    def test_the_peak_and_the_worst_finding(self):
        found = ws.simulate(SMALL, API_GATEWAY, replications=2)
        peak = found.findings[0]

        assert found.answer.startswith(
            f"The simulated weeks peaked on average at {peak.found:,.0f} connections; you assumed "
            "200. Peak connections: missed, exceeded in "
        )
        assert found.outcomes[0].fault is None
        assert found.outcomes[0].state is found.state

    def test_nothing_to_tell(self):
        found = ws.simulate(SMALL, API_GATEWAY, replications=1)
        met = dataclasses.replace(found.findings[0], state=Assessment.MET)

        judged = dataclasses.replace(found, findings=(met,), limits=())
        without = dataclasses.replace(judged, deployment="")

        assert judged.outcomes[0].why == f"Limits of {API_GATEWAY}: not checked."
        assert without.outcomes[0].verdict.endswith("you assumed 200, and every assumption held.")
        assert "simulated week peaked at" in without.answer

    def test_a_limit_is_worst(self):
        found = ws.simulate(SMALL, API_GATEWAY, replications=1)
        met = dataclasses.replace(found.findings[0], state=Assessment.MET)
        beyond = dataclasses.replace(found.limits[0], used=100 * found.limits[0].allowed)

        judged = dataclasses.replace(found, findings=(met,), limits=(beyond,))

        assert f". Limit '{beyond.limit.title}': " in judged.answer


class TestCost:
    def test_both_bills_are_compared(self):
        found = ws.simulate(SMALL, API_GATEWAY, faults=OUTAGE, replications=1)
        expected, simulated = found.expected_bill, found.simulated_bill
        assert expected
        assert simulated
        more = float(simulated.total) - float(expected.total)

        assert found.answer.endswith(found.cost)
        assert found.cost == (
            f"A month of such weeks costs ${simulated.total:,.0f}, ${abs(more):,.2f} "
            f"{'more' if more > 0 else 'less'} than estimated."
        )

    @pytest.mark.parametrize(
        ("usd", "compared"),
        [(1_500.0, "$500.00 more than"), (750.0, "$250.00 less than"), (1_000.001, "as")],
    )
    def test_more_less_or_as_much(self, usd, compared):
        assert cost_words(1_000.0, usd).endswith(f", {compared} estimated.")


class TestEverywhere:
    @pytest.fixture(scope="class")
    @staticmethod
    def found() -> Simulation:
        return ws.simulate(SMALL, API_GATEWAY, faults=OUTAGE, replications=1)

    def test_json_has_it(self, found):
        assert found.as_data()["answer"] == found.answer

    def test_texts_begin_with_it(self, found):
        title, first, *_ = str(found).splitlines()

        assert found.title in title
        assert found.answer.startswith(first.strip())

    def test_markdown_and_notebooks_show_it_before_anything_else(self, found):
        for text in (found.to_markdown(), found._repr_html_()):
            shown = re.sub(r"<[^>]+>|[*\\]", "", text).replace("&#x27;", "'").replace("\n", " ")
            at = shown.index("After 30% of the service failed on Tuesday at 14:00")
            assert at < shown.index(found.weeks[:10])


@pytest.mark.parametrize("example", FAULTS.values())
def test_every_fault_is_told_as_what_happened(example):
    fault = parse_fault(example)

    words = fault_words(fault)

    assert re.search(r" on (Mon|Tues|Wednes|Thurs)day at \d\d:\d\d$", words)
    assert words[0].islower() or words[0].isdigit()
