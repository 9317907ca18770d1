"""What does a bill of a vendor say, in our meters?"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Annotated, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from pydantic import Field

from estimator.arguments import checks_arguments
from estimator.errors import cut, echo
from estimator.invoices.formats.recognize import Recognized, recognized
from estimator.invoices.invoice import OTHER_MONTH, Invoice, InvoiceError, months_words
from estimator.invoices.line import changed, mistake_in_amount
from estimator.invoices.table import Unread, tables
from estimator.invoices.totals import Totals

_USD: Final = "USD"
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_MOST_MONTHS: Final = 1200
_DAY: Final = re.compile(
    r"\s*(?:(?P<y>\d{4})(?P<sign>-?)(?P<m>\d\d)(?P=sign)(?P<d>\d\d)"
    r"|(?P<us_m>\d{1,2})/(?P<us_d>\d{1,2})/(?P<us_y>\d{4}))(?!\d)"
)
"""The dates of vendors: 2026-11-30, 20261130, or 11/30/2026 (Azure)."""
_DATE_ALONE: Final = re.compile(r"[\d/-]*")
_DAY_FIRST: Final = re.compile(r"\s*((?:1[3-9]|2\d|3[01])[/.](?:0?[1-9]|1[0-2])[/.]\d{4})(?!\d)")
_MIDNIGHT: Final = re.compile(
    r"[T ]*(?:12:00(?::00)? AM|00?(?::00)*(?:\.0+)?)?\s*(?:Z|UTC|[+-]\d\d:?\d\d)?", re.IGNORECASE
)


@checks_arguments
def read_invoice(
    path: str | Path,
    usd_per_currency: Annotated[float, Field(gt=0)] | None = None,
    month: str | None = None,
) -> Invoice:
    r"""Read a bill of AWS, Azure, Google Cloud or OCI into our meters.

    FOCUS 1.0 to 1.4, AWS cost and usage reports (legacy and 2.0), Azure cost exports, Google's
    export to BigQuery, and OCI cost reports are told by their columns; CSV, CSV in gzip, JSON
    (Google) and Parquet by their content. A file of any size is read some rows at a time. Account
    ids, resources and tags stay in the file.

    Args:
        path: the file.
        usd_per_currency: what one unit of the bill's currency is in dollars, if that is another
            one.
        month: of a bill that spans several, the month to read, as ``2026-11``.

    Returns:
        The lines of our meters (quantities in our units, amounts in dollars), the usage that none
        of them stands for, and apart from both credits, tax, support and purchases.

    Raises:
        InvoiceError: it is no bill of a known format, columns are missing, or it is in another
            currency and no rate is stated.
        ArgumentError: an argument is something else.

    >>> import tempfile
    >>> bill = Path(tempfile.mkdtemp()) / "bill.csv"
    >>> _ = bill.write_text(
    ...     "lineItem/intervalUsageStart,product/service,product/region,usage/billedQuantity,"
    ...     "cost/productSku,product/Description,cost/myCost,cost/currencyCode\n"
    ...     "2026-11-01T00:00Z,COMPUTE,eu-frankfurt-1,8,B97384,Standard - E5,0.24,USD\n"
    ... )
    >>> read_invoice(bill).lines[["meter", "region", "quantity", "billed_usd"]].values.tolist()
    [['oci.compute.e5_ocpu_hours', 'eu-frankfurt-1', 8.0, 0.24]]
    """
    given = Path(path)
    name = cut(given.name or str(given))
    try:
        if given.is_dir():
            raise InvoiceError(f"{name}: it is a folder; name one file of the bill")
        with given.open("rb") as file:
            return read_invoice_file(file, name, usd_per_currency, month)
    except FileNotFoundError:
        raise InvoiceError(f"{name}: there is no such file; check the path") from None
    except (OSError, ValueError) as error:
        raise InvoiceError(
            f"{name}: it cannot be opened ({type(error).__name__}); check the path and its rights"
        ) from None


def read_invoice_file(
    file: IO[bytes], name: str, usd_per_currency: float | None = None, month: str | None = None
) -> Invoice:
    """As ``read_invoice``, of a file that is open, such as one that was uploaded.

    Raises:
        InvoiceError: see ``read_invoice``.
    """
    if month is not None and not _MONTH.fullmatch(month):
        raise InvoiceError(f"month: expected a month such as 2026-11, not {echo(month)}")
    reading = _Reading(name, usd_per_currency, month)
    unread = reading.unread
    for rows, at in tables(file, name, reading.wanted, unread):
        reading.add(rows, at)
    return reading.invoice()


class _Reading:
    """One bill as it is read."""

    def __init__(self, name: str, usd_per_currency: float | None, month: str | None) -> None:
        self._name = name
        self._usd = usd_per_currency
        self._month = month
        self.unread = Unread()
        self._kind: Recognized | None = None
        self._totals = Totals()
        self._rows_read = 0
        self._days: dict[bool, tuple[dt.date, dt.date]] = {}
        """The first and the last day of use, and of everything else."""
        self._months: set[str] = set()
        self._other_months: set[str] = set()
        self._currency = ""
        self._local = self._dollars = 0.0

    def wanted(self, header: Sequence[str]) -> Mapping[str, int] | None:
        """The columns that are read of a header; None if it is none of a bill."""
        self._kind = recognized(header, self._name)
        return self._kind.at if self._kind else None

    def add(self, rows: pd.DataFrame, at: Sequence[int]) -> None:
        """Add some rows, which stand on these lines."""
        assert self._kind is not None
        kind = self._kind.format
        for column in kind.columns:
            if column not in rows:
                rows[column] = pd.Series("", index=rows.index, dtype=object)
        line_of = np.asarray(at)
        reasons = _mistakes(rows, kind.amounts)
        self._refuse_day_first(rows["start"])
        for column in ("start", "end") if kind.time_zone != "UTC" else ():
            rows[column] = changed(rows[column], partial(_in_zone, zone=kind.time_zone))
        day = _first_days(rows["start"])
        reasons = reasons.where((reasons != "") | day.notna(), "the date cannot be read")
        reasons = reasons.where((reasons != "") | (rows["cost"] != ""), "there is no cost")
        if self._month is not None:
            other = (reasons == "") & (day.dt.strftime("%Y-%m") != self._month)
            _add_months(self._other_months, day[other])
            reasons = reasons.where(~other, f"{OTHER_MONTH} {self._month}")
        lines = kind.lines(rows)
        if "rows" not in lines:
            lines["rows"] = 1
        unclear = lines.loc[lines["billed_cost"].isna()].index
        reasons[unclear] = reasons[unclear].where(
            reasons[unclear] != "", "its credits cannot be read"
        )
        right = reasons == ""
        for reason, these in reasons[~right].groupby(reasons[~right]):
            self.unread.add(str(reason), int(line_of[these.index].min()), len(these))
        if not right.any():
            return
        lines = lines[right[lines.index]]
        self._rows_read += int(right.sum())
        last = _last_days(rows["end"], day) if "end" in rows else day
        is_use = lines["category"] == "usage"
        for kind in (True, False):
            of_kind = lines.index[is_use == kind]
            if len(of_kind):
                self._add_days(kind, day[of_kind].min().date(), last[of_kind].max().date())
        _add_months(self._months, day[right])
        self._totals.add(lines, self._rate(lines))

    def _add_days(self, is_use: bool, first: dt.date, last: dt.date) -> None:
        before = self._days.get(is_use, (first, last))
        self._days[is_use] = min(first, before[0]), max(last, before[1])

    def _refuse_day_first(self, starts: pd.Series) -> None:
        """Refuse dates as 30/11/2026, since 01/11/2026 would be taken for a day in January.

        Raises:
            InvoiceError: there is one.
        """
        found = next(filter(None, map(_DAY_FIRST.match, starts.unique())), None)
        if found is not None:
            raise InvoiceError(
                f"{self._name}: its dates have the day first ({found[1]}); dates are read as "
                "2026-11-30 or 11/30/2026, so save the file with one of these"
            )

    def _rate(self, lines: pd.DataFrame) -> pd.Series | float:
        """Dollars for one unit of the currency, of each line if the file says so.

        Raises:
            InvoiceError: there are several currencies, or another one without a rate.
        """
        currencies = {each.strip().upper() for each in lines["currency"].unique()} - {""}
        currencies |= {self._currency} - {""}
        if len(currencies) > 1:
            raise InvoiceError(
                f"{self._name}: it is in several currencies "
                f"({', '.join(_code(each) for each in sorted(currencies)[:5])}); read each bill "
                "by itself"
            )
        if not currencies:
            raise InvoiceError(
                f"{self._name}: its column of the currency is empty; export it with the currency"
            )
        [found] = currencies
        if not _CURRENCY.fullmatch(found):
            raise InvoiceError(
                f"{self._name}: its column of the currency holds no code such as USD; export it "
                "with the currency"
            )
        self._currency = found
        if self._currency == _USD:
            return 1.0
        if self._usd is not None:
            return self._usd
        stated = lines.get("local_per_usd")
        if stated is None or not (stated > 0).all():
            raise InvoiceError(
                f"{self._name}: it is in {self._currency}, and prices here are in USD; state "
                f"usd_per_currency, the dollars that one {self._currency} was worth (in a shell, "
                f"--usd-per {self._currency}=RATE)"
            )
        usd = 1.0 / stated
        self._local += float(lines["billed_cost"].abs().sum())
        self._dollars += float((lines["billed_cost"] * usd).abs().sum())
        return usd

    def invoice(self) -> Invoice:
        """All that was read.

        Raises:
            InvoiceError: nothing was.
        """
        unread = self.unread.counted()
        if not self._rows_read:
            if self._other_months:
                raise InvoiceError(
                    f"{self._name}: it has no charges of {self._month} that can be read, but "
                    f"some of {months_words(self._other_months)}"
                )
            why = f": {unread[0].reason} (line {unread[0].first_line})" if unread else ""
            raise InvoiceError(f"{self._name}: no row of it could be read{why}")
        assert self._kind is not None
        # what was bought or is taxed may be for years, and corrections are of months before
        first_day, last_day = self._days.get(True) or self._days[False]
        return Invoice(
            source_format=self._kind.format.name,
            cloud=tuple(sorted(self._totals.clouds)),
            currency=self._currency,
            usd_per_currency=self._usd_per_currency(),
            first_day=first_day,
            end_day=last_day + dt.timedelta(days=1),
            lines=self._totals.lines,
            unmapped=self._totals.unmapped,
            apart=self._totals.apart,
            rows_read=self._rows_read,
            rows_ignored=self._totals.rows_ignored,
            rows_not_read=unread,
            months=tuple(sorted(self._months)),
        )

    def _usd_per_currency(self) -> float:
        if self._currency == _USD:
            return 1.0
        if self._usd is not None:
            return self._usd
        return self._dollars / self._local if self._local else math.nan


def _code(currency: str) -> str:
    return currency if _CURRENCY.fullmatch(currency) else "an unknown currency"


def _mistakes(rows: pd.DataFrame, columns: Mapping[str, str]) -> pd.Series:
    """Why a row's amounts cannot be read, row by row; empty where they can."""
    reasons = pd.Series("", index=rows.index, dtype=object)
    for column, what in columns.items():
        found = mistake_in_amount(rows[column], what)
        reasons = reasons.where(reasons != "", found)
    return reasons


