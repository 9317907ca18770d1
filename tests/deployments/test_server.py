"""What a connection and a message take on a node, from what was published about servers.

Sources of the figures stand in servers.yaml, tls.yaml and compression.yaml.
"""

import numpy as np
import pytest
from ruamel.yaml import YAML

import estimator as ws
from estimator.deployments.fleet.derived_figures import derived_figures, stand_ins
from estimator.deployments.fleet.fleet_options import FleetOptions
from estimator.deployments.fleet.server import (
    advised_connections,
    arrival_byte_core_seconds,
    arrival_core_seconds,
    connection_memory_bytes,
    deflate_bytes,
    late_bursts,
    most_connection_core_seconds,
    server_load,
    subscribes_by_channel,
    traffic_mbps,
)
from estimator.deployments.fleet.server_figures import Server, find_server
from estimator.deployments.fleet.server_options import ServerOptions
from estimator.deployments.limits import limit_value
from estimator.files import Measured, data_text, load_mapping
from estimator.scenario.flows import Heartbeat

SERVERS = load_mapping("servers.yaml", Server)
OWN = {
    "memory_per_connection_bytes": 50_000.0,
    "idle_cpu_seconds_per_connection_second": 1e-5,
    "messages_per_core_second": 1_000.0,
    "bytes_per_core_second": 2e6,
    "new_connections_per_core_second": 1_000.0,
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
    def test_idle_connections_messages_and_bytes_take_time(self, make_demand):
        # 20,000 x 10 us = 0.2 cores, (1,500 + 500) messages per second at 1,000 = 2 cores, of 100
        # bytes each at 2,000,000 bytes per second = 0.1 cores
        demand = make_demand(20_000, to_client=1_500 * 3600, to_server=500 * 3600)

        assert server_load(demand, options(**OWN)).cores.peak == pytest.approx(2.3)

    def test_published_figures_are_taken_where_none_are_given(self, make_demand):
        # 4.7 us per second and connection (centrifugal.dev, 17 August 2026); 467,000 deliveries a
        # second on 40 cores less 10 for idle and churn, 15,600 a core (post of 10 February 2020)
        demand = make_demand(200_000, to_client=15_600 * 3600)

        assert server_load(demand, options()).cores.peak == pytest.approx(0.94 + 1, rel=1e-3)

    def test_idle_connections_and_churn_of_the_published_run(self, make_demand):
        # https://centrifugal.dev/blog/2020/02/10/million-connections-with-centrifugo: a million
        # connections, 200,000 connects and disconnects per minute, about 10 cores for both
        demand = make_demand(1e6, new_connections=200_000 * 60)

        assert server_load(demand, options()).cores.peak == pytest.approx(10, rel=0.01)

    @pytest.mark.parametrize(
        ("size", "echoes"),
        # https://github.com/uNetworking/uWebSockets, benchmarks: echoes per second on one core
        [(512, 297_000), (1_024, 280_000), (8_192, 170_000), (16_384, 132_000)],
    )
    def test_the_published_curve_over_sizes_is_met(self, make_demand, size, echoes):
        rate = echoes * 3600
        demand = make_demand(0, to_client=rate, to_server=rate, payload=size)

        load = server_load(demand, options(server="uwebsockets"))
        assert load.cores.peak == pytest.approx(1, rel=0.08)

    def test_pings_are_no_messages(self):
        scenario = ws.Scenario(
            profile="workplace-chat", location="virginia", mean_connections=1_000
        )
        demand = ws.expected_demand(scenario)
        pings = [s for s in demand.streams if s.kind == "ping"]
        silent = [s for s in demand.streams if s.kind != "ping"]
        assert pings

        messages = sum(s.per_hour.hourly for s in silent)
        sent = sum(s.per_hour.hourly * s.payload.mean for s in silent)
        seconds = messages / 1_000 + sent / 2e6 + demand.new_connections.hourly / 1_000
        cores = seconds / 3600 + demand.connections.hourly * 1e-5
        assert server_load(demand, options(**OWN)).cores.hourly == pytest.approx(cores)

    def test_new_connections_count_everywhere_and_handshakes_where_tls_ends(self, make_demand):
        # 500 per second at 1,000 a core, and handshakes at 250 a core
        demand = make_demand(0, new_connections=500 * 3600)
        own = options(**OWN, handshakes_per_core_second=250)

        assert server_load(demand, own, tls=False).cores.peak == pytest.approx(0.5)
        assert server_load(demand, own, tls=True).cores.peak == pytest.approx(2.5)

    def test_a_new_connection_is_accepted_and_signed_in(self, make_demand):
        work = {"application_cpu_ms_per_new_connection": 20}
        own, demand = options(**OWN, **work, handshakes_per_core_second=250), make_demand(1_000)

        assert most_connection_core_seconds(demand, own, tls=False) == pytest.approx(0.021)
        assert most_connection_core_seconds(demand, own, tls=True) == pytest.approx(0.025)

    def test_a_new_connection_is_greeted(self):
        # 1,000,000 bytes out at 2 MB a second and 16 messages at 1,000 a second, since a message of
        # a greeting has 65,536 at most; a hello of 200 bytes in
        demand = ws.Demand.of(
            1_000,
            session={"law": "exponential", "mean_hours": 1},
            flows={},
            at_connect={"to_client": "1 MB", "from_client": "200 B", "message_bytes": 65_536},
        )
        own = options(**OWN, application="none")

        assert most_connection_core_seconds(demand, own, tls=False) == pytest.approx(
            0.001 + 16 / 1_000 + 0.5 + 1 / 1_000 + 200 / 2e6
        )

    @pytest.mark.parametrize(
        ("server", "handshakes"),
        # HAProxy's manual: 1,300 on a core; for others 45 to 60 % of 3,800 signatures, about 2,000
        [("haproxy", 1_300), ("centrifugo-go", 2_000)],
    )
    def test_handshakes_are_the_servers_own_or_those_of_a_present_core(
        self, make_demand, server, handshakes
    ):
        demand = make_demand(0, new_connections=handshakes * 3600)

        with_tls, clear = (
            server_load(demand, options(**OWN, server=server), tls=tls) for tls in (True, False)
        )
        assert with_tls.cores.peak - clear.cores.peak == pytest.approx(1)

    @pytest.mark.parametrize(
        ("server", "rate"),
        # HAProxy: 243,000 requests and as many responses on three cores, 66 % left with TLS;
        # Centrifugo: 60 % as measured with uWebSockets, which is the one server that says
        [("haproxy", 162_000 * 0.66), ("centrifugo-go", 15_600 * 0.6)],
    )
    def test_tls_leaves_a_share_of_the_messages(self, make_demand, server, rate):
        demand = make_demand(0, to_client=rate * 3600, payload=0)
        own = options(server=server, idle_cpu_seconds_per_connection_second=0)

        assert server_load(demand, own, tls=True).cores.peak == pytest.approx(1)

    @pytest.mark.parametrize("server", ["haproxy", "centrifugo-go"])
    def test_bytes_are_encrypted_at_haproxys_rate_unless_a_server_has_its_own(
        self, make_demand, server
    ):
        # HAProxy's manual: 4.6 Gbit/s of TLS on a core, 575 MB
        demand = make_demand(0, to_client=575 * 3600, payload=1e6)
        own = options(server=server, messages_per_core_second=1e12)

        with_tls, clear = (server_load(demand, own, tls=tls) for tls in (True, False))
        assert with_tls.cores.peak - clear.cores.peak == pytest.approx(1)

    def test_own_rates_are_those_under_the_tls_in_use(self, make_demand):
        # 1,000 messages at 1,000 a core, and 100,000 bytes at 2,000,000 a core
        demand = make_demand(0, to_client=1_000 * 3600)

        for tls in (False, True):
            assert server_load(demand, options(**OWN), tls=tls).cores.peak == pytest.approx(1.05)

    def test_what_arrives_from_other_nodes_is_received_in_clear(self):
        assert arrival_core_seconds(options()) == pytest.approx(1 / 15_600)
        assert arrival_core_seconds(options(**OWN)) == pytest.approx(1 / 1_000)
        assert arrival_byte_core_seconds(options(**OWN)) == pytest.approx(1 / 2e6)

    @pytest.mark.parametrize(
        ("factor", "demand"),
        [
            ("idle_factor", {"connections": 1e6}),
            ("message_factor", {"to_client": 1e9, "payload": 0}),
            ("byte_factor", {"to_client": 1, "payload": 1e9}),
            ("new_connection_factor", {"new_connections": 1e9}),
        ],
    )
    def test_factors_multiply_derived_figures_only(self, make_demand, factor, demand):
        def cores(**given):
            quiet = {"messages_per_core_second": 1e12} if factor == "byte_factor" else {}
            return server_load(make_demand(**demand), options(**given, **quiet)).cores.peak

        assert cores(**{factor: 3}) == pytest.approx(3 * cores())
        if factor != "byte_factor":
            assert cores(**OWN, **{factor: 3}) == pytest.approx(cores(**OWN))


class TestApplication:
    def test_a_chat_takes_what_mattermosts_machines_take(self):
        # https://docs.mattermost.com/administration-guide/scale/scaling-for-enterprise.html: 1,250
        # users per vCPU, so 25 vCPU for 31,250, of which 70 % is planned with
        scenario = ws.Scenario(
            profile="workplace-chat", location="virginia", peak_connections=31_250
        )
        load = server_load(ws.expected_demand(scenario), options())

        assert load.application_cores.peak / 0.7 == pytest.approx(25, rel=0.03)

    def test_a_request_is_an_action_of_mattermosts_load_model(self, make_demand):
        # one action each 20 s, 1,250 users per vCPU, 70 % of which is planned with
        actions = 1_250 / 20 * 3600

        for demand in (make_demand(to_server=actions), make_demand(new_connections=actions)):
            load = server_load(demand, options())
            assert load.application_cores.peak == pytest.approx(0.7, rel=0.01)

    def test_readings_of_devices_take_what_thingsboard_takes(self, make_demand):
        # https://thingsboard.io/docs/pe/reference/architecture/performance/, scenario D: 5,555
        # messages per second at 40 % of 16 vCPU
        demand = make_demand(to_server=5_555 * 3600)

        load = server_load(demand, options(application="ingest"))
        assert load.application_cores.peak == pytest.approx(0.4 * 16, rel=0.01)

    def test_own_figures_replace_the_assumed_ones_altogether(self, make_demand):
        # 1,000 deliveries per second at 2 ms; what clients send and new connections take nothing
        demand = make_demand(
            to_client=1_000 * 3600, to_server=100 * 3600, new_connections=50 * 3600
        )
        own = options(application_cpu_ms_per_delivery=2, application_factor=5)

        assert server_load(demand, own).application_cores.peak == pytest.approx(2)

    @pytest.mark.parametrize("given", [{"application": "none"}, {"application_factor": 0}])
    def test_the_work_can_be_taken_away(self, make_demand, given):
        demand = make_demand(100, to_client=3600, to_server=3600, new_connections=3600)

        assert server_load(demand, options(**given)).application_cores.peak == 0

    def test_greetings_and_heartbeats_are_no_messages_of_the_application(self):
        chat = ws.load_profile("workplace-chat")
        beats = {"interval_seconds": 1, "kind": "application"}
        quiet = {"flows": {}, "heartbeat": Heartbeat(**beats), "application": "request"}
        scenario = ws.Scenario(
            profile=chat.model_copy(update=quiet), location="virginia", mean_connections=1_000
        )
        demand = ws.expected_demand(scenario)
        assert {stream.kind for stream in demand.streams} == {"at_connect", "heartbeat"}

        # 11.2 ms for each new connection
        expected = demand.new_connections.hourly * 11.2e-3 / 3600
        found = server_load(demand, options()).application_cores.hourly
        assert found == pytest.approx(expected)

    def test_each_kind_of_clients_has_its_own_application(self):
        scenario = ws.Scenario.from_yaml(
            """
            location: virginia
            profile:
              title: Devices
              session: {law: deterministic, hours: 8}
              weekly_shape: flat
              flows: {readings: {direction: client_to_server, rate_per_hour: 3600, payload: 50 B}}
              application: ingest
            peak_connections: 1_000
            other_clients:
              people:
                profile:
                  title: People
                  session: {law: deterministic, hours: 8}
                  weekly_shape: flat
                  flows: {clicks: {direction: client_to_server, rate_per_hour: 3600, payload: 50 B}}
                peak_connections: 10
            """
        )
        # 1,000 readings at 1.15 ms, 10 requests at 11.2 ms, and a sign-in per 8 hours at 11.2 ms
        expected = 1.15 + 0.112 + 1_010 / 8 / 3600 * 11.2e-3

        load = server_load(ws.expected_demand(scenario), options())
        assert load.application_cores.peak == pytest.approx(expected)

    def test_a_simulated_demand_keeps_the_application(self):
        scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=50)
        demand = ws.simulate(scenario, "aws.alb_ec2", replications=2).demand

        assert demand.application == "feed"

    def test_an_unknown_kind_is_refused_and_the_known_ones_are_told(self):
        with pytest.raises(ValueError, match=r"unknown application 'bingo'.*feed, ingest, none"):
            options(application="bingo")
        changes = {"extends": "market-data", "application": "requests"}
        with pytest.raises(ws.ScenarioError, match="did you mean 'request'"):
            ws.Scenario(profile=changes, location="virginia", peak_connections=1)


