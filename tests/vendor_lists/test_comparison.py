"""What a vendor's list says beside ours becomes one finding, in words that say what to do."""

import pytest

from estimator.pricing.price_files import load_price_files
from estimator.vendor_lists.comparison import Kind
from estimator.vendor_lists.readers.recognize import read_answer
from estimator.vendor_lists.refresh import report_of
from estimator.vendor_lists.selectors import load_selectors

LATER = "2026-11-30T00:00:00Z"
"""After every check of the shipped list."""


def part(content: dict, number: str) -> dict:
    return next(item for item in content["items"] if item["partNumber"] == number)


def prices(content: dict, number: str) -> list[dict]:
    return part(content, number)["currencyCodeLocalizations"][0]["prices"]


def item(content: dict, name: str) -> dict:
    return next(each for each in content["Items"] if each["meterName"] == name)


def of(found, meter: str):
    return next(each for each in found.findings if each.meter == meter)


def kinds(found) -> set[str]:
    return {str(each.kind) for each in found.notable}


@pytest.mark.parametrize(
    "name",
    ["aws-apigateway", "azure-signalr", "azure-functions", "azure-virtual-machines",
     "gcp-cloud-run", "oci-products"],
)  # fmt: skip
def test_answers_that_agree_are_quiet(report, name):
    found = report(name)

    assert found.findings
    assert found.notable == ()
    assert found.exit_status == 0


def test_a_changed_price_says_by_how_much(report):
    def change(content: dict) -> None:
        prices(content, "B93113")[0].update(value=0.02)
        content.update(lastUpdated=LATER)

    found = report("oci-products", change)
    [seen] = found.notable

    assert (seen.kind, seen.meter) == (Kind.CHANGED, "oci.compute.e4_ocpu_hours")
    assert seen.ratio == pytest.approx(0.8)
    assert found.exit_status == 3


@pytest.mark.parametrize(
    ("value", "kind"),
    [(0, Kind.ZERO), (0.2, Kind.BEYOND_RATIO), (0.0001, Kind.BEYOND_RATIO), (0.125, Kind.CHANGED)],
)
def test_a_price_that_is_nothing_or_beyond_a_ratio_of_five_needs_a_person(report, value, kind):
    # the e4 core costs 0.025; five times that is still believed
    def change(content: dict) -> None:
        prices(content, "B93113")[0].update(value=value)
        content.update(lastUpdated=LATER)

    found = report("oci-products", change)

    assert [each.kind for each in found.notable] == [kind]


def test_a_unit_that_nobody_has_seen_is_no_price(report):
    change = {"metricName": "1,000 Hours"}
    found = report("oci-products", lambda c: part(c, "B93113").update(change))
    [unit] = found.notable

    assert unit.kind is Kind.UNIT_UNKNOWN
    assert unit.detail == "unit '1,000 Hours' is not known"


def test_a_new_name_is_told_and_the_price_is_found_by_its_id(report):
    found = report("oci-products", lambda c: part(c, "B93113").update(displayName="E4 core"))

    assert of(found, "oci.compute.e4_ocpu_hours").detail == "B93113 has another name now"
    assert found.notable == ()


def test_a_new_id_is_told_and_the_price_is_found_by_its_name(report):
    found = report("oci-products", lambda c: part(c, "B93113").update(partNumber="B99999"))

    assert of(found, "oci.compute.e4_ocpu_hours").detail == "B99999 has another id now"


def test_a_part_that_is_gone_is_named_and_ours_stays(report):
    found = report("oci-products", lambda c: c["items"].remove(part(c, "B93113")))
    gone = of(found, "oci.compute.e4_ocpu_hours")

    assert (gone.kind, gone.detail) == (Kind.VANISHED, "our price stays")


def test_of_a_list_that_lost_a_family_nothing_is_believed(report):
    assert report("oci-products").distrusted == {}

    # the traffic of a third of our regions
    found = report("oci-products", lambda c: c["items"].remove(part(c, "B88327")))

    assert list(found.distrusted) == [("oci", "products")]


def test_other_free_units_are_a_finding(report):
    def change(content: dict) -> None:
        prices(content, "B90617")[0].update(rangeMax=30)
        prices(content, "B90617")[1].update(rangeMin=30)

    [free] = report("oci-products", change).notable

    # 400,000 GB-seconds are free; the list counts in tens of thousands
    assert (free.kind, free.detail) == (Kind.FREE_UNITS, "300,000 are free, not 400,000")


def test_a_region_that_we_have_no_price_for_is_new(report):
    def move(content: dict) -> None:
        for each in content["Items"]:
            each["armRegionName"] = "germanywestcentral"

    found = report("azure-virtual-machines", move)

    assert kinds(found) <= {"new region", "changed", "contradicts a confirmed price"}


