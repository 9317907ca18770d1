"""How large is a message? Its mean in one field; how sizes vary in three more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from estimator.dashboard.widgets.app_editor.fields import (
    choice_field,
    kept_field,
    quantity_field,
    text_field,
)
from estimator.dashboard.widgets.app_editor.quantities import size_text
from estimator.format import bytes_text, given_text, number_of
from estimator.scenario.scenario import Scenario
from estimator.scenario.sizes import (
    LARGEST_DRAWN_BYTES,
    EmpiricalSize,
    FixedSize,
    LognormalSize,
    MixtureSize,
)

SizeLaw = FixedSize | LognormalSize | MixtureSize | EmpiricalSize
"""What people write; all but the first two are kept as they are."""
Sized = Callable[[Scenario, Any], Scenario]
"""Makes the next scenario from what is said of a size, as a file would."""
_LAWS: Final = {"fixed": "All the same size", "lognormal": "Most small, some large"}
_USUAL_SIGMA: Final = 1.0
_KEPT: Final = "This law of sizes comes from a file, and is kept as it is."


def mean_size_field(label: str, at: str, size: SizeLaw, change: Sized, explained: str) -> None:
    """The mean size; the law stays."""
    if not isinstance(size, FixedSize | LognormalSize):
        kept_field(label, at, _words(size), _KEPT)
        return
    fixed = isinstance(size, FixedSize)
    quantity_field(
        label,
        at,
        size_text(float(size.bytes if isinstance(size, FixedSize) else size.mean_bytes)),
        "size",
        lambda old, typed: change(old, typed if fixed else {"mean_bytes": typed}),
        f"{explained} With a unit, such as 225 B, 2 KB or 1 MiB.",
    )


def law_fields(at: str, size: SizeLaw, change: Sized) -> None:
    """How sizes vary around the mean, and the application's cap."""
    if not isinstance(size, FixedSize | LognormalSize):
        kept_field("Sizes vary", at, _words(size), _KEPT)
        return
    mean = float(size.bytes if isinstance(size, FixedSize) else size.mean_bytes)
    choice_field(
        "Sizes vary",
        at,
        _LAWS,
        size.law,
        lambda old, law: change(old, _of_law(law, mean)),
        "Clouds bill messages in steps, so a few large ones may cost more than their mean tells.",
    )
    if isinstance(size, FixedSize):
        return
    text_field(
        "Spread of sizes",
        at,
        given_text(size.sigma),
        lambda old, typed: change(old, {"sigma": typed}),
        "Standard deviation of the logarithm: 0.5 is little; with 1, one message in twenty is "
        "more than five times the median.",
    )
    quantity_field(
        "Largest message",
        at,
        size_text(size.max_bytes) if size.has_cap else "",
        "size",
        lambda old, typed: change(old, {"max_bytes": typed or LARGEST_DRAWN_BYTES}),
        "What your application allows at most. Empty: it has no cap.",
        "16 KB",
    )


def _of_law(law: str, mean_bytes: float) -> Mapping[str, Any] | float:
    if law == "fixed":
        return mean_bytes
    return {"law": law, "mean_bytes": mean_bytes, "sigma": _USUAL_SIGMA}


def _words(size: SizeLaw) -> str:
    count = len(size.parts) if isinstance(size, MixtureSize) else 0
    what = f"mixture of {number_of(count, 'part')}" if count else "sizes as observed"
    return f"{bytes_text(float(size.mean))} on average, {what}"
