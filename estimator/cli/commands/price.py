"""What do plain quantities cost, as on an invoice, and how are messages counted?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Annotated, Any

import typer

import estimator as ws
from estimator.cli import common, completion
from estimator.errors import EstimatorError
from estimator.units import parse_number

_BEFORE_REGION = "@"
_priced = partial(typer.Option, rich_help_panel="How it is priced")


def price(
    quantities: Annotated[
        list[str],
        typer.Argument(
            help="What meters counted in the month, in units that 'estimator prices' defines; "
            "METER@REGION=QUANTITY for another region.",
            metavar="METER=QUANTITY",
            autocompletion=completion.quantities,
        ),
    ],
    region: Annotated[
        str,
        _priced(
            help="The vendor's id of the region, such as us-east-1.",
            metavar="REGION",
            autocompletion=completion.regions,
            show_default=False,
        ),
    ] = "",
    free_allowances: Annotated[
        str,
        _priced(
            help="Which free allowances to take off: none, those that always apply, or all, "
            "those of new accounts as well.",
            metavar="none|always|all",
        ),
    ] = "none",
    contract: Annotated[str | None, common.contract_option(_priced)] = None,
    as_of: Annotated[dt.datetime | None, common.as_of_option(_priced)] = None,
    round_lines: Annotated[
        bool, _priced("--round-lines", help="Round each line to the cent, as invoices do.")
    ] = False,
    explain: common.Explain = False,
    as_csv: Annotated[
        bool, common.output("--csv", help="Print one row for each line, for a spreadsheet.")
    ] = False,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Price plain quantities of meters, as an invoice does.

    Examples:
        # the example of AWS's page: 1,000 users for 12 hours per day
        $ estimator price --region us-east-1 aws.api_gateway.messages=18e6 \
          aws.api_gateway.connection_minutes=21.6e6
        # two regions of one account, each line rounded to the cent
        $ estimator price --round-lines aws.egress.internet@us-east-1=500 \
          aws.egress.internet@eu-west-1=1,200
        # what one unit is, and how each line is priced beyond the free tier
        $ estimator price aws.lambda.requests=3e6 --region us-east-1 \
          --free-allowances always --explain
    """
    common.check_one_form(explain=explain, csv=as_csv, markdown=as_markdown, json=as_json)
    bill = ws.price(
        _quantities(quantities),
        region,
        free_allowances=free_allowances,  # pyright: ignore[reportArgumentType] (checked there)
        as_of=as_of.date() if as_of else None,
        contract=common.read_contract(contract) if contract else None,
        round_lines=round_lines,
    )
    if explain:
        common.print_paragraphs(bill.explain())
    else:
        common.print_result(
            bill,
            as_json=as_json,
            as_markdown=as_markdown,
            as_csv=(lambda: bill.lines) if as_csv else None,
        )


def billable_units(
    meter: Annotated[
        str,
        typer.Argument(
            help="The id of a meter that counts messages or bytes.",
            metavar="METER",
            autocompletion=completion.meters,
        ),
    ],
    messages: Annotated[
        list[str],
        typer.Argument(
            help="The size of messages, such as '4.5 MB', and how many are of that size.",
            metavar="SIZE=MESSAGES",
        ),
    ],
    as_json: common.AsJson = False,
) -> None:
    """Count messages of given sizes in the units of a meter, for 'estimator price'.

    Examples:
        # 4.5 MB make nine requests of 512 KB
        $ estimator billable-units aws.http_api.requests 4.5MB=1
        # a million small messages and a thousand large ones
        $ estimator billable-units aws.api_gateway.messages 2KB=1e6 100KB=1000
    """
    parts = _pairs(messages, "4.5MB=1000")
    units = sum(float(ws.billable_units(meter, size, count)) for size, count in parts)
    if as_json:
        common.print_json({"meter": meter, "units": units})
    else:
        from estimator.format import quantity_text
        from estimator.pricing.catalog import load_catalog

        found = load_catalog().meter(meter)
        common.print_paragraphs(f"{quantity_text(units)} {found.unit}\n{found.definition}")


def _quantities(given: Iterable[str]) -> dict[str | tuple[str, str], Any]:
    """Amounts by meter, or by meter and region; the same key twice adds up."""
    amounts: dict[str | tuple[str, str], float] = {}
    for name, amount in _pairs(given, "aws.lambda.requests=3e6"):
        meter, has_region, region = name.partition(_BEFORE_REGION)
        key = (meter, region) if has_region else meter
        amounts[key] = amounts.get(key, 0.0) + amount
    return amounts


def _pairs(given: Iterable[str], example: str) -> Iterator[tuple[str, float]]:
    for pair in given:
        name, _, number = pair.rpartition("=")
        try:
            amount = float(parse_number(number))
        except ValueError:
            amount = None
        if not name or amount is None:
            raise EstimatorError(f"'{pair}': write a name and a number, such as {example}")
        yield name.strip(), amount