class TestBursts:
    def test_the_work_of_the_application_makes_a_burst_later(self, make_demand):
        # 60,000 at one moment on 2 cores: 1 ms each without, 3 ms with 2 ms of the application
        scenario = ws.Scenario.from_yaml(
            """
            location: virginia
            profile:
              title: Viewers
              session: {law: deterministic, hours: 8}
              weekly_shape: flat
              flows:
                scores:
                  direction: server_to_client
                  rate_per_hour: 1
                  payload: 0 B
                  fan_out: 60_000
                  timing: synchronized
            peak_connections: 60_000
            """
        )
        demand = ws.expected_demand(scenario)
        two = np.array(2.0)

        [without] = late_bursts(demand, options(**OWN), two)
        [with_work] = late_bursts(demand, options(**OWN, application_cpu_ms_per_delivery=2), two)
        assert "30 s" in without
        assert "90 s" in with_work


@every_server
@pytest.mark.parametrize("deployment", ["aws.alb_ec2", "gcp.cloud_run"])
def test_every_server_can_be_chosen(server, deployment):
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=100_000,
        options={deployment: {"server": server}},
    )

    bill = ws.estimate(scenario, deployment)
    assert np.isfinite(bill.total)
    assert bill.total > 0


@every_server
@pytest.mark.parametrize("tls", [False, True])
def test_every_server_takes_memory_and_time(make_demand, server, tls):
    load = server_load(make_demand(100, to_client=3600), options(server=server), tls=tls)

    assert load.memory_bytes.peak > 0
    assert load.cores.peak > 0


