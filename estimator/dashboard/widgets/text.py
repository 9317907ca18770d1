"""How are texts and amounts shown, whoever wrote them?"""

from __future__ import annotations

import re

from estimator.format import dollars as plain_dollars
from estimator.units import HALF_A_CENT_USD

_MARKDOWN_SIGNS = re.compile(r"([!-/:-@\[-`{-~])")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def literal(text: str) -> str:
    r"""Text that Markdown shows sign by sign: no links, colors, icons or formulas between dollars.

    >>> print(literal("$5 *or* :red[more]"))
    \$5 \*or\* \:red\[more\]
    """
    return _MARKDOWN_SIGNS.sub(r"\\\1", " ".join(text.split()))


def dollars(usd: float) -> str:
    r"""An amount inside Markdown, where a bare dollar sign could open a formula.

    >>> print(dollars(1234.5), dollars(-12))
    \$1,234 −\$12.00
    """
    return plain_dollars(usd).replace("$", "\\$")


def unbroken(text: str) -> str:
    r"""Text that stays on one line: a number with its unit in a narrow column.

    >>> unbroken("306 GB")
    '306\xa0GB'
    """
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def change(usd: float) -> str:
    r"""What another choice adds to or takes off a monthly bill, inside Markdown.

    >>> print(change(14.6), "|", change(0.001))
    +\$14.60 a month | no difference here
    """
    if abs(usd) < HALF_A_CENT_USD:
        return "no difference here"
    return f"{'+' if usd > 0 else ''}{dollars(usd)} a month"


def spelled(name: str) -> str:
    """The name of a field for people.

    >>> spelled("boot_volume_vpu_per_gb")
    'Boot volume VPU per GB'
    """
    words = [_SPELLING.get(word, word) for word in name.split("_")]
    return f"{words[0][:1].upper()}{words[0][1:]} {' '.join(words[1:])}".rstrip()


_SPELLING = {
    "cpu": "CPU",
    "gb": "GB",
    "gib": "GiB",
    "mb": "MB",
    "mbps": "Mbps",
    "vcpu": "vCPU",
    "vpu": "VPU",
}


def inert(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula.

    >>> inert("=1+1"), inert("plain"), inert(-5.0)
    ("'=1+1", 'plain', -5.0)
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_SIGNS) else cell
