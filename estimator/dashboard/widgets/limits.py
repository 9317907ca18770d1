"""Is a deployment within its limits? Each limit with its demand, and when the week gets tight.

The hours of the week are no picture: as text they are there at once after an edit, fit every width,
and each row says in words what its colors show.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Final

import numpy as np
import streamlit as st

from estimator.analysis.estimate.result import NOTHING_CHECKED, Estimate
from estimator.analysis.limit_utilization import utilization
from estimator.arrays import FloatArray
from estimator.dashboard.widgets.document import show, unbroken
from estimator.deployments.limits import NEAR_SHARE, Verdict
from estimator.format import figure_text, percent
from estimator.render.document import Inline, Paragraph, Text, state_text, table
from estimator.render.utilization_scale import level_colors, level_of, share_text
from estimator.states import State

RATES_ARE_MEANS: Final = (
    "Rates are means of the busiest hour, which can hide shorter peaks: from "
    f"{percent(NEAR_SHARE)} of a limit, the state is “near a limit”."
)
_RAISED: Final = {
    None: "cannot be raised",
    "setting": "raised by a setting",
    "quota": "raised on request",
    "advice": "advised",
}
_BLOCKS: Final = 8
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CSS = """<style>
.tight { width: 100%; max-width: 75rem; border-collapse: collapse; font-size: 0.875rem; }
.tight th, .tight td { border: 0; padding: 0.15rem 0.4rem 0.15rem 0; text-align: left;
  font-weight: 400; vertical-align: middle; line-height: 1.25; }
.tight .steady { width: 2.2rem; }
.tight .week { width: 46%; }
.tight .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.tight .strip { display: block; height: 1.25rem; border-radius: 2px; }
.tight .days { display: flex; }
.tight .days span { flex: 1; border-left: 1px solid currentColor; padding-left: 0.15rem;
  opacity: 0.75; overflow: hidden; }
.tight thead th { font-size: 0.8rem; vertical-align: bottom; }
.tight small { opacity: 0.8; }
.tight-key { display: flex; flex-wrap: wrap; gap: 0.2rem 0.9rem; font-size: 0.8rem;
  margin-top: 0.4rem; }
.tight-key i { display: inline-block; width: 0.8rem; height: 0.8rem; margin-right: 0.3rem;
  border: 1px solid rgba(128, 128, 128, 0.5); vertical-align: -0.1rem; }
@media (max-width: 640px) {
  .tight .closest { display: none; }
  .tight { font-size: 0.75rem; }
  .tight .week { width: 40%; }
  .tight .steady { width: 1.1rem; }
  .tight thead th { font-size: 0.68rem; }
  .tight .days i { display: none; }
}
</style>"""


def limits_view(verdicts: Sequence[Verdict], *, explained: bool = True) -> None:
    """All limits that were checked, the closest first.

    Args:
        verdicts: on one deployment.
        explained: say below them what the figures are; once is enough for many tables.
    """
    if not verdicts:
        st.info(f"{NOTHING_CHECKED}.")
        return
    heads = ("state", "limit", "used", "demand", "allowed", "when", "fix", "source")
    explanation = [Paragraph(RATES_ARE_MEANS, "quiet")] if explained else []
    show([table(heads, map(_limit_row, verdicts)), *explanation])


def _limit_row(verdict: Verdict) -> tuple[Inline, ...]:
    limit = verdict.limit
    source: Inline = limit.source
    if limit.source.startswith("https://"):
        source = Text(str(limit.checked_on), link=limit.source.split(" ")[0].rstrip(","))
    return (
        state_text(verdict.state, verdict.state_words),
        limit.title,
        _bar(float(verdict.share)),
        f"{figure_text(float(verdict.used))} {limit.unit}",
        f"{figure_text(float(verdict.allowed))}, {_RAISED[limit.raised_by]}",
        unbroken(verdict.when or "any hour"),
        "" if verdict.state is State.WITHIN_LIMITS else verdict.fix,
        source,
    )


def _bar(share: float) -> str:
    """The used share as a bar of blocks, and in words for those who cannot see it."""
    blocks = math.ceil(min(share, 1.0) * _BLOCKS)
    return unbroken(f"{'▰' * blocks}{'▱' * (_BLOCKS - blocks)} {share_text(share)}")


def tight_hours(bills: Sequence[Estimate], *, dark: bool) -> None:
    """One row for each deployment, in the order given."""
    levels = level_colors(dark=dark)
    colors = [color for _, color in levels]
    rows = "".join(_strip_row(bill, colors) for bill in bills)
    days = "".join(
        f"<span>{day[0]}<i style='font-style:normal'>{day[1:]}</i></span>" for day in _DAYS
    )
    key = "".join(
        f'<span><i style="background:{color}"></i>{escape(name)}</span>' for name, color in levels
    )
    key += "<span>empty: no such limit</span>"
    st.html(
        f'{_CSS}<table class="tight"><thead><tr><th>Deployment</th>'
        '<th class="steady">All hours</th>'
        f'<th class="week">Used share of the closest limit (UTC)<div class="days">{days}</div></th>'
        '<th class="number">Most</th><th class="closest">Of which limit, when</th></tr></thead>'
        f'<tbody>{rows}</tbody></table><div class="tight-key">{key}</div>'
    )


def _strip_row(bill: Estimate, colors: Sequence[str]) -> str:
    found = utilization(bill)
    closest = next(iter(bill.verdicts), None)
    words = "nothing was checked"
    if closest is not None:
        words = f"{closest.limit.title}, {closest.when or 'at any hour'}"
    return (
        f'<tr><th scope="row">{escape(bill.title)}<br><small>{escape(bill.cloud_name)}</small></th>'
        f'<td class="steady">{_strip(np.array([found.at_all_hours or np.nan]), colors)}</td>'
        f'<td class="week">{_strip(found.by_hour, colors)}</td>'
        f'<td class="number">{escape(share_text(found.peak))}</td>'
        f'<td class="closest">{escape(words)}</td></tr>'
    )


def _strip(shares: FloatArray, colors: Sequence[str]) -> str:
    """A band whose color changes with the level."""
    stops = ", ".join(_stops(shares, colors))
    return f'<span class="strip" style="background: linear-gradient(to right, {stops})"></span>'


def _stops(shares: FloatArray, colors: Sequence[str]) -> Iterator[str]:
    at = 0
    for level, hours in groupby(level_of(shares).tolist()):
        begins, at = at, at + len(list(hours))
        color = colors[level] if level >= 0 else "transparent"
        yield f"{color} {100 * begins / shares.size:.4g}% {100 * at / shares.size:.4g}%"
