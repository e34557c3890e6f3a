"""What a request may hold, read from the SDK's typed parameter classes.

The SDK ships one `TypedDict` per operation, made from the provider's published description.
They are read here at run time, so that a name, a type, an enum or a required parameter that the
provider would refuse is refused by the sandbox as well, with the provider's error body.
"""

from __future__ import annotations

import re
import sys
import types
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NotRequired, Protocol, Union, get_args, get_origin

import stripe
import stripe.params.checkout
import stripe.params.identity
import stripe.params.v2.core
from typing_extensions import get_type_hints, is_typeddict

from payments.sandbox.errors import bad_parameter

_OPTIONS = frozenset(stripe.RequestOptions.__annotations__)
_INTEGER = re.compile(r"^-?[0-9]{1,18}$")
_DECIMAL = re.compile(r"^-?[0-9]+(\.[0-9]+)?$")
_GONE = {"payment_method_types": "payment_method_types_no_longer_supported"}


class Shape(Protocol):
    """Reads one value, or raises ApiError as the provider would."""

    def read(self, value: Any, name: str) -> Any:
        """Return the value in Python's types; `name` is the parameter's full name."""


@dataclass(frozen=True)
class Text:
    """Any string."""

    def read(self, value: Any, name: str) -> str:
        """Return the string."""
        if not isinstance(value, str) or "\0" in value:
            raise bad_parameter("Invalid string", param=name)
        return value


@dataclass(frozen=True)
class Integer:
    """A whole number, as JSON or as text."""

    def read(self, value: Any, name: str) -> int:
        """Return the number."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and _INTEGER.match(value):
            return int(value)
        raise bad_parameter(
            f"Invalid integer: {value}", param=name, code="parameter_invalid_integer"
        )


@dataclass(frozen=True)
class Number:
    """A decimal number, as text."""

    def read(self, value: Any, name: str) -> Decimal:
        """Return the number."""
        if isinstance(value, str) and _DECIMAL.match(value):
            return Decimal(value)
        raise bad_parameter(f"Invalid decimal: {value}", param=name)


@dataclass(frozen=True)
class Boolean:
    """True or false, as JSON or as text."""

    def read(self, value: Any, name: str) -> bool:
        """Return the truth value."""
        if value in (True, "true"):
            return True
        if value in (False, "false"):
            return False
        raise bad_parameter(f"Invalid boolean: {value}", param=name)


@dataclass(frozen=True)
class OneOf:
    """One of a fixed set of words."""

    words: tuple[Any, ...]

    def read(self, value: Any, name: str) -> Any:
        """Return the word."""
        if isinstance(value, str) and value in self.words:
            return value
        known = ", ".join(str(word) for word in self.words[:12])
        raise bad_parameter(f"Invalid {name}: must be one of {known}", param=name)


@dataclass(frozen=True)
class Listing:
    """Values in order."""

    item: Shape

    def read(self, value: Any, name: str) -> list[Any]:
        """Return the values; a form numbers them from 0."""
        if isinstance(value, dict) and all(key.isdigit() for key in value):
            value = [value[key] for key in sorted(value, key=int)]
        if not isinstance(value, list):
            raise bad_parameter("Invalid array", param=name)
        return [self.item.read(part, f"{name}[{number}]") for number, part in enumerate(value)]


@dataclass(frozen=True)
class Mapping:
    """Free keys, such as metadata."""

    item: Shape

    def read(self, value: Any, name: str) -> dict[str, Any]:
        """Return the pairs within the provider's limits for metadata."""
        if not isinstance(value, dict):
            raise bad_parameter("Invalid object", param=name)
        if len(value) > 50 or any(len(key) > 40 or "\0" in key for key in value):
            raise bad_parameter("At most 50 keys of 40 characters are allowed", param=name)
        return {key: self.item.read(part, f"{name}[{key}]") for key, part in value.items()}


