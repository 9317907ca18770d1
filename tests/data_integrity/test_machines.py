"""Machines and servers that can be chosen: what they are billed as, and where that was read."""

import datetime as dt
import re
from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.fleet.machine import Machine, find_machine, machines
from estimator.deployments.fleet.server import Measured, Server, TlsRate
from estimator.errors import MissingRateError
from estimator.files import load_mapping
from estimator.pricing.catalog import load_catalog
from estimator.pricing.price_files import CLOUDS, EVERYWHERE

KINDS = ("vm", "container", "app_service")
TODAY = dt.datetime.now(dt.UTC).date()
every_cloud = pytest.mark.parametrize("cloud", CLOUDS)


def all_of(cloud: str) -> list[Machine]:
    return [machine for kind in KINDS for machine in machines(cloud, kind).values()]


SIZE_IN_THE_NAME = {
    "aws": r"\.(medium|\d*x?large)$|/.*$",
    "azure": r"(?<=^[BPS])\d|(?<=_[BDF])\d+|/.*$",
    "gcp": r"-(\d+|micro|small|medium)$",
    "oci": r"/.*$",
}


def series(cloud: str, machine: Machine) -> str:
    """What a machine and its larger sisters are called alike."""
    return re.sub(SIZE_IN_THE_NAME[cloud], "", machine.machine)


@every_cloud
def test_every_machine_stands_once(cloud, tables):
    names = [(row["kind"], row["machine"]) for row in tables.rows(cloud, "machines")]

    assert len(names) == len(set(names))
    assert len(names) == len(all_of(cloud))


@every_cloud
def test_every_part_is_a_meter_of_the_cloud_counted_by_the_hour(cloud):
    meters = load_catalog().meters
    wrong = [
        (machine.machine, part)
        for machine in all_of(cloud)
        for part, quantity in machine.parts.items()
        if part not in meters
        or not part.startswith(f"{cloud}.")
        or quantity <= 0
        or not meters[part].unit.endswith(("Hours", "Seconds"))
    ]

    assert wrong == []


@every_cloud
def test_every_machine_says_where_and_when_it_was_read(cloud):
    for machine in all_of(cloud):
        assert machine.source.startswith("https://"), machine.machine
        assert dt.date(2020, 1, 1) <= machine.checked_on <= TODAY, machine.machine


@every_cloud
def test_a_title_tells_processors_and_memory(cloud):
    for machine in all_of(cloud):
        assert f"{machine.vcpus:g} vCPU" in machine.title, machine.machine
        assert f"{machine.memory_gib:g} G" in machine.title, machine.machine


@every_cloud
def test_memory_is_between_half_and_sixteen_gib_a_processor(cloud):
    # no family that is listed has less or more; a figure in megabytes would stand out
    for machine in all_of(cloud):
        assert 0.5 <= machine.memory_gib / machine.vcpus <= 16, machine.machine


@every_cloud
def test_more_of_the_same_costs_more(cloud):
    catalog = load_catalog()
    region = ws.locations()["virginia"].regions[cloud]
    sizes = defaultdict(list)
    for machine in all_of(cloud):
        try:
            usd = machine.usd_per_hour(catalog, region)
        except MissingRateError:
            continue
        sizes[series(cloud, machine)].append(
            (machine.vcpus, machine.memory_gib, usd, machine.machine)
        )

    assert max(map(len, sizes.values())) > 1
    for found in sizes.values():
        for vcpus, memory, usd, name in found:
            for more_vcpus, more_memory, more_usd, other in found:
                if more_vcpus >= vcpus and more_memory >= memory and other != name:
                    assert more_usd > usd, (name, other)


@every_cloud
def test_every_machine_is_priced_at_every_location_or_a_gap_says_why_not(cloud):
    catalog = load_catalog()
    priced = set(catalog.priced)
    silent = [
        (machine.machine, location, part)
        for machine in all_of(cloud)
        for location, found in ws.locations().items()
        for part in machine.parts
        if not {(part, found.regions[cloud]), (part, EVERYWHERE)} & priced
        and (part, found.regions[cloud]) not in catalog.gaps
    ]

    assert silent == []


@every_cloud
def test_there_is_a_machine_at_every_location(cloud):
    catalog = load_catalog()
    for location in ws.locations().values():
        costs: list[float] = []
        for machine in machines(cloud, "vm").values():
            try:
                costs.append(machine.usd_per_hour(catalog, location.regions[cloud]))
            except MissingRateError:
                continue
        assert len(costs) >= 10
        assert min(costs) > 0


