"""What can a public function be given? What its annotations say; all else is an ``ArgumentError``.

Numbers are taken as texts too, and units where an annotation has them, as in scenario files.
Instances of this package's classes must be given as such.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from estimator.errors import ArgumentError, UnknownNameError, echo, is_own_mistake
from estimator.units import parse_number

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_LARGEST: Final = 1e300
_LARGEST_WHOLE: Final = 2**63 - 1
"""What floating point and 64 bits hold, with room to compute."""
_PLAIN: Final = (Any, type(None), object, date)
"""Classes of which pydantic makes objects; of others an object must be given."""
C = TypeVar("C", bound=Callable[..., Any])


def checks_arguments(public: C) -> C:
    """Refuse arguments that are not what the annotations of a public function say.

    Args:
        public: a function; or a class, whose constructor, if it is a dataclass, and whose public
            methods are checked.

    >>> @checks_arguments
    ... def doubled(number: float) -> float:
    ...     return 2 * number
    >>> doubled("1,000")
    2000.0
    >>> doubled([1])
    Traceback (most recent call last):
    estimator.errors.ArgumentError: doubled, number: expected a number, not [1]
    """
    if not inspect.isclass(public):
        return _checked(public, public.__qualname__, functools.partial(_hints_of_function, public))
    for name, member in [*vars(public).items()]:
        of_class = isinstance(member, classmethod)
        function = member.__func__ if of_class else member
        if not inspect.isfunction(function):
            continue
        if name == "__init__":
            hints = functools.partial(_hints_of_class, public)
            setattr(public, name, _checked(function, public.__name__, hints))
        elif name == "__getitem__" or not name.startswith(("_", "model_")):
            checked = checks_arguments(function)
            setattr(public, name, classmethod(checked) if of_class else checked)
    return cast("C", public)


def _checked(function: Any, name: str, hints: Callable[[], Mapping[str, Any]]) -> Any:
    signature = inspect.signature(function)

    @functools.cache
    def parameters() -> Mapping[str, _Parameter]:
        # made when the function is first called: by then all that annotations name is imported
        known = hints()
        return {
            each.name: _Parameter(f"{name}, {each.name}", known[each.name])
            for each in signature.parameters.values()
            if each.name in known and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        }

    order = [*signature.parameters]
    required = {each.name for each in signature.parameters.values() if each.default is each.empty}

    def are_ready(given: Mapping[str, Any]) -> bool:
        """Whether nothing is missing and all is as it must be, as in calls from this package."""
        known = parameters()
        for each, value in given.items():
            if each != "self" and (each not in known or not known[each].is_ready(value)):
                return False
        return required <= given.keys()

    @functools.wraps(function)
    def call(*positional: Any, **named: Any) -> Any:
        given = dict(zip(order, positional, strict=False)) | named
        # not so if there are too many, or one is given twice
        if len(given) == len(positional) + len(named) and are_ready(given):
            return function(*positional, **named)
        bound = _bound(name, signature, positional, named)
        for each, parameter in parameters().items():
            if each in bound.arguments and not parameter.is_ready(bound.arguments[each]):
                bound.arguments[each] = parameter.taken(bound.arguments[each])
        return function(*bound.args, **bound.kwargs)

    return call


def _bound(
    name: str, signature: inspect.Signature, positional: tuple[Any, ...], named: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Arguments by the names of their parameters.

    Raises:
        ArgumentError: too many, one is missing, or there is none of that name.
    """
    try:
        return signature.bind(*positional, **named)
    except TypeError as error:
        known = [each for each in signature.parameters if each != "self"]
        unknown = [each for each in named if each not in known]
        told = UnknownNameError("argument", unknown[0], known) if unknown else error
        raise ArgumentError(f"{name}: {told}") from None


class _Parameter:
    """What one parameter takes."""

    def __init__(self, where: str, annotation: Any) -> None:
        from pydantic import ConfigDict, TypeAdapter

        self._where = where
        self._annotation = annotation
        self.is_ready = _readiness(annotation)
        """Whether a value is taken as it is; others may be as well."""
        self._adapter: TypeAdapter[Any] = TypeAdapter(
            _accepted(annotation),
            config=ConfigDict(arbitrary_types_allowed=True, allow_inf_nan=False),
        )

    def taken(self, value: Any) -> Any:
        """A value as the annotation has it.

        Raises:
            ArgumentError: it is something else.
        """
        from pydantic import ValidationError

        from estimator.documents import YamlDocument
        from estimator.validation import UNREADABLE, error_text, unreadable_text

        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            text = error_text(error, YamlDocument(value, self._where), self._annotation)
            raise ArgumentError(text) from None
        except UNREADABLE as error:
            if is_own_mistake(error):
                raise
            raise ArgumentError(f"{self._where}: {unreadable_text(value, error)}") from None


