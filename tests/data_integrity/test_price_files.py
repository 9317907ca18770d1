"""Every price is sourced, dated, positive and complete; the files are read past our own code."""

import datetime as dt
import re
from collections import defaultdict

import pytest

TODAY = dt.datetime.now(dt.UTC).date()
FOLDERS = ["aws", "azure", "gcp", "oci", "saas"]
TABLES = ["meters", "rates", "allowances", "regions", "gaps"]
FREE_AS_A_WHOLE = {
    # what no cloud charges for: data that comes in
    "aws.ingress.internet",
    "azure.ingress.internet",
    "gcp.ingress.internet",
    "oci.ingress.internet",
    # units without price, and traffic that is free under one answer
    "azure.web_pubsub.free_unit_days",
    "azure.signalr.free_unit_days",
    "azure.inter_zone.gb",
    # no part in Oracle's price list, and its own pages call them free
    "oci.network_load_balancer.hours",
    "oci.nat_gateway.hours",
    "oci.nat_gateway.gb",
    "oci.public_ipv4.hours",
    "oci.inter_ad.gb",
    "oci.oke.basic_cluster_hours",
    # plans without a fee
    "pusher.channels.sandbox_months",
    "pubnub.mau.free_months",
    # Cloudflare charges no traffic of Workers and Durable Objects
    "cloudflare.egress.internet",
}

every_folder = pytest.mark.parametrize("folder", FOLDERS)


def keys(rows: list[dict[str, str]]) -> list[str]:
    return [" ".join(filter(None, (row["meter"], row.get("region"), row.get("tier_from"))))
            for row in rows]  # fmt: skip


def ladders(rows: list[dict[str, str]]) -> dict[tuple[str, ...], list[tuple[float, float]]]:
    """Tiers and prices of every price there ever was, by meter, region, day and answer."""
    found = defaultdict(list)
    for row in rows:
        key = row["meter"], row["region"], row["effective_from"], row["assumption"], row["answer"]
        found[key].append((float(row["tier_from"]), float(row["usd_per_unit"])))
    return {key: sorted(ladder) for key, ladder in found.items()}


@every_folder
def test_every_row_says_where_it_was_read(folder, tables):
    vague = [row for row in tables.rows(folder) if not row["source"].startswith("https://")]

    assert keys(vague) == []


@every_folder
def test_prices_are_positive_unless_a_meter_is_known_to_be_free(folder, tables):
    rows = tables.rows(folder)

    assert keys([row for row in rows if float(row["usd_per_unit"]) < 0]) == []
    free = [row for row in rows if float(row["usd_per_unit"]) == 0]
    assert keys([row for row in free if row["meter"] not in FREE_AS_A_WHOLE]) == []
    assert keys([row for row in free if not row["note"]]) == []


@every_folder
def test_prices_are_plain_decimals(folder, tables):
    odd = [
        row
        for row in tables.rows(folder)
        if not re.fullmatch(r"\d+(\.\d+)?", row["usd_per_unit"])
        or not re.fullmatch(r"\d+(\.\d+)?", row["tier_from"])
    ]

    assert keys(odd) == []


@every_folder
def test_dates_are_sane(folder, tables):
    day = re.compile(r"20\d\d-\d\d-\d\d")
    for row in tables.rows(folder):
        assert day.fullmatch(row["effective_from"]), keys([row])
        assert day.fullmatch(row["checked_on"]), keys([row])
        # no later than today, not before it came into force, not older than the services
        assert "2010-01-01" <= row["effective_from"] <= row["checked_on"], keys([row])
        assert row["checked_on"] <= TODAY.isoformat(), keys([row])
        # nobody reads today what is of tomorrow
        if row["source_of"]:
            assert day.fullmatch(row["source_of"]), keys([row])
            assert row["source_of"] <= row["checked_on"], keys([row])


@every_folder
def test_tiers_start_at_zero_and_ascend(folder, tables):
    for key, ladder in ladders(tables.rows(folder)).items():
        edges = [edge for edge, _ in ladder]
        assert edges[0] == 0, key
        assert len(set(edges)) == len(edges), key


@every_folder
def test_bigger_tiers_never_cost_more(folder, tables):
    for key, ladder in ladders(tables.rows(folder)).items():
        prices = [usd for _, usd in ladder]
        assert prices == sorted(prices, reverse=True), key


@every_folder
def test_meters_and_prices_are_of_the_same_things(folder, tables):
    defined = {row["meter"] for row in tables.rows(folder, "meters")}

    assert {row["meter"] for row in tables.rows(folder)} == defined
    assert {row["meter"] for row in tables.rows(folder, "gaps")} <= defined
    allowed = {
        meter for row in tables.rows(folder, "allowances") for meter in row["meters"].split()
    }
    assert allowed <= defined


@every_folder
def test_every_region_of_a_price_is_known(folder, tables):
    known = {row["region"] for row in tables.rows(folder, "regions")} | {"*"}

    assert {row["region"] for row in tables.rows(folder)} <= known
    assert {row["region"] for row in tables.rows(folder, "gaps")} <= known


