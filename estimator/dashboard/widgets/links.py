"""How does one get from here to another page?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st
from streamlit.navigation.page import StreamlitPage

_KEY: Final = "pages"


def note_pages(pages: Mapping[str, StreamlitPage]) -> None:
    """Remember the pages of the navigation, by name: only these very ones can be linked to."""
    st.session_state[_KEY] = pages


def link_to(name: str, label: str) -> None:
    """A link to a page, which keeps what this visitor has on screen."""
    if page := st.session_state.get(_KEY, {}).get(name):
        st.page_link(page, label=label, icon=":material/edit:")
