"""What kinds of values were seen in the records a Python function gave, and the type tree that follows from them.

An observation is a JSON value, so that workers can hand it to the driver as text: a dict from the kind of value seen to
what must be known of it, nothing for a field that was null in every record::

    {"int": [lowest, highest]}      within 32 bits      {"long": [lowest, highest]}     the other integers
    {"float": true}                 all exact in 32 bits        {"decimal": [digits before, after the point]}
    {"dict": {name: observation}}   {"list": observation}       {"map": observation}
    {"bool": true}  {"str": true}  {"bytes": true}  {"date": true}  {"datetime": true}

Rules of `settle`, in this order:

1. A field that was null in every record keeps the type it has in the input, else it is null.
2. A field of the input that is there again keeps its input type where that type holds every value seen: a Python int
   from a `long` column comes back as `long`, a `date` as `date`, a map as a map. Glue sends records through pickle and
   sizes each integer anew; keeping the type is what a script that leaves a field alone means.
   Only when every float of a column has been replaced by an integer is the column an integer's: the script did that.
3. Otherwise int within 32 bits -> int, else long; float -> double; str -> string; bytes -> binary; bool -> boolean;
   date -> date; datetime -> timestamp; Decimal -> decimal of the least precision; dict -> struct; list, tuple, set ->
   array. Two kinds in one field make a choice, as everywhere in Glue.
"""

from __future__ import annotations

from typing import Any

from glue_etl.engine.types import tree as g

__all__ = ["Observed", "merge_observed", "settle", "settle_struct"]

Observed = dict[str, Any]

_RANGES: dict[g.GlueType, int] = {g.BYTE: 1 << 7, g.SHORT: 1 << 15, g.INT: 1 << 31, g.LONG: 1 << 63}
_EXACT_IN: dict[g.GlueType, int] = {g.FLOAT: 1 << 24, g.DOUBLE: 1 << 53}
_PLAIN: dict[str, g.GlueType] = {"bool": g.BOOLEAN, "str": g.STRING, "bytes": g.BINARY, "date": g.DATE}


def merge_observed(left: Observed, right: Observed) -> Observed:
    """What was seen in either; kinds and fields seen first stay first."""
    merged = dict(left)
    for kind, seen in right.items():
        merged[kind] = _merge_kind(kind, merged[kind], seen) if kind in merged else seen
    return merged


def _merge_kind(kind: str, left: Any, right: Any) -> Any:
    if kind in ("int", "long"):
        return [min(left[0], right[0]), max(left[1], right[1])]
    if kind == "decimal":
        return [max(left[0], right[0]), max(left[1], right[1])]
    if kind in ("list", "map"):
        return merge_observed(left, right)
    if kind == "dict":
        fields = dict(left)
        for name, seen in right.items():
            fields[name] = merge_observed(fields[name], seen) if name in fields else seen
        return fields
    return bool(left and right)


def settle_struct(fields: dict[str, Observed], hint: g.GlueType | None) -> g.StructType:
    """The struct of observed fields; a field the input had, and that is in no record any more, is gone.

    Args:
        fields: What was seen, by field name.
        hint: The input's struct, whose types are kept where they fit.
    """
    known = hint if isinstance(hint, g.StructType) else g.StructType()
    return g.StructType.of((name, settle(seen, known.get(name))) for name, seen in fields.items())


def settle(seen: Observed, hint: g.GlueType | None) -> g.GlueType:
    """The type of a field, by the rules in the module's head."""
    if not seen:
        return g.NULL if hint is None else hint
    kept = _number_kept(seen, hint)
    if kept is not None:
        return kept
    hints = hint.choices if isinstance(hint, g.ChoiceType) else () if hint is None else (hint,)
    integers = _settle_integers(seen, [h for h in hints if h in _RANGES])
    others = [_settle_kind(kind, what, hints) for kind, what in seen.items() if kind not in ("int", "long")]
    kinds = [*integers, *others]
    return kinds[0] if len(kinds) == 1 else g.ChoiceType(tuple(kinds))


def _integer_bound(seen: Observed) -> int:
    return max((abs(end) for kind in ("int", "long") for end in seen.get(kind, ())), default=0)


def _number_kept(seen: Observed, hint: g.GlueType | None) -> g.GlueType | None:
    """The input's inexact or decimal type, if integers among its values fit it too."""
    kinds = set(seen)
    if hint is not None and hint in _EXACT_IN and "float" in kinds <= {"int", "long", "float"}:
        fits = _integer_bound(seen) <= _EXACT_IN[hint] and (hint == g.DOUBLE or seen["float"])
        return hint if fits else None
    if isinstance(hint, g.DecimalType) and "decimal" in kinds <= {"int", "long", "decimal"}:
        whole = max(seen["decimal"][0], len(str(_integer_bound(seen))) if len(kinds) > 1 else 0)
        return hint if whole <= hint.precision - hint.scale and seen["decimal"][1] <= hint.scale else None
    return None


def _settle_integers(seen: Observed, hints: list[g.GlueType]) -> list[g.GlueType]:
    small, big = seen.get("int"), seen.get("long")
    ends = [end for ends in (small, big) if ends for end in ends]
    if len(hints) == 1 and ends:
        bound = _RANGES[hints[0]]
        if -bound <= min(ends) and max(ends) < bound:
            return [hints[0]]
    return [kind for kind, there in ((g.INT, small), (g.LONG, big)) if there]


def _first(hints: tuple[g.GlueType, ...], *kinds: type[g.GlueType]) -> Any:
    return next((hint for hint in hints if isinstance(hint, kinds)), None)


def _settle_kind(kind: str, what: Any, hints: tuple[g.GlueType, ...]) -> g.GlueType:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind == "float":
        return g.FLOAT if what and g.FLOAT in hints else g.DOUBLE
    if kind == "datetime":
        return g.TIMESTAMP_NTZ if g.TIMESTAMP_NTZ in hints and g.TIMESTAMP not in hints else g.TIMESTAMP
    if kind == "decimal":
        known = _first(hints, g.DecimalType)
        if known is not None and what[0] <= known.precision - known.scale and what[1] <= known.scale:
            return g.DecimalType(known.precision, known.scale)
        return g.DecimalType(min(38, max(1, what[0] + what[1])), what[1])
    if kind == "dict":
        return settle_struct(what, _first(hints, g.StructType))
    if kind == "map":
        known = _first(hints, g.MapType)
        return g.MapType(settle(what, None if known is None else known.value))
    known = _first(hints, g.ArrayType, g.SetType)
    element = settle(what, None if known is None else known.element)
    return g.SetType(element) if isinstance(known, g.SetType) else g.ArrayType(element)
