"""One document for every medium: each shows what it has room for, and nothing that is empty."""

import estimator as ws
from estimator import render
from estimator.render.document import (
    MEDIA,
    Column,
    Document,
    Folded,
    Paragraph,
    Table,
    folded,
    only,
    table,
)

SCENARIO = ws.Scenario(profile="market-data", location="virginia", peak_connections=20_000)


def test_a_medium_shows_only_its_own_blocks_and_columns():
    columns = (Column("id"), Column("mark", media=frozenset({"terminal"})))
    document = Document("", (table(columns, [("a", "!")]), only(["notebook"], Paragraph("more"))))

    for medium in MEDIA:
        found, *others = document.for_medium(medium)
        assert isinstance(found, Table)
        shown = [column.head for column in found.columns]
        assert shown == (["id", "mark"] if medium == "terminal" else ["id"])
        assert found.rows == ((("a", "!") if medium == "terminal" else ("a",)),)
        assert bool(others) == (medium == "notebook")


def test_what_is_empty_is_not_shown():
    empty = (Paragraph(""), table(["a"], []), folded("none", []), Folded("nor", (Paragraph(""),)))

    assert all(Document("", empty).for_medium(medium) == () for medium in MEDIA)


def test_a_terminal_has_marks_where_a_page_has_states():
    in_one_message = {"extends": "market-data", "at_connect": {"message_bytes": "2 MB"}}
    scenario = SCENARIO.replace(profile=in_one_message)
    compared = ws.compare(scenario, ["aws.iot_core", "aws.nlb_ec2"])

    assert compared.bill("aws.iot_core").state == "over a hard limit"
    assert " aws.iot_core ! " in str(compared)
    assert "✖ over a hard limit" not in str(compared)
    for page in (render.to_html(compared), render.to_markdown(compared)):
        assert "✖ over a hard limit" in page
        assert "aws.iot_core !" not in page


def test_print_leaves_folds_closed_and_small_print_out():
    bill = ws.estimate(SCENARIO, "aws.nlb_ec2")
    lines = str(bill).splitlines()

    assert f"Limits ({len(bill.verdicts)})" in lines
    assert bill.verdicts[0].limit.title not in str(bill)
    assert "before tax" not in str(bill)
    assert "" not in lines
