"""What is in a file that somebody opens? A scenario, or the profile or contract of the next one.

Nobody has to say which of them it is: its fields do.
"""

from __future__ import annotations

from typing import Final, Literal

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from estimator.dashboard.session.state import (
    announce,
    changed,
    last_notice,
    watch,
    with_profile,
)
from estimator.dashboard.widgets.document import literal
from estimator.documents import YamlDocument, read_yaml
from estimator.errors import ScenarioError
from estimator.format import number_of
from estimator.pricing.contract import Contract, ContractError
from estimator.scenario.profile import Profile
from estimator.scenario.scenario import Scenario
from estimator.validation import validated

_Kind = Literal["scenario", "profile", "contract"]
_FIELDS: Final[dict[_Kind, set[str]]] = {
    "scenario": {*Scenario.model_fields} - {*Profile.model_fields},
    "profile": {*Profile.model_fields, "extends"} - {*Scenario.model_fields, "title"},
    "contract": {*Contract.model_fields} - {"title"},
}
"""What only files of one kind have."""
_MOST_MB: Final = 2
"""Of one file, which has kilobytes: a larger one is a mistake."""


def upload_input() -> None:
    """Open a file, and below it what came of it."""
    st.file_uploader(
        "Open a file",
        type=["yaml", "yml"],
        key=watch("upload", _opened, "This file cannot be used"),
        help="YAML: a scenario, such as those in this project’s examples folder; a profile of "
        "your own (how one client behaves); or a contract (what you agreed with a vendor). A "
        "profile or a contract becomes part of the scenario on screen.",
        max_upload_size=_MOST_MB,
    )
    if notice := last_notice():
        st.success(literal(notice), icon=":material/check_circle:")


def _opened(old: Scenario, uploaded: UploadedFile | None) -> Scenario:
    # a file that is taken away leaves what it brought
    if uploaded is None:
        return old
    try:
        text = uploaded.getvalue().decode()
    except UnicodeDecodeError:
        raise ScenarioError(f"{uploaded.name}: not a text file in UTF-8") from None
    document = read_yaml(text, uploaded.name, ScenarioError)
    match _kind_of(document):
        case "contract":
            contract = validated(document, Contract, ContractError)
            announce(f"This contract now applies: {contract.title}; {_entries(contract)}.")
            return changed(old, contract=contract)
        case "profile":
            profile = validated(document, Profile, ScenarioError)
            flows = number_of(len(profile.flows), "flow")
            announce(f"This profile now applies: {profile.title}; {flows}.")
            return with_profile(old, profile)
        case "scenario":
            scenario = Scenario.from_document(document)
            announce(f"This scenario is now on screen: {scenario.name or scenario.profile.title}.")
            return scenario


def _kind_of(document: YamlDocument) -> _Kind:
    """The kind whose fields a file has most of."""
    said = document.content.keys()
    kind = max(_FIELDS, key=lambda each: len(_FIELDS[each] & said))
    if not _FIELDS[kind] & said:
        raise ScenarioError(
            f"{document.name}: no field tells what it is: a scenario has profile and location; a "
            "profile has session, weekly_shape and flows, or extends; a contract has rates or "
            "commitments"
        )
    return kind


def _entries(contract: Contract) -> str:
    """How much there is in a contract."""
    counted = {
        "rate": contract.rates,
        "commitment": contract.commitments,
        "own meter": contract.meters,
        "own price": contract.prices,
    }
    return ", ".join(number_of(len(there), name) for name, there in counted.items() if there)
