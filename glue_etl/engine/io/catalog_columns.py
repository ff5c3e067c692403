r"""From what the files of a table hold to the columns that the Data Catalog names.

The catalog's types are wishes (ADR 10). Texts (CSV, logs) become what the table says; one that does not parse stays
text, and the column is then a choice, as the guide shows for the Medicare sample ("Code example: Data preparation using
ResolveChoice, Lambda, and ApplyMapping"). Records of the other formats say themselves what they are: their fields keep
their types, a column that no record has is null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine.catalog.serde_properties import TableFormat
from glue_etl.engine.frame.conform import null_of, top
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.typed import in_type
from glue_etl.engine.io.attached import quoted, sql_text
from glue_etl.engine.io.csv_escaped import literal
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["arranged", "as_declared", "check_texts", "named_by_position", "texts_as_wished"]

_DATE = r"^\\s*[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}\\s*$"
_TIMESTAMP = r"^\\s*[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}"
# Java takes 1.5d and 2f for numbers.
_LETTER_AFTER_A_NUMBER = r"[0-9.][dDfF]\\s*$"


def check_texts(columns: g.StructType, what: str) -> None:
    """See that texts can become what a table wishes.

    Raises:
        UnsupportedError: A type that is nested more than once, or a union.
    """
    for column in columns:
        inner: Sequence[g.GlueType] = ()
        if isinstance(column.type, g.ArrayType):
            inner = [column.type.element]
        elif isinstance(column.type, g.StructType):
            inner = [field.type for field in column.type]
        elif isinstance(column.type, g.MapType):
            inner = [column.type.value]
        nested = any(not isinstance(kind, (g.AtomicType, g.DecimalType)) for kind in inner)
        if nested or isinstance(column.type, g.ChoiceType):
            raise UnsupportedError.of(
                f"The column {column.name!r} of {what}, of the type {column.type.name} in a file of texts,",
                "declare it as string and take it apart in the script",
            )


def named_by_position(plan: Plan, names: Sequence[str], what: str) -> Plan:
    """The first fields under the names of a table's columns; what comes after them stays.

    Raises:
        OptionError: There are fewer fields than columns.
    """
    if len(plan.type) < len(names):
        raise OptionError(
            f"{what} has {len(names)} columns, and its expression captures {len(plan.type)} fields.",
            available=names,
            hint="give the expression a capturing group for each column",
        )
    new = [*names, *plan.type.names[len(names) :]]
    columns = [top(old).alias(name) for old, name in zip(plan.type.names, new, strict=True)]
    kinds = [field.type for field in plan.type]
    return Plan(plan.df.select(*columns), g.StructType.of(zip(new, kinds, strict=True)))


def texts_as_wished(plan: Plan, columns: g.StructType, texts: TableFormat) -> Plan:
    """Text columns in the types of a table, choices where a text does not parse; looks at all records once.

    Args:
        plan: The records; columns that are no strings stay as they are.
        columns: The table's columns; `check_texts` has seen them.
        texts: What stands for null, and what separates the elements of an array.
    """
    wishes = {field.name.lower(): field.type for field in columns}
    cells = {field.name: wishes.get(field.name.lower(), g.STRING) for field in plan.type if field.type == g.STRING}
    texts_of = {name: _text(quoted(name), kind, texts) for name, kind in cells.items()}
    parsed = {name: _parsed(texts_of[name], kind, texts) for name, kind in cells.items() if kind != g.STRING}
    stray = _stray(plan, {name: f"isnotnull({texts_of[name]}) AND isnull({sql})" for name, sql in parsed.items()})
    fields, select = [], []
    for field in plan.type:
        name, kind = field.name, field.type
        sql = texts_of.get(name, quoted(name))
        if name in parsed:
            kind, sql = cells[name], parsed[name]
            if name in stray:
                kind = g.ChoiceType((cells[name], g.STRING))
                sql = _choice(kind, cells[name], parsed[name], texts_of[name])
        fields.append(g.Field(name, kind))
        select.append(f"{sql} AS {quoted(name)}")
    return Plan(plan.df.selectExpr(*select), g.StructType(tuple(fields)))


def _stray(plan: Plan, tests: Mapping[str, str]) -> set[str]:
    """The columns with a text that does not parse."""
    if not tests:
        return set()
    found = plan.df.agg(*[f.expr(f"bool_or({sql})").alias(f"c{i}") for i, sql in enumerate(tests.values())]).first()
    assert found is not None
    return {name for name, is_stray in zip(tests, found, strict=True) if is_stray}


def _choice(kind: g.ChoiceType, wish: g.GlueType, parsed: str, text: str) -> str:
    members = {wish.name: parsed, g.STRING.name: f"IF(isnull({parsed}), {text}, NULL)"}
    parts = ", ".join(f"'{choice.name}', {members[choice.name]}" for choice in kind.choices)
    return f"IF(isnull({text}), NULL, named_struct({parts}))"


def _text(column: str, kind: g.GlueType, texts: TableFormat) -> str:
    """A cell, null where it stands for that: an empty one is a text, but no number."""
    if texts.null_text is not None and (texts.null_text or kind == g.STRING):
        column = f"nullif({column}, {sql_text(texts.null_text)})"
    return column if kind == g.STRING else f"IF(trim({column}) = '', NULL, {column})"


def _parsed(text: str, kind: g.GlueType, texts: TableFormat) -> str:
    """SQL of a text as another type; null where it does not parse."""
    if isinstance(kind, g.ArrayType):
        parts, element = f"split({text}, {sql_text(literal(texts.item_separator))})", kind.element
        value = _parsed(_text("x", element, texts), element, texts)
        failed = f"exists({parts}, x -> isnotnull({_text('x', element, texts)}) AND isnull({value}))"
        return f"IF({failed}, NULL, transform({parts}, x -> {value}))"
    if isinstance(kind, g.StructType):
        return _parsed_struct(text, kind, texts)
    if isinstance(kind, g.MapType):
        return _parsed_map(text, kind, texts)
    tried = f"try_cast({text} AS {to_spark(kind).simpleString()})"
    if kind == g.BOOLEAN:
        return f"CASE lower(trim({text})) WHEN 'true' THEN true WHEN 'false' THEN false END"
    if kind in (g.DOUBLE, g.FLOAT):
        return f"IF({text} RLIKE '{_LETTER_AFTER_A_NUMBER}', NULL, {tried})"
    if kind == g.DATE:
        return f"IF({text} RLIKE '{_DATE}', {tried}, NULL)"
    if kind in (g.TIMESTAMP, g.TIMESTAMP_NTZ):
        return f"IF({text} RLIKE '{_TIMESTAMP}', {tried}, NULL)"
    return text if kind == g.STRING else tried


def _parsed_struct(text: str, kind: g.StructType, texts: TableFormat) -> str:
    parts = f"split({text}, {sql_text(literal(texts.item_separator))})"
    cells = [_text(f"get({parts}, {i})", field.type, texts) for i, field in enumerate(kind)]
    values = [_parsed(cell, field.type, texts) for cell, field in zip(cells, kind, strict=True)]
    tests = [f"(isnotnull({cell}) AND isnull({value}))" for cell, value in zip(cells, values, strict=True)]
    members = ", ".join(f"{sql_text(field.name)}, {value}" for field, value in zip(kind, values, strict=True))
    return f"IF({' OR '.join([*tests, 'isnull(' + text + ')'])}, NULL, named_struct({members}))"


def _parsed_map(text: str, kind: g.MapType, texts: TableFormat) -> str:
    """As Hive does it: the first entry of a key counts, an entry without a separator has no value."""
    entries = f"split({text}, {sql_text(literal(texts.item_separator))})"
    separator = sql_text(texts.key_separator)
    keys = f"array_distinct(transform({entries}, e -> substring_index(e, {separator}, 1)))"
    entry = f"element_at(filter({entries}, e -> substring_index(e, {separator}, 1) = k), 1)"
    cell = _text(f"substring({entry}, length(k) + length({separator}) + 1)", kind.value, texts)
    value = _parsed(cell, kind.value, texts)
    failed = f"exists({keys}, k -> isnotnull({cell}) AND isnull({value}))"
    return f"IF({failed}, NULL, map_from_arrays({keys}, transform({keys}, k -> {value})))"


def arranged(plan: Plan, columns: g.StructType, keys: g.StructType, fields: Mapping[str, str]) -> Plan:
    """The table's columns in its order, further fields of the records, then the partition keys.

    Args:
        plan: The records with their partition keys.
        columns: The table's columns; one that no record has is null. Names are matched in any letter case, and a
            record's own spelling stays.
        keys: The partition keys, which the plan has as columns of these names.
        fields: Columns whose value is in a field of another name.
    """
    last = {key.name for key in keys}
    have = {field.name.lower(): field for field in plan.type if field.name not in last}
    chosen: list[tuple[str, Column, g.GlueType]] = []
    for column in columns:
        source = fields.get(column.name, column.name)
        field = have.pop(source.lower(), None)
        if field is None:
            chosen.append((column.name, null_of(column.type), column.type))
        else:
            chosen.append((field.name if source == column.name else column.name, top(field.name), field.type))
    taken = {name.lower() for name, _, _ in chosen} | {name.lower() for name in last}
    chosen += [(each.name, top(each.name), each.type) for each in have.values() if each.name.lower() not in taken]
    kinds = {field.name: field.type for field in plan.type}
    chosen += [(key.name, top(key.name), kinds[key.name]) for key in keys]
    selected = [column.alias(name) for name, column, _ in chosen]
    return Plan(plan.df.select(*selected), g.StructType.of((name, kind) for name, _, kind in chosen))


def as_declared(plan: Plan, columns: g.StructType) -> Plan:
    """Just the table's columns in its types (`useCatalogSchema`); null where a value is of another kind."""
    have = {field.name.lower(): field for field in plan.type}
    select = []
    for column in columns:
        field = have.get(column.name.lower())
        value = null_of(column.type) if field is None else in_type(top(field.name), field.type, column.type)
        select.append(value.alias(column.name))
    return Plan(plan.df.select(*select), columns)
