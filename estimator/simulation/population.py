"""Who comes when and would stay until when, client by client, with no door in the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from estimator.scenario.model import FloatArray
from estimator.simulation.model import Model, Stream
from estimator.units import SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Population:
    """Clients, shape (clients,): first those there at the start, then all others as they come."""

    came_s: FloatArray
    leave_s: FloatArray
    at_start: int
    """How many are there at the start."""


def draw_population(model: Model, rng: np.random.Generator) -> Population:
    """Draw all clients of a run.

    Those there at the start are drawn in the stationary state of arrivals that repeat week by
    week. At a random moment sessions are met with the length-biased law, at a uniformly random
    age; a client who came ``age`` ago is kept with the probability rate(start - age) / largest
    rate, of a Poisson number with mean largest rate x mean session. What is kept is the Poisson
    process of the clients who are still there (Eick, Massey and Whitt 1993, theorem 1).
    """
    until_s = float(model.horizon_s)
    parts = [_draw(stream, model.start_s, until_s, rng) for stream in model.streams]
    if len(parts) == 1:
        return Population(*parts[0])
    there = sum(at_start for _, _, at_start in parts)
    came = np.concatenate(
        [came[:at_start] for came, _, at_start in parts] + [came[at:] for came, _, at in parts]
    )
    leave = np.concatenate(
        [leave[:at_start] for _, leave, at_start in parts] + [leave[at:] for _, leave, at in parts]
    )
    order = np.argsort(came[there:], kind="stable")
    came[there:], leave[there:] = came[there:][order], leave[there:][order]
    return Population(came, leave, there)


def _draw(
    stream: Stream, start_s: float, until_s: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, int]:
    rate, session = stream.arrivals, stream.session
    came = rate.draw(start_s, until_s, rng)
    leave = came + session.draw(came.size, rng) * SECONDS_PER_HOUR
    if not rate.periodic:
        return came, leave, 0
    met = rng.poisson(rate.most * session.mean * SECONDS_PER_HOUR)
    lengths = session.draw_length_biased(met, rng) * SECONDS_PER_HOUR
    ages = lengths * rng.random(met)
    kept = rng.random(met) * rate.most < rate.at(start_s - ages)
    before = start_s - ages[kept]
    there_until = before + lengths[kept]
    return np.concatenate([before, came]), np.concatenate([there_until, leave]), before.size
