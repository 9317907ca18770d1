"""How large messages are: laws of the payload size, priced size by size and never by the mean."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator
from scipy import special

from estimator.arrays import FloatArray
from estimator.scenario.model import Bytes, ManyBytes, Model
from estimator.units import KIB

_NEGLIGIBLE = 1e-12


class _Sizes(Model):
    """A law over whole bytes, known through its atoms."""

    @cached_property
    def atoms(self) -> tuple[FloatArray, FloatArray]:
        """The sizes that occur, in bytes, and the share of messages of each; shares add to 1.

        Of shapes (*many, atoms) and (atoms,).
        """
        return self._atoms()

    @abstractmethod
    def _atoms(self) -> tuple[FloatArray, FloatArray]: ...

    @property
    def many(self) -> tuple[int, ...]:
        """Shape of the many scenarios that the law has sizes of; () if it is a single one."""
        return self.atoms[0].shape[:-1]

    def expect(self, function: Callable[[FloatArray], FloatArray]) -> float | FloatArray:
        """Mean of ``function`` (bytes to anything, vectorized) over the messages, shape (*many,).

        A meter that counts in started steps must be averaged like this: 90% of 4 KB and 10% of
        100 KB make 1.3 units of 32 KB, although their mean of 13.6 KB would make one.

        >>> sizes = MixtureSize(
        ...     parts=[
        ...         MixturePart(share=0.9, size=FixedSize(bytes=4096)),
        ...         MixturePart(share=0.1, size=FixedSize(bytes=102_400)),
        ...     ]
        ... )
        >>> round(sizes.expect(lambda size: np.ceil(size / 32_768)), 12)
        1.3
        """
        sizes, shares = self.atoms
        # not by BLAS, whose threads add in another order on another machine
        return _figure(np.einsum("i,...i->...", shares, function(sizes)))

    @cached_property
    def mean(self) -> float | FloatArray:
        """Mean payload in bytes."""
        return self.expect(lambda size: size)

    @cached_property
    def largest(self) -> float | FloatArray:
        """The largest payload that occurs, in bytes."""
        return _figure(np.max(self.atoms[0], axis=-1))

    def share_above(self, limit_bytes: float) -> float | FloatArray:
        """Share of messages with a larger payload."""
        return self.expect(lambda size: np.where(size > limit_bytes, 1.0, 0.0))

    def steps(self, step_bytes: float, beside_bytes: float = 0.0) -> float | FloatArray:
        """Mean number of started steps of ``step_bytes``; an empty message counts as one.

        Args:
            step_bytes: size of a step.
            beside_bytes: what is counted with each payload, such as the name of its topic.
        """
        return _steps(self, step_bytes, beside_bytes)

    def stay_within(self, rest: float) -> float | FloatArray:
        """The smallest size in bytes that all but a share ``rest`` of the messages stay within."""
        return _stay_within(self, rest)


def _figure(value: FloatArray) -> float | FloatArray:
    return float(value) if np.ndim(value) == 0 else value


# a law has up to a million atoms, and many deployments ask the same of it
@lru_cache(maxsize=1024)
def _steps(sizes: _Sizes, step_bytes: float, beside_bytes: float) -> float | FloatArray:
    return sizes.expect(lambda size: np.maximum(np.ceil((size + beside_bytes) / step_bytes), 1.0))


@lru_cache(maxsize=256)
def _stay_within(sizes: _Sizes, rest: float) -> float:
    bytes_each, shares = sizes.atoms
    order = np.argsort(bytes_each)
    beyond = 1.0 - np.cumsum(shares[order])
    return float(bytes_each[order][np.argmax(beyond <= rest)])


class FixedSize(_Sizes):
    """Every message has the same size."""

    law: Literal["fixed"] = "fixed"
    bytes: ManyBytes
    """Payload of each message."""

    def _atoms(self) -> tuple[FloatArray, FloatArray]:
        return np.asarray(self.bytes)[..., None], np.ones(1)

    def stay_within(self, rest: float) -> float | FloatArray:  # noqa: ARG002 - all are alike
        """The size that all messages have."""
        return self.bytes


class LognormalSize(_Sizes):
    """Lognormal payloads, rounded to whole bytes and cut at ``max_bytes``."""

    law: Literal["lognormal"] = "lognormal"
    mean_bytes: Annotated[Bytes, Field(gt=0)]
    """Mean payload before rounding and cutting."""
    sigma: float = Field(gt=0, le=4)
    """Standard deviation of the logarithm; 1 puts the mean at 1.65 times the median."""
    max_bytes: Bytes = Field(default=1024 * KIB, ge=1, le=1024 * KIB)
    """The application sends nothing larger; what the law puts beyond is cut to this size."""

    @model_validator(mode="after")
    def _mean_below_cut(self) -> Self:
        if self.mean_bytes >= self.max_bytes:
            raise ValueError("mean_bytes must be below max_bytes")
        return self

    def _atoms(self) -> tuple[FloatArray, FloatArray]:
        return _lognormal_atoms(self.mean_bytes, self.sigma, self.max_bytes)


@lru_cache(maxsize=16)
def _lognormal_atoms(mean: float, sigma: float, cut: float) -> tuple[FloatArray, FloatArray]:
    location = np.log(mean) - sigma**2 / 2
    reach = np.exp(location - sigma * special.ndtri(_NEGLIGIBLE))
    sizes = np.arange(1, int(min(np.ceil(reach), cut)) + 1, dtype=np.float64)
    upper_edges = sizes + 0.5
    below = special.ndtr((np.log(upper_edges) - location) / sigma)
    below[-1] = 1.0
    return sizes, np.diff(below, prepend=0.0)


class EmpiricalSize(_Sizes):
    """Sizes as they were observed."""

    law: Literal["empirical"] = "empirical"
    sizes: tuple[Bytes, ...] = Field(min_length=1)
    """The sizes seen, in bytes."""
    counts: tuple[Annotated[float, Field(gt=0)], ...] | None = None
    """How often each was seen; once each if left out."""

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if self.counts is not None and len(self.counts) != len(self.sizes):
            raise ValueError(f"{len(self.sizes)} sizes but {len(self.counts)} counts")
        return self

    def _atoms(self) -> tuple[FloatArray, FloatArray]:
        counts = np.ones(len(self.sizes)) if self.counts is None else np.array(self.counts)
        return np.array(self.sizes), counts / counts.sum()


class MixturePart(Model):
    """One kind of message within a mixture."""

    share: float = Field(gt=0)
    """Weight of this kind; weights need not add to 1."""
    size: SizeDistribution
    """How large messages of this kind are."""


class MixtureSize(_Sizes):
    """Several kinds of message in fixed proportions."""

    law: Literal["mixture"] = "mixture"
    parts: tuple[MixturePart, ...] = Field(min_length=1)
    """The kinds and their weights."""

    @model_validator(mode="after")
    def _single_parts(self) -> Self:
        if any(part.size.many for part in self.parts):
            raise ValueError("a part of a mixture takes one number and no list of many scenarios")
        return self

    def _atoms(self) -> tuple[FloatArray, FloatArray]:
        total = sum(part.share for part in self.parts)
        sizes, shares = zip(*(part.size.atoms for part in self.parts), strict=True)
        weighted = [
            part.share / total * share for part, share in zip(self.parts, shares, strict=True)
        ]
        return np.concatenate(sizes), np.concatenate(weighted)


def _number_means_fixed(value: object) -> object:
    plain = isinstance(value, int | float | str | list | np.ndarray) and not isinstance(value, bool)
    return {"law": "fixed", "bytes": value} if plain else value


_SizeLaw = Annotated[
    FixedSize | LognormalSize | MixtureSize | EmpiricalSize, Field(discriminator="law")
]
SizeDistribution = Annotated[
    _SizeLaw,
    BeforeValidator(
        _number_means_fixed, json_schema_input_type=float | str | list[float] | _SizeLaw
    ),
]
"""Any law of payload sizes; a plain number or text such as ``'300 B'`` means a fixed size, a list
one size for each of many scenarios."""

MixturePart.model_rebuild()
MixtureSize.model_rebuild()
