"""Does a node hold its connections with the settings that Linux and proxies come with?

Nodes are sized by what they can do. What a host or a proxy allows besides is a setting, whose
default often ends sooner.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.weekly import ALWAYS, Weekly, worked
from estimator.deployments.base import Request
from estimator.deployments.fleet.server import sockets_per_client
from estimator.deployments.fleet.sizing import Fleet
from estimator.deployments.limits import (
    Check,
    check,
    idle_checks,
    limit_value,
    longest_silence_seconds,
    per_second,
)

_LINUX = "system.linux"
_NGINX = "system.nginx"


def host_checks(request: Request, fleet: Fleet) -> Iterator[Check]:
    """What connections ask of the hosts and the proxy that hold them."""
    each = per_node(request, fleet, request.demand.connections_peak)
    options = request.options
    per_client = sockets_per_client(options)
    sockets = each if per_client == 1 else each.times(per_client)
    if fleet.spec.kind == "vm":
        # the hosts of containers and plans are the cloud's
        yield check(f"{_LINUX}.tracked_connections", sockets)
    if per_client == 1:
        return
    yield Check(f"{_LINUX}.open_files_hard_max", sockets, options.open_files)
    yield check(f"{_LINUX}.ephemeral_ports", each)
    new_connections = per_second(request.demand.new_connections)
    yield check(
        f"{_LINUX}.proxy_new_connections_per_second_per_backend",
        per_node(request, fleet, new_connections),
    )
    if options.server == "haproxy":
        yield from idle_checks(request.demand, "system.haproxy.packaged_timeout")
    elif options.server == "nginx":
        workers = _vcpus_each(fleet)
        per_worker = limit_value(f"{_NGINX}.worker_connections")
        yield Check(f"{_NGINX}.worker_connections", sockets, per_worker * workers)
        # it times what the server behind it sends
        silence = longest_silence_seconds(request.demand, "to_client")
        yield check(f"{_NGINX}.proxy_read_timeout", silence)


def per_node(request: Request, fleet: Fleet, quantity: Weekly) -> Weekly:
    """A quantity in each hour, for each node that carries it once what may fail has failed.

    Args:
        request: whether nodes follow demand.
        fleet: its nodes.
        quantity: of all nodes together.
    """
    nodes = carrying_nodes(request, fleet)
    if _same_all_week(request):
        return quantity.times(1 / np.maximum(nodes.peak, 1.0))
    return worked(each_of, quantity, nodes)


def each_of(quantity: FloatArray, units: FloatArray) -> FloatArray:
    """What each of some units has of a quantity, hour by hour; both are written over."""
    return np.divide(quantity, np.maximum(units, 1.0, out=units), out=quantity)


def carrying_nodes(request: Request, fleet: Fleet) -> Weekly:
    """Nodes that hold the connections of each hour once what may fail has failed.

    Where it is known which nodes ran, nothing else may fail: these held them.
    """
    if request.demand.units is not None:
        return fleet.nodes
    if _same_all_week(request):
        return Weekly.of(fleet.placement.left(fleet.nodes.peak), ALWAYS)
    return worked(fleet.placement.left, fleet.nodes)


def _same_all_week(request: Request) -> bool:
    return request.demand.units is None and not request.options.by_hour


def _vcpus_each(fleet: Fleet) -> FloatArray:
    """Processors of a node, shape (*many,)."""
    pairs = zip(fleet.machines, fleet.chosen, strict=True)
    return np.sum([machine.vcpus * mine for machine, mine in pairs], axis=0)
