"""Every error this library raises on purpose.

The tree (all below one root, so that one `except` catches what is ours)::

    GlueEtlError
    ├── SettingsError          an environment variable or option has an unusable value
    ├── JavaNotFoundError      no usable Java, and the wheel that carries one is not installed
    ├── MissingExtraError      a feature needs a package that is not installed
    ├── UnsupportedError       Glue has it, this version of the engine does not
    ├── NoSuchBucketError      an s3:// bucket that is no folder of the local lake
    ├── PathNotFoundError      a path or object that does not exist
    ├── DatabaseError          a database that refuses a connection or a statement
    ├── SourceError            a file that cannot be read as its format says
    ├── OptionError            an unknown or contradictory option of a source, sink or transform
    ├── FieldError             a field path that is malformed or not there
    ├── ErrorThresholdExceeded more error records than a stage or the job allows
    ├── StateError             a file of the state directory that is damaged or not ours
    │   └── BookmarkError      job bookmarks whose state cannot be read, or is not the one a run began with
    └── JobError               a job script that could not be run
        └── ConcurrentRunsExceededException   another run of the job goes on

A message states the fact with its value, then what is available, then `Hint:` with the next step.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "BookmarkError",
    "ConcurrentRunsExceededException",
    "DatabaseError",
    "ErrorThresholdExceeded",
    "FieldError",
    "GlueEtlError",
    "JavaNotFoundError",
    "JobError",
    "MissingExtraError",
    "NoSuchBucketError",
    "OptionError",
    "PathNotFoundError",
    "SettingsError",
    "SourceError",
    "StateError",
    "UnsupportedError",
]


def _sentence(fact: str, available: Iterable[str] | None, hint: str | None) -> str:
    parts = [fact]
    if available is not None:
        names = ", ".join(available)
        parts.append(f"Available: {names or 'none'}.")
    if hint:
        parts.append(f"Hint: {hint}")
    return " ".join(parts)


class GlueEtlError(Exception):
    """Root of the tree.

    Args:
        fact: What is wrong, with the offending value.
        available: Names that would have been right, if they can be listed.
        hint: The next step for the user.
    """

    def __init__(self, fact: str, *, available: Iterable[str] | None = None, hint: str | None = None) -> None:
        super().__init__(_sentence(fact, available, hint))
        self.fact = fact
        self.hint = hint


class SettingsError(GlueEtlError):
    """An environment variable or command option has an unusable value."""


class JavaNotFoundError(GlueEtlError):
    """No usable Java was found."""


class MissingExtraError(GlueEtlError):
    """A feature was used whose package is not installed."""

    @classmethod
    def of(cls, feature: str, package: str, extra: str) -> MissingExtraError:
        """Name the feature, the package it needs and the pip command that brings it."""
        return cls(f"{feature} needs the package {package!r}.", hint=f"pip install 'glue-etl[{extra}]'")


class UnsupportedError(GlueEtlError):
    """AWS Glue offers it, this engine does not (yet)."""

    @classmethod
    def of(cls, feature: str, hint: str | None = None) -> UnsupportedError:
        """Name the unsupported feature."""
        return cls(f"{feature} is not supported by the local engine.", hint=hint)


class NoSuchBucketError(GlueEtlError):
    """An s3:// URI names a bucket that is not in the local lake."""

    @classmethod
    def of(cls, bucket: str, lake: str) -> NoSuchBucketError:
        """Name the bucket and the folder it should be in."""
        return cls(
            f"NoSuchBucket: the bucket {bucket!r} does not exist in the local lake {lake}.",
            hint=f"create it with: mkdir -p {lake}/{bucket}",
        )


class PathNotFoundError(GlueEtlError):
    """A path has no objects."""


class DatabaseError(GlueEtlError):
    """A database refuses a connection or a statement."""


class SourceError(GlueEtlError):
    """A file cannot be read as its format says."""


class OptionError(GlueEtlError):
    """An option is unknown, contradictory or has an unusable value."""


class FieldError(GlueEtlError):
    """A field path is malformed, or names no field."""


class ErrorThresholdExceeded(GlueEtlError):
    """More error records than the threshold of a transformation allows."""


class StateError(GlueEtlError):
    """A file of the state directory is damaged or not ours; it was left as it is."""


class BookmarkError(StateError):
    """The state of job bookmarks cannot be read, or is not the one that a run began with."""


class JobError(GlueEtlError):
    """A job script could not be run."""


class ConcurrentRunsExceededException(JobError):
    """Another run of the job goes on, and one at a time is what AWS Glue allows by default."""

    @classmethod
    def of(cls, job: str, lock: str) -> ConcurrentRunsExceededException:
        """Name the job and the file that the other run holds."""
        return cls(
            f"ConcurrentRunsExceededException: Concurrent runs exceeded for {job!r}: another run of it goes on with "
            f"job bookmarks and holds {lock!r}.",
            hint="wait for it to end, or run with --job-bookmark-option job-bookmark-disable",
        )
