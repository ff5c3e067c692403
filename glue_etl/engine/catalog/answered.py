"""What a client raises, for people at a command line: one sentence instead of botocore's traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from glue_etl.errors import GlueEtlError, SourceError

__all__ = ["answers_told"]


@contextmanager
def answers_told() -> Iterator[None]:
    """Raise what the catalog refuses, or why it cannot be reached, as an error of ours.

    Raises:
        SourceError: botocore raised an error in the block.
    """
    try:
        yield
    except GlueEtlError:
        raise
    except Exception as error:
        # Without botocore in the process it cannot be one of its errors.
        from botocore.exceptions import BotoCoreError, ClientError

        if not isinstance(error, BotoCoreError | ClientError):
            raise
        raise SourceError(
            f"The Data Catalog could not do it: {error}",
            hint="AWS_ENDPOINT_URL and GLUE_ETL_CATALOG say which catalog is asked; glue-etl doctor shows it",
        ) from error