def test_a_price_older_than_our_check_contradicts_it(report):
    def change(content: dict) -> None:
        item(content, "Standard Unit").update(retailPrice=1.5)

    [found] = report("azure-signalr", change).notable

    assert found.kind is Kind.CONTRADICTS_CONFIRMED
    assert found.detail.startswith("the vendor says since 2018-12-11, ours was confirmed on 2026-")


def test_a_price_that_began_after_our_check_is_a_change(report):
    def change(content: dict) -> None:
        later = {"retailPrice": 1.5, "effectiveStartDate": "2026-12-01T00:00:00Z"}
        item(content, "Standard Unit").update(later)

    assert kinds(report("azure-signalr", change)) == {"changed"}


def test_spot_and_windows_are_never_taken_for_the_machine(report):
    def only_guarded(content: dict) -> None:
        content["Items"] = [
            each
            for each in content["Items"]
            if "Windows" in each["productName"] or "Spot" in each["meterName"]
        ]

    found = report("azure-virtual-machines", only_guarded)

    assert {str(each.kind) for each in found.findings} == {"vanished"}


def test_two_prices_that_fit_are_unclear(report):
    def twice(content: dict) -> None:
        other = dict(item(content, "Standard Unit"), retailPrice=2.5, meterId="another")
        content["Items"].append(other)

    [found] = report("azure-signalr", twice).notable

    assert found.kind is Kind.UNCLEAR
    assert found.detail.startswith("several prices fit")


def test_all_tiers_are_there_or_none_is_taken(report):
    def lose_a_tier(content: dict) -> None:
        for region in content["regions"].values():
            for key in [k for k, v in region.items() if v["rateCode"].endswith(".AGD8ADSNTG")]:
                del region[key]

    found = report("aws-apigateway", lose_a_tier)

    assert {each.detail for each in found.notable} == {"1 of 2 tiers are there"}


def test_an_answer_from_before_our_check_is_no_change(report):
    def change(content: dict) -> None:
        prices(content, "B93113")[0].update(value=0.02)
        content.update(lastUpdated="2025-01-01T00:00:00Z")

    found = report("oci-products", change)

    assert of(found, "oci.compute.e4_ocpu_hours").kind is Kind.OLDER
    assert found.exit_status == 0


def test_a_list_from_before_our_first_price_says_nothing_of_it(report):
    found = report(
        "aws-apigateway", lambda c: c["manifest"].update(hawkFilePublicationDate="2019-01-01")
    )

    assert set(found.counts) == {Kind.OLDER}
    assert found.exit_status == 0


def test_what_is_unclear_stands_beside_our_price(report):
    found = report("oci-products", lambda c: part(c, "B93113").update(metricName="1,000 Hours"))

    # 0.025 per hour of an E4 core: https://www.oracle.com/cloud/price-list/
    assert [float(usd) for _, usd in of(found, "oci.compute.e4_ocpu_hours").ours] == [0.025]


def test_an_item_that_stands_on_two_pages_is_one(report):
    found = report("azure-signalr", lambda c: c["Items"].append(dict(c["Items"][0])))

    assert found.notable == ()


def test_regions_that_an_answer_leaves_out_are_named(answer):
    content = answer("aws-apigateway")
    lists = read_answer(content, "a")
    selectors = tuple(s for s in load_selectors() if s.meter == "aws.api_gateway.messages")
    whole = report_of(lists, selectors)
    content["regions"] = {"Mars (Olympus Mons)": next(iter(content["regions"].values()))}
    elsewhere = report_of(read_answer(content, "a"), selectors)
    ours = {r.region for r in load_price_files().rates if r.meter == "aws.api_gateway.messages"}

    [left] = [each.reason for each in whole.unchecked]
    assert f"so that {len(ours) - len(whole.findings)} prices stay unchecked" in left
    assert elsewhere.findings == ()
    [left] = [each.reason for each in elsewhere.unchecked]
    assert f"so that {len(ours)} prices stay unchecked" in left


def test_prices_that_no_list_has_are_counted_as_those_that_were_looked_up():
    selectors = tuple(s for s in load_selectors() if s.meter == "aws.api_gateway.messages")
    regions = {r.region for r in load_price_files().rates if r.meter == "aws.api_gateway.messages"}
    [left] = report_of((), selectors).unchecked

    # a price has two tiers, and may have older rows: it is one price of one region
    assert f"{len(regions)} prices of aws.api_gateway.messages stay unchecked" in left.reason


def test_lists_of_google_are_called_what_they_are_of():
    selectors = tuple(s for s in load_selectors() if s.meter == "gcp.cloud_run.requests")
    [left] = report_of((), selectors).unchecked

    assert left.what == "Google Cloud, Cloud Run (152E-C115-5142)"
