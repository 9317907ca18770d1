"""How large messages are: laws of the payload size, priced size by size and never by the mean."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field, model_validator
from scipy import special

from estimator.arrays import FloatArray, most
from estimator.errors import EstimatorError
from estimator.scenario.model import (
    MOST_OBSERVED,
    Bytes,
    Law,
    ManyBytes,
    ManyFromZero,
    ManyPositiveBytes,
    ManyShare,
    Model,
    PositiveBytes,
    Sigma,
    Weight,
    Within,
    shares_of,
)
from estimator.units import KIB

ComplexArray = npt.NDArray[np.complex128]
_NEGLIGIBLE = 1e-12
_RARE = 1e-6
"""Share of messages that decide no limit where nobody says which size the application allows at
most: laws of sizes have tails without end. Assumption."""
LARGEST_DRAWN_BYTES = 1024 * KIB
"""The largest payload of a law that has no list of sizes."""
_EXACT_BYTES = 4096
"""As many sizes are looked at one by one; beyond them a law is smooth from byte to byte."""
_COARSE_SIZES = 1024
"""Sizes that stand for all larger ones where nothing says which of them matter."""
_MOST_ATOMS = 8192
"""Of a mixture; of other laws there are fewer."""
MOST_PARTS = 100
"""Of a mixture, those of mixtures within it included."""
_MOST_DEPTH = 4
"""Of mixtures within mixtures."""
_MOST_LATTICE_SIZES = 2**17
"""Of a batch: each byte up to 128 KiB, and multiples of some bytes where batches are larger."""
_MOST_IN_BATCH = 1e9
"""Messages, beyond which rounding decides how large a batch is."""
_RARELY_TWO = 1e-6
"""Messages of a batch beyond the first, on average, that make no difference."""
_RARE_DEVIATION = 12.0
"""Standard deviations beyond which no batch is looked for."""
_RARE_MESSAGES = 10.0
"""Messages more than that, since few messages deviate further than a deviation tells."""


class _Sizes(Law):
    """A law over whole bytes, known through its sizes between any edges."""

    @abstractmethod
    def parted(self, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sizes in bytes that stand for all of the law, and the share of each; shares add to 1.

        None stands for messages on both sides of an edge, and each is the mean of those that it
        stands for. So a function that is linear between ``edges`` (which may jump right above
        each) has the same mean over the sizes as over the messages. Of laws that list their sizes,
        these are the sizes.

        Args:
            edges: sizes in bytes in ascending order, shape (edges,).

        Returns:
            Of shapes (*many, sizes) and (sizes,), or (*many, sizes) both.
        """

    @property
    def atoms(self) -> tuple[FloatArray, FloatArray]:
        """Sizes in bytes, some thousands at most, and the share of messages of each.

        These are all the sizes that occur, or the first 4,096 of them; each size beyond stands for
        those that are up to 0.6% smaller.
        """
        return self.parted(np.zeros(0))

    @property
    @abstractmethod
    def largest(self) -> float | FloatArray:
        """The largest payload that limits on message sizes must let through, in bytes.

        The largest that occurs, where sizes are listed or the application has a cap. Where a law
        has a tail without end, the size that all but a millionth of the messages stay within.
        """

    def expect(
        self, function: Callable[[FloatArray], FloatArray], edges: npt.ArrayLike | None = None
    ) -> float | FloatArray:
        """Mean of ``function`` (bytes to anything, vectorized) over the messages, shape (*many,).

        A meter that counts in started steps must be averaged like this: 90% of 4 KB and 10% of
        100 KB make 1.3 units of 32 KB, although their mean of 13.6 KB would make one.

        Args:
            function: what a message of so many bytes counts.
            edges: sizes between which it is linear, for which the mean is exact (within a
                millionth); without them it is the mean over ``atoms``.

        >>> sizes = MixtureSize(
        ...     parts=[
        ...         MixturePart(share=0.9, size=FixedSize(bytes=4096)),
        ...         MixturePart(share=0.1, size=FixedSize(bytes=102_400)),
        ...     ]
        ... )
        >>> round(sizes.expect(lambda size: np.ceil(size / 32_768)), 12)
        1.3
        """
        sizes, shares = self.atoms if edges is None else self.parted(np.asarray(edges, np.float64))
        # not by BLAS, whose threads add in another order on another machine
        return _figure(np.einsum("...i,...i->...", shares, function(sizes)))

    @cached_property
    def mean(self) -> float | FloatArray:
        """Mean payload in bytes, shape (*many,)."""
        return self.of_each(_mean)

    def share_above(self, limit_bytes: float) -> float | FloatArray:
        """Share of messages with a larger payload."""
        # what many scenarios have is as large as an array of them, and is kept by law
        share = _share_above.__wrapped__ if self.many else _share_above
        return self.of_each(share, limit_bytes)

    def steps(self, step_bytes: float, beside_bytes: float = 0.0) -> float | FloatArray:
        """Mean number of started steps of ``step_bytes``; an empty message counts as one.

        Args:
            step_bytes: size of a step.
            beside_bytes: what is counted with each payload, such as the name of its topic.
        """
        count = _steps.__wrapped__ if self.many else _steps
        return self.of_each(count, step_bytes, beside_bytes)

    def quantiles(self, shares: FloatArray) -> FloatArray:
        """Smallest payloads in bytes that such shares of the messages do not exceed.

        For a single scenario, over ``atoms``.

        Args:
            shares: from 0 to 1, shape (shares,).

        >>> EmpiricalSize(sizes=(300, 100, 200)).quantiles(np.array([0.3, 0.5, 1.0]))
        array([100., 200., 300.])
        """
        payload, weights = self.atoms
        order = np.argsort(payload, kind="stable")
        # a share that was summed up may miss its step by the last digit
        reached = np.cumsum(weights[order])
        at = np.searchsorted(reached, shares - _NEGLIGIBLE)
        return payload[order][np.minimum(at, payload.size - 1)]


