"""CSV as a DynamicFrame: every field a string, each file by its own header, one Spark scan per kind of header.

Source: "Using the CSV format in AWS Glue". What AWS leaves open is decided so that no value is lost unseen:

- An empty field is the empty string, a field missing at the end of a record is null.
- Fields beyond the header are dropped if they are all empty; else the record is an error record.
- A record with bytes that are not UTF-8 is an error record.
- Blank lines are no records. A file without a line is no error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql import types as s

from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.frame.errors import ERROR_RECORD, CountedErrors
from glue_etl.engine.io import csv_escaped
from glue_etl.engine.io.attached import MODIFIED, attached, file_path, quoted
from glue_etl.engine.io.combine import case_sensitive, same_spelling
from glue_etl.engine.io.csv_escaped import literal
from glue_etl.engine.io.csv_facts import facts_of
from glue_etl.engine.io.csv_heads import Dialect, Shape, each, shape_of
from glue_etl.engine.io.csv_lines import parsed, record_lines
from glue_etl.engine.io.listing import Listing, SourceFile
from glue_etl.engine.io.request import ReadRequest
from glue_etl.errors import OptionError

__all__ = ["dialect_of", "read_csv"]

_RAW = "_glue_etl_raw"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class _Scan:
    """Files that one Spark scan reads: alike in their fields, and in what is known of their bytes.

    Attributes:
        files: The files.
        shape: Their fields.
        names: The fields' names as spelled in the frame.
        utf8: Whether all bytes are known to be UTF-8.
        even: Whether every record is known to have all columns, no more and no fewer.
    """

    files: tuple[SourceFile, ...]
    shape: Shape
    names: tuple[str, ...]
    utf8: bool
    even: bool

    @property
    def columns(self) -> list[str]:
        """The columns that Spark splits a record into: the names, then what the first records have beyond them."""
        return [f"c{i}" for i in range(len(self.shape.names) + self.shape.extra)]

    @property
    def sound(self) -> bool:
        """Whether no record can be an error record."""
        return self.utf8 and self.even and not self.shape.extra


def dialect_of(request: ReadRequest) -> Dialect:
    """How the script says the lines are made.

    Raises:
        OptionError: A character option that is no single character.
    """
    options = request.options
    quote = _character("quoteChar", options["quoteChar"], "-1")
    escaper = _character("escaper", options["escaper"] or "none", "none", "-1")
    if not options["separator"]:
        raise OptionError("The option 'separator' is empty.", hint="give the character between fields, such as ','")
    if escaper == quote:
        # Two quotes within quotes stand for one anyway.
        escaper = ""
    return Dialect(
        options["separator"], quote, escaper, options["multiline"], options["withHeader"], options["skipFirst"]
    )


def _character(name: str, value: str, *off: str) -> str:
    if value in off:
        return ""
    if len(value) != 1:
        raise OptionError(f"The option {name!r} is {value!r}.", hint=f"give one character, or {off[0]!r} for none")
    return value


def read_csv(
    session: SparkSession,
    request: ReadRequest,
    listing: Listing,
    stage: Stage,
    columns: Sequence[str] | None = None,
) -> Frame:
    """The frame of CSV files.

    Args:
        session: The session that scans.
        request: The options of the format, checked.
        listing: The files.
        stage: For the error records.
        columns: The names of the fields in order, where a table of the Data Catalog has them.

    Raises:
        OptionError: A character option that is no single character.
    """
    dialect = dialect_of(request)
    scans: list[_Scan] = []

    def plan() -> Plan:
        scans[:] = _scans(session, listing, dialect, columns)
        if not scans:
            return Plan.of(session.createDataFrame([], s.StructType([])))
        modified = "modified" if dialect.whole_records else MODIFIED
        more = attached(request.options, _file(dialect, listing), modified)
        names = list(dict.fromkeys(name for scan in scans for name in scan.names if name not in more))
        parts = [_records(_scan(session, scan, listing, dialect), scan, dialect, names, more) for scan in scans]
        return Plan.of(reduce(DataFrame.union, parts))

    def sound() -> bool:
        _ = frame.plan
        return all(scan.sound for scan in scans)

    def errors() -> DataFrame:
        _ = frame.plan
        whose = "header" if columns is None else "table"
        found = [_errors(session, scan, listing, dialect, stage, whose) for scan in scans if not scan.sound]
        return reduce(DataFrame.union, found) if found else session.createDataFrame([], ERROR_RECORD)

    frame = Frame(plan, stage_errors=(CountedErrors(errors, sound),))
    return frame


def _file(dialect: Dialect, listing: Listing) -> str:
    """SQL of a record's file in what `_scan` gives."""
    return file_path(listing.shown, "path") if dialect.whole_records else file_path(listing.shown)


