"""The command line as its users meet it: tables, JSON, one message and status 2."""

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from rich.cells import cell_len

import estimator as ws
from estimator.analysis.price_list import prices, prices_text
from estimator.cli.commands.listing import THINGS
from estimator.cli.common import print_paragraphs, print_result
from estimator.format import dollars_and_cents, quantity_text
from estimator.pricing.contract import contract_names
from estimator.pricing.price_files import price_list
from estimator.render.terminal.document import wrapped

ROOT = Path(__file__).resolve().parents[2]
TEAM_CHAT = str(ROOT / "examples/team-chat.yaml")


def test_compare_shows_every_deployment_and_its_total(run):
    status, out, err = run("compare", TEAM_CHAT)

    assert (status, err) == (0, "")
    for bill in ws.compare(ws.Scenario.load(TEAM_CHAT)).bills:
        [line] = [line for line in out.splitlines() if line.startswith(f" {bill.deployment} ")]
        shown = float(re.findall(r"\$([\d,.]+)", line)[0].replace(",", ""))
        assert shown == pytest.approx(bill.total, abs=0.5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["csv", "--ranges"], "csv holds no ranges; focus and xlsx do"),
        (["csv", "--focus-version", "1.4"], "the format is csv; write --format focus"),
    ],
)
def test_an_option_that_a_file_cannot_hold_is_not_passed_over(run, options, words):
    only = ("--deployment", "aws.api_gateway")
    status, out, err = run("export", TEAM_CHAT, "--format", *options, *only)

    assert (status, out) == (2, "")
    assert words in err


def test_whole_minutes_are_rounded_up_by_nothing_and_never_by_less():
    # sessions of 27 to 30 minutes end with a minute
    scenario = ws.Scenario(profile="notifications", location="virginia", peak_connections=1_000)
    formulas = [item.usage.formula for item in ws.estimate(scenario, "aws.api_gateway").items]

    assert any("plus 0.00 minutes of rounding up" in each for each in formulas)
    assert not any("-0.00" in each for each in formulas)


def wider_than_80_columns(out: str) -> list[str]:
    """Lines that would be folded by a terminal, but for addresses, which nothing can part."""
    lines = (line.rstrip() for line in out.splitlines())
    return [line for line in lines if cell_len(line) > 80 and "https://" not in line]


@pytest.mark.parametrize(
    ("nth", "example"), [*enumerate(sorted((ROOT / "examples").glob("*.yaml")))]
)
def test_tables_fit_80_columns_for_every_deployment_of_every_example(
    monkeypatch, capsys, nth, example, in_full
):
    monkeypatch.setenv("COLUMNS", "80")
    comparison = ws.compare(ws.Scenario.load(example), (*ws.DEPLOYMENTS, *ws.SAAS))

    print_result(comparison)
    # to write them takes long; bounded, several examples show each deployment
    for bill in comparison.bills if in_full else comparison.bills[nth % 4 :: 4]:
        print_result(bill)
        print_paragraphs(bill.explain())

    assert len(comparison.bills) > 20
    assert wider_than_80_columns(capsys.readouterr().out) == []


def test_bills_under_a_contract_fit_80_columns(run):
    for deployment in ("azure.application_gateway_vm", "azure.load_balancer_vm"):
        _, out, _ = run(
            "estimate", TEAM_CHAT, deployment, "--contract", "azure-reservations-3-years"
        )

        assert "at list" in out
        assert wider_than_80_columns(out) == []


@pytest.mark.parametrize("thing", [[], *([thing] for thing in THINGS)], ids=str)
def test_lists_fit_80_columns_and_say_in_json_what_they_say_in_words(run, thing):
    status, out, err = run("list", *thing)
    data = json.loads(run("list", *thing, "--json")[1])

    assert (status, err) == (0, "")
    assert wider_than_80_columns(out) == []
    assert len(data) > 0
    for each in data:
        assert each["name"].replace("_", " ") in out.replace("_", " ")
        assert " ".join(each["title"].split()) in " ".join(out.split())


def test_prices_fit_80_columns(run):
    assert wider_than_80_columns(run("prices")[1]) == []


