"""What does a visitor read while a page loads? The answer, which the server knows before.

A browser takes seconds to load what draws a page, and the answer takes the server a tenth of one.
So the page Estimate brings it along, the same piece of HTML, where it will stand; ``scripts.py``
removes it once the page has its own.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from estimator.analysis.compare import Comparison
from estimator.dashboard.pages.frame import in_short
from estimator.dashboard.scripts import END_FIRST_ANSWER
from estimator.dashboard.session.state import PARAMETER, comparison_of, default_scenario
from estimator.dashboard.site import PAGES
from estimator.dashboard.widgets.answer import CHOSEN_CLOUDS, answer_html
from estimator.dashboard.widgets.progress import job_queue
from estimator.dashboard.widgets.ranges import ranges_job
from estimator.dashboard.widgets.texts import escaped, paragraph_html
from estimator.pricing.price_files import CLOUDS

_OTHER_PAGES: Final = tuple(f"/{page.url}" for page in PAGES.values() if page.url)
"""Endings of addresses."""


def first_answer(path: str, query: str) -> str:
    """The answer as HTML; nothing on other pages, and where there is none.

    Args:
        path: of the address.
        query: of the address, without its question mark.
    """
    if path.rstrip("/").endswith(_OTHER_PAGES):
        return ""
    asked = parse_qs(query)
    token = asked.get(PARAMETER, [""])[-1] or default_scenario().to_token()
    try:
        comparison = comparison_of(token)
        clouds = [cloud for cloud, title in CLOUDS.items() if title in asked.get(CHOSEN_CLOUDS, ())]
        return _html(comparison.of_clouds(clouds) if clouds else comparison)
    except Exception:  # noqa: BLE001 - the page asks the same, and says or logs what is wrong
        return ""


def _html(comparison: Comparison) -> str:
    scenario = comparison.scenario
    ranges = job_queue().result(ranges_job(comparison))
    return (
        '<div id="first-answer" class="document">'
        f'<p class="title">{escaped(scenario.name or scenario.profile.title)}</p>'
        f"{paragraph_html(in_short(scenario, scenario.profile.title), 'quiet')}"
        f"{answer_html(comparison, ranges)}</div><script>{END_FIRST_ANSWER}</script>"
    )