def _scans(
    session: SparkSession, listing: Listing, dialect: Dialect, columns: Sequence[str] | None = None
) -> list[_Scan]:
    sensitive = case_sensitive(session)
    files = [file for file in listing.files if file.size]
    shapes = each(lambda file: shape_of(file, dialect, session, case_sensitive=sensitive, given=columns), files)
    # Looked at once all headers are known to be readable.
    facts = each(lambda file: facts_of(file, dialect), files)
    groups: dict[tuple[Shape, bool, bool], list[SourceFile]] = {}
    for file, shape, known in zip(files, shapes, facts, strict=True):
        if shape is not None:
            even = known.fields == len(shape.names) + shape.extra
            groups.setdefault((shape, known.utf8, even), []).append(file)
    if len(groups) == 1 and len(listing.files) - len(files) == 0:
        # All files alike: Spark may be given the folders.
        groups = {key: list(listing.files) for key in groups}
    names = same_spelling([shape.names for shape, _, _ in groups], sensitive=sensitive)
    return [
        _Scan(tuple(members), shape, tuple(spelled), utf8, even)
        for ((shape, utf8, even), members), spelled in zip(groups.items(), names, strict=True)
    ]


def _scan(session: SparkSession, scan: _Scan, listing: Listing, dialect: Dialect) -> DataFrame:
    """All records, the good and the bad: fields by position, and the raw text of those with another number of them."""
    columns = scan.columns
    paths, lookup = listing.spark_paths(scan.files)
    if dialect.escaper:
        return csv_escaped.scan(session, paths, lookup, columns, _RAW, dialect)
    if dialect.whole_records:
        return parsed(record_lines(session, paths, lookup, dialect), columns, _RAW, dialect)
    wanted = columns if scan.even else [*columns, _RAW]
    reader = session.read.schema(s.StructType([s.StructField(name, s.StringType()) for name in wanted]))
    if not scan.even:
        # With pruning Spark does not see a wrong number of fields where a query needs few of them.
        reader = reader.option("columnPruning", "false")
    found = reader.options(**lookup).csv(
        paths,
        sep=dialect.separator,
        quote=dialect.quote,
        escape=dialect.quote or "\\",
        header=dialect.header or dialect.skip_first,
        multiLine=dialect.multiline,
        mode="PERMISSIVE",
        columnNameOfCorruptRecord=_RAW,
    )
    return found


def _records(df: DataFrame, scan: _Scan, dialect: Dialect, names: Sequence[str], more: Mapping[str, str]) -> DataFrame:
    """The good records of one scan, in the fields that all scans have together."""
    # SQL text: a call into the JVM for each part of each column would take seconds where there are many headers.
    # Spark gives empty fields as null; only a record that is too short has real nulls.
    absent = "''" if scan.even else f"IF(isnull({_RAW}), '', NULL)"
    values = {name: f"coalesce(c{i}, {absent})" for i, name in enumerate(scan.names)}
    fields = [f"{values.get(name, 'CAST(NULL AS STRING)')} AS {quoted(name)}" for name in names]
    last = [f"{sql} AS {quoted(name)}" for name, sql in more.items()]
    good = df if scan.sound else df.filter(~_is_bad(scan, dialect))
    return good.selectExpr(*fields, *last)


