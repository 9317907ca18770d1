"""What Linux and proxies allow a node unless somebody changes a setting.

Figures: https://www.kernel.org/doc/html/latest/networking/ (ip-sysctl, nf_conntrack-sysctl),
https://nginx.org/en/docs/ (ngx_core_module, ngx_http_proxy_module)
"""

from dataclasses import replace

import numpy as np
import pytest

from estimator.demand.weekly import from_hours
from estimator.deployments.limits import Verdict

VM = "aws.nlb_ec2"
PORTS = "system.linux.ephemeral_ports"
TRACKED = "system.linux.tracked_connections"
OPEN_FILES = "system.linux.open_files_hard_max"
NEW = "system.linux.proxy_new_connections_per_second_per_backend"
WORKERS = "system.nginx.worker_connections"
READ_TIMEOUT = "system.nginx.proxy_read_timeout"
ONE_LARGE_NODE = {
    "machine": "m7g.large",
    "zones": 1,
    "application": "none",
    "new_connections_per_core_second": 1e9,
    "memory_per_connection_bytes": 1,
    "idle_cpu_seconds_per_connection_second": 0,
    "messages_per_core_second": 1e9,
    "handshakes_per_core_second": 1e9,
    "headroom": 1,
    "survives": "none",
    "cross_zone": True,
    "min_nodes": 1,
}


@pytest.fixture
def host_verdicts(bill_of):
    """Verdicts on limits of hosts and proxies, by id."""

    def found(deployment: str, demand, **options: object) -> dict[str, Verdict]:
        bill = bill_of(deployment, demand, options={**ONE_LARGE_NODE, **options})
        every = {one.limit.limit: one for one in bill.verdicts}
        return {name: one for name, one in every.items() if name.startswith("system.")}

    return found


def used_and_allowed(verdict: Verdict) -> tuple[float, float]:
    return float(verdict.used), float(verdict.allowed)


def test_a_proxy_has_a_port_for_each_client(make_demand, host_verdicts):
    # ports 32,768 to 60,999 towards one address and port of the server behind it
    found = host_verdicts(VM, make_demand(60_000), server="haproxy")

    assert used_and_allowed(found[PORTS]) == (pytest.approx(60_000), 60_999 - 32_768 + 1)
    assert float(found[PORTS].share) > 1
    assert found[PORTS].limit.raised_by == "setting"


def test_a_proxy_keeps_a_port_for_a_minute_after_each_connection(make_demand, host_verdicts):
    # 28,232 ports / 60 seconds of TIME_WAIT: 470 per second
    demand = make_demand(10, new_connections=600 * 3600)
    found = host_verdicts(VM, demand, server="nginx")

    assert used_and_allowed(found[NEW]) == (pytest.approx(600), 28_232 // 60)


@pytest.mark.parametrize(("server", "sockets"), [("centrifugo-go", 1), ("nginx", 2)])
def test_a_firewall_tracks_each_socket_of_a_node(make_demand, host_verdicts, server, sockets):
    # nf_conntrack_max is 262,144 with 4 GB or more
    found = host_verdicts(VM, make_demand(200_000), server=server)

    assert used_and_allowed(found[TRACKED]) == (pytest.approx(200_000 * sockets), 2**18)


def test_connections_are_spread_over_the_nodes(make_demand, host_verdicts):
    found = host_verdicts(VM, make_demand(200_000), min_nodes=4)

    assert float(found[TRACKED].used) == pytest.approx(50_000)


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        # of six nodes in three zones, four are left of those that hold all in the busiest hour
        ({"survives": "zone", "zones": 3, "min_nodes": 4}, 4),
        ({"survives": "zone", "zones": 2, "min_nodes": 4}, 4),
        ({"survives": "node", "min_nodes": 4, "cross_zone": True}, 4),
        # a spare node may stand in the zone that fails
        ({"survives": "none", "min_nodes": 4, "spare_nodes": 2}, 4),
    ],
)
@pytest.mark.parametrize("scaling", ["static", "autoscaled"])
def test_nodes_that_are_left_hold_what_those_held_that_failed(
    make_demand, bill_of, kept, left, scaling
):
    bill = bill_of(
        VM,
        make_demand(200_000),
        options={**ONE_LARGE_NODE, **kept, "scaling": scaling},
    )
    [found] = [one for one in bill.verdicts if one.limit.limit == TRACKED]

    assert float(found.used) == pytest.approx(200_000 / left)


def test_where_it_is_known_what_ran_that_is_what_held_the_connections(make_demand, bill_of):
    ran = replace(make_demand(200_000), units=from_hours(np.full(168, 4.0)))
    bill = bill_of(VM, ran, options=ONE_LARGE_NODE | {"survives": "zone", "zones": 3})
    [found] = [one for one in bill.verdicts if one.limit.limit == TRACKED]

    assert float(found.used) == pytest.approx(50_000)


def test_nodes_that_follow_demand_are_asked_hour_by_hour(make_demand, bill_of):
    # from ten connections to 500,000 and back: one node of 1,048,576 open files all week, so that
    # the busiest hour asks for all of them
    demand = make_demand([10.0] * 84 + [500_000.0] * 84)
    bill = bill_of(VM, demand, options=ONE_LARGE_NODE | {"scaling": "autoscaled"})
    [found] = [one for one in bill.verdicts if one.limit.limit == TRACKED]

    assert float(found.used) == pytest.approx(500_000)
    assert found.hour is not None
    assert float(found.hour) == 84


def test_a_proxy_has_two_files_open_for_each_client(make_demand, host_verdicts):
    # of 1,048,576 files 500,000 clients leave few, and 600,000 take two nodes
    one = host_verdicts(VM, make_demand(500_000), server="haproxy")
    two = host_verdicts(VM, make_demand(600_000), server="haproxy")

    assert used_and_allowed(one[OPEN_FILES]) == (pytest.approx(1_000_000), 2**20)
    assert used_and_allowed(two[OPEN_FILES]) == (pytest.approx(600_000), 2**20)
    assert OPEN_FILES not in host_verdicts(VM, make_demand(600_000))


def test_nginx_starts_with_512_connections_for_each_worker(make_demand, host_verdicts):
    # both legs count, and a node of two processors has two workers
    found = host_verdicts(VM, make_demand(600), server="nginx")

    assert used_and_allowed(found[WORKERS]) == (pytest.approx(1_200), 1_024)
    assert WORKERS not in host_verdicts(VM, make_demand(600), server="haproxy")


def test_nginx_waits_60_seconds_for_the_server_and_not_for_clients(make_demand, host_verdicts):
    # a client that sends every second does not keep nginx from closing
    found = host_verdicts(VM, make_demand(10, to_server=36_000), server="nginx")

    assert used_and_allowed(found[READ_TIMEOUT]) == (float("inf"), 60)


def test_haproxy_comes_with_a_timeout_of_50_seconds(make_demand, host_verdicts):
    # haproxy.cfg of Debian's package; one message per minute and connection each way
    found = host_verdicts(VM, make_demand(10, to_server=600, to_client=600), server="haproxy")
    verdict = found["system.haproxy.packaged_timeout"]

    assert float(verdict.allowed) == 50
    assert float(verdict.share) > 1
    assert verdict.limit.raised_by == "setting"


@pytest.mark.parametrize(
    "deployment", ["aws.alb_fargate", "azure.container_apps", "azure.app_service"]
)
def test_hosts_of_containers_and_plans_are_the_clouds(make_demand, bill_of, deployment):
    bill = bill_of(deployment, make_demand(300_000))

    assert not [one for one in bill.verdicts if one.limit.limit == TRACKED]
