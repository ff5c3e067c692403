"""The files that a sample of a source is taken from.

Source: `create_sample_dynamic_frame_from_options` in "GlueContext class" of the AWS Glue guide: `maxSamplePartitions`
and `maxSampleFilesPerPartition`, 10 each; a partition is a folder with files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from glue_etl.engine.io.listing import Listing, SourceFile
from glue_etl.errors import OptionError

__all__ = ["SampleLimits", "read_limits"]

_KNOWN = ("maxSamplePartitions", "maxSampleFilesPerPartition")


@dataclass(frozen=True)
class SampleLimits:
    """How much of a source a sample reads.

    Attributes:
        partitions: Folders, the first ones by name.
        files: Files of each, the first ones by name.
    """

    partitions: int = 10
    files: int = 10

    def narrow(self, listing: Listing) -> Listing:
        """The files within the limits."""
        folders: dict[str, list[SourceFile]] = {}
        for file in listing.files:
            folders.setdefault(file.uri.rpartition("/")[0], []).append(file)
        kept = tuple(file for files in list(folders.values())[: self.partitions] for file in files[: self.files])
        return listing if len(kept) == len(listing.files) else replace(listing, files=kept, whole=False)


def read_limits(options: Mapping[str, Any]) -> SampleLimits:
    """The `sample_options` of a script.

    Raises:
        OptionError: An unknown option, or no whole number above 0.
    """
    values = []
    for name in options:
        if name not in _KNOWN:
            raise OptionError(f"{name!r} is not an option of samples.", available=_KNOWN)
    for name in _KNOWN:
        given = str(options.get(name, 10))
        if not given.isdecimal() or int(given) == 0:
            raise OptionError(f"The option {name!r} of samples is {options[name]!r}.", hint="give a number above 0")
        values.append(int(given))
    return SampleLimits(*values)