@dataclass(frozen=True)
class Table:
    """Named parameters, each with its own shape."""

    fields: dict[str, Shape]
    required: frozenset[str]

    def read(self, value: Any, name: str = "") -> dict[str, Any]:
        """Return the known parameters; an unknown one or a gap is refused."""
        if not isinstance(value, dict):
            raise bad_parameter("Invalid object", param=name)
        found = {}
        for key, part in value.items():
            full = f"{name}[{key}]" if name else key
            if key not in self.fields:
                code = _GONE.get(key, "parameter_unknown")
                raise bad_parameter(f"Received unknown parameter: {full}", param=full, code=code)
            found[key] = self.fields[key].read(part, full)
        for key in self.required - found.keys():
            full = f"{name}[{key}]" if name else key
            raise bad_parameter(
                f"Missing required param: {full}.", param=full, code="parameter_missing"
            )
        return found


@dataclass(frozen=True)
class Either:
    """The first of several shapes that fits."""

    shapes: tuple[Shape, ...]

    def read(self, value: Any, name: str) -> Any:
        """Return what the first fitting shape reads; the last one's refusal otherwise."""
        refusal = bad_parameter("Invalid value", param=name)
        for shape in self.shapes:
            try:
                return shape.read(value, name)
            except type(refusal) as error:
                refusal = error
        raise refusal


_PAGED: dict[str, dict[str, Shape]] = {"v2.core.EventListParams": {"page": Text()}}
"""What the addresses of further pages hold, which no typed class names."""


@cache
def table(dotted: str) -> Table:
    """The table of an operation; `dotted` names the class below `stripe.params`."""
    found: Any = stripe.params
    for part in dotted.split("."):
        found = getattr(found, part)
    read = _table_of(found)
    return Table(read.fields | _PAGED.get(dotted, {}), read.required)


EMPTY = Table({}, frozenset())


@cache
def _table_of(typed: type) -> Table:
    given: dict[str, Any] = typed.__annotations__
    raw = {name: hint for name, hint in given.items() if name not in _OPTIONS}
    bare = type(typed.__name__, (), {"__annotations__": raw})
    hints = get_type_hints(bare, vars(sys.modules[typed.__module__]), include_extras=True)
    required = frozenset(name for name, hint in hints.items() if not _is_optional(hint))
    return Table({name: _shape(hint) for name, hint in hints.items()}, required)


def _is_optional(hint: Any) -> bool:
    origin: Any = get_origin(hint)
    return origin is NotRequired


def _shape(hint: Any) -> Shape:
    simple: dict[Any, Shape] = {
        str: Text(),
        int: Integer(),
        bool: Boolean(),
        float: Number(),
        Decimal: Number(),
    }
    if hint in simple:
        return simple[hint]
    if is_typeddict(hint):
        return _Later(hint)
    origin, inside = get_origin(hint), get_args(hint)
    if origin is NotRequired:
        return _shape(inside[0])
    if origin is Literal:
        return OneOf(inside)
    if origin in (Union, types.UnionType):
        return _union(inside)
    if origin is list:
        return Listing(_shape(inside[0]))
    if origin is dict:
        return Mapping(_shape(inside[-1]))
    raise TypeError(f"no shape for {hint!r}")


def _union(parts: tuple[Any, ...]) -> Shape:
    """Join alternatives; the SDK writes an enum as `Literal[...] | str`, and the words count."""
    enums = [part for part in parts if get_origin(part) is Literal]
    has_words = any(word for enum in enums for word in get_args(enum))
    rest = [part for part in parts if part not in enums and not (has_words and part is str)]
    rest = [part for part in rest if get_origin(part) is dict or not _is_response_type(part)]
    shapes = [_shape(part) for part in (*enums, *rest)]
    return shapes[0] if len(shapes) == 1 else Either(tuple(shapes))


def _is_response_type(part: Any) -> bool:
    """Whether an alternative is a class of the SDK's answers, which a program may hand back."""
    origin = get_origin(part)
    return isinstance(origin, type) and issubclass(origin, stripe.StripeObject)


@dataclass(frozen=True)
class _Later:
    """A nested table, read only when a request uses it: some operations have hundreds."""

    typed: type

    def read(self, value: Any, name: str) -> dict[str, Any]:
        """Read with the nested table."""
        return _table_of(self.typed).read(value, name)