def _is_bad(scan: _Scan, dialect: Dialect) -> Column:
    """Whether a record would lose a value."""
    columns = scan.columns
    bad = f.lit(False)
    if not scan.even:
        # Another column is named with it, because Spark refuses a scan of the raw text alone.
        raw = f.concat_ws("", f.col(_RAW), f.col(columns[0]).substr(1, 0))
        bad = f.col(_RAW).isNotNull() & _plain(raw, dialect).rlike(_too_many(len(columns), dialect))
    for column in columns[len(scan.shape.names) :]:
        bad = bad | f.coalesce(f.length(f.trim(f.col(column))) > 0, f.lit(False))
    if not scan.utf8:
        bad = bad | f.contains(f.concat_ws("", *columns), f.lit(_REPLACEMENT))
    return bad


def _plain(raw: Column, dialect: Dialect) -> Column:
    """The raw text with quoted fields shortened, so that each separator left in it is one."""
    if dialect.escaper:
        raw = f.regexp_replace(raw, f"(?s){literal(dialect.escaper)}.", "q")
    if not dialect.quote:
        return raw
    quote = literal(dialect.quote)
    return f.regexp_replace(raw, f"(?s){quote}(?:[^{quote}]|{quote}{quote})+{quote}", "q")


def _too_many(width: int, dialect: Dialect) -> str:
    """A regular expression for texts with anything but emptiness after the `width`th separator."""
    separator = literal(dialect.separator)
    blank = rf"[ \t\r\n{literal(dialect.quote)}]" if dialect.quote else r"[ \t\r\n]"
    return f"(?s)^(?:(?:(?!{separator}).)*+{separator}){{{width}}}(?:{separator}|{blank})*+."


def _rebuilt(columns: Sequence[str], dialect: Dialect) -> Column:
    if dialect.quote and len(dialect.separator) == 1:
        options = {"sep": dialect.separator, "quote": dialect.quote, "escape": dialect.quote}
        return f.to_csv(f.struct(*columns), {**options, "ignoreLeadingWhiteSpace": "false"})
    return f.concat_ws(dialect.separator, *[f.coalesce(f.col(column), f.lit("")) for column in columns])


def _errors(
    session: SparkSession, scan: _Scan, listing: Listing, dialect: Dialect, stage: Stage, whose: str
) -> DataFrame:
    columns = scan.columns
    bad = _scan(session, scan, listing, dialect).filter(_is_bad(scan, dialect))
    # Spark hands over the text of records with an unexpected number of fields only.
    rebuilt = _rebuilt(columns, dialect)
    text = rebuilt if scan.even else f.coalesce(f.col(_RAW), rebuilt)
    source = f.expr(_file(dialect, listing))
    not_utf8 = f.contains(text, f.lit(_REPLACEMENT)) if not scan.utf8 else f.lit(False)
    width = f.size(f.split(_plain(text, dialect), literal(dialect.separator)))
    message = f.when(
        not_utf8, f.concat(f.lit("The record has bytes that are not UTF-8, in the file "), source, f.lit("."))
    ).otherwise(
        f.concat(
            f.lit("The record has "),
            width.cast("string"),
            f.lit(f" fields where the {whose} has {len(scan.names)}, in the file "),
            source,
            f.lit("."),
        )
    )
    known = [f.col(f"c{i}").alias(name) for i, name in enumerate(scan.names)]
    values: Sequence[Column] = [
        f.lit(stage.site),
        f.lit(stage.info),
        message,
        f.lit(""),
        text,
        f.lit(None).cast("string"),
        source,
        f.to_json(f.struct(*known)),
    ]
    return bad.select(*[value.alias(field.name) for value, field in zip(values, ERROR_RECORD.fields, strict=True)])
