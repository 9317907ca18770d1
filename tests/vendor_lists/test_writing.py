"""What a refresh writes: later rows and later days of checks, whole files or none."""

import csv
import datetime as dt
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from estimator.errors import EstimatorError
from estimator.files import data_text, load_refreshed_rows, prices_of
from estimator.pricing.price_files import RateRow, load_price_files
from estimator.vendor_lists import writing
from estimator.vendor_lists.comparison import Finding, Kind
from estimator.vendor_lists.readers.recognize import read_answer
from estimator.vendor_lists.refresh import report_of
from estimator.vendor_lists.report import RefreshReport
from estimator.vendor_lists.selectors import load_selectors
from estimator.vendor_lists.writing import Accepted, write

CORE = "oci.compute.e4_ocpu_hours"
SINCE = "2026-11-30T00:00:00Z"
"""After every check of the shipped list."""


@pytest.fixture
def report(answer):
    """What Oracle says in an answer of that day, where the core of an E4 machine has a price."""

    def report(core: float = 0.025, day: str = SINCE):
        content = answer("oci-products")
        content["lastUpdated"] = day
        [part] = [each for each in content["items"] if each["partNumber"] == "B93113"]
        part["currencyCodeLocalizations"][0]["prices"][0]["value"] = core
        lists = read_answer(content, "oci-products")
        # the example holds some of Oracle's parts only
        ids = {vendor_id for entry in lists[0].entries for vendor_id in entry.ids}
        selectors = tuple(one for one in load_selectors() if ids & set(one.ids))
        return report_of(lists, selectors)

    return report


