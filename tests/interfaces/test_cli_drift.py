"""What `estimator drift` says of saved scenarios once prices were refreshed."""

import json
import re
from pathlib import Path

import pytest

from estimator.pricing.price_files import load_price_files, price_list

CHAT = str(Path(__file__).resolve().parents[2] / "examples/team-chat.yaml")
HEADER = (
    "meter,region,tier_from,usd_per_unit,effective_from,checked_on,source,confidence,assumption,"
    "answer,note"
)
ONLY = ["--deployment", "aws.nlb_ec2"]


def row(usd: float) -> str:
    """Hours of the balancer in every region, at another price since yesterday."""
    rest = "2026-11-30,2026-11-30,https://example.com/prices,single_source,,,made up"
    regions = ("us-east-1", "eu-central-1")
    return "\n".join(f"aws.nlb.hours,{region},0,{usd},{rest}" for region in regions)


@pytest.fixture
def refreshed(tmp_path, monkeypatch):
    """Lay a price over the shipped list; 0.0225 per hour there."""

    def refreshed(usd: float, name: str = "refreshed") -> Path:
        folder = tmp_path / name
        (folder / "aws").mkdir(parents=True)
        (folder / "aws/rates.csv").write_text(f"{HEADER}\n{row(usd)}\n", encoding="utf-8")
        return folder

    return refreshed


def test_without_a_refresh_nothing_drifts(run):
    status, out, err = run("drift", CHAT, *ONLY)

    assert (status, err) == (0, "")
    assert "No bill of 1 scenario moves." in out


def test_a_refreshed_price_moves_the_bill_by_its_hours(run, refreshed, monkeypatch):
    monkeypatch.setenv("ESTIMATOR_PRICES", str(refreshed(0.1225)))
    status, out, err = run("drift", CHAT, *ONLY, "--json")
    found = json.loads(out)
    [scenario] = found["scenarios"]
    [bill] = scenario["deployments"]

    assert (status, err) == (3, "")
    assert found["before"] != found["after"]
    # one balancer, 730 hours per month, 10 cents more
    assert bill["change_usd"] == pytest.approx(73)
    assert [line["meter"] for line in bill["lines"]] == ["aws.nlb.hours"]


ASKED = ("price", "aws.nlb.hours=730", "--region", "us-east-1", "--json")
LIST = re.compile(r"newest prices known, price list ([0-9a-f]{8}) of 20\d\d-\d\d-\d\d")


def conventions(run) -> str:
    return json.loads(run(*ASKED)[1])["conventions"]


def test_a_bill_says_which_price_list_and_how_far_refreshes_changed_it(run, refreshed, monkeypatch):
    shipped = conventions(run)
    assert "refreshes" not in shipped

    monkeypatch.setenv("ESTIMATOR_PRICES", str(refreshed(0.1225)))
    own = conventions(run)
    assert "your own refreshes included (2 prices other than those that ship" in own
    assert LIST.findall(own) != LIST.findall(shipped)
    assert len(LIST.findall(own)) == len(LIST.findall(shipped)) == 1


def test_each_price_that_refreshes_changed_is_named_beside_the_one_that_ships(
    run, refreshed, monkeypatch
):
    monkeypatch.setenv("ESTIMATOR_PRICES", str(refreshed(0.1225)))
    _, out, _ = run("prices", "--meter", "aws.nlb.hours", "--location", "virginia")

    told = " ".join(out.split())
    assert "aws.nlb.hours, us-east-1: 0.1225 per unit; the list that ships has 0.0225" in told
    assert "eu-central-1" not in told
    assert "1 price, price list" in told


def test_of_two_readings_of_one_price_the_newer_one_counts(run, refreshed, monkeypatch):
    folder = refreshed(0.1225)
    rows = (folder / "aws/rates.csv").read_text("utf-8")
    shipped = {r.region: r for r in load_price_files().rates if r.meter == "aws.nlb.hours"}
    same_price = rows.replace("2026-11-30,2026", f"{shipped['us-east-1'].effective_from},2026")
    monkeypatch.setenv("ESTIMATOR_PRICES", str(folder))

    # the day on which the one that ships was read decides
    for day, usd in (("2020-01-01", 16.425), ("2026-12-31", 89.425)):
        (folder / "aws/rates.csv").write_text(same_price.replace("2026-11-30", day), "utf-8")
        assert json.loads(run(*ASKED)[1])["total_usd"] == pytest.approx(usd)


@pytest.mark.parametrize(
    ("saved_under", "todo"),
    [
        ("0123abcd of 2026-01-31", "'estimator drift --since 2026-01-31' shows what has changed"),
        ("0123abcd of 2099-01-31", "that one is newer: install the newest version"),
    ],
)
def test_a_scenario_saved_under_another_list_is_told_so_with_what_to_do(
    run, tmp_path, saved_under, todo
):
    file = tmp_path / "chat.yaml"
    file.write_text(Path(CHAT).read_text("utf-8") + f"\nprice_list: {saved_under}\n", "utf-8")
    _, out, err = run("estimate", str(file), "aws.nlb_ec2", "--json")

    assert err == ""
    bill = json.loads(out)
    assert bill["saved_under"] == saved_under != bill["price_list"]
    assert f"saved under price list {saved_under}: {todo}" in bill["conventions"]


def test_a_scenario_saved_under_the_list_in_force_is_told_nothing(run, tmp_path):
    file = tmp_path / "chat.yaml"
    file.write_text(Path(CHAT).read_text("utf-8") + f"\nprice_list: {price_list()}\n", "utf-8")
    _, out, _ = run("estimate", str(file), "aws.nlb_ec2", "--json")

    assert "saved under" not in json.loads(out)["conventions"]


def test_two_folders_of_refreshed_prices_are_compared(run, refreshed, monkeypatch):
    monkeypatch.setenv("ESTIMATOR_PRICES", str(refreshed(0.1225)))
    of_main = refreshed(0.0725, "main")
    _, out, _ = run("drift", CHAT, *ONLY, "--before", str(of_main), "--json")

    [bill] = json.loads(out)["scenarios"][0]["deployments"]
    assert bill["change_usd"] == pytest.approx(36.5)


def test_drift_as_a_comment_says_what_is_cheapest_and_why(run, refreshed, monkeypatch):
    monkeypatch.setenv("ESTIMATOR_PRICES", str(refreshed(0.1225)))
    status, out, _ = run("drift", CHAT, *ONLY, "--markdown")

    assert status == 3
    assert "The cheapest is still Network Load Balancer and EC2 on AWS" in out
    assert "+$73.00" in out


def test_a_folder_and_a_day_are_not_compared_with_at_once(run):
    status, _, err = run("drift", CHAT, "--before", "x", "--since", "2026-10-31")

    assert status == 2
    assert "only one of them" in err


def test_a_folder_that_is_not_there_is_not_taken_for_the_prices_that_ship(run, tmp_path):
    status, out, err = run("drift", CHAT, *ONLY, "--before", str(tmp_path / "none"))

    assert (status, out) == (2, "")
    assert "not a folder of refreshed prices" in err


def test_a_damaged_file_of_prices_is_no_fault_of_the_scenario(run, refreshed, monkeypatch):
    folder = refreshed(0.1225)
    (folder / "aws/rates.csv").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv("ESTIMATOR_PRICES", str(folder))
    status, out, err = run("estimate", CHAT, "aws.nlb_ec2")

    assert (status, out) == (2, "")
    assert err.startswith(f"error: {folder / 'aws/rates.csv'}: cannot be read")
