"""What has no price, and why? One line, folded: it matters less than what does have one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from estimator.dashboard.widgets.document import full_title, literal, show
from estimator.render.document import Bullets, Text
from estimator.result import Refusal

_NAMED: Final = 3
"""So many names are one line."""


def unpriced_line(refusals: Sequence[Refusal], priced: int) -> None:
    """Which deployments have no price; the reasons unfold. Nothing if all have one.

    Args:
        refusals: the deployments and their reasons.
        priced: how many others have a price.
    """
    if not refusals:
        return
    names = [full_title(each.deployment) for each in refusals[:_NAMED]]
    if more := len(refusals) - len(names):
        names.append(f"and {more:,} more")
    said = f"Not priced, {len(refusals):,} of {len(refusals) + priced:,}: {', '.join(names)}"
    with st.expander(literal(said), icon=":material/money_off:"):
        reasons = ((Text(each.deployment, is_code=True), f": {each.reason}") for each in refusals)
        show([Bullets(tuple(reasons))])
