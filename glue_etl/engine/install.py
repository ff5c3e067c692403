"""The only place that injects: while installed, `sc._jvm` answers for the Glue runtime.

Where the real Glue library can be loaded (on AWS, in the official container) nothing is done at all.
"""

from __future__ import annotations

import functools
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import util
from types import ModuleType
from typing import TYPE_CHECKING, Any

from glue_etl.settings import Settings

if TYPE_CHECKING:
    from pyspark import SparkContext

__all__ = ["installed", "is_real_glue", "python_shell"]

# What awsglue itself does and pyspark warns about; a script's author cannot help it.
_AWSGLUES_OWN = (
    "DataFrame constructor is internal",
    "DataFrame.sql_ctx is an internal property",
    "Deprecated in 3.0.0. Use SparkSession.builder.getOrCreate",
)
_GLUE_CLASS = "com.amazonaws.services.glue.GlueContext"


def is_real_glue(context: SparkContext | None = None) -> bool:
    """Whether the JVM of the running (or the given) context has the real Glue library.

    Without a running JVM the answer is no: what is asked then is whether to prepare for one, and `installed` looks
    again as soon as the JVM is there.
    """
    from pyspark import SparkContext

    context = context or SparkContext._active_spark_context
    jvm = getattr(context, "_jvm", None) if context else SparkContext._jvm
    return jvm is not None and _has_glue(_real(jvm))


def _real(jvm: Any) -> Any:
    from glue_etl.engine.jvm.proxy import JvmProxy

    return jvm._real if isinstance(jvm, JvmProxy) else jvm


def _has_glue(jvm: Any) -> bool:
    from py4j.protocol import Py4JJavaError

    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    try:
        jvm.java.lang.Class.forName(_GLUE_CLASS, False, loader)
    except Py4JJavaError:
        return False
    return True


@contextmanager
def installed(settings: Settings, *, streaming_job: bool = False) -> Iterator[None]:
    """Put the engine behind awsglue for the time of a `with` block.

    Works before a SparkContext is made (a script makes its own) as well as with one that runs (a test's session).

    Args:
        settings: Where the lake and the state are.
        streaming_job: Whether the job's command is `gluestreaming`.
    """
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    from glue_etl.engine.jvm.proxy import JvmProxy

    def swap() -> None:
        jvm = SparkContext._jvm
        if jvm is not None and not isinstance(jvm, JvmProxy) and not _has_glue(jvm):
            SparkContext._jvm = JvmProxy(jvm, settings, streaming_job=streaming_job)

    original: Callable[..., None] = SparkContext.__dict__["_ensure_initialized"].__func__

    @functools.wraps(original)
    def ensure_initialized(cls: type[SparkContext], *args: Any, **kwargs: Any) -> None:
        original(cls, *args, **kwargs)
        swap()

    for words in _AWSGLUES_OWN:
        warnings.filterwarnings("ignore", message=re.escape(words))
    before = SparkContext._jvm
    SparkContext._ensure_initialized = classmethod(ensure_initialized)  # type: ignore[assignment, method-assign]
    swap()
    session = SparkSession._instantiatedSession
    session_jvm = getattr(session, "_jvm", None)
    swapped_session = session is not None and "_jvm" in vars(session)
    if session is not None and swapped_session:
        # Spark 3.5 keeps a copy of the view in the session; a Job may be made from a session alone.
        session._jvm = SparkContext._jvm
    try:
        with _modules(), _data_catalog(settings):
            yield
    finally:
        SparkContext._ensure_initialized = classmethod(original)  # type: ignore[assignment, method-assign]
        if SparkContext._jvm is not None:
            if isinstance(SparkContext._jvm, JvmProxy):
                # A job that was begun and not committed must not keep the next one out.
                SparkContext._jvm.Job.bookmarks.end()
            SparkContext._jvm = _real(SparkContext._jvm)
        if before is not None and SparkContext._jvm is None:
            SparkContext._jvm = None
        if session is not None and swapped_session and SparkSession._instantiatedSession is session:
            session._jvm = session_jvm


@contextmanager
def python_shell() -> Iterator[None]:
    """Let `awsglue.utils` be imported without Spark for the time of a `with` block, as in a Python shell job on AWS.

    There is no pyspark then, even where it is installed: a script that imports it would fail on AWS.
    """
    replaced: dict[str, ModuleType | None] = {"pyspark": None}
    if (awsglue := _bare("awsglue")) is not None:
        # Its own `__init__` imports the DynamicFrame, and that one imports pyspark.
        replaced["awsglue"] = awsglue
    if util.find_spec("py4j") is None:
        # awsglue.utils comes to it by way of awsglue.job, whose calls need a JVM anyway.
        gateway = ModuleType("py4j.java_gateway")
        gateway.java_import = None  # type: ignore[attr-defined]
        replaced |= {"py4j": ModuleType("py4j"), "py4j.java_gateway": gateway}
    before = {name: sys.modules[name] for name in replaced if name in sys.modules}
    sys.modules.update(replaced)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in replaced:
            sys.modules.pop(name, None)
        sys.modules.update(before)


def _bare(name: str) -> ModuleType | None:
    """A package whose modules can be imported and whose own code has not run; None if it is not installed."""
    spec = util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        return None
    module = ModuleType(name)
    module.__spec__, module.__path__ = spec, list(spec.submodule_search_locations)
    return module


@contextmanager
def _data_catalog(settings: Settings) -> Iterator[None]:
    """Give Spark SQL the Data Catalog, if it is asked for."""
    if not settings.sql_catalog:
        yield
        return
    from pyspark import SparkContext

    from glue_etl.engine.jvm.proxy import JvmProxy
    from glue_etl.engine.sql.hooks import hooked
    from glue_etl.engine.sql.tables import sync_of

    def ours() -> bool:
        # Where the real library is, the JVM's view was left alone; before there is a JVM nothing can be asked.
        return SparkContext._jvm is None or isinstance(SparkContext._jvm, JvmProxy)

    with hooked(sync_of(settings), ours):
        yield


@contextmanager
def _modules() -> Iterator[None]:
    """Let `import` find what AWS Glue has beside awsglue, after everything else; forget it at the end."""
    from glue_etl.engine.shims.finder import ShimFinder

    finder = ShimFinder(is_real_glue)
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        finder.take_back()
        for name in finder.loaded:
            sys.modules.pop(name, None)
