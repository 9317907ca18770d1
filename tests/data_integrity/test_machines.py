"""Machines and servers that can be chosen: what they are billed as, and where that was read."""

import datetime as dt
import re
from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.fleet.family import families, find_family
from estimator.deployments.fleet.machine import Machine, find_machine, machines
from estimator.deployments.fleet.server_figures import Server, TlsRate
from estimator.errors import MissingRateError
from estimator.files import Measured, entry_names, load_entry, load_mapping
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


class TestCores:
    FAMILIES = tuple(family for cloud in CLOUDS for family in families(cloud).values())
    REFERENCE = find_family("aws.sapphire_rapids")

    def test_every_machine_has_a_family_of_its_cloud(self):
        for cloud in CLOUDS:
            for machine in all_of(cloud):
                assert machine.family in families(cloud), machine.machine

    def test_every_family_has_a_machine_or_is_a_service_without_sizes(self):
        used = {machine.family for cloud in CLOUDS for machine in all_of(cloud)}

        assert {one.family for one in self.FAMILIES} - used == {
            "gcp.cloud_run",
            "aws.lambda_arm",
            "aws.lambda_x86",
            "azure.functions",
        }

    def test_every_speed_has_a_source_a_range_and_if_inferred_a_neighbor_and_a_rule(self):
        for one in self.FAMILIES:
            assert one.source.startswith("https://"), one.family
            assert dt.date(2020, 1, 1) <= one.checked_on <= TODAY, one.family
            assert one.core_speed_low <= one.core_speed <= one.core_speed_high, one.family
            measured = one.integer_score is not None and one.web_requests is not None
            assert measured == (one.confidence != "inferred"), one.family
            if not measured:
                assert re.search(r"Neighbor: .*Rule: .*Range: ", one.note or ""), one.family

    def test_speeds_are_the_geometric_mean_of_both_ratios(self):
        integer, web = self.REFERENCE.integer_score, self.REFERENCE.web_requests
        assert integer is not None
        assert web is not None
        assert self.REFERENCE.core_speed == 1
        for one in self.FAMILIES:
            if one.integer_score is not None and one.web_requests is not None:
                ratios = one.integer_score / integer * one.web_requests / web
                assert one.core_speed == pytest.approx(ratios**0.5, abs=0.006), one.family

    @pytest.mark.parametrize(
        ("family", "vcpus", "integer", "web"),
        [
            # raw results of github.com/SpareCores/sc-inspector-data, data/<cloud>/<machine>:
            # CPU_INTEGER_MATH of passmark, and the most requests per second of static_web at 1k
            (  # t2d-standard-1, 2, 4, 8, 16
                "gcp.t2d",
                [1, 2, 4, 8, 16],
                [5110, 10280, 20736, 41559, 83268],
                [48067, 94171, 158717, 346276, 653574],
            ),
            (  # Standard_D2as_v5, D4as_v5, D8as_v5, D16as_v5
                "azure.milan",
                [2, 4, 8, 16],
                [8253, 16561, 33133, 66465],
                [68498, 139064, 276532, 548673],
            ),
            (  # c7i and m7i, each large, xlarge, 2xlarge, 4xlarge
                "aws.sapphire_rapids",
                [2, 4, 8, 16, 2, 4, 8, 16],
                [9342, 19314, 36665, 67608, 8636, 19941, 35717, 68456],
                [127590, 241865, 486530, 842310, 147497, 254111, 472189, 904306],
            ),
        ],
    )
    def test_scores_are_the_middle_of_what_the_source_measured(self, family, vcpus, integer, web):
        found = find_family(family)

        assert found.integer_score == pytest.approx(np.median(np.divide(integer, vcpus)), abs=1)
        assert found.web_requests == pytest.approx(np.median(np.divide(web, vcpus)), abs=1)

    def test_what_vendors_say_of_two_generations_lies_within_the_ranges(self):
        # Graviton3 has up to 25% more performance than Graviton2, Graviton4 up to 30% more than
        # Graviton3: https://aws.amazon.com/ec2/instance-types/c7g/ and /c8g/
        said = [("graviton3", "graviton2", 1.25), ("graviton4", "graviton3", 1.3)]
        for newer, older, more in said:
            new, old = find_family(f"aws.{newer}"), find_family(f"aws.{older}")
            least = new.core_speed_low / old.core_speed_high
            assert least <= more <= new.core_speed_high / old.core_speed_low

    def test_a_burstable_machine_sustains_less_than_it_shows(self):
        for cloud in CLOUDS:
            for machine in all_of(cloud):
                if machine.burstable:
                    assert machine.sustained_vcpus is not None
                    assert machine.sustained_vcpus < machine.vcpus, machine.machine

    @pytest.mark.parametrize(
        ("cloud", "kind", "name", "vcpus"),
        [
            # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html
            ("aws", "vm", "t3.medium", 2 * 0.20),
            ("aws", "vm", "t4g.2xlarge", 8 * 0.40),
            # https://learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/bv1-series
            ("azure", "vm", "Standard_B2ms", 0.60),
            # https://docs.cloud.google.com/compute/docs/general-purpose-machines
            ("gcp", "vm", "e2-micro", 2 * 0.125),
            ("gcp", "vm", "e2-medium", 2 * 0.5),
            # not burstable: all that it shows; an OCPU of x86 is two vCPU, one of A1 is one
            ("oci", "vm", "VM.Standard.E5.Flex/4/32", 8),
            ("oci", "vm", "VM.Standard.A1.Flex/4/24", 4),
        ],
    )
    def test_cores_are_what_is_sustained_times_the_speed(self, cloud, kind, name, vcpus):
        machine = find_machine(cloud, kind, name)

        speed = find_family(machine.family).core_speed
        assert machine.cores == pytest.approx(vcpus * speed, rel=1e-12)


