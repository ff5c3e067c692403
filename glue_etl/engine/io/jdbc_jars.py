"""The JARs of JDBC drivers on this machine: PyPI has none, so a user's folder and Debian's packages are looked into."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from glue_etl.engine.io.jdbc_vendors import VENDORS, Vendor

__all__ = ["DEBIAN", "drivers_on_disk", "find_jars", "holds_class"]

DEBIAN = Path("/usr/share/java")
"""Where Debian's and Ubuntu's packages put JARs."""


def find_jars(vendor: Vendor, folder: Path | None) -> Iterator[Path]:
    """The JARs that may hold a database's driver, the likeliest first.

    Args:
        vendor: The database product.
        folder: The folder a user keeps drivers in.
    """
    for place in filter(None, (folder, DEBIAN)):
        for pattern in vendor.jars:
            # A package's links to one JAR stand beside it; of several versions the last name is the newest.
            found = {path.resolve(): path for path in sorted(place.glob(pattern)) if path.is_file()}
            yield from sorted(found, key=lambda path: path.name, reverse=True)


def holds_class(jar: Path, name: str) -> bool:
    """Whether a JAR has a class."""
    try:
        with zipfile.ZipFile(jar) as archive:
            return f"{name.replace('.', '/')}.class" in archive.NameToInfo
    except (OSError, zipfile.BadZipFile):
        return False


def drivers_on_disk(folder: Path | None, given: Iterable[Path] = ()) -> list[Path]:
    """The driver JARs of all databases, at most one for each, for the class path of a session that starts.

    On AWS the drivers are on Spark's own class path, so that a plain `spark.read.format("jdbc")` finds them.

    Args:
        folder: The folder a user keeps drivers in.
        given: JARs that the user gave for this session: a database whose driver they hold is left out.
    """
    result = []
    jars = list(given)
    for vendor in VENDORS.values():
        if any(holds_class(jar, driver) for jar in jars for driver in vendor.drivers):
            continue
        for jar in find_jars(vendor, folder):
            if any(holds_class(jar, driver) for driver in vendor.drivers):
                result.append(jar)
                break
    return result
