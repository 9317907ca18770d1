"""Any region that the price list knows can be a location, by its id and by its city."""

import pytest

import estimator as ws
from estimator.scenario.locations import find_location
from estimator.scenario.region_cities import region_cities

NAMED = ws.locations()


def scenario(location: str, **changes) -> ws.Scenario:
    return ws.Scenario(
        **{"profile": "workplace-chat", "location": location, "peak_connections": 5000} | changes
    )


def test_the_ten_named_locations_come_first_and_stay_as_they_are():
    everywhere = ws.locations(regions=True)

    assert list(everywhere)[:10] == list(NAMED)
    assert {name: everywhere[name] for name in NAMED} == NAMED
    assert list(everywhere)[-len(region_cities()) :] == list(region_cities())


@pytest.mark.parametrize(
    ("name", "regions"),
    [
        # the regions that the vendors have in these cities, from their lists of regions
        ("seoul", {"aws": "ap-northeast-2", "gcp": "asia-northeast3", "oci": "ap-seoul-1"}),
        ("stockholm", {"aws": "eu-north-1", "oci": "eu-stockholm-1"}),
        ("ohio", {"aws": "us-east-2", "gcp": "us-east5"}),
        ("montreal", {"aws": "ca-central-1", "gcp": "northamerica-northeast1"}),
        ("netherlands", {"azure": "westeurope", "gcp": "europe-west4", "oci": "eu-amsterdam-1"}),
        ("us-east-2", {"aws": "us-east-2", "gcp": "us-east5"}),
        ("westeurope", {"azure": "westeurope", "gcp": "europe-west4", "oci": "eu-amsterdam-1"}),
        ("asia-northeast3", {"gcp": "asia-northeast3", "aws": "ap-northeast-2"}),
        ("ap-seoul-1", {"oci": "ap-seoul-1", "gcp": "asia-northeast3"}),
    ],
)
def test_a_location_is_served_from_the_regions_of_its_city(name, regions):
    found = find_location(name)

    assert found.regions.items() >= regions.items()
    assert set(found.regions) == {"aws", "azure", "gcp", "oci"}
    assert not found.stand_ins.keys() & regions.keys() or name == "westeurope"


@pytest.mark.parametrize("region", region_cities())
def test_a_region_serves_the_location_of_its_name(region):
    cloud = region_cities()[region].cloud
    found = find_location(region)

    assert found.regions[cloud] == region
    assert cloud not in found.stand_ins or region in found.stand_ins[cloud]
    assert found.title.endswith(f"({region})")


@pytest.mark.parametrize("name", NAMED)
def test_the_own_regions_of_a_named_location_are_served_as_it_is(name):
    for cloud, region in NAMED[name].regions.items():
        if cloud not in NAMED[name].stand_ins:
            assert find_location(region).regions == NAMED[name].regions
            assert find_location(region).stand_ins == NAMED[name].stand_ins


def test_a_bill_by_the_id_of_a_region_is_that_of_the_named_location():
    by_name = ws.estimate(scenario("virginia"), "aws.alb_ec2")

    assert float(ws.estimate(scenario("us-east-1"), "aws.alb_ec2").total) == float(by_name.total)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        # great-circle distances between the cities, as gazetteers give them
        ("ap-northeast-1", "ap-northeast-2", 1160),  # Tokyo, Seoul
        ("eu-west-2", "eu-west-3", 344),  # London, Paris
        ("us-west-1", "us-ashburn-1", 3890),  # San Francisco, Ashburn
        ("sa-east-1", "af-johannesburg-1", 7430),  # São Paulo, Johannesburg
        ("ap-southeast-2", "sa-santiago-1", 11340),  # across the date line
    ],
)
def test_distances_are_those_of_the_great_circle(one, other, km):
    cities = region_cities()

    assert cities[one].km_to(cities[other]) == pytest.approx(km, rel=0.01)
    assert cities[one].km_to(cities[other]) == cities[other].km_to(cities[one])
    assert cities[one].km_to(cities[one]) == 0


def test_the_bill_says_which_region_stands_in_and_how_far_away_it_is():
    bill = ws.estimate(scenario("us-east-2"), "azure.web_pubsub")

    assert bill.region == "eastus"
    assert bill.notes[0] == (
        "Azure's nearest region with prices, eastus (Virginia), 400 km away, stands in."
    )


def test_where_only_some_prices_are_known_the_next_region_serves_the_rest():
    # the price list knows Cloud Run in Columbus, and no machines
    bill = ws.estimate(scenario("us-east-2"), "gcp.application_lb_gce")

    assert bill.region == "us-east4"
    assert "us-east4 (Northern Virginia), 480 km away, stands in" in bill.notes[0]


def test_a_region_is_kept_where_it_has_all_prices_that_are_needed():
    alone = {"azure.web_pubsub": {"functions": "none"}}
    pubsub = ws.estimate(scenario("northcentralus").replace(options=alone), "azure.web_pubsub")
    gateway = ws.estimate(scenario("northcentralus"), "azure.application_gateway_vm")

    assert pubsub.region == "northcentralus"
    assert not [note for note in pubsub.notes if "stands in" in note]
    assert gateway.region == "centralus"
    assert "centralus (Iowa), 500 km away, stands in" in gateway.notes[0]


def test_a_shape_goes_by_the_clock_of_the_region():
    assert scenario("ap-northeast-2").clock.time_zone == "Asia/Seoul"
    assert scenario("us-west-2").clock.time_zone == "America/Los_Angeles"
    assert scenario("sa-santiago-1").destinations == {"south_america": 1.0}


def test_a_scenario_of_a_region_survives_being_written():
    said = scenario("europe-north1")

    assert ws.Scenario.from_yaml(said.to_yaml()) == said
    assert ws.Scenario.from_token(said.to_token()) == said


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("us-east-22", "us-east-2"),
        ("eastus3", "eastus"),
        ("East US 2", "eastus2"),
        ("asia-northeast-3", "asia-northeast3"),
        ("ap-northeast2", "ap-northeast-2"),
        ("hong-kong", "hongkong"),
        ("Seoul", "seoul"),
        ("frankfort", "frankfurt"),
    ],
)
def test_a_name_that_is_none_names_one_that_is_close(wrong, meant):
    with pytest.raises(ws.ScenarioError, match=f"did you mean '{meant}'"):
        scenario(wrong)


@pytest.mark.parametrize("wrong", ["", " ", "*", "global", "us-east-1 ", "x" * 5000, "aws", "us"])
def test_what_names_no_region_says_what_can_be_one(wrong):
    with pytest.raises(ws.UnknownNameError) as caught:
        find_location(wrong)

    for name in NAMED:
        assert name in str(caught.value)
    assert "or a region by its city or the vendor's id, such as" in str(caught.value)


def test_a_city_where_a_cloud_has_two_regions_is_no_location():
    # Azure has two regions in Virginia
    with pytest.raises(ws.UnknownNameError):
        find_location("northernvirginia")


def test_no_two_locations_have_the_same_title():
    titles = [location.title for location in ws.locations(regions=True).values()]

    assert len(titles) == len(set(titles))


def test_no_city_is_called_like_a_named_location_or_a_region():
    cities = {name for city in region_cities().values() for name in city.names}

    assert not cities & NAMED.keys()
    assert not cities & region_cities().keys()
    assert not NAMED.keys() & region_cities().keys()