class TestNetwork:
    def test_every_machine_has_a_bandwidth_and_says_where_it_was_read(self):
        for cloud in CLOUDS:
            for machine in all_of(cloud):
                assert machine.network_mbps > 0, machine.machine
                if machine.network_source or machine.network_confidence:
                    assert (machine.network_source or "").startswith("https://"), machine.machine
                if machine.network_confidence == "inferred":
                    text = r"Neighbor of the bandwidth: .*Rule: .*Range: "
                    assert re.search(text, machine.note or ""), machine.machine

    def test_more_of_the_same_has_no_less(self):
        for cloud in CLOUDS:
            for one in all_of(cloud):
                for more in all_of(cloud):
                    larger = more.vcpus >= one.vcpus and more.memory_gib >= one.memory_gib
                    if larger and series(cloud, one) == series(cloud, more):
                        assert one.network_mbps <= more.network_mbps, (one.machine, more.machine)

    @pytest.mark.parametrize(
        ("cloud", "kind", "name", "mbps"),
        [
            # zz_generated.bandwidth.go of karpenter-provider-aws: m5.8xlarge, of 32 vCPU, has 10000
            # and m6g.4xlarge, of 16 vCPU, has 5000
            ("aws", "container", "fargate-x86/4/8", 10_000 / 32 * 4),
            ("aws", "container", "fargate-arm/0.25/1", 5_000 / 16 * 0.25),
            # pages on sizes of Azure: A4_v2 (4 vCPU) 1,000, D2_v2 1,500, D4_v4 2,000
            ("azure", "app_service", "S3-linux", 1_000),
            ("azure", "app_service", "P2v2-windows", 1_500),
            ("azure", "app_service", "P2v3-linux", 2_000),
            ("azure", "container", "container-apps/4/8", 2_000),
        ],
    )
    def test_what_no_vendor_publishes_is_that_of_a_neighbor(self, cloud, kind, name, mbps):
        machine = find_machine(cloud, kind, name)

        assert machine.network_confidence == "inferred"
        assert machine.network_mbps == pytest.approx(mbps)


def test_a_family_there_is_not_is_refused():
    with pytest.raises(ws.EstimatorError, match=r"unknown family 'aws\.graviton9'"):
        find_family("aws.graviton9")


def test_an_entry_read_alone_is_the_one_that_is_read_with_all():
    servers = load_mapping("servers.yaml", Server)

    assert entry_names("servers.yaml") == tuple(servers)
    assert {name: load_entry("servers.yaml", name, Server) for name in servers} == servers


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

    def test_what_is_derived_by_the_same_rule_follows_it(self):
        # what the notes state: two small messages each 25 s, and 25 messages; to two digits
        rules = {
            "idle_cpu_seconds_per_connection_second": lambda rate: 2 / 25 / rate,
            "new_connections_per_core_second": lambda rate: rate / 25,
        }
        followed = [
            (name, field, figure)
            for name, field, figure in self.FIGURES
            if field in rules and "Rule: " in (figure.note or "")
        ]

        assert len(followed) > 20
        servers = load_mapping("servers.yaml", Server)
        for name, field, figure in followed:
            expected = rules[field](servers[name].messages_per_core_second.value)
            assert figure.value == pytest.approx(expected, rel=0.05), (name, field)

    def test_the_rules_meet_what_was_measured(self):
        servers = load_mapping("servers.yaml", Server)
        go, python = servers["centrifugo-go"], servers["python-websockets"]

        for server in (go, python):
            rate = server.messages_per_core_second.value
            idle = server.idle_cpu_seconds_per_connection_second.value
            # half and three times, as the ranges say
            assert 0.5 < idle / (2 / 25 / rate) < 3
            # 6 to 50 messages
            assert 6 < rate / server.new_connections_per_core_second.value < 50

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