def test_numbers_of_a_bill_stand_below_each_other_and_in_one_piece(run):
    _, out, _ = run("estimate", TEAM_CHAT, "aws.api_gateway")

    table = out.split("─ \n")[1].split("\n\n")[0].split("\n" + " " * 80)[0].splitlines()
    bill = ws.estimate(ws.Scenario.load(TEAM_CHAT), "aws.api_gateway")
    ends: set[int] = set()
    for item in bill.items:
        cost = dollars_and_cents(item.cost_usd)
        [line] = [line.rstrip() for line in table if line.rstrip().endswith(f" {cost}")]
        ends.add(len(line))
        assert f" {quantity_text(item.usage.quantity)} " in line
    assert len(ends) == 1


def test_json_of_compare_equals_the_python_comparison(run):
    _, out, _ = run("compare", TEAM_CHAT, "--json", "--location", "frankfurt")

    scenario = ws.Scenario.load(TEAM_CHAT).replace(location="frankfurt")
    assert json.loads(out) == json.loads(json.dumps(ws.compare(scenario).as_data()))


def test_json_of_a_bill_adds_up_and_names_its_sources(run):
    _, out, _ = run("estimate", TEAM_CHAT, "aws.api_gateway", "--json")

    bill = json.loads(out)
    assert sum(line["cost_usd"] for line in bill["lines"]) == pytest.approx(bill["total_usd"])
    assert all(line["source"].startswith("https://") for line in bill["lines"])


def test_explain_prints_what_the_bill_explains(run):
    _, out, _ = run("estimate", TEAM_CHAT, "aws.api_gateway", "--explain")

    told = ws.estimate(ws.Scenario.load(TEAM_CHAT), "aws.api_gateway").explain()
    assert out.split() == told.split()


def test_list_names_what_there_is(run):
    assert names_in(run("list", "locations")[1]) == list(ws.locations(regions=True))
    assert names_in(run("list", "deployments")[1]) == list(ws.DEPLOYMENTS)
    bullets = re.findall(r"^- ([\w-]+): ", run("list", "profiles")[1], re.MULTILINE)
    assert bullets == ws.profile_names()


def names_in(out: str) -> list[str]:
    """The first words; what stands beside a name may go on below it."""
    return [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]


BAD_FILES = {
    "unknown field": (
        "profile: market-data\nlocation: virginia\npeak_conections: 5\n",
        ["line 3", "peak_conections", "did you mean 'peak_connections'"],
    ),
    "wrong unit": (
        "profile:\n  extends: workplace-chat\n  heartbeat: {interval_seconds: 5 MB}\n"
        "location: virginia\npeak_connections: 5\n",
        ["line 3", "profile.heartbeat.interval_seconds", "'5 MB' is not a time", "s, min, h, d"],
    ),
    "negative rate": (
        "profile:\n  extends: workplace-chat\n  flows:\n    posts: {rate_per_hour: -3}\n"
        "location: virginia\npeak_connections: 5\n",
        ["line 4", "profile.flows.posts.rate_per_hour", "must not be negative"],
    ),
    "unknown location": (
        "profile: market-data\nlocation: frankfort\npeak_connections: 5\n",
        ["line 2", "location", "did you mean 'frankfurt'", "virginia"],
    ),
    "unknown deployment": (
        "profile: market-data\nlocation: virginia\npeak_connections: 5\n"
        "options: {aws.gateway: {}}\n",
        ["unknown deployment 'aws.gateway'", "aws.api_gateway"],
    ),
    "unknown option": (
        "profile: market-data\nlocation: virginia\npeak_connections: 5\n"
        "options: {azure.web_pubsub: {teir: premium}}\n",
        ["azure.web_pubsub", "did you mean 'tier'"],
    ),
    "empty": ("", ["the file is empty"]),
    "not YAML": ("profile: [market-data\nlocation: {", ["line 2", "not valid YAML"]),
    "a list": ("- profile\n", ["expected 'key: value' lines"]),
    "no audience": (
        "profile: market-data\nlocation: virginia\n",
        ["no audience", "peak_connections"],
    ),
}