@every_folder
def test_ids_start_with_their_vendor(folder, tables):
    vendors = {"saas": {"ably", "cloudflare", "pubnub", "pusher", "supabase"}}
    allowed = vendors.get(folder, {folder})

    assert {row["meter"].split(".")[0] for row in tables.rows(folder, "meters")} <= allowed
    assert {row["allowance"].split(".")[0] for row in tables.rows(folder, "allowances")} <= allowed
    assert {name.split(".")[0] for name in tables.yaml(f"{folder}/assumptions.yaml")} <= allowed


@every_folder
def test_units_are_known(folder, tables):
    # a unit that is new is a new way to count: look whether demand is counted so
    known = {
        "Messages", "Requests", "Connection-Minutes", "Channel-Minutes", "Units-Days", "Unit-Days",
        "GB", "GiB", "TiB", "GB-Months", "GiB-Months", "GB-Seconds", "GiB-Seconds", "GB-Hours",
        "GiB-Hours", "vCPU-Seconds", "vCPU-Hours", "OCPU-Hours", "Instance-Hours",
    }  # fmt: skip
    plural = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*s|GB|GiB|TiB")
    for row in tables.rows(folder, "meters"):
        assert row["unit"] in known or plural.fullmatch(row["unit"]), row["meter"]


@every_folder
def test_what_is_not_confirmed_says_why(folder, tables):
    rows = tables.rows(folder)

    assert {row["confidence"] for row in rows} <= {"confirmed", "single_source", "inferred"}
    assert keys([row for row in rows if row["confidence"] != "confirmed" and not row["note"]]) == []


@every_folder
def test_no_row_stands_twice(folder, tables):
    for table in TABLES:
        rows = [tuple(row.values()) for row in tables.rows(folder, table)]
        assert len(set(rows)) == len(rows), table


@every_folder
def test_meters_and_allowances_have_an_official_source_with_an_address(folder, tables):
    for table in ("meters", "allowances"):
        vague = [r for r in tables.rows(folder, table) if not r["source"].startswith("https://")]
        assert vague == []


@every_folder
def test_allowances_of_one_meter_are_spent_the_same_way(folder, tables):
    ways = defaultdict(set)
    for row in tables.rows(folder, "allowances"):
        assert "2010-01-01" <= row["checked_on"] <= TODAY.isoformat()
        assert bool(row["quantity"]) != bool(row["usd"]), row["allowance"]
        for meter in row["meters"].split():
            if row["tiers"]:
                ways[meter, row["answer"]].add(row["tiers"])

    assert {meter: found for meter, found in ways.items() if len(found) > 1} == {}


@every_folder
def test_a_gap_is_where_there_is_no_price(folder, tables):
    priced = {(row["meter"], row["region"]) for row in tables.rows(folder)}
    everywhere = {meter for meter, region in priced if region == "*"}

    for gap in tables.rows(folder, "gaps"):
        assert (gap["meter"], gap["region"]) not in priced
        assert gap["meter"] not in everywhere
        assert gap["reason"] in {"not_offered", "not_seen"}
        assert gap["note"]


@every_folder
def test_open_questions_have_rows_for_every_answer(folder, tables):
    asked = tables.yaml(f"{folder}/assumptions.yaml")
    answers = defaultdict(set)
    for table in ("meters", "rates"):
        for row in tables.rows(folder, table):
            if row["assumption"]:
                what = row["assumption"], table, row["meter"], row.get("region")
                answers[what].add(row["answer"])
    for (name, *what), found in answers.items():
        assert found == set(asked[name]["choices"]), (name, what)

    for row in tables.rows(folder, "allowances"):
        if row["assumption"]:
            answers[row["assumption"],].add(row["answer"])
            assert row["answer"] in asked[row["assumption"]]["choices"]
    assert {name for name, *_ in answers} == set(asked)


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp", "oci"])
def test_every_limit_has_a_source_and_a_date(cloud, tables):
    for name, limit in tables.yaml(f"{cloud}/limits.yaml").items():
        assert name.startswith(f"{cloud}.")
        assert len(limit["source"]) >= 8, name
        assert limit["checked_on"] <= TODAY, name


@pytest.mark.parametrize("path", ["servers.yaml", "handshake.yaml", "application.yaml"])
def test_every_measured_figure_has_a_source_and_a_grade(path, tables):
    def figures(node: dict):
        if "value" in node:
            yield node
        else:
            for inner in node.values():
                if isinstance(inner, dict):
                    yield from figures(inner)

    found = list(figures(tables.yaml(path)))
    assert found
    for figure in found:
        # what a server subscribes to is a word
        assert figure["value"] in {"channel", "all"} or figure["value"] > 0
        assert len(figure["source"]) >= 8
        assert figure["confidence"] in {"confirmed", "single_source", "inferred"}
