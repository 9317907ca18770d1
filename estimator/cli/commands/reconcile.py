"""How much of an invoice does an estimate explain, and why does the rest differ?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

import estimator as ws
from estimator.cli import common, completion
from estimator.errors import ScenarioError, echo

if TYPE_CHECKING:
    from estimator.invoices.reconcile import Reconciliation

_RATE: Final = re.compile(r"\s*([A-Z]{3})\s*=\s*(\d+(?:\.\d+)?)\s*")


def reconcile(
    file: common.ScenarioFile,
    bill: Annotated[
        Path,
        typer.Argument(
            help="The bill as the vendor exports it: FOCUS, an AWS cost and usage report, an Azure "
            "or Google Cloud export, an OCI cost report; CSV, in gzip or not, JSON or Parquet.",
            metavar="BILL",
        ),
    ],
    deployment: Annotated[
        str | None,
        typer.Option(
            help="What the bill is of, such as aws.api_gateway; recognized by its meters if left "
            "out.",
            metavar="ID",
            autocompletion=completion.deployments,
        ),
    ] = None,
    month: Annotated[
        str | None,
        typer.Option(help="Of a bill of several months, the one to read, such as 2026-11."),
    ] = None,
    usd_per: Annotated[
        str | None,
        typer.Option(
            help="What one unit of another currency is in US dollars, such as EUR=1.08.",
            metavar="CURRENCY=USD",
        ),
    ] = None,
    relative_error: Annotated[
        float,
        typer.Option(
            help="How far a billed quantity is from the estimate's though demand and answers are "
            "right, as one standard deviation, such as 0.05.",
            metavar="SHARE",
        ),
    ] = 0.05,
    contract_to: Annotated[
        Path | None,
        common.output(help="Write the contract that was really paid to this file.", metavar="FILE"),
    ] = None,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
    as_csv: Annotated[bool, common.output("--csv", help="Print one row for each line.")] = False,
) -> None:
    r"""Lay a bill beside the estimate, and say why they differ.

    The difference of each line is split into quantity, price and scope, and
    the bill is asked which answers to open questions it speaks for. The exit
    status is 0 whatever the answer is.

    Examples:
        # what of the bill is explained, and why the rest differs
        $ estimator reconcile examples/shop-notices.yaml \
          examples/shop-notices-invoice.csv
        # the contract behind it, for the next estimate
        $ estimator reconcile examples/shop-notices.yaml \
          examples/shop-notices-invoice.csv --contract-to paid.yaml
        # as one JSON document
        $ estimator reconcile examples/shop-notices.yaml \
          examples/shop-notices-invoice.csv --json
    """
    common.check_one_form(markdown=as_markdown, json=as_json, csv=as_csv)
    scenario = common.read_scenario(file, location, contract)
    currency, rate = _rate(usd_per)
    invoice = ws.read_invoice(bill, rate, month)
    if currency is not None and invoice.currency != currency:
        raise ScenarioError(
            f"--usd-per: the rate is of {currency}, but the bill is in {invoice.currency}"
        )
    found = ws.reconcile(scenario, invoice, deployment, relative_error=relative_error)
    if contract_to is not None:
        _write_contract(found, contract_to)
    table = (lambda: found.table) if as_csv else None
    common.print_result(found, as_json=as_json, as_markdown=as_markdown, as_csv=table)


def _rate(text: str | None) -> tuple[str | None, float | None]:
    """The currency and what one unit of it is in dollars; nothing if left out.

    Raises:
        ScenarioError: it says something else.
    """
    if text is None:
        return None, None
    match = _RATE.fullmatch(text)
    if match is None or not float(match[2]):
        raise ScenarioError(f"--usd-per: expected a currency and a rate as in EUR=1.08, not "
                            f"{echo(text)}")  # fmt: skip
    return match[1], float(match[2])


def _write_contract(found: Reconciliation, path: Path) -> None:
    """Write the contract that follows from a bill, whole or not at all.

    Raises:
        ScenarioError: there is none, or the file cannot be written.
    """
    from estimator.documents import yaml_text
    from estimator.files import write_whole

    if found.contract is None:
        raise ScenarioError("--contract-to: all lines were billed at list prices: no contract")
    try:
        write_whole(path, yaml_text(found.contract.as_data()).encode())
    except (OSError, ValueError):
        raise ScenarioError(f"--contract-to: {echo(str(path))} cannot be written") from None
