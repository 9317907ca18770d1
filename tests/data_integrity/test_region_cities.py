"""Every region that has prices has a city, and cities are where the vendors say."""

from collections import Counter
from functools import cache

import pytest

import estimator as ws
from estimator.analysis.estimate.estimate import estimate_all
from estimator.pricing.price_files import CLOUDS
from estimator.scenario.region_cities import RegionCity, region_cities

PART = [name for name, city in region_cities().items() if city.coverage == "part"]
SAMPLE = ["us-east-2", "eu-north-1", "westeurope", "us-central1", "europe-west4", "uk-cardiff-1"]


@cache
def own_regions(region: str) -> dict[str, str]:
    """The region in which each deployment of the region's cloud is billed."""
    cloud = region_cities()[region].cloud
    names = [name for name in ws.DEPLOYMENTS if name.startswith(f"{cloud}.")]
    asked = ws.Scenario(profile="workplace-chat", location=region, peak_connections=5000)
    bills, refusals = estimate_all(asked, names)

    assert refusals == []
    return {str(bill.deployment): bill.region for bill in bills}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_region_of_the_price_list_has_a_city(cloud, tables):
    known = [row["region"] for row in tables.rows(cloud, "regions")]
    cities = [city.region for city in region_cities().values() if city.cloud == cloud]

    assert cities == known or sorted(cities) == sorted(known)


def test_no_two_clouds_have_a_region_of_the_same_id(tables):
    ids = Counter(row["region"] for cloud in CLOUDS for row in tables.rows(cloud, "regions"))

    assert [name for name, times in ids.items() if times > 1] == []


@pytest.mark.parametrize("name", ws.locations())
def test_named_locations_and_cities_agree(name):
    location = ws.locations()[name]
    for cloud, region in location.regions.items():
        city = region_cities()[region]
        assert city.cloud == cloud
        if cloud not in location.stand_ins:
            assert (city.area, city.time_zone) == (location.area, location.time_zone)


@pytest.mark.parametrize("region", region_cities())
def test_a_city_is_where_its_clock_and_area_are(region):
    city = region_cities()[region]
    boxes = {
        # degrees west, east, south, north
        "americas": (-130, -65, 24, 60),
        "south_america": (-80, -34, -56, 13),
        "europe": (-10, 32, 35, 70),
        "middle_east_africa": (-20, 60, -35, 38),
        "asia": (60, 150, -10, 46),
        "australia": (110, 155, -45, -10),
    }
    west, east, south, north = boxes[city.area]

    assert west <= city.longitude <= east
    assert south <= city.latitude <= north
    assert city.source.startswith("https://")


@pytest.mark.parametrize(
    ("region", "latitude", "longitude"),
    [
        # az account list-locations, as two public copies give it
        ("eastus2", 36.6681, -78.3889),
        ("centralus", 41.5908, -93.6208),
        ("northeurope", 53.3478, -6.2597),
        ("uksouth", 50.941, -0.799),
        ("westus2", 47.233, -119.852),
        ("centralindia", 18.5822, 73.9197),
        # a public list of Google's regions by city, read independently
        ("us-central1", 41.26, -95.86),
        ("us-east1", 33.2, -80.01),
        ("us-east5", 39.96, -83.0),
        ("us-west1", 45.59, -121.18),
        ("southamerica-west1", -33.45, -70.67),
        # a public list of AWS regions with coordinates
        ("us-east-2", 40.09, -82.75),
        ("us-west-2", 45.92, -119.27),
        ("eu-west-3", 48.6, 2.3),
    ],
)
def test_coordinates_agree_with_other_readings(region, latitude, longitude):
    here = region_cities()[region]
    there = RegionCity(
        cloud=here.cloud,
        region=region,
        title=here.title,
        latitude=latitude,
        longitude=longitude,
        time_zone=here.time_zone,
        area=here.area,
        coverage=here.coverage,
        source=here.source,
    )

    assert here.km_to(there) < 50


@pytest.mark.parametrize("region", SAMPLE)
def test_every_deployment_is_billed_in_a_region_that_is_fully_covered(region):
    assert set(own_regions(region).values()) == {region}


@pytest.mark.parametrize("region", ["northcentralus", "us-east5", "asia-northeast3"])
def test_in_a_region_of_few_prices_another_one_stands_in_for_some(region):
    assert region in PART
    assert set(own_regions(region).values()) - {region}