@pytest.mark.parametrize(
    ("server", "by_channel"),
    # centrifugal.dev/docs/server/engines; socket.io/docs/v4/redis-adapter; phoenix_pubsub's pg2.ex;
    # SignalR's RedisHubLifetimeManager
    [
        ("centrifugo-go", True),
        ("socketio-node", False),
        ("elixir-phoenix", False),
        ("dotnet-kestrel", True),
    ],
)
def test_what_a_node_receives_from_others_is_the_servers_way_unless_it_is_given(server, by_channel):
    assert subscribes_by_channel(options(server=server)) is by_channel
    assert subscribes_by_channel(options(server=server, subscribes="channel"))
    assert not subscribes_by_channel(options(server=server, subscribes="all"))


def test_connections_are_advised_by_centrifugo_alone():
    # https://centrifugal.dev/docs/faq: 50,000 to 100,000 per node
    advised = {name: advised_connections(options(server=name)) for name in SERVERS}

    assert advised.pop("centrifugo-go") == advised.pop("centrifugo-go-tuned") == 100_000
    assert set(advised.values()) == {np.inf}


@every_server
def test_what_was_borrowed_from_other_servers_is_named(server):
    figures = SERVERS[server]
    *_, borrowed = ("", *stand_ins(options(server=server), tls=True))
    borrowed = borrowed if "stand in" in borrowed else ""

    assert ("memory for TLS" in borrowed) == (figures.tls_memory_per_connection_bytes is None)
    assert ("messages left under TLS" in borrowed) == (figures.tls_throughput_share is None)
    assert ("bytes encrypted" in borrowed) == (figures.tls_bytes_per_core_second is None)
    assert ("handshakes" in borrowed) == (figures.handshakes_per_core_second is None)
    assert "stand in" not in " ".join(stand_ins(options(server=server), tls=False))