def _figure(value: FloatArray) -> float | FloatArray:
    return float(value) if np.ndim(value) == 0 else value


def _mean(sizes: _Sizes) -> float | FloatArray:
    return sizes.expect(lambda size: size, ())


# Many deployments ask the same of a law. A law takes up to 0.2 MB, so few are kept.
@lru_cache(maxsize=128)
def _steps(sizes: _Sizes, step_bytes: float, beside_bytes: float) -> float | FloatArray:
    first, last = (int((size + beside_bytes) // step_bytes) for size in (0, LARGEST_DRAWN_BYTES))
    edges = np.arange(first + 1, last + 1) * step_bytes - beside_bytes
    return sizes.expect(
        lambda size: np.maximum(np.ceil((size + beside_bytes) / step_bytes), 1.0), edges
    )


@lru_cache(maxsize=128)
def _share_above(sizes: _Sizes, limit_bytes: float) -> float | FloatArray:
    return sizes.expect(lambda size: np.where(size > limit_bytes, 1.0, 0.0), (limit_bytes,))


class FixedSize(_Sizes):
    """Every message has the same size."""

    law: Literal["fixed"] = "fixed"
    bytes: ManyBytes
    """Payload of each message."""

    def parted(self, edges: FloatArray) -> tuple[FloatArray, FloatArray]:  # noqa: ARG002 - listed
        """The size, whatever the edges."""
        return np.asarray(self.bytes)[..., None], np.ones(1)

    @property
    def many(self) -> tuple[int, ...]:
        """Shape of the many scenarios that have a size each; () if it is a single one."""
        # all at once, as quick as a single one, and so without laws of single scenarios
        return np.shape(self.bytes)

    @property
    def largest(self) -> float | FloatArray:
        """The size that all messages have."""
        return self.bytes


class LognormalSize(_Sizes):
    """Lognormal payloads, rounded to whole bytes and cut at ``max_bytes``."""

    scale: ClassVar[str | None] = "mean_bytes"

    law: Literal["lognormal"] = "lognormal"
    mean_bytes: ManyPositiveBytes
    """Mean payload before rounding and cutting."""
    sigma: Sigma
    """Standard deviation of the logarithm; 1 puts the mean at 1.65 times the median."""
    max_bytes: Annotated[Bytes, Within(LARGEST_DRAWN_BYTES, 1)] = LARGEST_DRAWN_BYTES
    """The application's cap: it sends nothing larger, and what the law puts beyond is cut to this
    size, so that the mean is E[min(size, cap)]. Left at 1 MiB, the application has no cap, and the
    largest message that counts is the size that all but one in a million stay within."""

    @model_validator(mode="after")
    def _mean_below_cut(self) -> Self:
        if most(self.mean_bytes) >= self.max_bytes:
            raise ValueError("mean_bytes must be below max_bytes")
        return self

    @property
    def has_cap(self) -> bool:
        """Whether the application is said to send nothing larger than some size."""
        return self.max_bytes < LARGEST_DRAWN_BYTES

    @property
    def largest(self) -> float | FloatArray:
        """With a cap, the largest that occurs; else what all but a millionth stay within."""
        return self.of_each(LognormalSize._largest)

    def _largest(self) -> float:
        if self.has_cap:
            return self._end
        return float(self.quantiles(np.array(1 - _RARE)))

    @property
    def _end(self) -> float:
        """The cut, or what all but a negligible share stays below."""
        reached = self._reached(np.array(1 - _NEGLIGIBLE))
        return float(max(int(min(np.ceil(reached), self.max_bytes)), 1))

    @property
    def atoms(self) -> tuple[FloatArray, FloatArray]:
        """The first 4,096 sizes that occur, byte by byte, and some larger ones for the others."""
        if self.many:
            return _in_rows([one.atoms for one in self.singles], self.which)
        least, largest = self._least, self._end
        coarse = np.geomspace(least + _EXACT_BYTES, max(largest - 1, 1.0), _COARSE_SIZES)
        each = least + np.arange(_EXACT_BYTES)
        return self.parted(np.append(each, coarse[coarse > each[-1]]).astype(np.float64))

    def parted(self, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What lies between each two edges, as one size."""
        if self.many:
            return _in_rows([one.parted(edges) for one in self.singles], self.which)
        least, largest = self._least, self._end
        within = np.floor(edges[(edges >= least) & (edges < largest)])
        ends = np.append(np.unique(within), largest)
        shares = np.diff(self._share_up_to(ends), prepend=0.0)
        sums = np.diff(self._mean_up_to(ends), prepend=0.0)
        first = np.append(least, ends[:-1] + 1)
        # where next to nothing is, the mean of it is lost in rounding
        some = shares > 0
        means = np.divide(sums, shares, out=ends.copy(), where=some)
        return np.clip(means, first, ends)[some], shares[some]

    def quantiles(self, shares: FloatArray) -> FloatArray:
        """Smallest payloads that such shares do not exceed, to the byte."""
        whole = np.ceil(self._reached(shares) - 0.5)
        return np.clip(whole, self._least, self._end)

    def _reached(self, shares: FloatArray) -> FloatArray:
        """What such shares stay below, before rounding and cutting."""
        return np.exp(self._location + self.sigma * special.ndtri(shares))

    @property
    def _location(self) -> float:
        """Mean of the logarithm."""
        return float(np.log(self.mean_bytes) - self.sigma**2 / 2)

    @property
    def _least(self) -> float:
        """The least size that more than a negligible share has."""
        return min(max(float(np.floor(self._reached(np.array(_NEGLIGIBLE)))), 1.0), self._end)

    def _share_up_to(self, sizes: FloatArray) -> FloatArray:
        """Share of payloads that are rounded to at most so many bytes."""
        below = special.ndtr((np.log(sizes + 0.5) - self._location) / self.sigma)
        return np.where(sizes >= self._end, 1.0, below)

    def _mean_up_to(self, sizes: FloatArray) -> FloatArray:
        """E[size; size <= so many bytes]: a sum over the first sizes, an integral beyond.

        The density of a law that reaches beyond them moves so little from byte to byte that
        rounding to whole bytes cancels out.
        """
        each = (self._least + np.arange(_EXACT_BYTES)).astype(np.float64)
        each = each[each <= self._end]
        summed = np.cumsum(each * np.diff(self._share_up_to(each), prepend=0.0))
        beyond = np.clip(sizes, each[-1], max(self._end - 1, each[-1]))
        z = (np.log(np.append(beyond, each[-1]) + 0.5) - self._location) / self.sigma - self.sigma
        integrals = self.mean_bytes * special.ndtr(z)
        found = summed[np.searchsorted(each, np.minimum(sizes, each[-1]))]
        found = found + integrals[:-1] - integrals[-1]
        cut = (sizes >= self._end) & (self._end > each[-1])
        at_most = self._end * (1 - self._share_up_to(np.array(self._end - 1)))
        return found + np.where(cut, at_most, 0.0)


class EmpiricalSize(_Sizes):
    """Sizes as they were observed."""

    law: Literal["empirical"] = "empirical"
    sizes: tuple[Bytes, ...] = Field(min_length=1, max_length=MOST_OBSERVED)
    """The sizes seen, in bytes."""
    counts: tuple[Weight, ...] | None = None
    """How often each was seen; once each if left out."""

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if self.counts is not None and len(self.counts) != len(self.sizes):
            raise ValueError(f"{len(self.sizes)} sizes but {len(self.counts)} counts")
        return self

    def parted(self, edges: FloatArray) -> tuple[FloatArray, FloatArray]:  # noqa: ARG002 - listed
        """The sizes seen, whatever the edges."""
        return np.array(self.sizes), shares_of(self.counts or (1.0,) * len(self.sizes))

    @property
    def largest(self) -> float:
        """The largest size seen."""
        return max(self.sizes)


class MixturePart(Model):
    """One kind of message within a mixture."""

    share: Weight
    """Weight of this kind; weights need not add to 1."""
    size: SizeDistribution
    """How large messages of this kind are."""


class MixtureSize(_Sizes):
    """Several kinds of message in fixed proportions."""

    law: Literal["mixture"] = "mixture"
    parts: tuple[MixturePart, ...] = Field(min_length=1, max_length=MOST_PARTS)
    """The kinds and their weights."""

    @model_validator(mode="after")
    def _single_parts(self) -> Self:
        if any(part.size.many for part in self.parts):
            raise ValueError("a part of a mixture takes one number and no list of many scenarios")
        return self

    @model_validator(mode="after")
    def _few_parts(self) -> Self:
        parts, observed, depth = _written_out(self)
        if parts > MOST_PARTS or observed > MOST_OBSERVED or depth > _MOST_DEPTH:
            raise ValueError(
                f"a mixture has at most {MOST_PARTS} parts with {MOST_OBSERVED:,} sizes listed, "
                f"{_MOST_DEPTH} mixtures deep, but this one has {parts} with {observed:,}, {depth} "
                "deep: put kinds of similar sizes together"
            )
        return self

    def parted(self, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The sizes of all parts."""
        return self._together(part.size.parted(edges) for part in self.parts)

    @property
    def atoms(self) -> tuple[FloatArray, FloatArray]:
        """The sizes of all parts; equal ones are one, and of too many, similar ones too."""
        sizes, shares = self._together(part.size.atoms for part in self.parts)
        found, at = np.unique(sizes, return_inverse=True)
        if found.size <= _MOST_ATOMS:
            return found, _summed(at, shares)
        largest = max(sizes.max(), 2.0 * _EXACT_BYTES)
        coarse = np.geomspace(_EXACT_BYTES, largest, _MOST_ATOMS - _EXACT_BYTES)
        at = np.searchsorted(np.append(np.arange(_EXACT_BYTES), coarse), sizes)
        together = _summed(at, shares)
        some = together > 0
        return _summed(at, shares * sizes)[some] / together[some], together[some]

    def _together(
        self, parts: Iterable[tuple[FloatArray, FloatArray]]
    ) -> tuple[FloatArray, FloatArray]:
        weights = shares_of([part.share for part in self.parts])
        sizes, shares = zip(*parts, strict=True)
        weighted = [weight * share for weight, share in zip(weights, shares, strict=True)]
        return np.concatenate(sizes), np.concatenate(weighted)

    @property
    def largest(self) -> float:
        """The largest size of any part."""
        return max(float(part.size.largest) for part in self.parts)


class LastPart(_Sizes):
    """What is left of payloads that are sent in parts of one size, after the full parts.

    >>> LastPart(whole=FixedSize(bytes=1_200_000), part_bytes=30_720).mean
    1920.0
    """

    whole: SizeDistribution
    """Payloads before they are parted."""
    part_bytes: PositiveBytes
    """Size of a full part; the last part of a payload is this large at most."""

    def parted(self, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The last parts of the sizes of the whole."""
        starts = np.arange(0.0, LARGEST_DRAWN_BYTES, self.part_bytes)
        within = edges[(edges > 0) & (edges < self.part_bytes)]
        every_start = np.add.outer(starts, np.append(0.0, within))
        sizes, shares = self.whole.parted(np.unique(every_start))
        return self._last(sizes), shares

    @property
    def atoms(self) -> tuple[FloatArray, FloatArray]:
        """The last parts of the sizes of the whole; some may be equal."""
        sizes, shares = self.whole.atoms
        return self._last(sizes), shares

    def _last(self, sizes: FloatArray) -> FloatArray:
        full = np.maximum(np.ceil(sizes / self.part_bytes) - 1, 0)
        return sizes - full * self.part_bytes

    @property
    def many(self) -> tuple[int, ...]:
        """That of the whole."""
        return self.whole.many

    @property
    def largest(self) -> float | FloatArray:
        """A full part, if anything is as large."""
        largest = np.minimum(self.whole.largest, self.part_bytes)
        return _figure(np.asarray(largest))


def _in_rows(
    each: list[tuple[FloatArray, FloatArray]], which: npt.NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """Sizes and shares of the law that each scenario has, of shapes (*many, sizes) both.

    Shares are 0 where it has fewer.
    """
    padded = np.zeros((2, len(each), max(sizes.size for sizes, _ in each)))
    for law, (sizes, shares) in enumerate(each):
        padded[:, law, : sizes.size] = sizes, shares
    sizes, shares = padded[:, which]
    return sizes, shares


def _summed(at: npt.NDArray[np.intp], values: FloatArray) -> FloatArray:
    """Sums of the values at each index."""
    return np.bincount(at, values).astype(np.float64, copy=False)


def _written_out(sizes: _Sizes) -> tuple[int, int, int]:
    """Parts and listed sizes of a law, those of mixtures within it too, and how deep these are."""
    if isinstance(sizes, EmpiricalSize):
        return 0, len(sizes.sizes), 0
    if not isinstance(sizes, MixtureSize):
        return 0, 0, 0
    within = [_written_out(part.size) for part in sizes.parts]
    parts, observed, depths = zip(*within, strict=True)
    return len(sizes.parts) + sum(parts), sum(observed), 1 + max(depths)


def _number_means_fixed(value: object) -> object:
    plain = isinstance(value, int | float | str | list | np.ndarray) and not isinstance(value, bool)
    return {"law": "fixed", "bytes": value} if plain else value


_SizeLaw = Annotated[
    FixedSize | LognormalSize | MixtureSize | EmpiricalSize, Field(discriminator="law")
]
SizeDistribution = Annotated[
    _SizeLaw,
    BeforeValidator(_number_means_fixed, json_schema_input_type=ManyBytes | _SizeLaw),
]
"""Any law of payload sizes; a plain number or text such as ``'300 B'`` means a fixed size, a list
one size for each of many scenarios."""


class WindowCount(Model):
    """How many messages come to one client within a window, of those that the server holds back.

    Each of k senders is active in a share a of the windows, independently of the others, and then
    sends m messages: Poisson with that mean, or always m. The probability generating function of
    their number is G(z) = (1 - a + a g(z))^k with g(z) = exp(m (z - 1)) or z^m (Johnson, Kemp and
    Kotz, Univariate Discrete Distributions, 2005, chapters 1 and 9). A k or m that is not whole is
    the mean of the two whole numbers around it.

    >>> round(WindowCount(messages_each=1.0).some, 6)
    0.632121
    """

    messages_each: ManyFromZero
    """Messages of an active sender in a window (m)."""
    senders: ManyFromZero = 1.0
    """Whose messages a client receives (k)."""
    active_share: ManyShare = 1.0
    """Part of the windows in which a sender is active (a)."""
    regular: bool = False
    """Whether an active sender sends m messages in each window, and not m on average."""

    @property
    def some(self) -> float | FloatArray:
        """Share of windows with a message, 1 - G(0), shape (*many,)."""
        sends = np.minimum(self.messages_each, 1.0) if self.regular else self._poisson_sends
        busy = self.active_share * sends
        least, more = np.divmod(self.senders, 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):  # all of them are surely active
            quiet = np.log1p(-busy)
            few, many = (
                np.where(count > 0, -np.expm1(count * quiet), 0.0) for count in (least, least + 1)
            )
        return _figure(np.asarray((1 - more) * few + more * many))

    @property
    def _poisson_sends(self) -> FloatArray:
        return np.asarray(-np.expm1(-np.asarray(self.messages_each)))

    @property
    def mean(self) -> float:
        """Mean number of messages in the windows that have some, of a single scenario."""
        return float(self.senders * self.active_share * self.messages_each / self.some)

    @property
    def deviation(self) -> float:
        """Standard deviation of that number, of a single scenario."""
        each, active = float(np.mean(self.messages_each)), float(np.mean(self.active_share))
        of_sender = active * (1 - active) * each**2 + (0.0 if self.regular else active * each)
        square = float(self.senders * of_sender + (self.mean * self.some) ** 2)
        return float(np.sqrt(max(square / self.some - self.mean**2, 0.0)))

    def generating(self, z: ComplexArray) -> ComplexArray:
        """The generating function of that number, (G(z) - G(0)) / (1 - G(0)), where |z| <= 1.

        For a single scenario.
        """
        each, active = float(np.mean(self.messages_each)), float(np.mean(self.active_share))
        sent = np.asarray(_power_between(z, each) if self.regular else np.exp(each * (z - 1)))
        nothing = 1 - self.some
        of_one = np.asarray(1 - active + active * sent, np.complex128)
        of_all = _power_between(of_one, float(np.mean(self.senders)))
        return (of_all - nothing) / self.some


def _power_between(z: ComplexArray, exponent: float) -> ComplexArray:
    """The power of z; between whole exponents on a line, as whole numbers with that mean."""
    whole = int(exponent)
    part = exponent - whole
    power = np.power(z, whole)
    return (1 - part) * power + part * power * z


class BatchedSize(_Sizes):
    """Sizes of deliveries that carry all messages of a window, of those windows that have some.

    The sum of a random number of sizes, by the fast Fourier transform over multiples of a number
    of bytes (Embrechts and Frei, Panjer recursion versus FFT for compound distributions,
    Mathematical Methods of Operations Research 69, 2009). Sizes between two multiples are shared by
    both, so that the mean stays.

    >>> two_or_three = WindowCount(messages_each=2.5, regular=True)
    >>> sizes, shares = BatchedSize(message=FixedSize(bytes=100), count=two_or_three).atoms
    >>> sizes, shares.round(9)
    (array([200., 300.]), array([0.5, 0.5]))
    """

    law: Literal["batched"] = "batched"
    message: _SizeLaw
    """Size of each message, of a single scenario."""
    count: WindowCount
    """How many come within a window, of a single scenario."""

    @property
    def largest(self) -> float:
        """What all but a millionth stay within, since a batch has no cap."""
        sizes, shares = self._lattice
        return float(sizes[np.searchsorted(np.cumsum(shares), 1 - _RARE)])

    @property
    def atoms(self) -> tuple[FloatArray, FloatArray]:
        """The first 4,096 bytes one by one, and some larger sizes for the others."""
        end = float(self._lattice[0][-1])
        coarse = np.geomspace(_EXACT_BYTES, max(end, 2.0 * _EXACT_BYTES), _COARSE_SIZES)
        return self.parted(np.append(np.arange(_EXACT_BYTES, dtype=np.float64), coarse))

    def parted(self, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What lies between each two edges, as one size."""
        sizes, shares = self._lattice
        # both are in ascending order, so that those between two edges stand together
        first = np.flatnonzero(np.diff(np.searchsorted(edges, sizes), prepend=-1))
        together = np.add.reduceat(shares, first)
        means = np.add.reduceat(shares * sizes, first) / together
        # rounding must not carry the mean of equal sizes across an edge
        last = np.append(first[1:], sizes.size) - 1
        return np.clip(means, sizes[first], sizes[last]), together

    @cached_property
    def _lattice(self) -> tuple[FloatArray, FloatArray]:
        """All sizes, as multiples of some bytes, and the share of each."""
        step, points = self._step_and_points
        transformed = _transformed(self.message, step, points)
        found = np.fft.irfft(self.count.generating(transformed), points)
        # rounding leaves less than this where there is nothing
        some = np.flatnonzero(found > _NEGLIGIBLE)
        shares = found[some].astype(np.float64, copy=False)
        return some.astype(np.float64) * step, shares / shares.sum()

    @property
    def _step_and_points(self) -> tuple[float, int]:
        """Bytes of a step, and a power of two of steps that no batch exceeds."""
        sizes, shares = self.message.atoms
        mean = float(np.einsum("i,i->", shares, sizes))
        variance = float(np.einsum("i,i->", shares, (sizes - mean) ** 2))
        deviation = np.hypot(self.count.deviation * mean, np.sqrt(self.count.mean * variance))
        most = (self.count.mean + _RARE_MESSAGES) * mean + _RARE_DEVIATION * float(deviation)
        most = max(most + sizes.max(), 1.0)
        # one size only: of it, batches are multiples
        least = float(sizes[0]) if sizes.size == 1 and sizes[0] > 0 else 1.0
        step = _lattice_step(most, least)
        if step > least:
            # sizes are shared by two multiples, which varies a size by its product with the step
            most += _RARE_DEVIATION * float(np.sqrt(self.count.mean * mean * step))
            step = _lattice_step(most, least)
        return step, 1 << int(most / step + 2).bit_length()


def _lattice_step(most: float, least: float) -> float:
    """Bytes between the multiples of a lattice up to a size; a multiple of the least."""
    return least * max(np.ceil(most / least / (_MOST_LATTICE_SIZES - 2)), 1.0)


class SizesOfMany(_Sizes):
    """A law of its own for each of many scenarios.

    >>> one, two = FixedSize(bytes=100), EmpiricalSize(sizes=(100, 300))
    >>> SizesOfMany(laws=(one, two), shape=(2,)).mean
    array([100., 200.])
    """

    law: Literal["of_many"] = "of_many"
    laws: tuple[_SizeLaw | BatchedSize, ...]
    """The law of each, of a single scenario."""
    shape: tuple[int, ...]
    """How many scenarios there are along each axis."""

    def parted(self, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Those of each law, of shapes (*many, sizes), with shares of 0 where it has fewer."""
        each = [law.parted(edges) for law in self.laws]
        return _in_rows(each, np.arange(len(each)).reshape(self.shape))

    @property
    def many(self) -> tuple[int, ...]:
        """Shape of the many scenarios."""
        return self.shape

    @property
    def largest(self) -> FloatArray:
        """The largest of each."""
        return np.array([float(law.largest) for law in self.laws]).reshape(self.shape)


# Batches of many scenarios, or hours, are of the same messages.
@lru_cache(maxsize=8)
def _transformed(message: _SizeLaw, step: float, points: int) -> ComplexArray:
    """The Fourier transform of a law over so many multiples of so many bytes."""
    sizes, shares = message.parted(step * np.arange(points, dtype=np.float64))
    at, part = np.divmod(sizes / step, 1.0)
    below = np.bincount(at.astype(int), shares * (1 - part), points)
    above = np.bincount(at.astype(int) + 1, shares * part, points)
    transformed = np.fft.rfft(below + above, points)
    transformed.flags.writeable = False
    return transformed


def batched_sizes(message: SizeDistribution, count: WindowCount) -> PayloadLaw:
    """The law of deliveries that carry all messages of a window.

    Where not one window in a million that has a message has two, it is that of a message.

    Args:
        message: the law of each message, of a single scenario.
        count: how many come within a window, from so many senders in each of many scenarios.

    Raises:
        EstimatorError: a delivery would carry more messages than can be told apart from rounding.
    """
    if isinstance(count.senders, np.ndarray):
        said = dict(count)
        each = (WindowCount(**said | {"senders": k}) for k in count.senders.ravel().tolist())
        laws = tuple(_batched_sizes(message, one) for one in each)
        return SizesOfMany(laws=laws, shape=count.senders.shape)
    return _batched_sizes(message, count)


def _batched_sizes(message: _SizeLaw, count: WindowCount) -> _SizeLaw | BatchedSize:
    if count.some == 0 or count.mean - 1 < _RARELY_TWO:
        return message
    if count.mean > _MOST_IN_BATCH:
        raise EstimatorError(
            f"a batch would carry {count.mean:,.3g} messages on average, but at most "
            f"{_MOST_IN_BATCH:,.0f} can be put together: shorten its window, or keep: latest"
        )
    return BatchedSize(message=message, count=count)


PayloadLaw = (
    FixedSize | LognormalSize | MixtureSize | EmpiricalSize | LastPart | BatchedSize | SizesOfMany
)
"""What messages can carry: a law that people write, and what parts or batches make of it."""

MixturePart.model_rebuild()
MixtureSize.model_rebuild()
LastPart.model_rebuild()
