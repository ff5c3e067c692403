"""The Glue type tree: the truth about a DynamicFrame's fields.

Spark has no choice type, so a tree stands beside each DataFrame (ADR 3). Types are immutable values; the names are
those AWS Glue prints (`int`, `long`, `choice` ...), as in the "DynamicFrame types" page of the AWS Glue guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = [
    "ATOMS",
    "BINARY",
    "BOOLEAN",
    "BYTE",
    "DATE",
    "DOUBLE",
    "FLOAT",
    "INT",
    "LONG",
    "NULL",
    "SHORT",
    "STRING",
    "TIMESTAMP",
    "TIMESTAMP_NTZ",
    "UNKNOWN",
    "ArrayType",
    "AtomicType",
    "ChoiceType",
    "DecimalType",
    "Field",
    "GlueType",
    "MapType",
    "SetType",
    "StructType",
    "contains_choice",
    "contains_map",
    "merge",
    "merge_all",
]


@dataclass(frozen=True)
class GlueType:
    """Base of all types."""

    @property
    def name(self) -> str:
        """The word that Glue prints for this type."""
        raise TypeError(f"{type(self).__name__} is an abstract type")


@dataclass(frozen=True)
class AtomicType(GlueType):
    """A type without parts; use the module's constants."""

    type_name: str

    @property
    def name(self) -> str:
        """The word that Glue prints for this type."""
        return self.type_name


@dataclass(frozen=True)
class DecimalType(GlueType):
    """An exact number; Glue's defaults are precision 10 and scale 2."""

    precision: int = 10
    scale: int = 2

    @property
    def name(self) -> str:
        """Always `decimal`: alternatives of a choice are told apart by this word alone."""
        return "decimal"


@dataclass(frozen=True)
class ArrayType(GlueType):
    """A list of elements of one type (which may be a choice)."""

    element: GlueType

    @property
    def name(self) -> str:
        """Always `array`."""
        return "array"


@dataclass(frozen=True)
class SetType(GlueType):
    """A list without order or repeats."""

    element: GlueType

    @property
    def name(self) -> str:
        """Always `set`."""
        return "set"


@dataclass(frozen=True)
class MapType(GlueType):
    """Text keys to values of one type."""

    value: GlueType

    @property
    def name(self) -> str:
        """Always `map`."""
        return "map"


@dataclass(frozen=True)
class Field:
    """A named member of a struct."""

    name: str
    type: GlueType


@dataclass(frozen=True)
class StructType(GlueType):
    """Named fields in order; the root of every frame is one."""

    fields: tuple[Field, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, GlueType]]) -> StructType:
        """Build from (name, type) pairs, in order."""
        return cls(tuple(Field(name, kind) for name, kind in pairs))

    @property
    def name(self) -> str:
        """Always `struct`."""
        return "struct"

    @property
    def names(self) -> list[str]:
        """The field names in order."""
        return [field.name for field in self.fields]

    def get(self, name: str) -> GlueType | None:
        """The type of the field of that exact name, or None."""
        for field in self.fields:
            if field.name == name:
                return field.type
        return None

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)


@dataclass(frozen=True)
class ChoiceType(GlueType):
    """One of several types, record by record; alternatives have distinct names and are kept sorted by name.

    In a DataFrame a choice is a struct with one member per alternative, named as the alternative, of which at most
    one is not null.
    """

    choices: tuple[GlueType, ...]

    def __post_init__(self) -> None:
        names = [choice.name for choice in self.choices]
        if len(set(names)) != len(names) or any(isinstance(c, ChoiceType) for c in self.choices):
            raise TypeError(f"a choice takes distinct types that are no choices themselves, got {names}")
        object.__setattr__(self, "choices", tuple(sorted(self.choices, key=lambda c: c.name)))

    @property
    def name(self) -> str:
        """Always `choice`."""
        return "choice"

    def get(self, name: str) -> GlueType | None:
        """The alternative of that name, or None."""
        for choice in self.choices:
            if choice.name == name:
                return choice
        return None