def rows(folder: Path, meter: str = CORE) -> list[dict[str, str]]:
    with (folder / "oci/rates.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["meter"] == meter]


def test_a_price_that_did_not_change_has_a_later_day_of_its_check_and_nothing_else(
    report, tmp_path
):
    [told] = write(report(), tmp_path, Accepted(), "confirmed")
    [row] = rows(tmp_path)
    [shipped] = [r for r in csv.DictReader(data_text("oci/rates.csv").splitlines())
                 if r["meter"] == CORE]  # fmt: skip

    assert row == {**shipped, "checked_on": "2026-11-30", "source_of": "2026-11-30"}
    assert told.startswith("oci/rates.csv: 0 new rows, ")


def test_a_second_time_writes_nothing(report, tmp_path):
    write(report(), tmp_path, Accepted(), "confirmed")
    before = (tmp_path / "oci/rates.csv").stat().st_mtime_ns

    # the report of the shipped list is the same, but what it says is written already
    write(report(), tmp_path, Accepted(), "confirmed")
    assert (tmp_path / "oci/rates.csv").stat().st_mtime_ns == before


def test_a_changed_price_is_written_once_somebody_takes_it(report, tmp_path):
    told = write(report(0.03), tmp_path, Accepted(), "confirmed")
    assert f"not written: {CORE} *, changed (--accept {CORE} takes it)" in told
    assert rows(tmp_path) == []

    write(report(0.03), tmp_path, Accepted((CORE,)), "confirmed")
    [new] = rows(tmp_path)
    assert (new["usd_per_unit"], new["effective_from"]) == ("0.03", "2026-11-30")
    assert new["note"].endswith("in force from the day it was first seen on")


@pytest.mark.parametrize(("ratio", "taken"), [(1.1, 0), (1.2, 0), (1.3, 1)])
def test_all_changes_below_a_ratio_are_taken(report, tmp_path, ratio, taken):
    write(report(0.03), tmp_path, Accepted(up_to_ratio=ratio), "confirmed")

    assert len(rows(tmp_path)) == taken


@pytest.mark.parametrize(("core", "by_name"), [(0.2, 1), (0, 0)])
def test_what_cannot_be_believed_is_taken_by_name_only_and_nothing_never(
    report, tmp_path, core, by_name
):
    write(report(core), tmp_path, Accepted(up_to_ratio=1_000), "confirmed")
    assert rows(tmp_path) == []

    write(report(core), tmp_path, Accepted((CORE,)), "confirmed")
    assert len(rows(tmp_path)) == by_name


def test_what_can_hardly_be_believed_is_named_in_full(report, tmp_path):
    write(report(0.2), tmp_path, Accepted(("*", "oci.compute.*")), "confirmed")
    assert rows(tmp_path) == []


def test_what_was_taken_before_is_said_to_be_there(report, tmp_path):
    write(report(0.03), tmp_path, Accepted((CORE,)), "confirmed")
    told = write(report(0.03), tmp_path, Accepted((CORE,)), "confirmed")

    assert told == (f"already there: {CORE} *, since 2026-11-30",)


def test_no_selector_is_blamed_for_a_price_that_nobody_can_read(answer, tmp_path):
    content = answer("oci-products")
    content["lastUpdated"] = SINCE
    part(content).update(metricName="1,000 Hours")
    told = write(of_core_and_traffic(content), tmp_path, Accepted(("*",)), "confirmed")

    assert f"not written: {CORE} *, unit unknown" in told


@pytest.mark.parametrize("damage", [b"", b"foo,bar\n1,2\n", b"\xff\xfe\x00"])
def test_a_damaged_file_is_named_with_what_to_do_and_stays(report, tmp_path, damage):
    (tmp_path / "oci").mkdir()
    (tmp_path / "oci/rates.csv").write_bytes(damage)

    with pytest.raises(EstimatorError, match=r"oci/rates\.csv.*--reset"):
        write(report(0.03), tmp_path, Accepted((CORE,)), "confirmed")

    assert (tmp_path / "oci/rates.csv").read_bytes() == damage


def test_a_file_in_place_of_the_folder_is_named(report, tmp_path):
    (tmp_path / "prices").touch()

    with pytest.raises(EstimatorError, match="prices: not a folder"):
        write(report(), tmp_path / "prices", Accepted(), "confirmed")


def test_in_a_checkout_the_old_row_stays_before_the_new_one(report, tmp_path):
    (tmp_path / "oci").mkdir()
    before = data_text("oci/rates.csv")
    (tmp_path / "oci/rates.csv").write_text(before, encoding="utf-8")
    write(report(0.03), tmp_path, Accepted((CORE,)), "confirmed")
    old, new = rows(tmp_path)

    assert Decimal(old["usd_per_unit"]) == Decimal("0.025")
    assert old["effective_from"] < new["effective_from"]
    after = (tmp_path / "oci/rates.csv").read_text(encoding="utf-8").splitlines()
    assert len(after) == len(before.splitlines()) + 1
    # nothing but days of checks differs
    gone = [line for line in before.splitlines() if line not in after]
    assert all(line.split(",")[:5] in [each.split(",")[:5] for each in after] for line in gone)


def test_an_answer_from_before_our_price_adds_nothing(report, tmp_path):
    write(report(0.03, "2024-01-01T00:00:00Z"), tmp_path, Accepted(("*",)), "confirmed")

    assert not (tmp_path / "oci/rates.csv").exists()


def test_of_a_list_that_lost_a_family_nothing_is_written(answer, tmp_path):
    content = answer("oci-products")
    content["lastUpdated"] = SINCE
    told = write(
        report_of(read_answer(content, "a"), load_selectors()),
        tmp_path,
        Accepted(("*",)),
        "confirmed",
    )

    assert told == ("nothing of oci, products: too much is missing there",)


def test_what_its_selector_never_found_is_not_written(answer, tmp_path):
    content = answer("gcp-cloud-run")
    rate = content["skus"][0]["pricingInfo"][0]["pricingExpression"]["tieredRates"][1]
    rate["unitPrice"]["nanos"] = 500
    selectors = [one for one in load_selectors() if one.meter == "gcp.cloud_run.requests"]
    found = report_of(read_answer(content, "a"), tuple(selectors))
    told = write(found, tmp_path, Accepted(("*",)), "confirmed")

    assert any("its selector has not found its entry" in each for each in told)
    assert list(tmp_path.glob("*/rates.csv")) == []


def test_two_refreshes_do_not_write_at_once(report, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_WAIT_S", 0.05)

    locked = writing.FileLock(tmp_path / writing.LOCK)
    with locked, pytest.raises(EstimatorError, match="another refresh is writing there"):
        write(report(), tmp_path, Accepted(), "confirmed")


KILLED = """
import os, sys
from pathlib import Path
from estimator.files import write_whole

path, sizes = Path(sys.argv[1]), (40_000, 400_000)
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        while True:
            for letter, size in zip(b"on", sizes):
                write_whole(path, bytes([letter]) * size)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""
"""Writes an old and a new list in turn, in a child for each line of input, until it is killed."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children begin at once with fork only")
def test_killed_at_any_moment_the_old_or_the_new_list_is_there(tmp_path, seeds):
    path = tmp_path / "rates.csv"
    path.write_bytes(b"o" * 40_000)
    chance = random.Random(22)
    lists = {b"o" * 40_000, b"n" * 400_000}
    command = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdin
        assert run.stdout
        for _ in seeds(20, 200):
            run.stdin.write("\n")
            run.stdin.flush()
            child = int(run.stdout.readline())
            time.sleep(chance.uniform(0, 0.02))
            os.kill(child, signal.SIGKILL)
            assert run.stdout.readline() == "gone\n"
            assert path.read_bytes() in lists
        run.stdin.close()


KILLED_REFRESH = """
import os, sys
from dataclasses import replace
from pathlib import Path
from estimator.vendor_lists.comparison import Finding, Kind
from estimator.vendor_lists.report import RefreshReport
from estimator.vendor_lists.writing import Accepted, write
import datetime as dt

folder, first = Path(sys.argv[1]), dt.date(2026, 11, 30)
meters = {cloud: meter.split("@") for cloud, meter in (each.split("=") for each in sys.argv[2:])}

def report(day):
    return RefreshReport(tuple(
        Finding(Kind.UNCHANGED, cloud, "a", meter, region, read_on=day, of_day=day, may_write=True)
        for cloud, (meter, region) in meters.items()
    ))

write(report(first), folder, Accepted(), "confirmed")
print("written", flush=True)
# each refresh writes the files of all clouds, with a later day
for number, _ in enumerate(sys.stdin):
    child = os.fork()
    if child == 0:
        day = first + dt.timedelta(days=1_000 * number)
        while True:
            day += dt.timedelta(days=1)
            write(report(day), folder, Accepted(), "confirmed")
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""
"""Refreshes again and again, all clouds each time, in a child for each line of input."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children begin at once with fork only")
def test_a_refresh_killed_at_any_moment_leaves_each_file_old_or_new(tmp_path, seeds):
    asked = {
        "aws": "aws.alb.hours@us-east-1",
        "azure": "azure.vm.d2s_v5@eastus",
        "oci": f"{CORE}@*",
    }
    chance = random.Random(23)
    command = [sys.executable, "-c", KILLED_REFRESH, str(tmp_path)]
    command += [f"{cloud}={meter}" for cloud, meter in asked.items()]
    shipped = {row.meter: row for row in load_price_files().rates if at(row) in asked.values()}
    last = dt.date.min
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdin
        assert run.stdout
        assert run.stdout.readline() == "written\n"
        for _ in seeds(10, 200):
            run.stdin.write("\n")
            run.stdin.flush()
            child = int(run.stdout.readline())
            time.sleep(chance.uniform(0, 0.25))
            os.kill(child, signal.SIGKILL)
            assert run.stdout.readline() == "gone\n"
            # each file is read as a whole, and its one row is ours but for the days
            for cloud, meter in asked.items():
                [row] = load_refreshed_rows(tmp_path / cloud / "rates.csv", RateRow)
                days = {"checked_on": row.checked_on, "source_of": row.source_of}
                assert row == shipped[meter.partition("@")[0]].model_copy(update=days)
                last = max(last, row.checked_on)
        run.stdin.close()
    assert last > dt.date(2026, 11, 30)
    with prices_of(tmp_path):
        assert max(row.checked_on for row in load_price_files().rates) == last


