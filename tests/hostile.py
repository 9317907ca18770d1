"""Texts that try to be markup, in every field of a scenario that takes a text of its user."""

from __future__ import annotations

from typing import Final

import estimator as ws

TEXTS: Final = {
    "formula": '=HYPERLINK("http://evil.example") $x^{evil$ and $\\frac$',
    "picture": "![evil](http://evil.example/p.png) [evil](http://evil.example) `evil`",
    "tag": "<img src=http://evil.example/p.png onerror=alert(1)> <b>evil</b> &lt;i&gt;",
    "console": "[/b] [bold red]evil[/] [link=http://evil.example]evil[/link]",
    "directive": ":red[evil] :material/delete: ~~evil~~ **evil** | evil | @evil",
    "orders": "evil \x1b[31m\x1b]0;evil\x07 \x9b2J\r\u202elive\x00 \ufffe\uffff",
    "rule": "- evil www.evil.example https://evil.example/x",
}
"""By what takes it for something else."""
SOURCE: Final = "https://sound.example/a) ![evil](http://evil.example/p.png"
"""An address that tries to end the link that it stands in."""


def scenario(text: str) -> ws.Scenario:
    """A small scenario in which every text of its user is this one.

    Names of flows are parts of the names of fields, and so without full stops.
    """
    evidence = {"grade": "published", "source": SOURCE, "note": text}
    fan_out = {"grade": "assumption", "source": "javascript:alert('evil')", "note": text}
    flow = text.replace(".", "·")
    return ws.Scenario(
        name=text,
        location="virginia",
        peak_connections=300,
        profile={
            "extends": "workplace-chat",
            "title": text,
            "description": text,
            "weekly_shape": {"title": text, "hourly": [1.0] * 167 + [2.0]},
            "flows": {
                flow: {
                    "direction": "client_to_server",
                    "rate_per_hour": 3,
                    "payload": "200 B",
                    "fan_out": 5,
                }
            },
            "evidence": {
                "session": evidence,
                "heartbeat": fan_out,
                f"flows.{flow}.rate_per_hour": evidence,
                f"flows.{flow}.fan_out": fan_out,
            },
        },
        contract={
            "title": text,
            "note": text,
            "rates": [
                {
                    "meters": ["aws.api_gateway.messages"],
                    "percent_off": 5,
                    "note": text,
                    "source": SOURCE,
                }
            ],
        },
    )