def _hints_of_class(cls: type) -> Mapping[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _hints_of_function(function: Any) -> Mapping[str, Any]:
    """Types of the parameters; what a function returns may be of a library that is not loaded."""

    def parameters() -> None: ...

    given = function.__annotations__
    parameters.__annotations__ = {name: given[name] for name in given if name != "return"}
    return get_type_hints(
        parameters, globalns=inspect.unwrap(function).__globals__, include_extras=True
    )


def _accepted(annotation: Any) -> Any:
    """What pydantic shall accept for an annotation."""
    from pydantic import BeforeValidator, PlainValidator

    origin, inner = get_origin(annotation), get_args(annotation)
    if choices := _choices(annotation):
        return Annotated[Any, PlainValidator(functools.partial(_one_of, choices))]
    if origin in (Union, UnionType):
        return Union[tuple(map(_accepted, inner))]  # noqa: UP007 (of types found at run time)
    if origin in (Iterable, Sequence) or inner[1:] == (...,):
        return Annotated[tuple[_accepted(inner[0]), ...], BeforeValidator(_listed)]  # pyright: ignore[reportInvalidTypeForm]
    if origin is tuple:
        return tuple[tuple(map(_accepted, inner))]  # pyright: ignore[reportInvalidTypeForm]
    if origin in (Mapping, dict):
        mapping = dict[_accepted(inner[0]), _accepted(inner[1])]  # pyright: ignore[reportInvalidTypeForm]
        return Annotated[mapping, BeforeValidator(functools.partial(_instance, Mapping))]
    if origin is Annotated and inner[0] in (float, int):
        # what stands before the number, such as a unit, still reads the text first
        return Annotated[_accepted(inner[0]), *annotation.__metadata__]  # pyright: ignore[reportInvalidTypeForm]
    if annotation is str:
        return Annotated[Any, PlainValidator(_text)]
    if annotation is Path:
        return Annotated[Any, PlainValidator(_path)]
    if annotation is bool:
        return Annotated[Any, PlainValidator(_truth_value)]
    if annotation is float:
        return Annotated[float, BeforeValidator(_number)]
    if annotation is int:
        return Annotated[int, BeforeValidator(_whole_number)]
    if getattr(origin, "__name__", "") == "ndarray":
        return Annotated[Any, PlainValidator(functools.partial(_array, annotation))]
    if inspect.isclass(annotation) and annotation not in _PLAIN:
        return Annotated[Any, PlainValidator(functools.partial(_instance, annotation))]
    return annotation


def _choices(annotation: Any) -> tuple[str, ...]:
    """The texts that a parameter can be, if it can be nothing else."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return inner
    if origin not in (Union, UnionType):
        return ()
    found = [_choices(each) for each in inner]
    return tuple(chain(*found)) if all(found) else ()


def _readiness(annotation: Any) -> Callable[[Any], bool]:
    """Whether a value needs no look by pydantic, which takes longer than most functions here."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if choices := _choices(annotation):
        return lambda value: type(value) is str and value in choices
    if origin in (Union, UnionType):
        parts = [_readiness(each) for each in inner]
        return lambda value: any(part(value) for part in parts)
    if origin is Annotated and get_origin(inner[0]) in (Union, UnionType):
        models = {each for each in get_args(inner[0]) if hasattr(each, "model_fields")}
        return lambda value: type(value) in models
    if origin is tuple and inner[1:] == (...,):
        of_part = _readiness(inner[0])
        return lambda value: type(value) is tuple and all(map(of_part, value))
    if origin is Mapping:
        of_name, of_value = map(_readiness, inner)
        return lambda value: (
            type(value) is dict and all(map(of_name, value)) and all(map(of_value, value.values()))
        )
    if origin is Callable:
        return callable
    if origin is frozenset:
        of_part = _readiness(inner[0])
        return lambda value: type(value) is frozenset and all(map(of_part, value))
    if annotation is str:
        return lambda value: type(value) is str and (value.isascii() or _is_whole(value))
    if annotation is float:
        return lambda value: type(value) is float and abs(value) <= _LARGEST
    if getattr(origin, "__name__", "") == "ndarray":
        (number,) = get_args(inner[1])
        return lambda value: type(value) is origin and value.dtype == number
    return lambda value: type(value) is annotation and annotation is not int


def _one_of(choices: tuple[str, ...], value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"expected one of {', '.join(choices)}, not {echo(value)}")
    if value not in choices:
        raise UnknownNameError("value", value, choices)
    return value


def _instance(cls: type, value: object) -> object:
    if isinstance(value, cls):
        return value
    article = "an" if cls.__name__[0] in "AEIOU" else "a"
    raise ValueError(f"expected {article} {cls.__name__}, not {echo(value)}")


def _array(annotation: Any, value: Any) -> Any:
    """An array of that type; of floating point also what can be read as numbers."""
    import numpy as np

    from estimator.arrays import FloatArray, numbers

    if annotation != FloatArray:
        return _instance(np.ndarray, value)
    is_ready = isinstance(value, np.ndarray) and value.dtype == np.float64
    return value if is_ready else numbers(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text, not {echo(value)}")
    if not _is_whole(value):
        raise ValueError(f"{echo(value)} holds half of a character")
    return value


def _is_whole(text: str) -> bool:
    """Whether a text holds no half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _path(value: object) -> Path:
    if not isinstance(value, Path):
        raise ValueError(f"expected a path, not {echo(value)}")
    return value


def _truth_value(value: Any) -> bool:
    found = value.item() if getattr(value, "ndim", None) == 0 else value
    if not isinstance(found, bool):
        raise ValueError(f"expected True or False, not {echo(value)}")
    return found


def _number(value: Any) -> int | float:
    """A number, of Python's or numpy's, or as people write it; truth values are none."""
    found = value.item() if getattr(value, "ndim", None) == 0 else value
    if isinstance(found, str):
        return float(parse_number(found))
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ValueError(f"expected a number, not {echo(value)}")
    if not abs(found) <= _LARGEST:
        raise ValueError(f"expected a finite number, not {echo(value)}")
    return found


def _whole_number(value: Any) -> int:
    found = _number(value)
    if not -_LARGEST_WHOLE <= found <= _LARGEST_WHOLE or found != int(found):
        raise ValueError(f"expected a whole number, not {echo(value)}")
    return int(found)


def _listed(value: object) -> tuple[object, ...]:
    from estimator.validation import items_of

    return items_of(value)
