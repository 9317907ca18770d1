"""How is what is on screen shared? As a card for a chat, as a link, and as words to go with it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Final

import streamlit as st

from estimator.analysis.compare import Comparison
from estimator.analysis.share_card import ShareCard
from estimator.dashboard.session.jobs import Ranges
from estimator.dashboard.session.state import LONGEST_LINK_CHARACTERS, comparison_of
from estimator.dashboard.widgets import charts
from estimator.dashboard.widgets.document import literal, without_ids
from estimator.dashboard.widgets.downloads import Download, download_button
from estimator.dashboard.widgets.origin import Origin, page_link, today
from estimator.dashboard.widgets.progress import result_of
from estimator.dashboard.widgets.ranges import ranges_job
from estimator.errors import EstimatorError
from estimator.pricing.price_files import CLOUDS
from estimator.scenario.scenario import Scenario
from estimator.shown import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CLOUDS: Final = "clouds"
"""What the first page calls the clouds that are compared, in the address."""
_HEIGHT_PX: Final = 560
"""Of what is shared, on a wide screen: all of it without scrolling."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What is shared of a comparison."""

    compared: Comparison
    ranges: Ranges
    link: str
    """Empty if it would be too long."""

    def picture(self, look: Look) -> Figure:
        """The card."""
        return self.compared.share_card(look, ranges=self.ranges, link=self.link, made_on=today())

    def png(self, theme: str, origin: Origin) -> bytes:
        """The card as a file, which says in its metadata where it comes from."""
        figure = self.picture(charts.look_of(theme, "wide"))
        file = io.BytesIO()
        told = {"Title": figure.get_suptitle(), "Description": origin.comments()}
        figure.savefig(file, format="png", metadata=told)
        return file.getvalue()


def share_popover(scenario: Scenario) -> None:
    """A button; what it opens is made only while it is open."""
    shared = st.popover(
        "Share", icon=":material/share:", width="stretch", key="share", on_change="rerun"
    )
    # it opens towards where there is room, and so must be as high before it is filled
    inside = shared.container(height=_HEIGHT_PX, border=False)
    if shared.open:
        with inside:
            _share(scenario)


def _share(scenario: Scenario) -> None:
    link = page_link(scenario)
    is_short = len(link) <= LONGEST_LINK_CHARACTERS
    try:
        compared = comparison_of(scenario.to_token())
        if clouds := _clouds():
            compared = compared.of_clouds(clouds)
    except EstimatorError as error:
        # the page says so too; what cannot be priced can still be passed on
        st.markdown(f"There is no picture of this scenario: {literal(without_ids(str(error)))}")
    else:
        _card(compared, link if is_short else "")
        _words(ShareCard(compared, None), link if is_short else "")
    if is_short:
        st.caption("The link, which holds the whole scenario:")
        st.code(link, language=None, wrap_lines=True)
    else:
        st.markdown(
            f"This scenario is too large for a link: it would have {len(link):,} characters, and "
            f"many programs cut or refuse links of more than {LONGEST_LINK_CHARACTERS:,}. Save the "
            "scenario and share the file."
        )


def _clouds() -> tuple[str, ...]:
    """Those compared, as the link says: by their titles, the words of what was chosen."""
    chosen = st.query_params.get_all(_CLOUDS)
    return tuple(cloud for cloud, title in CLOUDS.items() if title in chosen)


def _card(compared: Comparison, link: str) -> None:
    """The picture and its file, once it is known how sure the bills are."""
    ranges = ranges_job(compared)
    found = result_of("share", ranges, "Working out how far the amounts may be off")
    if found is None:
        return
    shared = Shared(compared, found, link)
    drawn = charts.picture(
        str((ranges, link, today())), "card", charts.theme(), "wide", shared.picture
    )
    words = ShareCard(compared, found).words
    st.html(
        f'<img class="card" style="width: 100%" alt="{escape(words, quote=True)}" '
        f'src="data:image/png;base64,{base64.b64encode(drawn.png).decode()}">'
    )
    download_button(
        Download("Save the picture (PNG)", "card.png", partial(shared.png, charts.theme())),
        width="stretch",
    )


def _words(card: ShareCard, link: str) -> None:
    """What can stand above the picture in a chat."""
    st.caption("Words to send with it:")
    lines = (card.title, card.sentence, link)
    st.code("\n".join(filter(None, lines)), language=None, wrap_lines=True)