def _add_months(months: set[str], days: pd.Series) -> None:
    if len(months) < _MOST_MONTHS:
        months |= {*days.dt.strftime("%Y-%m").unique()}


def _first_days(starts: pd.Series) -> pd.Series:
    """The days on which charges begin; NaT where a text is none."""
    return pd.to_datetime(changed(starts, lambda each: _moment(each)[0]), errors="coerce")


def _last_days(ends: pd.Series, first: pd.Series) -> pd.Series:
    """The last days of charges; the first ones, where a file does not say, or says an earlier one.

    A charge ends before the moment that is stated: one until midnight has nothing of that day.
    """
    day = pd.to_datetime(changed(ends, lambda each: _moment(each)[0]), errors="coerce")
    at_midnight = changed(ends, lambda each: _moment(each)[1]).astype(bool)
    last = day.where(~at_midnight, day - dt.timedelta(days=1))
    return last.where(last > first, first)


def _in_zone(text: str, zone: str) -> str:
    """A moment on the clocks of a time zone; a day without a time, or what is none, stays as it is.

    >>> _in_zone("2026-11-01 06:30:00 UTC", "America/Los_Angeles")
    '2026-10-31T23:30:00-07:00'
    """
    plain = text.strip().replace(" UTC", "+00:00")
    if _DATE_ALONE.fullmatch(plain):
        return text
    try:
        moment = dt.datetime.fromisoformat(plain)
        return (
            (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
            .astimezone(ZoneInfo(zone))
            .isoformat()
        )
    except (ValueError, OverflowError):
        return text


def _moment(text: str) -> tuple[dt.date | None, bool]:
    """The day of a time stamp, None if there is none, and whether it is the midnight before it.

    >>> _moment("2026-11-01T00:00:00Z"), _moment("11/1/2026 5:00:00 PM")
    ((datetime.date(2026, 11, 1), True), (datetime.date(2026, 11, 1), False))
    """
    found = _DAY.match(text)
    if found is None:
        return None, False
    year, month, day = (int(found[name] or found[f"us_{name}"]) for name in "ymd")
    try:
        return dt.date(year, month, day), bool(_MIDNIGHT.fullmatch(text[found.end() :].rstrip()))
    except ValueError:
        return None, False
