"""What a simulation found, in the one sentence that people read first."""

import dataclasses
import re

import pytest

import estimator as ws
from estimator.analysis.simulate.answer import fault_words
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
            r"30% of the service fails on Tuesday at 14:00: ([\d,]+) clients lose their "
            r"connection, 99% are back after ([\d.]+) s; ([\d,]+) attempts hit API Gateway's 500 "
            r"per second\.",
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

        back = "99% are back within a second; nothing is known of how fast"
        assert found.answer.endswith(f"{back} Web PubSub lets clients in.")
        assert without.answer.endswith(f"{back} anything lets clients in.")

    def test_what_a_fault_itself_refuses_is_not_blamed_on_the_service(self):
        slow = "connection throttle at Tue 13:00 lasts 2 h new_connections_per_second 5"

        found = ws.simulate(SMALL, faults=[slow, OUTAGE], replications=1)

        assert re.search(
            r"; [\d,]+ attempts hit what a fault leaves, 5 per second\.$", found.answer
        )

    def test_full_units_are_told(self):
        audience = SMALL.replace(
            options={"aws.alb_ec2": {"machine": "m6g.medium", "memory_per_connection_bytes": 1e7}}
        )
        long = "outage at Tue 14:00 share 90% lasts 20 min"

        found = ws.simulate(audience, "aws.alb_ec2", faults=long, replications=1)

        said = re.search(
            r"; of ([\d,]+) attempts ([\d,]+) find no free connection slot", found.answer
        )
        assert said
        attempts, refused = map(number, said.groups())
        assert 0 < refused < attempts

    def test_of_several_faults_the_one_from_which_recovery_takes_longest(self):
        faults = ["network flap at Mon 10:00 share 50% away 90 s", OUTAGE]

        found = ws.simulate(SMALL, API_GATEWAY, faults=faults, replications=1)

        assert found.answer.startswith(
            "The worst of 2 faults: the network of some clients fails on Monday at 10:00: "
        )

    def test_a_week_that_ends_too_soon(self):
        found = ws.simulate(
            AUDIENCE, API_GATEWAY, faults="outage at Sun 23:59:58 UTC", replications=1
        )

        assert found.answer.startswith("The service fails on Sunday at 23:59:58 UTC: ")
        assert "lose their connection, and 99% are not back before the week ends; " in found.answer


class TestQuiet:
    def test_the_peak_and_the_worst_finding(self):
        found = ws.simulate(SMALL, API_GATEWAY, replications=2)
        peak = found.findings[0]

        assert found.answer.startswith(
            f"{peak.found:,.0f} connections at the peak, 200 were assumed; peak connections: missed"
        )

    def test_nothing_to_tell(self):
        found = ws.simulate(SMALL, API_GATEWAY, replications=1)
        met = dataclasses.replace(found.findings[0], state=Assessment.MET)

        judged = dataclasses.replace(found, findings=(met,), limits=())
        without = dataclasses.replace(judged, deployment="")

        assert judged.answer.endswith(f"limits of {API_GATEWAY}: not checked.")
        assert without.answer.endswith("200 were assumed; all assumptions hold.")

    def test_a_limit_is_worst(self):
        found = ws.simulate(SMALL, API_GATEWAY, replications=1)
        met = dataclasses.replace(found.findings[0], state=Assessment.MET)
        beyond = dataclasses.replace(found.limits[0], used=100 * found.limits[0].allowed)

        judged = dataclasses.replace(found, findings=(met,), limits=(beyond,))

        assert f"; limit '{beyond.limit.title}': " in judged.answer


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
            at = shown.index("30% of the service fails on Tuesday at 14:00")
            assert at < shown.index(found.weeks[:10])


@pytest.mark.parametrize("example", FAULTS.values())
def test_every_fault_begins_a_sentence(example):
    fault = parse_fault(example)

    words = fault_words(fault)

    assert re.search(r" on (Mon|Tues|Wednes|Thurs)day at \d\d:\d\d$", words)
    assert words[0].islower() or words[0].isdigit()