@pytest.mark.parametrize(("text", "parts"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_gives_one_message_and_status_2(run, tmp_path, text, parts):
    file = tmp_path / "scenario.yaml"
    file.write_text(text, encoding="utf-8")

    status, out, err = run("compare", str(file))

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("error: ")
    assert [part for part in parts if part not in err] == []


def test_a_file_that_is_not_there_gives_one_message_and_status_2(run, tmp_path):
    status, out, err = run("estimate", str(tmp_path / "none.yaml"), "aws.api_gateway")

    assert (status, out) == (2, "")
    assert "No such file" in err


@pytest.fixture
def of_september(tmp_path):
    """A scenario of a day on which no price of Cloud Run in Virginia was seen yet."""
    file = tmp_path / "september.yaml"
    file.write_text(
        "profile: workplace-chat\nlocation: virginia\npeak_connections: 5\nas_of: 2026-09-30\n"
    )
    return str(file)


def test_a_missing_price_is_named_and_the_others_are_shown(run, of_september):
    status, out, _ = run("compare", of_september)

    assert status == 0
    assert "gcp.cloud_run: no price" in out
    assert "gcp.cloud_run.cpu_instance_based" in out
    assert "aws.api_gateway" in out


def test_a_bill_without_a_price_gives_one_message_and_status_2(run, of_september):
    status, out, err = run("estimate", of_september, "gcp.cloud_run")

    assert (status, out) == (2, "")
    assert "'gcp.cloud_run.cpu_instance_based' in region 'us-east4' in force on" in err
    assert "the earliest known price is from 2026-10-01" in err


def test_a_file_of_many_scenarios_is_sent_to_python(run, tmp_path):
    file = tmp_path / "many.yaml"
    file.write_text("profile: market-data\nlocation: virginia\npeak_connections: [1, 2]\n")

    status, _, err = run("compare", str(file))

    assert status == 2
    assert "2 scenarios" in err


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], {}),
        (["--cloud", "gcp"], {"cloud": "gcp"}),
        (["--cloud", "GCP"], {"cloud": "gcp"}),
        (["--service", "Cloud Run"], {"service": "Cloud Run"}),
        (["--location", "frankfurt"], {"location": "frankfurt"}),
        (["--meter", "*.egress.*"], {"meter": "*.egress.*"}),
        (["--stale", "100"], {"stale_days": 100}),
        (["--as-of", "2024-10-31"], {"as_of": dt.date(2024, 10, 31)}),
        (["--cloud", "aws", "--location", "tokyo"], {"cloud": "aws", "location": "tokyo"}),
    ],
    ids=lambda given: " ".join(given) or "all",
)
def test_prices_shows_and_exports_the_price_list(run, arguments, asked):
    table = prices(**asked)

    status, out, err = run("prices", *arguments)
    exported = json.loads(run("prices", *arguments, "--json")[1])

    assert (status, err) == (0, "")
    last = f"{len(table):,} prices, price list {price_list()}"
    assert out == wrapped("\n".join((*prices_text(table), last))) + "\n"
    assert len(exported) == len(table) > 0
    for column in ("meter", "region", "tier_from", "usd_per_unit", "age_days", "source"):
        assert [row[column] for row in exported] == table[column].tolist()
    for column in ("effective_from", "checked_on"):
        days = [row[column][:10] for row in exported]
        assert days == table[column].dt.strftime("%Y-%m-%d").tolist()


def test_no_price_is_that_stale(run):
    none = f"0 prices, price list {price_list()}\n"
    assert run("prices", "--stale", "100000") == (0, none, "")
    assert json.loads(run("prices", "--stale", "100000", "--json")[1]) == []


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--cloud", "asw"], "did you mean 'aws'?"),
        (["--service", "api_gatway"], "did you mean 'api_gateway'?"),
        (["--location", "frankfort"], "did you mean 'frankfurt'?"),
        (["--meter", "aws.api_gateway.mesages"], "did you mean 'aws.api_gateway.messages'?"),
    ],
)
def test_prices_of_what_there_is_not_give_one_message_and_status_2(run, arguments, fault):
    status, out, err = run("prices", *arguments)

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert fault in err


def test_a_day_that_is_none_is_refused(run):
    status, out, err = run("prices", "--as-of", "tomorrow")

    assert (status, out) == (2, "")
    assert "--as-of" in err


HALF = "title: Half\nrates:\n- meters: [aws.*]\n  percent_off: 50\n"


def test_a_bill_under_a_contract_file_is_paid_by_its_rates(run, tmp_path):
    file = tmp_path / "ours.yaml"
    file.write_text(HALF, encoding="utf-8")
    usual = ws.estimate(ws.Scenario.load(TEAM_CHAT), "aws.api_gateway")

    bill = json.loads(
        run("estimate", TEAM_CHAT, "aws.api_gateway", "--contract", str(file), "--json")[1]
    )
    _, told, _ = run("estimate", TEAM_CHAT, "aws.api_gateway", "--contract", str(file), "--explain")

    assert bill["total_usd"] == pytest.approx(0.5 * float(usual.total))
    told = " ".join(told.split())
    assert f"At list prices: ${usual.total:,.2f}." in told
    assert "rates of the contract 'Half'" in told


