"""CSV with an escape character, which Spark's own parser understands within quotes only.

Source: "Using the CSV format in AWS Glue", `escaper`: the character that follows is taken as it is, except for a small
set of well-known escapes (backslash n, r, t and 0). Catalyst expressions only, but several times slower than the
plain scan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from glue_etl.engine.io.csv_heads import WELL_KNOWN, Dialect
from glue_etl.engine.io.csv_lines import record_lines

__all__ = ["literal", "scan"]

# Separates nothing: lines come whole, and Spark still leaves out blank ones and each file's header.
_NO_SEPARATOR = "\x01\x02\x01"


def literal(text: str) -> str:
    """A text as a Java regular expression that matches it alone."""
    return "".join(f"\\x{{{ord(character):x}}}" for character in text)


def scan(
    session: SparkSession,
    paths: Sequence[str],
    lookup: Mapping[str, str],
    columns: Sequence[str],
    raw: str,
    dialect: Dialect,
) -> DataFrame:
    """All records: one column per name of `columns`, and `raw`, the text of those with another number of fields."""
    if dialect.whole_records:
        lines, origin = record_lines(session, paths, lookup, dialect), ["path", "modified"]
    else:
        reader = session.read.schema("line string").options(**lookup)
        header = dialect.header or dialect.skip_first
        lines, origin = reader.csv(list(paths), sep=_NO_SEPARATOR, quote="", header=header), []
    separator, escaper = literal(dialect.separator), literal(dialect.escaper)
    plain = f"(?:{escaper}.|(?!{separator})[^{escaper}]|{escaper}$)*"
    if dialect.quote:
        quote = literal(dialect.quote)
        plain = f"(?:{quote}(?:{escaper}.|{quote}{quote}|[^{quote}{escaper}])*{quote})?{plain}"
    field = f"(?s){separator}({plain})"
    tokens = f.regexp_extract_all(f.concat(f.lit(dialect.separator), f.col("line")), f.lit(field), f.lit(1))
    split = lines.select(tokens.alias("tokens"), "line", *origin)
    fields = [_value(f.get(f.col("tokens"), f.lit(i)), dialect).alias(name) for i, name in enumerate(columns)]
    return split.select(*fields, f.when(f.size("tokens") != len(columns), f.col("line")).alias(raw), *origin)


def _value(token: Column, dialect: Dialect) -> Column:
    """What a field's text means; null stays null, empty is null as Spark's own scan has it."""
    escaper, quote = dialect.escaper, dialect.quote
    stop = literal(escaper + quote)
    parts = f"(?s){literal(escaper)}.|" + (f"{literal(quote)}{literal(quote)}|" if quote else "") + f"[^{stop}]+|."
    meaning = f.transform(f.regexp_extract_all(token, f.lit(parts), f.lit(0)), lambda part: _meaning(part, dialect))
    return f.nullif(f.array_join(meaning, ""), f.lit(""))


def _meaning(part: Column, dialect: Dialect) -> Column:
    case = f.when(part == dialect.escaper, part)
    for letter, character in WELL_KNOWN.items():
        case = case.when(part == dialect.escaper + letter, f.lit(character))
    case = case.when(part.startswith(dialect.escaper), f.substring(part, 2, 1))
    if dialect.quote:
        case = case.when(part == dialect.quote * 2, f.lit(dialect.quote)).when(part == dialect.quote, f.lit(""))
    return case.otherwise(part)
