"""Finds a database's JDBC driver and makes it known to the JVM that runs.

AWS Glue brings drivers, PyPI has none. Where one is looked for: what the JVM has already (`--extra-jars`), the JAR an
option or connection names, the folder `GLUE_ETL_JDBC_DRIVERS`, and where Debian's packages put theirs.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError

from glue_etl.engine.io.jdbc_jars import DEBIAN, find_jars, holds_class
from glue_etl.errors import MissingExtraError, PathNotFoundError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from glue_etl.engine.context import EngineContext
    from glue_etl.engine.io.jdbc_target import Target

__all__ = ["load_driver"]

_LOG = logging.getLogger(__name__)


def load_driver(ctx: EngineContext, target: Target) -> str:
    """Make sure that a target's driver can be used, here and on executors.

    Returns:
        The driver's class.

    Raises:
        MissingExtraError: There is no driver.
        PathNotFoundError: The JAR that was asked for is not there.
    """
    loader = _Loader(ctx.session)
    vendor = target.url.vendor
    names = (target.driver,) if target.driver else vendor.drivers
    if target.jar:
        _load_given(ctx, loader, target.jar, names)
    for name in names:
        if loader.has(name):
            return name
    folder = ctx.settings.jdbc_drivers
    for jar in find_jars(vendor, folder):
        for name in names:
            if holds_class(jar, name):
                loader.add(jar)
                return name
    places = [str(place) for place in (folder, DEBIAN) if place is not None]
    raise MissingExtraError(
        f"There is no JDBC driver for {vendor.name}: the class {' or '.join(names)} is in no JAR of this session, and "
        f"in no {' or '.join(vendor.jars) or 'JAR'} of {' or '.join(places)}.",
        hint=f"{vendor.package}; or pass --extra-jars PATH, the option customJdbcDriverS3Path, or set "
        "GLUE_ETL_JDBC_DRIVERS to a folder of JARs",
    )


def _load_given(ctx: EngineContext, loader: _Loader, path: str, names: tuple[str, ...]) -> None:
    from glue_etl.engine.io.listing import local_path

    jar = local_path(ctx, path)
    if jar is None or not jar.is_file():
        raise PathNotFoundError(
            f"The JDBC driver {path!r} does not exist.", hint="customJdbcDriverS3Path names a JAR in the lake"
        )
    if not any(holds_class(jar, name) for name in names):
        raise MissingExtraError(
            f"The JAR {path!r} has no class {' or '.join(names)}.", hint="name it with customJdbcDriverClassName"
        )
    here = {name: loader.place(name) for name in names if loader.has(name)}
    for name, place in here.items():
        if Path(place) != jar.resolve():
            _LOG.warning("The driver %s of %s is not used: this session has it from %s.", name, path, place)
    if not here:
        loader.add(jar)


class _Loader:
    """The class loader that Spark's driver, and in local mode its executor, look into."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        jvm: Any = session._jvm
        self._java = jvm
        self._loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()

    def has(self, name: str) -> bool:
        try:
            self._loader.loadClass(name)
        except Py4JJavaError:
            return False
        return True

    def place(self, name: str) -> str:
        """The JAR that a class comes from."""
        source = self._loader.loadClass(name).getProtectionDomain().getCodeSource()
        return str(source.getLocation().getPath()) if source is not None else ""

    def add(self, jar: Path) -> None:
        """Add a JAR: spark-submit's own loader takes more of them at any time."""
        self._loader.addURL(self._java.java.net.URL(jar.resolve().as_uri()))
        if not str(self._session.sparkContext.master).startswith("local"):
            java_context: Any = self._session.sparkContext._jsc
            java_context.addJar(str(jar.resolve()))
