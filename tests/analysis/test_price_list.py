"""The price list: what the catalogue says, with source and age, as narrow as one likes."""

import datetime as dt
import re

import pandas as pd
import pytest

import estimator as ws
from estimator.analysis.price_list import per_units, prices, prices_text
from estimator.pricing.catalog import load_catalog
from estimator.pricing.price_files import VENDORS

MESSAGES = "aws.api_gateway.messages"


@pytest.fixture(scope="module")
def everything() -> pd.DataFrame:
    return prices()


def test_the_list_holds_every_price_in_force_once(everything):
    in_force = [
        (row.meter, row.region, row.tier_from, row.usd_per_unit) for row in load_catalog().rows()
    ]

    columns = ["meter", "region", "tier_from", "usd_per_unit"]
    shown = list(everything[columns].itertuples(index=False, name=None))
    assert sorted(shown) == sorted(in_force)
    # the clouds first, and what one could buy instead after them
    assert everything["vendor"].unique().tolist()[:4] == ["AWS", "Azure", "Google Cloud", "OCI"]
    assert not everything.duplicated(["meter", "region", "tier_from"]).any()


def test_bills_are_priced_at_what_the_list_says(everything):
    for (meter, region), rows in everything[everything["region"] != "*"].groupby(
        ["meter", "region"]
    ):
        tariff = load_catalog().rate(str(meter), str(region)).tariff
        assert tariff.tier_from.tolist() == rows["tier_from"].tolist()
        assert tariff.usd_per_unit.tolist() == rows["usd_per_unit"].tolist()


def test_every_price_has_its_vendor_unit_source_and_sureness(everything):
    assert (everything["vendor"] == everything["meter"].str.split(".").str[0].map(VENDORS)).all()
    assert (everything["unit"].str.len() > 0).all()
    assert (everything["source"].str.len() >= 8).all()
    assert set(everything["confidence"]) <= {"confirmed", "single_source", "inferred"}


def test_the_age_of_a_price_is_counted_from_its_last_check(everything):
    today = dt.datetime.now(dt.UTC).date()
    ages = [(today - checked.date()).days for checked in everything["checked_on"]]

    assert everything["age_days"].tolist() == ages
    assert min(ages) >= 0


def test_aws_prices_a_million_messages_as_its_page_does():
    # https://aws.amazon.com/api-gateway/pricing/, US East: first billion $1.00, then $0.80
    table = prices(meter=MESSAGES, location="virginia")

    assert table["region"].unique().tolist() == ["us-east-1"]
    assert table["tier_from"].tolist() == [0, 1e9]
    assert (table["usd_per_unit"] * 1e6).tolist() == pytest.approx([1.00, 0.80], rel=1e-14)


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp", "oci", "ably"])
def test_one_cloud_is_listed_alone_and_in_full(everything, cloud):
    own = everything["meter"].str.startswith(f"{cloud}.")

    pd.testing.assert_frame_equal(prices(cloud=cloud), everything[own].reset_index(drop=True))


@pytest.mark.parametrize("service", ["api_gateway", "cloud_run", "web_pubsub"])
def test_a_service_is_found_by_its_id(everything, service):
    own = everything["meter"].str.split(".").str[1] == service

    assert own.any()
    assert set(prices(service=service)["meter"]) == set(everything.loc[own, "meter"])


@pytest.mark.parametrize(
    ("letters", "name"),
    [("API Gateway", "API Gateway"), ("cloud run", "Cloud Run"), ("pubsub", "PubSub")],
)
def test_a_service_is_found_by_letters_of_its_name(everything, letters, name):
    own = everything["service"].str.contains(name)

    assert own.any()
    assert set(prices(service=letters)["meter"]) >= set(everything.loc[own, "meter"])


@pytest.mark.parametrize("location", ws.locations())
def test_a_location_is_served_by_its_own_regions(everything, location):
    regions = {"*", *ws.locations()[location].regions.values()}

    pd.testing.assert_frame_equal(
        prices(location=location),
        everything[everything["region"].isin(regions)].reset_index(drop=True),
    )
    assert regions - {"*"} <= set(prices(location=location)["region"])


def test_stars_stand_for_any_letters_of_a_meter(everything):
    found = prices(meter="*.egress.*")

    assert {meter.split(".")[0] for meter in found["meter"]} >= {"aws", "azure", "gcp", "oci"}
    assert set(found["meter"]) == {m for m in everything["meter"] if ".egress." in m}


def test_filters_narrow_each_other():
    found = prices(cloud="aws", service="api_gateway", location="frankfurt", meter="*minutes")

    assert found[["meter", "region"]].to_numpy().tolist() == [
        ["aws.api_gateway.connection_minutes", "eu-central-1"]
    ]


@pytest.mark.parametrize("days", [0, 30, 100, 400, 100_000])
def test_stale_prices_were_checked_more_than_so_many_days_ago(everything, days):
    today = pd.Timestamp(dt.datetime.now(dt.UTC).date())
    old = everything["checked_on"] < today - pd.Timedelta(days=days)

    found = prices(stale_days=days)

    pd.testing.assert_frame_equal(found, everything[old].reset_index(drop=True))
    assert found.columns.tolist() == everything.columns.tolist()