def test_a_contract_changes_the_bills_of_a_comparison_that_it_names(run, tmp_path):
    file = tmp_path / "ours.yaml"
    file.write_text(HALF, encoding="utf-8")
    usual = {bill.deployment: bill.total for bill in ws.compare(ws.Scenario.load(TEAM_CHAT)).bills}

    data = json.loads(run("compare", TEAM_CHAT, "--contract", str(file), "--json")[1])

    found = {bill["deployment"]: bill["total_usd"] for bill in data["deployments"]}
    assert found == pytest.approx(
        {name: usd * (0.5 if str(name).startswith("aws.") else 1) for name, usd in usual.items()}
    )


def _listed(run, thing):
    return json.loads(run("list", thing, "--json")[1])


@pytest.mark.parametrize("name", contract_names())
def test_a_contract_is_named_as_it_is_listed(run, name):
    listed = {each["name"]: each["title"] for each in _listed(run, "contracts")}

    status, out, err = run("compare", TEAM_CHAT, "--contract", name)

    assert list(listed) == contract_names()
    assert (status, err) == (0, "")
    assert listed[name] == ws.load_contract(name).title
    assert listed[name] in " ".join(out.split())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("title: O\nrates:\n- meters: [aws.*]\n  percent_of: 5\n", ["line 4", "'percent_off'"]),
        (HALF.replace("aws.*", "aws.api_gateway.mesages"), ["did you mean", "messages'?"]),
        ("title: [O\n", ["line 2", "not valid YAML"]),
        ("", ["the file is empty"]),
    ],
    ids=["field", "meter", "YAML", "empty"],
)
def test_a_bad_contract_gives_one_message_that_names_its_file_and_status_2(
    run, tmp_path, text, parts
):
    file = tmp_path / "ours.yaml"
    file.write_text(text, encoding="utf-8")

    status, out, err = run("compare", TEAM_CHAT, "--contract", str(file))

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert [part for part in [str(file), *parts] if part not in err] == []


@pytest.mark.parametrize(
    ("name", "fault"), [("nosuch", "unknown contract 'nosuch'"), ("nosuch.yaml", "No such file")]
)
def test_a_contract_there_is_not_gives_one_message_and_status_2(run, name, fault):
    status, out, err = run("estimate", TEAM_CHAT, "aws.api_gateway", "--contract", name)

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert fault in err


def test_what_is_not_there_is_listed_as_nothing(run, monkeypatch):
    monkeypatch.setattr("estimator.analysis.choices.contract_names", list)

    assert run("list", "contracts") == (0, "", "")
    assert run("list", "contracts", "--json") == (0, "[]\n", "")


def test_options_and_assumptions_of_one_deployment_are_listed(run):
    options = {each["name"] for each in _listed_of(run, "options")[0]["options"]}
    assumptions = {each["name"] for each in _listed_of(run, "assumptions")}

    found = ws.DEPLOYMENTS["aws.api_gateway"]
    assert options == set(found.options.model_fields)
    assert assumptions == {each.id for each in found.assumptions}


def _listed_of(run, thing):
    return json.loads(run("list", thing, "--deployment", "aws.api_gateway", "--json")[1])


def test_a_service_that_is_listed_has_prices(run):
    for each in _listed(run, "services"):
        assert len(prices(service=each["name"])) > 0


@pytest.mark.parametrize("clouds", [["oci"], ["gcp", "aws"]], ids=" ".join)
def test_only_the_clouds_asked_for_are_compared(run, clouds):
    options = [f"--cloud={cloud}" for cloud in clouds]
    found = json.loads(run("compare", TEAM_CHAT, "--json", *options)[1])

    compared = {bill["deployment"] for bill in found["deployments"]}
    assert compared == {name for name in ws.DEPLOYMENTS if name.split(".")[0] in clouds}


def test_only_the_deployments_asked_for_are_compared(run):
    chosen = ["gcp.cloud_run", "aws.iot_core"]

    data = json.loads(
        run("compare", TEAM_CHAT, "--json", *(f"--deployment={name}" for name in chosen))[1]
    )

    assert {bill["deployment"] for bill in data["deployments"]} == {*chosen}


