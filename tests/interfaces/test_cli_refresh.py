"""What `estimator refresh` prints, and how it ends."""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from estimator.errors import PricingDataError
from estimator.pricing.price_files import load_price_files

ANSWERS = Path(__file__).resolve().parents[2] / "examples/vendor-answers"
PART = "B93113"
"""The core of an E4 machine, at 0.025 per hour."""


@pytest.fixture
def folder(tmp_path) -> Path:
    return Path(shutil.copytree(ANSWERS, tmp_path / "answers"))


def with_price(folder: Path, value: float) -> None:
    path = folder / "oci-products.json"
    content = json.loads(path.read_text("utf-8"))
    [part] = [each for each in content["items"] if each["partNumber"] == PART]
    part["currencyCodeLocalizations"][0]["prices"][0]["value"] = value
    content["lastUpdated"] = "2026-11-30T00:00:00Z"
    path.write_text(json.dumps(content), "utf-8")


def test_nothing_changed_is_one_sentence_and_status_0(run, folder):
    status, out, err = run("refresh", "--from-files", str(folder), "--cloud", "aws")

    assert (status, err) == (0, "")
    assert "8 prices looked up: 8 unchanged." in out


def test_a_change_is_status_3_and_stands_in_a_table(run, folder):
    with_price(folder, 0.02)
    status, out, err = run("refresh", "--from-files", str(folder), "--cloud", "oci")

    assert (status, err) == (3, "")
    assert "1 changed" in out
    assert "0.025 " in out
    assert "0.02 " in out


def test_a_change_as_json_and_as_markdown(run, folder):
    with_price(folder, 0.02)
    asked = ["refresh", "--from-files", str(folder), "--meter", "oci.compute.e4_ocpu*"]
    _, as_json, _ = run(*asked, "--json")
    _, as_markdown, _ = run(*asked, "--markdown")

    [change] = json.loads(as_json)["findings"]
    assert (change["finding"], change["ratio"]) == ("changed", pytest.approx(0.8))
    assert "| changed | `oci.compute.e4_ocpu_hours` |" in as_markdown


@pytest.mark.parametrize(
    "text",
    [
        b"<!doctype html><title>Sign in</title>",
        b'{"items": [{"partNumber": "B9',
        gzip.compress(b"[]")[:12],
    ],
    ids=["a page to log in", "cut off", "a broken archive"],
)
def test_what_cannot_be_read_is_named_and_status_2(run, folder, text):
    (folder / "broken.json.gz").write_bytes(text)
    status, out, _ = run("refresh", "--from-files", str(folder), "--cloud", "aws")

    assert status == 2
    assert "broken.json.gz" in out
    assert "8 unchanged" in out


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(run, folder, monkeypatch):
    monkeypatch.setattr("estimator.vendor_lists.saved_answers.MOST_BYTES", 1_000)
    (folder / "bomb.json.gz").write_bytes(gzip.compress(b" " * 100_000))
    status, out, _ = run("refresh", "--from-files", str(folder), "--cloud", "aws")

    assert status == 2
    assert "unpacks to more than 1,000 bytes" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cloud", "ibm"], "ibm"),
        (["--service", "no_such"], "no_such"),
        (["--meter", "no.such.*"], "no.such"),
        (["--from-files", "no-such-folder"], "not a folder"),
        (["--json", "--markdown"], "only one of them"),
        (["--write", "--accept", "no.such.*"], "no.such"),
        (["--accept", "oci.*"], "--accept: add --write"),
        (["--accept-all", "2", "--into", "x"], "--accept-all, --into: add --write"),
        (["--read-on", "2999-01-01"], "a day to come"),
    ],
)
def test_what_cannot_be_asked_is_refused(run, folder, arguments, words):
    status, out, err = run("refresh", "--from-files", str(folder), *arguments)

    assert (status, out) == (2, "")
    assert words in err


@pytest.fixture
def refreshed(tmp_path, monkeypatch) -> Path:
    """The folder that is laid over the shipped prices, empty at first."""
    folder = tmp_path / "refreshed"
    monkeypatch.setenv("ESTIMATOR_PRICES", str(folder))
    return folder


def core() -> float:
    found = load_price_files().rates_at["oci.compute.e4_ocpu_hours", "*"]
    return max(found, key=lambda row: row.effective_from).usd_per_unit


def test_what_was_written_is_laid_over_the_shipped_prices_until_it_is_reset(run, folder, refreshed):
    with_price(folder, 0.03)
    asked = ["refresh", "--from-files", str(folder), "--meter", "oci.compute.e4_ocpu*"]
    run(*asked, "--write")
    assert core() == 0.025

    status, out, _ = run(*asked, "--write", "--accept-all", "1.5")
    assert status == 3
    assert "oci/rates.csv: 1 new row" in out
    assert core() == 0.03

    status, out, err = run("refresh", "--reset")
    assert (status, err) == (0, "")
    assert "1 file removed" in out
    assert core() == 0.025


def test_the_price_list_of_a_checkout_is_never_reset(run, tmp_path):
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws/meters.csv").touch()
    (tmp_path / "aws/rates.csv").touch()
    status, _, err = run("refresh", "--reset", "--into", str(tmp_path))

    assert status == 2
    assert "the price list itself" in err
    assert (tmp_path / "aws/rates.csv").exists()


def test_a_broken_file_over_the_prices_is_named(refreshed):
    (refreshed / "oci").mkdir(parents=True)
    (refreshed / "oci/rates.csv").write_text("meter,region\noci.compute.e4_ocpu_hours\n", "utf-8")

    with pytest.raises(PricingDataError, match=r"oci/rates\.csv, line 2: 1 cells"):
        load_price_files()


def test_a_list_of_a_day_to_come_is_not_believed(run, folder, refreshed):
    path = folder / "oci-products.json"
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(content | {"lastUpdated": "2999-01-01T00:00:00Z"}), "utf-8")
    status, out, _ = run(
        "refresh", "--from-files", str(folder), "--meter", "oci.compute.e4_ocpu*", "--write"
    )

    assert status == 2
    assert "2999-01-01, its day, is to come" in " ".join(out.split())
    assert not (refreshed / "oci/rates.csv").exists()


def test_an_empty_file_of_refreshed_prices_is_named(run, refreshed):
    (refreshed / "oci").mkdir(parents=True)
    (refreshed / "oci/rates.csv").touch()
    status, out, err = run("prices", "--meter", "oci.compute.e4_ocpu_hours")

    assert (status, out) == (2, "")
    assert "rates.csv: it is empty" in err
