"""The map from lines of vendors' bills to our meters: every row is found, by itself only."""

import pytest

from estimator.invoices.meter_map import MeterMap, load_invoice_lines
from estimator.pricing.price_files import CLOUDS, load_price_files


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_id_and_name_finds_its_own_row(cloud):
    finder = MeterMap()
    for row in load_invoice_lines(cloud):
        unit = next(iter(row.units)).replace("*", "")
        says = " ".join(row.where)
        for name in row.names:
            found = finder.find(cloud, "", name.replace("*", "any"), says, unit)
            assert found is not None, (row.meter, name)
            assert found.row is row, (row.meter, name, found.row.meter)
        for line_id in row.ids:
            found = finder.find(cloud, line_id, "", "", unit)
            assert found is not None
            assert found.row is row, (row.meter, line_id)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_rows_are_of_their_cloud_and_say_where_such_a_line_was_seen(cloud):
    for row in load_invoice_lines(cloud):
        assert (row.meter or f"{cloud}.").startswith(f"{cloud}.")
        assert len(row.evidence) > 20


def test_most_meters_have_a_row():
    meters = {row.meter for row in load_price_files().meters}
    mapped = {row.meter for cloud in CLOUDS for row in load_invoice_lines(cloud) if row.meter}
    of_clouds = {meter for meter in meters if meter.partition(".")[0] in CLOUDS}
    preemptible = {meter for meter in of_clouds if meter.startswith("oci.preemptible.")}

    # what has none was seen on no bill and in no price list by the names that bills have
    assert len(of_clouds - preemptible - mapped) <= 30


@pytest.mark.parametrize(
    ("cloud", "name", "says", "unit"),
    [
        ("aws", "BoxUsage:c7g.large", "RunInstances:0002 Windows", "Hrs"),
        ("aws", "SpotUsage:c7g.large", "RunInstances", "Hrs"),
        ("aws", "LoadBalancerUsage", "LoadBalancing", "Hrs"),
        ("aws", "LoadBalancerUsage", "LoadBalancing:Gateway Network", "Hrs"),
        ("azure", "D2as v5", "Virtual Machines Dasv5 Series Windows", "Hour"),
        ("azure", "D2as v5", "Cloud Services Dasv5 Series", "Hour"),
        ("azure", "Standard Unit", "Azure Database", "/Day"),
        ("gcp", "N2 Custom Instance Core running in Frankfurt", "Compute Engine", "hour"),
        ("gcp", "Spot Preemptible E2 Instance Core running in Frankfurt", "Compute Engine", "hour"),
        ("gcp", "E2 Instance Core running in Frankfurt", "Compute Engine", "fortnight"),
        ("other", "ApiGatewayMessage", "", ""),
    ],
)
def test_what_only_looks_like_a_meter_is_none(cloud, name, says, unit):
    assert MeterMap().find(cloud, "", name, says, unit) is None


def test_web_pubsub_and_signalr_are_told_apart_though_they_are_one_service():
    finder = MeterMap()
    pubsub = finder.find(
        "azure", "", "Standard Unit", "Azure SignalR Service microsoft.signalrservice/webpubsub", ""
    )
    signalr = finder.find("azure", "", "Standard Unit", "SignalR Azure SignalR Service", "")

    assert pubsub is not None
    assert signalr is not None
    assert pubsub.row.meter == "azure.web_pubsub.standard_unit_days"
    assert signalr.row.meter == "azure.signalr.standard_unit_days"