@pytest.mark.parametrize(
    ("cloud", "kind", "name", "region", "usd"),
    [
        # Oracle's price list: E5 0.03 an OCPU-hour and 0.002 a GB-hour
        ("oci", "vm", "VM.Standard.E5.Flex/4/32", "us-ashburn-1", 4 * 0.03 + 32 * 0.002),
        # https://aws.amazon.com/ec2/pricing/on-demand/ and /fargate/pricing/, us-east-1
        ("aws", "vm", "m7g.large", "us-east-1", 0.0816),
        ("aws", "container", "fargate-x86/1/2", "us-east-1", 0.04048 + 2 * 0.004445),
    ],
)
def test_an_hour_costs_the_sum_of_its_parts(cloud, kind, name, region, usd):
    machine = find_machine(cloud, kind, name)

    assert machine.usd_per_hour(load_catalog(), region) == pytest.approx(usd, rel=1e-9)


def test_an_hour_costs_the_first_tier_and_no_allowance_is_taken_off():
    machine = find_machine("oci", "vm", "VM.Standard.A1.Flex/4/24")
    tiers = {
        "oci.compute.a1_ocpu_hours": np.array([0.01, 0.005]),
        "oci.compute.a1_memory_gb_hours": np.array([0.0015]),
    }
    catalog = SimpleNamespace(
        rate=lambda meter, region: SimpleNamespace(
            tariff=SimpleNamespace(usd_per_unit=tiers[meter])
        )
    )

    # Oracle gives 3,000 OCPU-hours and 18,000 GB-hours of A1 away each month
    assert machine.usd_per_hour(catalog, "any") == pytest.approx(4 * 0.01 + 24 * 0.0015)  # pyright: ignore[reportArgumentType]
    real = machine.usd_per_hour(load_catalog(), "us-ashburn-1")
    assert real == pytest.approx(4 * 0.01 + 24 * 0.0015)
    assert "first tier" in str(Machine.usd_per_hour.__doc__)
    assert "before allowances" in str(Machine.usd_per_hour.__doc__)


@pytest.mark.parametrize(
    ("cloud", "kind", "name"),
    [("aws", "vm", "m7g.huge"), ("oci", "container", "VM.Standard.E5.Flex/1/8")],
)
def test_a_machine_there_is_not_is_refused(cloud, kind, name):
    with pytest.raises(ws.EstimatorError, match=f"unknown machine '{name}'"):
        find_machine(cloud, kind, name)


class TestServers:
    FIGURES = tuple(
        (name, field, getattr(server, field))
        for name, server in load_mapping("servers.yaml", Server).items()
        for field in Server.model_fields
        if isinstance(getattr(server, field), Measured)
    )

    def test_every_figure_has_a_source_a_day_and_a_grade(self):
        assert len(self.FIGURES) > 50
        for name, field, figure in self.FIGURES:
            assert len(figure.source) > 10, (name, field)
            assert figure.confidence in {"confirmed", "single_source", "inferred"}
            assert figure.checked_on is not None, (name, field)
            assert dt.date(2020, 1, 1) <= figure.checked_on <= TODAY

    def test_what_was_not_read_as_it_stands_says_how_it_was_found(self):
        bare = [
            (name, field)
            for name, field, figure in self.FIGURES
            if figure.confidence == "inferred" and not figure.note
        ]

        assert bare == []

    def test_shares_are_shares(self):
        shares = [figure.value for _, field, figure in self.FIGURES if field.endswith("_share")]

        assert shares
        assert all(0 < share < 1 for share in shares)

    def test_what_compression_takes_comes_with_the_window_it_was_measured_at(self):
        for name, server in load_mapping("servers.yaml", Server).items():
            if server.compression_memory_bytes:
                assert server.window_bits, name
                assert server.memory_level, name

    def test_every_rate_of_handshakes_has_a_source_a_day_and_a_grade(self):
        rates = load_mapping("tls.yaml", TlsRate)

        assert rates
        for name, rate in rates.items():
            assert len(rate.per_core_second.source) > 10, name
            assert rate.per_core_second.checked_on is not None, name
            assert rate.per_core_second.checked_on <= TODAY