def at(row: RateRow) -> str:
    return f"{row.meter}@{row.region}"


FAULTS: dict[str, Callable[[dict], object]] = {
    "an offer that lost more than a tenth": lambda c: c.update(
        items=[each for each in c["items"] if each["partNumber"] != "B88327"]
    ),
    "a unit that nobody has seen": lambda c: part(c).update(metricName="1,000 Hours"),
    "a price of nothing": lambda c: price(c).update(value=0),
    "six times the price": lambda c: price(c).update(value=0.15),
    "a sixth of the price": lambda c: price(c).update(value=0.004),
    "another price": lambda c: price(c).update(value=0.026),
}
"""What an answer of Oracle can say that needs a person, of the core at 0.025."""


def part(content: dict, number: str = "B93113") -> dict:
    return next(each for each in content["items"] if each["partNumber"] == number)


def price(content: dict) -> dict:
    return part(content)["currencyCodeLocalizations"][0]["prices"][0]


def of_core_and_traffic(content: dict) -> RefreshReport:
    """What is reported of the core; of traffic too where that is what is lost."""
    selectors = tuple(
        one
        for one in load_selectors()
        if one.meter in (CORE, "oci.egress.internet") and one.offer == "products"
    )
    return report_of(read_answer(content, "oci-products"), selectors)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_needs_a_person_changes_no_file_unless_somebody_names_it(answer, tmp_path, fault):
    (tmp_path / "oci").mkdir()
    file = tmp_path / "oci/rates.csv"
    header, *lines = data_text("oci/rates.csv").splitlines(keepends=True)
    file.write_text(header + "".join(each for each in lines if each.startswith(CORE)), "utf-8")
    before = file.read_bytes(), file.stat().st_mtime_ns
    content = answer("oci-products")
    content["lastUpdated"] = SINCE
    FAULTS[fault](content)
    found = of_core_and_traffic(content)
    only = replace(found, findings=tuple(f for f in found.findings if f.meter == CORE))
    told = write(found if found.distrusted else only, tmp_path, Accepted(), "confirmed")

    assert told
    assert found.exit_status == 3
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    ("kind", "accepted"),
    [
        (Kind.CONTRADICTS_CONFIRMED, Accepted(up_to_ratio=1_000)),
        (Kind.CONTRADICTS_ANSWER, Accepted(("*",), 1_000)),
        (Kind.ZERO, Accepted(("*",), 1_000)),
        (Kind.UNIT_UNKNOWN, Accepted(("*",), 1_000)),
        (Kind.UNCLEAR, Accepted(("*",), 1_000)),
        (Kind.VANISHED, Accepted(("*",), 1_000)),
        (Kind.OLDER, Accepted(("*",), 1_000)),
        (Kind.BEYOND_RATIO, Accepted(up_to_ratio=1_000)),
    ],
)
def test_what_contradicts_is_not_taken_with_all_others(tmp_path, kind, accepted):
    day = dt.date(2026, 11, 30)
    found = Finding(
        kind, "oci", "products", CORE, "*",
        ours=((Decimal(0), Decimal("0.025")),), listed=((Decimal(0), Decimal("0.03")),),
        since=day, read_on=day, of_day=day, may_write=True,
    )  # fmt: skip
    write(RefreshReport((found,)), tmp_path, accepted, "confirmed")

    assert list(tmp_path.glob("*/rates.csv")) == []


