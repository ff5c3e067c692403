"""Every JVM call in the files of the installed awsglue is answered here, or refused by name."""

from __future__ import annotations

import ast
import importlib.util
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.jvm.context import JavaGlueContext
from glue_etl.engine.jvm.dynamic_frame import JavaDynamicFrame, JavaSchema
from glue_etl.engine.jvm.job import GlueLogger, JobControl
from glue_etl.engine.jvm.proxy import JvmProxy
from glue_etl.engine.jvm.services import AwsConnectionUtils, Transactions
from glue_etl.engine.jvm.source_sink import JavaSink, JavaSource
from glue_etl.errors import JobError, UnsupportedError
from glue_etl.settings import Settings

# What awsglue calls an object of the JVM -> what answers there.
JVM = ("_jvm", "jvm")
CONTEXT = ("_ssql_ctx", "_glue_scala_context")
OBJECTS: dict[str, type] = {
    "_jsource": JavaSource,
    "_jsink": JavaSink,
    "_jdf": JavaDynamicFrame,
    "_job": JobControl,
    "_glue_logger": GlueLogger,
}
# Names that are Spark's and Scala's own, which the real JVM answers.
SPARKS = {"scala"}


def _sources() -> list[Path]:
    spec = importlib.util.find_spec("awsglue")
    assert spec is not None and spec.origin is not None
    return sorted(path for path in Path(spec.origin).parent.rglob("*.py"))


def _chain(node: ast.expr) -> list[str]:
    """`a.b.c` as its names."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        names.append(node.id)
    return names[::-1]


def _calls() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The object and the names after it, for each longest chain of attributes in awsglue."""
    for path in _sources():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # escape sequences of awsglue's own
            tree = ast.parse(path.read_text(encoding="utf-8"))
        inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and id(node) not in inner:
                names = _chain(node)
                for at, name in enumerate(names[:-1]):
                    if name in (*JVM, *CONTEXT, *OBJECTS):
                        yield name, tuple(names[at + 1 :])
                        break


CALLS = sorted(set(_calls()))


class _Spark:
    """Stands for the real JVM: it knows nothing of Glue."""

    def __getattr__(self, name: str) -> Any:
        if name in ("PythonUtils", "PythonRDD", *SPARKS):
            return self
        raise AttributeError(name)


@pytest.fixture
def proxy(tmp_path: Path) -> JvmProxy:
    return JvmProxy(_Spark(), Settings(tmp_path, region="eu-central-1"))


def test_the_calls_are_found() -> None:
    found = {(owner, *names) for owner, names in CALLS}
    assert len(found) > 75
    assert ("_jvm", "DynamicFrame", "fromPythonRDD") in found
    assert ("_jvm", "gluefunctions", "explodeWithIndex") in found
    assert ("_ssql_ctx", "addIngestionTimeColumns") in found
    assert ("jvm", "ApplyMapping", "apply") in found
    assert ("_jdf", "mergeDynamicFrames") in found


OF_JVM = [names for owner, names in CALLS if owner in JVM]


@pytest.mark.parametrize("names", OF_JVM, ids=".".join)
def test_every_class_of_the_jvm_answers(proxy: JvmProxy, names: tuple[str, ...]) -> None:
    found = getattr(proxy, names[0])
    if names[0] in SPARKS:
        return
    try:
        for name in names[1:]:
            found = getattr(found, name)
    except UnsupportedError as error:
        assert ".".join(names[:2]) in str(error)
    else:
        assert callable(found) or isinstance(found, (JobControl, AwsConnectionUtils)), names


OF_CONTEXT = [names[0] for owner, names in CALLS if owner in CONTEXT]


@pytest.mark.parametrize("name", OF_CONTEXT)
def test_every_method_of_the_context_answers(name: str) -> None:
    # Looked up in the classes, not in an object: that would hand unknown names on to Spark.
    assert callable(getattr(JavaGlueContext, name))


OF_OBJECTS = [(owner, names[0]) for owner, names in CALLS if owner in OBJECTS]


@pytest.mark.parametrize(("owner", "name"), OF_OBJECTS, ids=[f"{owner}.{name}" for owner, name in OF_OBJECTS])
def test_every_method_of_an_object_answers_or_is_refused_by_name(owner: str, name: str) -> None:
    kind = OBJECTS[owner]
    if any(name in vars(base) for base in kind.__mro__):
        return
    assert kind is JavaDynamicFrame, name
    blank = object.__new__(JavaDynamicFrame)
    with pytest.raises(UnsupportedError, match=name):
        getattr(blank, name)()


def test_a_schema_answers() -> None:
    assert {"toString", "treeString"} <= set(vars(JavaSchema))


def test_where_aws_is(proxy: JvmProxy, tmp_path: Path) -> None:
    # awsglue.devutils looks for the word null behind https://
    assert proxy.AWSConnectionUtils.getGlueProxyUrl()[8:].startswith("null")
    assert proxy.AWSConnectionUtils.getRegion() == "eu-central-1"
    assert proxy.AWSConnectionUtils.getGlueEndpoint() == "https://glue.eu-central-1.amazonaws.com"
    local = Settings(tmp_path, endpoint_url="http://127.0.0.1:5000")
    assert AwsConnectionUtils(local).getGlueEndpoint() == "http://127.0.0.1:5000"


def test_a_transaction_runs_its_course() -> None:
    transactions = Transactions()
    one, two = transactions.start(False), transactions.start(True)
    assert one != two
    assert transactions.commit(one) is True
    assert transactions.commit(one) is True
    with pytest.raises(JobError, match="TransactionCommittedException"):
        transactions.cancel(one)
    transactions.cancel(two)
    transactions.cancel(two)
    with pytest.raises(JobError, match="TransactionCanceledException"):
        transactions.commit(two)
    with pytest.raises(JobError, match="'none'"):
        transactions.commit("none")


def test_a_transaction_says_that_it_has_no_effect(caplog: pytest.LogCaptureFixture) -> None:
    Transactions().start(False)
    assert "start_transaction(read_only=False) has no effect here" in caplog.text
