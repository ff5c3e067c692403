"""Reading text logs by a grok pattern: format `grokLog`.

Source: "Using the grokLog format in AWS Glue" (logFormat, customPatterns, MISSING, LineCount, StrictMode; read only).
The guide does not say what becomes of a line that the pattern does not match: here it is an error record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glue_etl.engine.frame.core import Frame, Plan
from glue_etl.engine.frame.records import in_workers, session_zone, spark_struct
from glue_etl.engine.io.decoded import ERROR_ROW, StreamedErrors, check_names
from glue_etl.engine.io.decoded_files import parts_of
from glue_etl.engine.io.grok_compile import Grok, compile_grok
from glue_etl.engine.io.grok_worker import GrokRows
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError, UnsupportedError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from glue_etl.engine.frame.core import Stage
    from glue_etl.engine.io.listing import Listing
    from glue_etl.engine.io.request import ReadRequest

__all__ = ["read_grok"]


def read_grok(session: SparkSession, request: ReadRequest, listing: Listing, stage: Stage) -> Frame:
    """The frame of log files; its fields are those that the pattern captures, strings unless it says otherwise.

    Args:
        session: The Spark session.
        request: Its format is `grokLog`.
        listing: The files.
        stage: What the script said of this source.

    Returns:
        The frame. Lines that do not match are its error records, blank ones excepted; the files are read again for
        them when they are asked for.

    Raises:
        OptionError: There is no logFormat, or it cannot be used.
        UnsupportedError: A record is to be more than one line.
    """
    options = request.options
    if not options["logFormat"]:
        raise OptionError(
            "The format 'grokLog' has no 'logFormat'.",
            hint="format_options={'logFormat': '%{COMMONAPACHELOG}'} says what a line looks like",
        )
    if options["LineCount"] != 1:
        raise UnsupportedError.of(f"LineCount {options['LineCount']!r} of the format 'grokLog'", "as on AWS, use 1")
    grok = compile_grok(options["logFormat"], options["customPatterns"] or "")
    kind = _kind(grok, options["attachFilename"], options["attachTimestamp"])
    check_names(session, kind)
    if not listing.files:
        return Frame(lambda: Plan(session.createDataFrame([], spark_struct(kind)), kind))
    tasks, parts = parts_of(session, listing, request.compression, ranges=True)
    rows = GrokRows(
        parts,
        grok,
        options["MISSING"],
        options["StrictMode"],
        session_zone(session),
        options["attachFilename"],
        options["attachTimestamp"],
    )
    wrong = replace(rows, errors_only=True)
    return Frame(
        lambda: Plan(in_workers(tasks, rows, spark_struct(kind)), kind),
        stage_errors=(StreamedErrors(lambda: in_workers(tasks, wrong, ERROR_ROW), stage),),
    )


def _kind(grok: Grok, filename: str | None, timestamp: str | None) -> g.StructType:
    attached = [(name, kind) for name, kind in ((filename, g.STRING), (timestamp, g.TIMESTAMP)) if name]
    names = {name for name, _ in attached}
    fields = [(each.name, each.conversion.type) for each in grok.fields]
    if clash := names & {name for name, _ in fields}:
        raise OptionError(f"The pattern captures the field {min(clash)!r}, which a file's name or time is to go to.")
    return g.StructType.of([*fields, *attached])