@every_server
def test_what_was_derived_is_named_with_its_range(server):
    told = " ".join(stand_ins(options(server=server), tls=False))
    derived = {each.name for each in derived_figures(options(server=server))}

    assert derived == {
        name for name in OWN if SERVERS[server].figures[name].confidence == "inferred"
    }
    assert bool(told) == bool(derived)
    assert ("new connections per core" in told) == ("new_connections_per_core_second" in derived)


def test_more_of_a_rate_is_less_of_the_time():
    # Centrifugo: 15,600 messages per core and second, 11,700 at least (all 40 cores counted)
    multiples = {each.factor: each.multiples for each in derived_figures(options())}

    assert multiples["message_factor"] == pytest.approx((0.5, 15_600 / 11_700))
    # heap of ws; resident memory up to three times of it
    node = {each.factor: each.multiples for each in derived_figures(options(server="node-ws"))}
    assert node["memory_factor"] == pytest.approx((1, 3))


def test_own_figures_derive_and_borrow_nothing():
    own = options(**OWN, handshakes_per_core_second=1_000)

    assert list(stand_ins(own, tls=True)) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"confidence": "inferred"}, "needs its range"),
        ({"confidence": "inferred", "range": [11, 20]}, "range must be"),
        ({"confidence": "confirmed", "range": [12, 9]}, "range must be"),
    ],
)
def test_a_derived_figure_needs_a_range_around_it(given, message):
    with pytest.raises(ValueError, match=message):
        Measured.model_validate(
            {"value": 10, "source": "a source", "checked_on": "2026-11-30", **given}
        )


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
        for name in ("memory_bytes", "cores", "application_cores"):
            np.testing.assert_allclose(
                getattr(together, name).hourly[index], getattr(alone, name).hourly, rtol=1e-12
            )
