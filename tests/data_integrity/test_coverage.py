"""Whatever can be chosen can be priced, and every shipped default says where it comes from."""

import datetime as dt
from importlib.resources import files
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import estimator as ws
from estimator.deployments.limits import find_limit
from estimator.pricing.catalog import load_catalog
from estimator.pricing.price_files import CLOUDS, EVERYWHERE, load_price_files

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.yaml"))
PROFILES = ws.profile_names()
PRICED = ["virginia", "tokyo"]


@pytest.mark.parametrize("location", PRICED)
@pytest.mark.parametrize("profile", PROFILES)
def test_every_deployment_is_priced_where_prices_were_promised(profile, location):
    scenario = ws.Scenario(profile=profile, location=location, peak_connections=50_000)
    comparison = ws.compare(scenario)

    assert comparison.refusals == ()
    assert {bill.deployment for bill in comparison.bills} == set(ws.DEPLOYMENTS)
    assert all(bill.total > 0 for bill in comparison.bills)


@pytest.mark.parametrize("location", PRICED)
@pytest.mark.parametrize(
    "options",
    [
        {"aws.api_gateway": {"backend": "lambda_dynamodb"}},
        {"azure.web_pubsub": {"tier": "premium", "scaling": "autoscaled"}},
        {"gcp.cloud_run": {"billing": "request"}},
    ],
    ids=lambda options: next(iter(options)),
)
def test_every_way_to_run_a_deployment_is_priced_there(options, location):
    scenario = ws.Scenario(
        profile="workplace-chat",
        location=location,
        peak_connections=50_000,
        options=options,
        assumptions={"gcp.cloud_run.open_websockets": "request"},
    )
    [deployment] = options

    assert ws.estimate(scenario, deployment).total > 0


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_priced_wherever_prices_were_seen(path):
    for refusal in ws.compare(ws.Scenario.load(path)).refusals:
        assert "no source was found" in refusal.reason


@pytest.mark.parametrize("location", sorted(ws.locations()))
def test_every_location_has_a_region_of_every_cloud(location):
    assert set(ws.locations()[location].regions) == set(CLOUDS)


@pytest.mark.parametrize("location", sorted(ws.locations()))
def test_a_location_is_priced_or_says_which_price_is_missing(location):
    comparison = ws.compare(
        ws.Scenario(profile="workplace-chat", location=location, peak_connections=5000)
    )

    assert len(comparison.bills) + len(comparison.refusals) == len(ws.DEPLOYMENTS)
    region = ws.locations()[location].regions
    for refusal in comparison.refusals:
        cloud = refusal.deployment.split(".")[0]
        assert f"no price for meter '{cloud}." in refusal.reason
        assert f"in region '{region[cloud]}'" in refusal.reason


@pytest.mark.parametrize("location", sorted(ws.locations()))
@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_meter_has_a_price_at_every_location_or_says_why_not(cloud, location):
    catalog = load_catalog()
    region = ws.locations()[location].regions[cloud]
    priced = set(catalog.priced)

    silent = [
        meter
        for meter in catalog.meters
        if meter.startswith(f"{cloud}.")
        and not {(meter, region), (meter, EVERYWHERE)} & priced
        and (meter, region) not in catalog.gaps
    ]
    assert silent == []


def test_prices_under_other_answers_are_of_the_same_meters_and_regions():
    usual = load_catalog()
    for name, assumption in (load_price_files().assumptions or {}).items():
        for answer in assumption.choices:
            other = load_catalog(answers={name: answer})
            assert set(other.priced) == set(usual.priced), (name, answer)


def leaves(node: object, path: tuple[str, ...] = ()):
    if isinstance(node, dict):
        for key, inner in node.items():
            yield from leaves(inner, (*path, str(key)))
    else:
        yield path


def written(name: str) -> dict[str, dict]:
    """Every profile in a shipped file, of all kinds of clients, by the path to it."""
    text = files("estimator.scenario").joinpath("profiles", f"{name}.yaml").read_text("utf-8")
    content = YAML(typ="safe", pure=True).load(text)
    others = content.get("other_clients", {})
    found = {name: content}
    for kind, said in others.items():
        found[f"{name}: {kind}"] = said.pop("profile")
    return found


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_has_an_example(name):
    written = (YAML(typ="safe", pure=True).load(file.read_text("utf-8")) for file in EXAMPLES)
    profiles = [each["profile"] for each in written]

    assert name in [each if isinstance(each, str) else each.get("extends") for each in profiles]


WRITTEN = {path: content for name in PROFILES for path, content in written(name).items()}


@pytest.mark.parametrize("path", WRITTEN)
def test_every_default_of_a_profile_has_its_evidence(path):
    content = dict(WRITTEN[path])
    evidence = set(content.pop("evidence"))
    # words about the profile, and who sends a message, are definitions and not findings
    definitions = {"title", "description", "direction", "to"}
    defaults = [path for path in leaves(content) if path[-1] not in definitions]

    bare = [
        ".".join(path)
        for path in defaults
        if not any(".".join(path[:depth]) in evidence for depth in range(1, len(path) + 1))
    ]
    assert bare == []


@pytest.mark.parametrize("path", WRITTEN)
def test_evidence_is_about_defaults_that_exist(path):
    content = dict(WRITTEN[path])
    evidence = content.pop("evidence")
    known = {path[:depth] for path in leaves(content) for depth in range(1, len(path) + 1)}

    assert [path for path in evidence if tuple(path.split(".")) not in known] == []


@pytest.mark.parametrize("path", WRITTEN)
def test_what_is_published_can_be_looked_up_and_what_is_assumed_says_what_it_moves(path):
    for default, evidence in WRITTEN[path]["evidence"].items():
        if evidence["grade"] == "published":
            assert evidence["source"].startswith("https://"), default
            assert evidence["read_on"] <= dt.datetime.now(tz=dt.UTC).date(), default
        else:
            assert evidence["note"], default
            assert evidence["moves"], default


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
        ("aws.api_gateway.connection_max_age", 2 * 3600),
        ("aws.api_gateway.new_connections_per_second", 500),
        ("aws.api_gateway.message_max_bytes", 128 * 1024),
        ("aws.api_gateway.frame_max_bytes", 32 * 1024),
        # https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
        ("azure.web_pubsub.connections_per_unit", 1000),
        ("azure.web_pubsub.standard_max_units", 100),
        ("azure.web_pubsub.premium_max_units", 1000),
        # https://docs.cloud.google.com/run/docs/triggering/websockets
        ("gcp.cloud_run.max_concurrency", 1000),
        ("gcp.cloud_run.request_timeout_max", 3600),
        # https://docs.oracle.com/en-us/iaas/Content/Balance/Concepts/balanceoverview.htm
        ("oci.load_balancer.bandwidth_max_mbps", 8000),
        ("oci.load_balancer.bandwidth_min_mbps", 10),
    ],
)
def test_limits_are_the_vendors(limit, value):
    assert find_limit(limit).value == value


def test_unit_counts_are_those_of_the_scaling_article():
    # https://learn.microsoft.com/azure/azure-web-pubsub/howto-scale-manual-scale
    steps = [*range(1, 10), *range(10, 100, 10), *range(100, 1001, 100)]

    assert find_limit("azure.web_pubsub.unit_steps").value == tuple(steps)