UNUSABLE = {
    "misspelled deployment": (
        ["estimate", TEAM_CHAT, "aws.api_gatway"],
        "did you mean 'aws.api_gateway'",
    ),
    "misspelled deployment to compare": (
        ["compare", TEAM_CHAT, "--deployment", "aws.api_gatway"],
        "did you mean 'aws.api_gateway'",
    ),
    "misspelled cloud": (["compare", TEAM_CHAT, "--cloud", "azur"], "did you mean 'azure'"),
    "misspelled location": (["compare", TEAM_CHAT, "--location", "tokio"], "did you mean 'tokyo'"),
    "misspelled contract": (
        ["compare", TEAM_CHAT, "--contract", "azure-reservation-1-year"],
        "did you mean 'azure-reservations-1-year'",
    ),
    "misspelled thing": (["list", "location"], "did you mean 'locations'"),
    "whose": (["list", "options", "--deployment", "aws.nlb"], "did you mean 'aws.nlb_ec2'"),
    "of nothing": (["list", "locations", "--deployment", "aws.nlb_ec2"], "'list options'"),
    "a folder": (["compare", str(ROOT)], "Is a directory"),
    "a folder as contract": (["compare", TEAM_CHAT, "--contract", "x.yaml"], "No such file"),
    "arguments in another order": (
        ["estimate", "aws.nlb_ec2", TEAM_CHAT],
        "aws.nlb_ec2 is a deployment; the scenario file comes first",
    ),
    "no file": (["compare", "none.yaml"], "'estimator init none.yaml' writes one"),
}


@pytest.mark.parametrize(("arguments", "part"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_cannot_be_used_gives_one_message_and_status_2(run, arguments, part):
    status, out, err = run(*arguments)

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("error: ")
    assert part in err


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"\x89PNG\r\n\x1a\n", b"\xff\xfe"], ids=repr)
def test_a_file_that_is_no_text_gives_one_message_and_status_2(run, tmp_path, content):
    file = tmp_path / "scenario.yaml"
    file.write_bytes(content)

    status, out, err = run("compare", str(file))

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert str(file) in err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["comapre"], "Did you mean 'compare'?"),
        (["compare"], "Missing argument 'SCENARIO'"),
        (["compare", TEAM_CHAT, "--loaction", "tokyo"], "--location"),
        (["simulate", TEAM_CHAT, "--engine", "exat"], "'exact'"),
    ],
    ids=lambda given: " ".join(given[:1]),
)
def test_a_command_that_is_none_is_told_what_would_be_one(run, arguments, part):
    status, out, err = run(*arguments)

    assert (status, out) == (2, "")
    assert part in err


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes that break")
def test_a_reader_that_stops_early_is_no_fault():
    begun = subprocess.Popen(
        (sys.executable, "-m", "estimator", "prices"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert begun.stdout is not None
    begun.stdout.readline()
    begun.stdout.close()

    assert begun.wait(timeout=300) == 0
    assert begun.stderr is not None
    assert begun.stderr.read() == b""
    begun.stderr.close()


def test_json_knows_no_infinity(run):
    for deployment in ws.DEPLOYMENTS:
        out = run("estimate", str(ROOT / "examples/market-data.yaml"), deployment, "--json")[1]
        json.loads(out, parse_constant=pytest.fail)


def test_a_card_is_written_beside_the_comparison(run, tmp_path):
    file = tmp_path / "card.png"
    pair = ("--deployment", "aws.api_gateway", "--deployment", "aws.nlb_ec2")
    status, out, err = run("compare", "examples/team-chat.yaml", *pair, "--card", str(file))

    assert (status, err) == (0, "")
    assert "aws.nlb_ec2" in out
    with Image.open(file) as card:
        assert card.size == (1200, 630)
        asked = ws.Scenario.load("examples/team-chat.yaml").replace(price_list=price_list())
        assert ws.Scenario.from_yaml(card.info["Description"]) == asked


@pytest.mark.parametrize("name", ["card.pdf", "missing/card.png"])
def test_a_card_that_cannot_be_written_is_one_message(run, tmp_path, name):
    status, _, err = run(
        "compare", "examples/team-chat.yaml", "--deployment", "aws.nlb_ec2",
        "--card", str(tmp_path / name),
    )  # fmt: skip

    assert status == 2
    assert name in err
