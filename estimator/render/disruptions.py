"""Which faults and surges are there? What each is, how it is written on one line, its fields."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping
from typing import Any, Final

from pydantic.fields import FieldInfo

from estimator.scenario.model import Model

_TAGS: Final = {"fault", "surge"}
_WIDTH: Final = 80
_SMALL_PRINT: Final = "Times of the week are in UTC; durations without a unit are in seconds."


def kinds_text(examples: Mapping[type[Model], str]) -> str:
    """Each kind with what it is, an example line, and its fields with their defaults."""
    kinds = (_kind_text(kind, example) for kind, example in examples.items())
    return "\n\n".join((*kinds, _SMALL_PRINT)) + "\n"


def kinds_data(examples: Mapping[type[Model], str]) -> list[dict[str, Any]]:
    """Each kind as plain lists and texts, for machines; null stands for no default."""
    return [
        {
            "name": _name(kind),
            "title": _summary(kind),
            "example": example,
            "fields": [
                {
                    "name": name,
                    "required": field.is_required(),
                    "default": None if field.is_required() else field.default,
                    "description": " ".join((field.description or "").split()),
                }
                for name, field in kind.model_fields.items()
                if name not in _TAGS
            ],
        }
        for kind, example in examples.items()
    ]


def _name(kind: type[Model]) -> str:
    [tag] = kind.model_fields.keys() & _TAGS
    return str(kind.model_fields[tag].default)


def _summary(kind: type[Model]) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]


def _kind_text(kind: type[Model], example: str) -> str:
    fields = {name: field for name, field in kind.model_fields.items() if name not in _TAGS}
    heads = {name: f"  {name} ({_default(field)})  " for name, field in fields.items()}
    indent = max(map(len, heads.values()))
    described = (
        textwrap.fill(
            field.description or "",
            _WIDTH,
            initial_indent=heads[name].ljust(indent),
            subsequent_indent=" " * indent,
        )
        for name, field in fields.items()
    )
    about = textwrap.fill(
        f"{_name(kind).replace('_', ' ')}: {_summary(kind)}", _WIDTH, subsequent_indent="  "
    )
    return "\n".join((about, f"  '{example}'", *described))


def _default(field: FieldInfo) -> str:
    default: Any = field.default
    if field.is_required():
        return "required"
    if default is None:
        return "optional"
    return str(default).lower() if isinstance(default, bool) else f"{default:g}"
