"""What a connection and a message take on a node, from what was published about servers.

Sources of the figures stand in servers.yaml, tls.yaml and compression.yaml.
"""

import numpy as np
import pytest
from ruamel.yaml import YAML

import estimator as ws
from estimator.deployments.fleet.server import (
    Server,
    ServerOptions,
    connection_memory_bytes,
    deflate_bytes,
    find_server,
    server_load,
    stand_ins,
    traffic_mbps,
)
from estimator.deployments.fleet.sizing import FleetOptions
from estimator.deployments.limits import limit_value
from estimator.files import data_text, load_mapping

SERVERS = load_mapping("servers.yaml", Server)
OWN = {
    "memory_per_connection_bytes": 50_000.0,
    "idle_cpu_seconds_per_connection_second": 1e-5,
    "messages_per_core_second": 1_000.0,
}
every_server = pytest.mark.parametrize("server", SERVERS)


def options(**given: object) -> ServerOptions:
    return ServerOptions.model_validate(given)


@pytest.fixture(scope="module")
def compression() -> dict:
    return YAML(typ="safe", pure=True).load(data_text("compression.yaml"))


class TestCompression:
    # https://websockets.readthedocs.io/en/stable/topics/compression.html: window bits, memory
    # level, and KiB of a connection with them
    PUBLISHED = (
        (15, 8, 316),
        (14, 7, 172),
        (13, 6, 100),
        (12, 5, 64),
        (11, 4, 46),
        (10, 3, 37),
        (9, 2, 33),
    )

    def test_the_file_has_the_published_rows(self, compression):
        rows = compression["published_rows"]["rows"]

        assert [
            (row["window_bits"], row["memory_level"], row["memory_kib"]) for row in rows
        ] == list(self.PUBLISHED)

    @pytest.mark.parametrize(("window", "level", "kib"), PUBLISHED)
    def test_every_published_row_is_zlib_and_what_the_library_adds(
        self, compression, window, level, kib
    ):
        law = compression["memory_law"]
        fixed = law["fixed_bytes"]["value"] + law["uncompressed_connection_bytes"]["value"]

        assert (deflate_bytes(window, level) + fixed) / 1024 == pytest.approx(kib, abs=0.5)

    @pytest.mark.parametrize(("window", "level", "kib"), PUBLISHED)
    def test_a_server_measured_with_compression_is_reproduced(self, window, level, kib):
        chosen = options(
            server="python-websockets",
            compression="permessage-deflate",
            window_bits=window,
            memory_level=level,
        )
        kernel = 4_000

        total = connection_memory_bytes(chosen, tls=False) - kernel
        assert total / 1024 == pytest.approx(kib, abs=0.5)

    def test_the_formula_has_the_factors_of_the_file(self, compression):
        law = compression["memory_law"]

        for window, level, _ in self.PUBLISHED:
            expected = (
                law["deflate_window_factor"]["value"] * 2**window
                + law["deflate_memory_factor"]["value"] * 2**level
                + law["inflate_window_factor"]["value"] * 2**window
            )
            assert deflate_bytes(window, level) == expected

    @pytest.mark.parametrize(
        ("server", "defaults"),
        # ws leaves zlib's defaults in place; Centrifugo publishes none, so zlib's are taken
        [("python-websockets", (12, 5)), ("node-ws", (15, 8)), ("centrifugo-go", (15, 8))],
    )
    def test_the_window_is_the_servers_own_unless_it_is_given(self, server, defaults):
        compressed = {"server": server, "compression": "permessage-deflate"}
        window, level = defaults

        assert connection_memory_bytes(options(**compressed), tls=False) == connection_memory_bytes(
            options(**compressed, window_bits=window, memory_level=level), tls=False
        )

    def test_zlibs_defaults_are_those_of_the_file(self, compression):
        defaults = compression["defaults"]["zlib"]
        plain = connection_memory_bytes(options(), tls=False)
        compressed = connection_memory_bytes(options(compression="permessage-deflate"), tls=False)

        assert compressed - plain == deflate_bytes(
            defaults["window_bits"]["value"], defaults["memory_level"]["value"]
        )

    @pytest.mark.parametrize(
        "given",
        [{"window_bits": 8}, {"window_bits": 16}, {"memory_level": 0}, {"memory_level": 10}],
    )
    def test_a_window_that_zlib_does_not_have_is_refused(self, given):
        with pytest.raises(ValueError, match=next(iter(given))):
            options(**given)


