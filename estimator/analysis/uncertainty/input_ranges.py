"""How far may a number be off? Uniform, triangular and lognormal ranges, and what evidence says.

Each is a distribution given by its quantiles, since a draw is the quantile of an even share. None
has infinite tails: a value that a field cannot have must not be drawn.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field
from scipy import special

from estimator.analysis.assumed_defaults import FACTOR, backed_fields
from estimator.analysis.fields import current_value
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError
from estimator.scenario.model import LARGEST
from estimator.scenario.scenario import Scenario
from estimator.units import parse_number, parse_share

_TAIL: Final = 0.001
"""Share of a lognormal law beyond each of the ends to which it is cut."""
_NORMAL_P90: Final = float(special.ndtri(0.9))
FACTOR_OF_GRADE: Final[Mapping[Literal["published", "assumption"], float]] = MappingProxyType(
    {"published": 1.25, "assumption": FACTOR}
)
"""P90 over the median, by how well a default is backed: a convention of this project.

*published*: where one quantity was published twice, the two differ about as much: 9 and 10 hours
connected a day (Slack), 20 and 25 seconds between heartbeats (Python websockets, Socket.IO), 83 and
124 bytes of an order book update (Coinbase, 2018 and 2022), 113 and 130 bytes of its heartbeat, 2.0
and 2.01 for peak to mean of a workplace (Slack, Mattermost). The logarithms of these ratios have a
root mean square of 0.22, which is sqrt(2) standard deviations of a single value: P90 is then 1.22
medians. *assumption*: nothing was published; P10 and P90 are half and twice our judgment."""

_NUMBER = r"[-+]?\d[\d_,]*(?:\.\d+)?(?:[eE][-+]?\d+)?"
_TO = re.compile(rf"^({_NUMBER})(?:\s*\.\.\s*|\s+to\s+)({_NUMBER})$")
_OVER = re.compile(
    rf"^({_NUMBER})(?:\s*\.\.\s*|\s+to\s+)({_NUMBER})(?:\s*\.\.\s*|\s+to\s+)({_NUMBER})$"
)
_TIMES = re.compile(rf"^({_NUMBER})?\s*[x×](?:\s*/\s*÷?|÷)\s*({_NUMBER})$")
_LOGNORMAL = re.compile(rf"^lognormal\s+({_NUMBER})\s+p90\s+({_NUMBER})$", re.IGNORECASE)
_WITHIN = re.compile(r"^(?:±|\+/?-|within)\s*([\d.,]+\s*%)$")
_HOW_TO_WRITE = (
    "'20..40' (uniform), '20..30..45' (least, most likely, most), '300 x/ 2' (P10 is half, P90 "
    "twice of 300), 'x/ 2' and '± 25%' (around the value in the scenario)"
)

_Value = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
"""What any field can be, and far from where squares end."""


class InputRange(ABC):
    """What a number may turn out to be."""

    @abstractmethod
    def quantile(self, share: FloatArray) -> FloatArray:
        """The value that a share of all cases stays below; the inverse distribution function.

        Args:
            share: numbers from 0 to 1, of any shape.
        """

    @property
    def low(self) -> float:
        """The lowest value drawn."""
        return float(self.quantile(np.array(0.0)))

    @property
    def high(self) -> float:
        """The highest value drawn."""
        return float(self.quantile(np.array(1.0)))

    @property
    def median(self) -> float:
        """Half of all values are below it."""
        return float(self.quantile(np.array(0.5)))


@checks_arguments
@dataclass(frozen=True, slots=True)
class Uniform(InputRange):
    """Any value from one to another, all equally likely.

    Raises:
        ScenarioError: it runs backwards, or its ends are one value or no finite numbers.

    >>> Uniform(20, 40).median, str(Uniform(20, 40))
    (30.0, '20..40')
    """

    least: _Value
    """Nothing is below it."""
    most: _Value
    """Nothing is above it."""

    def __post_init__(self) -> None:
        """Refuse what is no range."""
        if self.least > self.most:
            raise ScenarioError(
                f"the range {self} runs backwards: write {self.most:g}..{self.least:g}"
            )
        if self.least == self.most:
            raise ScenarioError(
                f"the range {self} is one value: put a known value into the scenario"
            )

    def quantile(self, share: FloatArray) -> FloatArray:
        """A straight line between the ends."""
        return self.least + (self.most - self.least) * np.asarray(share, dtype=np.float64)

    def __str__(self) -> str:
        return f"{self.least:.12g}..{self.most:.12g}"


@checks_arguments
@dataclass(frozen=True, slots=True)
class Triangular(InputRange):
    """From the least to the most, with one value most likely between them.

    Raises:
        ScenarioError: the three are out of order, all one value, or no finite numbers.

    >>> Triangular(0, 5, 10).median, str(Triangular(20, 30, 45))
    (5.0, '20..30..45')
    """

    least: _Value
    """Nothing is below it."""
    mode: _Value
    """The most likely value."""
    most: _Value
    """Nothing is above it."""

    def __post_init__(self) -> None:
        """Refuse what is no triangle."""
        if not self.least <= self.mode <= self.most:
            raise ScenarioError(
                f"{self} is out of order: write the least, the most likely and the most"
            )
        if self.least == self.most:
            raise ScenarioError(f"{self} is one value: put a known value into the scenario")

    def quantile(self, share: FloatArray) -> FloatArray:
        """Square roots on either side of the mode."""
        share = np.asarray(share, dtype=np.float64)
        width, rise, fall = self.most - self.least, self.mode - self.least, self.most - self.mode
        return np.where(
            share * width < rise,
            self.least + np.sqrt(share * width * rise),
            self.most - np.sqrt((1 - share) * width * fall),
        )

    def __str__(self) -> str:
        return f"{self.least:.12g}..{self.mode:.12g}..{self.most:.12g}"


@checks_arguments
@dataclass(frozen=True, slots=True)
class Lognormal(InputRange):
    """A factor either way: P10 is the median divided by it, P90 the median times it.

    Beyond P0.1 and P99.9 it is cut; what the law puts there is drawn as these.

    Raises:
        ScenarioError: a median that is not above 0, or a factor that is not above 1.

    >>> law = Lognormal(300, 2)
    >>> law.quantile(np.array([0.1, 0.5, 0.9]))
    array([150., 300., 600.])
    """

    middle: _Value
    """The median."""
    factor: Annotated[float, Field(le=1e6)]
    """P90 over the median, and the median over P10."""

    def __post_init__(self) -> None:
        """Refuse what is no lognormal law."""
        _above_0(self.middle)
        if self.factor <= 1:
            raise ScenarioError(
                "the factor of a lognormal law, P90 over the median, is above 1, "
                f"not {self.factor:g}"
            )

    def quantile(self, share: FloatArray) -> FloatArray:
        """Exponential of normal quantiles, between P0.1 and P99.9."""
        deviations = special.ndtri(np.clip(share, _TAIL, 1 - _TAIL)) / _NORMAL_P90
        return np.asarray(self.middle * self.factor**deviations)

    def __str__(self) -> str:
        return f"{self.middle:.12g} x/ {self.factor:.12g}"


def parse_input_range(text: str, around: float | None = None) -> InputRange:
    """Read how far a number may be off.

    Args:
        text: ``20..40`` or ``20 to 40``; ``20..30..45`` for least, most likely and most;
            ``300 x/ 2`` or ``lognormal 300 p90 600``; ``x/ 2`` and ``± 25%`` around the value now.
        around: the value now, if there is one.

    Raises:
        ScenarioError: none of these, or a distribution that cannot be.

    >>> parse_input_range("20..40"), parse_input_range("x/ 2", around=7)
    (Uniform(least=20.0, most=40.0), Lognormal(middle=7.0, factor=2.0))
    """
    said = text.strip()
    if match := _OVER.match(said):
        return Triangular(*map(_number, match.groups()))
    if match := _TO.match(said):
        return Uniform(*map(_number, match.groups()))
    if match := _LOGNORMAL.match(said):
        middle, p90 = map(_number, match.groups())
        return Lognormal(_above_0(middle), p90 / middle)
    if match := _TIMES.match(said):
        middle, factor = match.groups()
        return Lognormal(_number(middle) if middle else _value_now(text, around), _number(factor))
    if match := _WITHIN.match(said):
        share, middle = _read(parse_share, match[1]), _value_now(text, around)
        return Uniform(*sorted((middle * (1 - share), middle * (1 + share))))
    raise ScenarioError(f"'{text}' is not a distribution: write {_HOW_TO_WRITE}")


def by_grade(value: float, grade: Literal["published", "assumption"]) -> Lognormal:
    """A factor either way of a default, larger the less it is backed.

    Args:
        value: the default, above 0.
        grade: of its evidence; see ``FACTOR_OF_GRADE`` for what stands behind the factors.

    >>> str(by_grade(60, "assumption")), str(by_grade(25, "published"))
    ('60 x/ 2', '25 x/ 1.25')
    """
    return Lognormal(value, FACTOR_OF_GRADE[grade])


@checks_arguments
def input_ranges_by_evidence(scenario: Scenario) -> dict[str, InputRange]:
    """How far the defaults of profiles may be off, by what backs them.

    Numbers that the scenario itself gives, and the audience, have no evidence and are taken as
    known: pass their ranges to ``uncertainty``.

    Args:
        scenario: a number that it changes has no evidence any more.

    Returns:
        A lognormal law around each default above 0 that can be scaled: rates, sizes, times,
        fan-out. Shapes of laws and of the week stay. By full name of the field.

    Raises:
        ScenarioError: the scenario stands for many.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=100)
    >>> str(input_ranges_by_evidence(scenario)["profile.flows.posts.rate_per_hour"])
    '2.3 x/ 1.25'
    """
    if scenario.many:
        raise ScenarioError("a field is a list, so the scenario stands for many: choose one")
    return {
        field: by_grade(current_value(scenario, field), backing.evidence.grade)
        for field, backing in backed_fields(scenario).items()
    }


def _number(text: str) -> float:
    return _read(parse_number, text)


def _read(parse: Callable[[str], float | Fraction], text: str) -> float:
    try:
        return float(parse(text))
    except ValueError as error:
        raise ScenarioError(str(error)) from None


def _value_now(text: str, around: float | None) -> float:
    if around is None:
        raise ScenarioError(
            f"'{text}' is relative to the value in the scenario, which has no single value here: "
            "write the numbers out"
        )
    return around


def _above_0(median: float) -> float:
    if median <= 0:
        raise ScenarioError(f"the median of a lognormal law is above 0, not {median:g}")
    return median
