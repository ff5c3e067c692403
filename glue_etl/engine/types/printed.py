"""The form in which `printSchema` shows a type tree."""

from __future__ import annotations

from collections.abc import Iterator

from glue_etl.engine.types import tree as g

__all__ = ["tree_string"]


def tree_string(root: g.StructType) -> str:
    """The tree as AWS Glue prints it: one bar and four spaces a level, a choice's alternatives without a colon."""
    return "\n".join(["root", *_members(root, "")]) + "\n"


def _members(kind: g.GlueType, indent: str) -> Iterator[str]:
    if isinstance(kind, g.StructType):
        for field in kind:
            yield f"{indent}|-- {field.name}: {_word(field.type)}"
            yield from _members(field.type, indent + "|    ")
    elif isinstance(kind, g.ChoiceType):
        for choice in kind.choices:
            yield f"{indent}|-- {_word(choice)}"
            yield from _members(choice, indent + "|    ")
    elif isinstance(kind, (g.ArrayType, g.SetType)):
        yield f"{indent}|-- element: {_word(kind.element)}"
        yield from _members(kind.element, indent + "|    ")
    elif isinstance(kind, g.MapType):
        yield f"{indent}|-- keyType: string"
        yield f"{indent}|-- valueType: {_word(kind.value)}"
        yield from _members(kind.value, indent + "|    ")


def _word(kind: g.GlueType) -> str:
    return f"decimal({kind.precision},{kind.scale})" if isinstance(kind, g.DecimalType) else kind.name