class TestMemory:
    def test_user_space_and_kernel_add_up(self):
        # Centrifugo blog, 17 August 2026: 27.0 KB resident and about 4 KB of kernel memory
        assert connection_memory_bytes(options(), tls=False) == 27_000 + 4_000

    def test_tls_and_compression_come_on_top(self):
        # Python websockets: 14 KiB, kernel 4 KB, 256 KiB for asyncio's TLS transport, and with the
        # default compression 64 KiB instead of 14
        server = {"server": "python-websockets"}
        compressed = options(**server, compression="permessage-deflate")

        assert connection_memory_bytes(options(**server), tls=True) == (14 + 256) * 1024 + 4_000
        assert connection_memory_bytes(compressed, tls=True) == (64 + 256) * 1024 + 4_000

    def test_a_server_without_a_figure_for_tls_borrows_that_of_kestrel(self):
        # https://github.com/dotnet/aspnetcore/pull/30863: 119,175,792 bytes of heap with TLS
        # against 68,967,016 without, for 5,000 WebSockets; about 10,000 each
        more = connection_memory_bytes(options(), tls=True) - connection_memory_bytes(
            options(), tls=False
        )

        assert more == pytest.approx((119_175_792 - 68_967_016) / 5_000, rel=0.01)

    def test_an_own_figure_is_all_there_is(self):
        own = options(memory_per_connection_bytes=12_345, compression="permessage-deflate")

        assert connection_memory_bytes(own, tls=True) == 12_345

    def test_nodes_hold_the_most_connections_of_the_hour(self, make_demand):
        load = server_load(make_demand(1_000, peak=3_000), options())

        assert load.memory_bytes.peak == pytest.approx(3_000 * 31_000)


class TestProcessor:
    def test_idle_connections_and_messages_both_ways_take_time(self, make_demand):
        # 20,000 x 10 us = 0.2 cores, (1,500 + 500) messages per second at 1,000 = 2 cores
        demand = make_demand(20_000, to_client=1_500 * 3600, to_server=500 * 3600)

        assert server_load(demand, options(**OWN)).cores.peak == pytest.approx(2.2)

    def test_published_figures_are_taken_where_none_are_given(self, make_demand):
        # 4.7 us per second and connection (centrifugal.dev, 17 August 2026); 467,000 deliveries a
        # second on 40 cores less 10 for idle and churn, 15,600 a core (post of 10 February 2020)
        demand = make_demand(200_000, to_client=15_600 * 3600)

        assert server_load(demand, options()).cores.peak == pytest.approx(0.94 + 1, rel=1e-3)

    def test_pings_are_no_messages(self):
        scenario = ws.Scenario(
            profile="workplace-chat", location="virginia", mean_connections=1_000
        )
        demand = ws.expected_demand(scenario)
        pings = [s for s in demand.streams if s.kind == "ping"]
        silent = [s for s in demand.streams if s.kind != "ping"]
        assert pings

        messages = sum(s.per_hour.hourly for s in silent)
        cores = messages / 1_000 / 3600 + demand.connections.hourly * 1e-5
        assert server_load(demand, options(**OWN)).cores.hourly == pytest.approx(cores)

    def test_handshakes_count_only_where_tls_ends_on_the_nodes(self, make_demand):
        demand = make_demand(0, new_connections=500 * 3600)
        own = options(**OWN, handshakes_per_core_second=250)

        assert server_load(demand, own, tls=False).cores.peak == 0
        assert server_load(demand, own, tls=True).cores.peak == pytest.approx(2)

    @pytest.mark.parametrize(
        ("server", "handshakes"),
        # HAProxy's manual: 1,300 on a core; for others 45 to 60 % of 3,800 signatures, about 2,000
        [("haproxy", 1_300), ("centrifugo-go", 2_000)],
    )
    def test_handshakes_are_the_servers_own_or_those_of_a_present_core(
        self, make_demand, server, handshakes
    ):
        demand = make_demand(0, new_connections=handshakes * 3600)

        load = server_load(demand, options(**OWN, server=server), tls=True)
        assert load.cores.peak == pytest.approx(1)

    @pytest.mark.parametrize(
        ("server", "rate"),
        # HAProxy: 243,000 requests and as many responses on three cores, 66 % left with TLS;
        # Centrifugo: 60 % as measured with uWebSockets, which is the one server that says
        [("haproxy", 162_000 * 0.66), ("centrifugo-go", 15_600 * 0.6)],
    )
    def test_tls_leaves_a_share_of_the_messages(self, make_demand, server, rate):
        demand = make_demand(0, to_client=rate * 3600)
        own = options(server=server, idle_cpu_seconds_per_connection_second=0)

        assert server_load(demand, own, tls=True).cores.peak == pytest.approx(1)

    def test_an_own_rate_of_messages_is_that_under_the_tls_in_use(self, make_demand):
        demand = make_demand(0, to_client=1_000 * 3600)

        for tls in (False, True):
            assert server_load(demand, options(**OWN), tls=tls).cores.peak == pytest.approx(1)