def seen_in(regions: Iterable[str], meter: str = "azure.nat_gateway.hours") -> RefreshReport:
    """A price that holds everywhere, seen again in these regions."""
    day = dt.date(2026, 11, 30)
    return RefreshReport(
        tuple(
            Finding(
                Kind.UNCHANGED, "azure", "NAT", meter, region,
                read_on=day, of_day=day, may_write=True,
            )
            for region in regions
        )
    )  # fmt: skip


def test_a_price_of_every_region_is_checked_by_an_answer_about_all_of_them_only(tmp_path):
    every = list((load_price_files().regions or {})["azure"])
    write(seen_in(every[:-1]), tmp_path / "all but one", Accepted(), "confirmed")
    assert list(tmp_path.glob("*/*/rates.csv")) == []

    for name, regions in {"each": every, "one for all": ["*"]}.items():
        write(seen_in(regions), tmp_path / name, Accepted(), "confirmed")
        with (tmp_path / name / "azure/rates.csv").open(encoding="utf-8", newline="") as file:
            [row] = csv.DictReader(file)
        assert (row["region"], row["checked_on"]) == ("*", "2026-11-30")


def test_a_selector_that_never_found_its_entry_moves_no_day_either(tmp_path):
    found = seen_in(["*"])
    unseen = replace(found, findings=tuple(replace(f, may_write=False) for f in found.findings))

    assert write(unseen, tmp_path, Accepted(("*",)), "confirmed") == ()
    assert list(tmp_path.glob("*/rates.csv")) == []


def test_an_answer_that_was_made_earlier_than_it_was_given_has_two_days(report, tmp_path):
    found = report(day="2026-11-28T00:00:00Z")
    asked = replace(
        found,
        findings=tuple(replace(each, read_on=dt.date(2026, 11, 30)) for each in found.findings),
    )
    write(asked, tmp_path, Accepted(), "confirmed")
    [row] = rows(tmp_path)

    assert (row["checked_on"], row["source_of"]) == ("2026-11-30", "2026-11-28")