def test_prices_of_a_past_day_can_be_listed():
    # AWS halved on-demand DynamoDB on 1 November 2024
    before, after = (
        prices(meter="aws.dynamodb.write_units", location="virginia", as_of=day)["usd_per_unit"]
        for day in (dt.date(2024, 10, 31), dt.date(2024, 11, 1))
    )

    assert (before * 1e6).tolist() == pytest.approx([1.25])
    assert (after * 1e6).tolist() == pytest.approx([0.625])
    assert prices(as_of=dt.date(2001, 1, 1)).empty


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"cloud": "asw"}, "unknown cloud 'asw': did you mean 'aws'?"),
        ({"service": "api_gatway"}, "unknown service 'api_gatway': did you mean 'api_gateway'?"),
        ({"cloud": "gcp", "service": "api_gateway"}, "unknown service 'api_gateway'"),
        ({"location": "frankfort"}, "unknown location 'frankfort': did you mean 'frankfurt'?"),
        ({"meter": "aws.api_gateway.mesages"}, f"did you mean '{MESSAGES}'?"),
        ({"cloud": "azure", "meter": "aws.*"}, "unknown meter 'aws.*'"),
    ],
)
def test_a_name_there_is_not_is_refused_with_a_hint(asked, fault):
    with pytest.raises(ws.UnknownNameError) as caught:
        prices(**asked)

    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("usd", "units"),
    [([0.00000025], 1_000_000), ([0.0009999], 1_000_000), ([0.001], 1), ([2.0, 0.0000001], 1)],
)
def test_small_prices_are_read_for_a_million(usd, units):
    assert per_units(usd) == units


def test_the_text_tells_meter_unit_tiers_age_and_source():
    table = prices(meter=MESSAGES, location="virginia")
    [checked] = table["checked_on"].unique()
    age = table["age_days"].iloc[0]

    title, unit, counted, free, header, first, second, source, end = prices_text(table)

    assert title == f"{MESSAGES}: API Gateway, WebSocket messages"
    assert unit.strip() == "USD per million Messages"
    # https://aws.amazon.com/api-gateway/pricing/: 32 KB steps, both directions, 1 million free
    assert counted.startswith("  Counted: Started steps of 32,768 bytes. Each started 32 KB is one")
    assert "both directions count" in counted
    assert free == "  Free: 1,000,000 Messages per month and account, for new accounts"
    assert header.split() == ["region", "from", "price", "checked", "age"]
    assert first.split()[:5] == ["us-east-1", "0", "1", f"{checked:%Y-%m-%d}", str(age)]
    assert second.split()[:3] == ["us-east-1", "1,000,000,000", "0.8"]
    assert source.strip() == table["source"].iloc[0]
    assert end == ""


def test_the_text_shows_every_price_of_the_table(everything):
    shown: list[tuple[str, float, float]] = []
    scale = 1.0
    for line in prices_text(everything):
        if line.startswith("  USD per "):
            scale = 1e6 if line.startswith("  USD per million ") else 1.0
        row = re.fullmatch(r"  (.{23})\s*([\d,.e+]+)\s+([\d.]+)  \d{4}-\d\d-\d\d\s+\d+ d.*", line)
        if row:
            region = row[1].strip().replace("every region", "*")
            shown.append((region, float(row[2].replace(",", "")), float(row[3]) / scale))

    assert len(shown) == len(everything)
    assert [region for region, *_ in shown] == everything["region"].tolist()
    assert [edge for _, edge, _ in shown] == pytest.approx(everything["tier_from"].tolist())
    assert [usd for *_, usd in shown] == pytest.approx(
        everything["usd_per_unit"].tolist(), rel=1e-11
    )


def test_the_text_says_where_one_is_less_than_sure(everything):
    unsure = everything[everything["confidence"] != "confirmed"]

    lines = [line for line in prices_text(unsure) if re.search(r"\d+ d", line)]

    assert len(lines) == len(unsure)
    for line, confidence in zip(lines, unsure["confidence"], strict=True):
        assert line.endswith({"single_source": "1 source", "inferred": "inferred"}[confidence])


def test_the_text_says_of_what_day_a_source_is_where_it_was_read_on_another(everything):
    days = everything["source_of"]
    assert (days.isna() | (days <= everything["checked_on"])).all()
    for kind, words in (
        (days.isna(), r"  undated"),
        (days < everything["checked_on"], r"  of 20\d\d-\d\d-\d\d"),
        (days == everything["checked_on"], r"$|  1 source$|  inferred$"),
    ):
        text = prices_text(everything[kind])
        lines = [line for line in text if re.search(r"\d{4}-\d\d-\d\d +\d+ d", line)]
        assert len(lines) == kind.sum() > 0
        assert all(re.search(rf"\d+ d(?:{words})", line) for line in lines)


def test_a_price_for_everywhere_is_told_as_such(everything):
    [line, *_] = [
        line for line in prices_text(everything[everything["region"] == "*"]) if " d" in line
    ]

    assert line.startswith("  every region ")


def test_steps_packages_and_allowances_are_listed(everything):
    rows = everything.drop_duplicates("meter").set_index("meter")

    # what vendors state: 512 KB steps, a million per package, 4.32 USD of processor time
    assert rows.loc["aws.http_api.requests", "step_bytes"] == 512 * 1024
    assert rows.loc["supabase.realtime.messages", "package"] == 1e6
    assert rows.loc["gcp.pubsub.throughput_tib", "allowances"].startswith("0.00976562 TiB")
    assert rows.loc["gcp.cloud_run.cpu_request_based", "allowances"].startswith("$4.32 of it")
    assert rows.loc["aws.alb.hours", "allowances"].endswith("for new accounts")
    assert rows.loc["aws.nlb.hours", "allowances"] == ""
    assert "units of 1,000,000,000" in rows.loc["supabase.egress.gb", "definition"].lower()


def test_every_meter_says_what_one_unit_is(everything):
    assert (everything["definition"].str.len() > 10).all()


def test_an_allowance_of_some_regions_is_listed_there_only(everything):
    free = everything[everything["meter"] == "gcp.egress.premium_to_europe"].set_index("region")

    assert free.loc["us-central1", "allowances"].str.startswith("1 GiB").all()
    assert (free.loc["europe-west3", "allowances"] == "").all()