@every_server
@pytest.mark.parametrize("tls", [False, True])
def test_every_server_can_be_sized_or_says_which_figures_are_missing(make_demand, server, tls):
    demand = make_demand(100, to_client=3600)
    missing = [name for name in OWN if getattr(SERVERS[server], name) is None]
    given = {name: OWN[name] for name in missing}

    load = server_load(demand, options(server=server, **given), tls=tls)
    assert load.memory_bytes.peak > 0
    assert load.cores.peak > 0
    if missing:
        with pytest.raises(ws.ScenarioError) as caught:
            server_load(demand, options(server=server), tls=tls)
        assert SERVERS[server].title in str(caught.value)
        assert f"the option {' and '.join(map(repr, missing))}," in str(caught.value)


def test_the_server_taken_by_default_needs_no_figures(make_demand):
    assert server_load(make_demand(1), options(), tls=True).cores.peak > 0


@every_server
def test_what_was_borrowed_from_other_servers_is_named(server):
    figures = SERVERS[server]
    borrowed = " ".join(stand_ins(options(server=server), tls=True))

    assert ("memory for TLS" in borrowed) == (figures.tls_memory_per_connection_bytes is None)
    assert ("messages left under TLS" in borrowed) == (figures.tls_throughput_share is None)
    assert ("handshakes" in borrowed) == (figures.handshakes_per_core_second is None)
    assert list(stand_ins(options(server=server), tls=False)) == []


def test_own_figures_borrow_nothing():
    own = options(**OWN, handshakes_per_core_second=1_000)

    assert list(stand_ins(own, tls=True)) == []


def test_an_unknown_server_lists_those_there_are():
    with pytest.raises(ws.EstimatorError, match="unknown server 'apache'") as caught:
        find_server("apache")

    # as many as a short message holds, in order
    told, _, more = str(caught.value).partition("Valid: ")[2].partition(" and ")
    names = told.split(", ")
    assert names == sorted(SERVERS)[: len(names)]
    assert more == f"{len(SERVERS) - len(names)} more"


def test_the_most_open_files_are_the_highest_setting_of_the_system():
    assert FleetOptions().open_files == limit_value("system.linux.open_files_hard_max")


def test_traffic_with_clients_counts_both_ways(make_demand):
    # 124 bytes leave as 200 and are acknowledged with 52 (the measured table of test_wire), in
    # megabits of 10^6
    demand = make_demand(0, to_client=3600 * 1e6, payload=124)

    assert traffic_mbps(demand).peak == pytest.approx(252 * 8)


def test_many_scenarios_are_the_same_one_by_one():
    audience = [0.0, 10.0, 5e5]
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1)
    together = server_load(
        ws.expected_demand(scenario.replace(peak_connections=audience)), options(), tls=True
    )

    for index, one in enumerate(audience):
        alone = server_load(
            ws.expected_demand(scenario.replace(peak_connections=one)), options(), tls=True
        )
        for name in ("memory_bytes", "cores"):
            np.testing.assert_allclose(
                getattr(together, name).hourly[index], getattr(alone, name).hourly, rtol=1e-12
            )
