"""Options, servers and machines as tables: what they say is what a deployment takes."""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.choices import TITLES
from estimator.deployments.registry import find_deployment

EVERY = [*ws.DEPLOYMENTS, *ws.SAAS]


@pytest.mark.parametrize(
    ("deployment", "option", "allowed", "taken", "refused"),
    [
        ("aws.alb_fargate", "headroom", "numbers, 0.01 to 1", [0.01, 1], [0.009, 1.01]),
        # a zone may fail by default, so that another one must be left
        ("aws.alb_fargate", "zones", "whole numbers, 1 to 6", [2, 6], [0, 1, 7, 1.5]),
        ("aws.alb_fargate", "min_nodes", "whole numbers, at least 1", [1, 1000], [0, 1.5]),
        ("aws.alb_fargate", "open_files", "numbers, at least 1", [1024], [0]),
        ("aws.alb_fargate", "messages_per_core_second", "numbers, above 0", [0.1], [0]),
        ("aws.alb_fargate", "survives", "zone, node, none", ["zone", "none"], ["region", True]),
        ("aws.alb_fargate", "architecture", "any, x86_64, arm64", ["any", "arm64"], ["arm"]),
        ("aws.iot_core", "qos", "0, 1", [0, 1], [2]),
        ("aws.api_gateway", "lambda_memory_mb", "numbers, 128 to 10,240", [128, 10240], [127, 1e5]),
        ("gcp.cloud_run", "vcpu", "1, 2, 4, 6, 8", [1, 2], [3]),
    ],
)
def test_what_is_allowed_is_taken_and_all_else_refused(deployment, option, allowed, taken, refused):
    table = ws.options(deployment).set_index("option")
    found = find_deployment(deployment)

    assert table.loc[option, "allowed"] == allowed
    for value in taken:
        assert getattr(found.check_options({option: value}), option) == value
    for value in refused:
        with pytest.raises(ws.ScenarioError):
            found.check_options({option: value})


@pytest.mark.parametrize("deployment", EVERY)
def test_every_option_stands_there_with_its_default(deployment):
    table = ws.options(deployment)
    kept = find_deployment(deployment).check_options({})

    assert table.columns.tolist() == ["option", "default", "allowed", "meaning"]
    assert table["option"].tolist() == list(type(kept).model_fields)
    for option, default in zip(table["option"], table["default"], strict=True):
        assert default is None or default == getattr(kept, option)
    assert all(len(meaning) > 10 for meaning in table["meaning"])


@pytest.mark.parametrize("deployment", EVERY)
def test_what_takes_a_text_says_which(deployment):
    table = ws.options(deployment)
    texts = [
        allowed
        for allowed, default in zip(table["allowed"], table["default"], strict=True)
        if isinstance(default, str)
    ]

    assert [allowed for allowed in texts if "numbers" in allowed] == []


def test_a_deployment_tells_where_its_options_are():
    assert "options('aws.alb_fargate')" in repr(ws.DEPLOYMENTS["aws.alb_fargate"])


def test_every_server_can_be_asked_for():
    table = ws.servers()

    assert table["server"].tolist() == list(TITLES["servers"]())
    # some 4 KB of user space in ws, as measured by Socket.IO's makers; nobody measured its TLS
    [node] = (row for row in table.to_dict("records") if row["server"] == "node-ws")
    assert node["memory_per_connection_bytes"] == 4100
    assert np.isnan(node["tls_memory_per_connection_bytes"])
    assert "socket.io/docs" in node["source"]
    assert node["subscribes"] == "channel"


def test_derived_figures_of_servers_are_marked_with_their_ranges():
    ranges = ws.servers().set_index("server")["ranges"]

    # 467,000 deliveries on 30 cores; on all 40 of them 11,700 each
    assert ranges["centrifugo-go"]["messages_per_core_second"] == (11_700, 31_200)
    # measured as they stand: 4.7 us of idle connections, 27 KB of memory
    assert "idle_cpu_seconds_per_connection_second" not in ranges["centrifugo-go"]
    assert "memory_per_connection_bytes" not in ranges["centrifugo-go"]


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp", "oci"])
def test_machines_have_an_hourly_price_where_the_list_has_one(cloud):
    table = ws.machines(cloud)

    assert set(table["machine"]) <= set(TITLES["machines"]())
    assert table["machine"].is_unique
    assert (table["usd_per_hour"].dropna() > 0).all()
    assert table["usd_per_hour"].notna().mean() > 0.9


def test_the_price_of_a_machine_is_that_of_the_location():
    # EC2 On-Demand, Linux: c7g.large in us-east-1
    virginia = ws.machines("aws").set_index("machine")["usd_per_hour"]
    # no App Service plan of the fourth generation was seen in Frankfurt; P1v3 costs 0.178 there
    # (Azure Retail Prices API of 2026-09-23)
    frankfurt = ws.machines("azure", "frankfurt").set_index("machine")["usd_per_hour"]

    assert virginia["c7g.large"] == pytest.approx(0.0725)
    assert frankfurt["P1v3-linux"] == pytest.approx(0.178)
    assert frankfurt[["P1v4-linux", "P1v4-windows"]].isna().all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ws.options("AWS.alb-ec2"), "did you mean 'aws.alb_ec2'"),
        (lambda: ws.machines("asw"), "did you mean 'aws'"),
        (lambda: ws.machines("aws", "frankfort"), "did you mean 'frankfurt'"),
    ],
)
def test_an_unknown_name_is_told(call, message):
    with pytest.raises(ws.UnknownNameError, match=message):
        call()