NULL = AtomicType("null")
UNKNOWN = AtomicType("unknown")
BINARY = AtomicType("binary")
BOOLEAN = AtomicType("boolean")
BYTE = AtomicType("byte")
DATE = AtomicType("date")
DOUBLE = AtomicType("double")
FLOAT = AtomicType("float")
INT = AtomicType("int")
LONG = AtomicType("long")
SHORT = AtomicType("short")
STRING = AtomicType("string")
TIMESTAMP = AtomicType("timestamp")
TIMESTAMP_NTZ = AtomicType("timestampntz")

ATOMS: dict[str, AtomicType] = {
    atom.name: atom
    for atom in (
        NULL,
        UNKNOWN,
        BINARY,
        BOOLEAN,
        BYTE,
        DATE,
        DOUBLE,
        FLOAT,
        INT,
        LONG,
        SHORT,
        STRING,
        TIMESTAMP,
        TIMESTAMP_NTZ,
    )
}


def merge(left: GlueType, right: GlueType) -> GlueType:
    """The type of a field that is `left` in some records and `right` in others.

    Null and unknown give way to anything; structs, arrays and maps merge by their parts (left fields first); any
    other two distinct types make a choice, `int` and `long` included, for Glue widens nothing by itself.
    """
    if left == right or right in (NULL, UNKNOWN):
        return left
    if left in (NULL, UNKNOWN):
        return right
    if isinstance(left, ChoiceType) or isinstance(right, ChoiceType) or left.name != right.name:
        return _choice_of(left, right)
    if isinstance(left, StructType) and isinstance(right, StructType):
        return _merge_structs(left, right)
    if isinstance(left, ArrayType) and isinstance(right, ArrayType):
        return ArrayType(merge(left.element, right.element))
    if isinstance(left, SetType) and isinstance(right, SetType):
        return SetType(merge(left.element, right.element))
    if isinstance(left, MapType) and isinstance(right, MapType):
        return MapType(merge(left.value, right.value))
    if isinstance(left, DecimalType) and isinstance(right, DecimalType):
        scale = max(left.scale, right.scale)
        whole = max(left.precision - left.scale, right.precision - right.scale)
        return DecimalType(min(38, whole + scale), scale)
    raise TypeError(f"no way to merge {left} with {right}")


def merge_all(types: Iterable[GlueType]) -> GlueType:
    """Merge any number of types; none at all is `unknown`."""
    result: GlueType = UNKNOWN
    for kind in types:
        result = merge(result, kind)
    return result


def _choice_of(left: GlueType, right: GlueType) -> ChoiceType:
    alternatives: dict[str, GlueType] = {}
    for side in (left, right):
        for kind in side.choices if isinstance(side, ChoiceType) else (side,):
            seen = alternatives.get(kind.name)
            alternatives[kind.name] = kind if seen is None else merge(seen, kind)
    return ChoiceType(tuple(alternatives.values()))


def _merge_structs(left: StructType, right: StructType) -> StructType:
    others = {field.name: field.type for field in right}
    mine = {field.name for field in left}
    merged = [
        Field(field.name, merge(field.type, others[field.name])) if field.name in others else field for field in left
    ]
    return StructType(tuple(merged) + tuple(field for field in right if field.name not in mine))


def contains_choice(kind: GlueType) -> bool:
    """Whether a choice stands anywhere in the tree."""
    if isinstance(kind, ChoiceType):
        return True
    if isinstance(kind, StructType):
        return any(contains_choice(field.type) for field in kind)
    if isinstance(kind, (ArrayType, SetType)):
        return contains_choice(kind.element)
    return isinstance(kind, MapType) and contains_choice(kind.value)


def contains_map(kind: GlueType) -> bool:
    """Whether a map stands anywhere in the tree; Spark cannot compare such values."""
    if isinstance(kind, StructType):
        return any(contains_map(field.type) for field in kind)
    if isinstance(kind, ChoiceType):
        return any(contains_map(choice) for choice in kind.choices)
    return isinstance(kind, MapType) or (isinstance(kind, (ArrayType, SetType)) and contains_map(kind.element))
