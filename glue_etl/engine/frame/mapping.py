"""ApplyMapping: choose, rename, retype and re-nest fields.

Source: "ApplyMapping class" in the AWS Glue guide: only mapped fields stay, in mapping order; paths with dots reach
into structs; back-ticks protect names that hold dots.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from glue_etl.engine.frame.cast import cast
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.place import Placed, place, read_path
from glue_etl.engine.types import paths
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.names import parse_type
from glue_etl.errors import OptionError

__all__ = ["apply_mapping"]

_LOG = logging.getLogger(__name__)
_NUMBERS = frozenset({"byte", "short", "int", "long", "float", "double", "decimal"})


def apply_mapping(plan: Plan, mappings: Sequence[Sequence[str]], case_sensitive: bool = True) -> Plan:
    """Map fields.

    Args:
        plan: The records.
        mappings: Each of two texts (source path, target path), three (source path, source type, target path) or four
            (source path, source type, target path, target type). A target type `choice` leaves the value as it is.
        case_sensitive: Whether source names must agree in letter case.

    Returns:
        One field per target path. A mapping whose source no record has gives no field, as records without the field
        would not have it either; a value that cannot be cast is null.

    Raises:
        OptionError: An unknown type name.
        FieldError: A malformed path, or targets that exclude each other.
    """
    placed: list[Placed] = []
    for mapping in mappings:
        source, told, target, wanted = _parts(mapping)
        found = read_path(plan.type, paths.names(paths.parse(source)), case_sensitive=case_sensitive)
        target_path = paths.names(paths.parse(target))
        kind = None if wanted is None or wanted.strip().lower() == "choice" else parse_type(wanted)
        if found is None:
            _LOG.warning("ApplyMapping: no record has the field %r; it is left out.", source)
            continue
        if told is not None and not _agree(told, found[1]):
            _LOG.warning(
                "ApplyMapping: the field %r is %s, not %s; AWS Glue may give an empty column for it.",
                source,
                found[1].name,
                told,
            )
        column, result = found if kind is None else cast(*found, kind)
        placed.append(Placed(target_path, column, result))
    columns, record = place(placed)
    return Plan(plan.df.select(*columns), record)


def _parts(mapping: Sequence[str]) -> tuple[str, str | None, str, str | None]:
    """Source path, the type it is said to have, target path, target type."""
    if len(mapping) == 2:
        return mapping[0], None, mapping[1], None
    if len(mapping) == 3:
        return mapping[0], None, mapping[2], mapping[1]
    if len(mapping) == 4:
        return mapping[0], mapping[1], mapping[2], mapping[3]
    raise OptionError(f"The mapping {tuple(mapping)!r} has {len(mapping)} parts.", hint="give two, three or four")


def _agree(told: str, kind: g.GlueType) -> bool:
    """Whether a field may be said to have that type; numbers pass for one another."""
    if isinstance(kind, g.ChoiceType) or kind in (g.NULL, g.UNKNOWN):
        return True
    try:
        said = parse_type(told)
    except OptionError:
        return False
    return said.name == kind.name or {said.name, kind.name} <= _NUMBERS
