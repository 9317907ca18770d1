"""Which settings and metering rules does a vendor start with, and where do ours differ?"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, JsonValue, model_validator

from estimator.documents import read_yaml
from estimator.errors import PricingDataError
from estimator.files import Sourced, has_data, load_rows


def _written(cell: object) -> object:
    """A cell as the value that a scenario file would hold."""
    if not isinstance(cell, str):
        return cell
    return read_yaml(f"value: {cell}", "a cell", PricingDataError).content["value"]


class VendorDefault(Sourced):
    """A setting or rule of a vendor, and what stands for it here."""

    deployment: str
    """Id of a deployment; ``*`` for all of the folder."""
    subject: str
    """The setting or rule, in a few words."""
    vendors: str
    """The vendor's value or rule, in words."""
    ours: str
    """What bills take, in words."""
    why: str | None = None
    """Why ours differs; None if it does not."""
    option: str | None = None
    """The option that the vendor starts with another value of; None if no option would do it."""
    vendors_option: Annotated[JsonValue, BeforeValidator(_written)] = None
    """That value, as a scenario file would hold it."""

    @model_validator(mode="after")
    def _an_option_has_a_value(self) -> Self:
        if (self.option is None) != (self.vendors_option is None):
            raise ValueError("option and vendors_option go together")
        if self.option is not None and self.why is None:
            raise ValueError("a default of an option that differs says why")
        return self


def vendor_defaults(folder: str) -> tuple[VendorDefault, ...]:
    """The rows of a folder of the price list, such as ``aws`` or ``saas``."""
    file = f"{folder}/defaults.csv"
    return load_rows(file, VendorDefault) if has_data(file) else ()
