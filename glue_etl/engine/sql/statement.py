"""What a statement names and may change, by Spark's own parser.

Sources: "SQL syntax" in the Spark SQL guide; the plans are those of Spark's parser before analysis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from glue_etl.engine.compat import SPARK_MAJOR
from glue_etl.engine.sql.scala import Scala

__all__ = ["NOT_PARSED", "Name", "Statement", "name_parts", "read_statement"]

NOT_PARSED = (PySparkException, Py4JError)
"""What Spark's parser raises over a text that it cannot read, or that is no text at all."""

Name = tuple[str, ...]
"""A name as written, part by part."""

_PARSER = "org.apache.spark.sql.catalyst.parser.CatalystSqlParser"
_PATTERN = "org.apache.spark.sql.catalyst.trees.TreePattern"
_NAMED = ("UnresolvedRelation", "UnresolvedTable", "UnresolvedTableOrView", "UnresolvedView")

# Statements that change what their first name stands for: made, altered, dropped.
_CHANGES_TABLE = frozenset(
    {
        "AddColumns",
        "AddPartitions",
        "AlterColumn",
        "AlterColumns",
        "AlterViewAs",
        "AppendData",
        "CommentOnTable",
        "CreateTable",
        "CreateTableAsSelect",
        "CreateView",
        "DropColumns",
        "DropPartitions",
        "DropTable",
        "DropView",
        "InsertIntoStatement",
        "LoadData",
        "RecoverPartitions",
        "RenameColumn",
        "RenamePartitions",
        "RenameTable",
        "RepairTable",
        "ReplaceColumns",
        "ReplaceTable",
        "ReplaceTableAsSelect",
        "SetTableLocation",
        "SetTableProperties",
        "SetTableSerDeProperties",
        "SetViewProperties",
        "UnsetTableProperties",
        "UnsetViewProperties",
    }
)
_CHANGES_DATABASE = frozenset(
    {
        "CommentOnNamespace",
        "CreateNamespace",
        "DropNamespace",
        "SetNamespaceLocation",
        "SetNamespaceProperties",
        "UnsetNamespacePropertiesCommand",
    }
)
_LISTS_TABLES = frozenset({"AnalyzeTables", "ShowTableExtended", "ShowTables", "ShowTablesExtended", "ShowViews"})
# Plans below which other statements may stand, each with names of its own.
_BY_LEVEL = frozenset(
    {
        "CompoundBody",
        "ForStatement",
        "IfElseStatement",
        "InsertIntoStatement",
        "LoopStatement",
        "RepeatStatement",
        "SearchedCaseStatement",
        "SimpleCaseStatement",
        "Union",
        "WhileStatement",
    }
)
_LISTS_DATABASES = frozenset({"ShowNamespaces", "ShowNamespacesCommand"})


@dataclass(frozen=True)
class Statement:
    """A statement's references to a catalog.

    Attributes:
        kind: The name of its plan in Spark.
        tables: Tables and views it names, once each, in order; names of its own subqueries are left out.
        targets: Those that it may make, change or drop.
        queried: Those whose rows it reads.
        databases: Databases it names.
        changes_database: Whether it may make, change or drop these.
        lists_tables: Whether it lists the tables of the database it names, or of the current one.
        lists_databases: Whether it lists databases.
    """

    kind: str
    tables: tuple[Name, ...] = ()
    targets: tuple[Name, ...] = ()
    queried: tuple[Name, ...] = ()
    databases: tuple[Name, ...] = ()
    changes_database: bool = False
    lists_tables: bool = False
    lists_databases: bool = False


def name_parts(text: str, parser: Any, scala: Scala) -> Name:
    """The parts of a table's name as `spark.table` takes it."""
    return scala.texts(parser.parseMultipartIdentifier(text))


def read_statement(plan: Any, scala: Scala) -> Statement:
    """What a statement names.

    Args:
        plan: What Spark's parser made of it.
        scala: The JVM.
    """
    reader = _Reader(scala)
    reader.read(plan, frozenset())
    kind = _kind(plan)
    return Statement(
        kind,
        tuple(dict.fromkeys(reader.tables)),
        tuple(dict.fromkeys(reader.targets)),
        tuple(dict.fromkeys(reader.queried)),
        tuple(dict.fromkeys(reader.databases)),
        kind in _CHANGES_DATABASE,
        kind in _LISTS_TABLES,
        kind in _LISTS_DATABASES,
    )


def _kind(plan: Any) -> str:
    return str(plan.getClass().getSimpleName())


class _Reader:
    """Collects names; `hidden` are those of common table expressions, in lower case."""

    def __init__(self, scala: Scala) -> None:
        self._scala = scala
        self._with = scala.constant(_PATTERN, "UNRESOLVED_WITH")
        self._plans = scala.constant(_PATTERN, "PLAN_EXPRESSION")
        self.tables: list[Name] = []
        self.targets: list[Name] = []
        self.queried: list[Name] = []
        self.databases: list[Name] = []

    def read(self, plan: Any, hidden: frozenset[str]) -> None:
        kind = _kind(plan)
        if kind == "UnresolvedWith":
            recursive = SPARK_MAJOR >= 4 and plan.allowRecursion()
            for name, query in self._common_tables(plan):
                self.read(query, hidden | {name.lower()} if recursive else hidden)
                hidden |= {name.lower()}
            self.read(plan.child(), hidden)
            return
        if kind == "SingleStatement":
            # Of a script, which Spark 4 takes.
            self.read(plan.parsedPlan(), hidden)
            return
        if kind in ("SetCatalogAndNamespace", "SetNamespaceCommand"):
            self._use(plan, kind)
            return
        if kind in _CHANGES_TABLE:
            self._change(plan, kind, hidden)
        self._commands(plan, kind, hidden)
        if plan.containsPattern(self._with) or kind in _BY_LEVEL:
            # Somewhere below names are hidden: level by level.
            self._level(plan, hidden)
            return
        for leaf in self._leaves(plan):
            self._leaf(leaf, hidden)
        if plan.containsPattern(self._plans):
            for query in self._scala.values(plan.subqueriesAll()):
                self._unnested(query, hidden)

    def _level(self, plan: Any, hidden: frozenset[str]) -> None:
        for query in self._scala.values(plan.subqueries()):
            self.read(query, hidden)
        children = self._scala.values(plan.children())
        for child in children:
            self.read(child, hidden)
        if not children:
            self._leaf(plan, hidden)

    def _unnested(self, query: Any, hidden: frozenset[str]) -> None:
        """A subquery whose own subqueries are in the list too."""
        for leaf in self._leaves(query):
            self._leaf(leaf, hidden)

    def _common_tables(self, plan: Any) -> Iterator[tuple[str, Any]]:
        for each in self._scala.values(plan.cteRelations()):
            yield str(each.productElement(0)), each.productElement(1)

    def _leaves(self, plan: Any) -> list[Any]:
        return self._scala.values(plan.collectLeaves())

    def _leaf(self, leaf: Any, hidden: frozenset[str]) -> None:
        kind = _kind(leaf)
        if kind in _NAMED:
            name = self._scala.texts(leaf.multipartIdentifier())
            if len(name) > 1 or name[0].lower() not in hidden:
                self.tables.append(name)
                if kind == "UnresolvedRelation":
                    self.queried.append(name)
        elif kind == "UnresolvedIdentifier":
            self.tables.append(self._scala.texts(leaf.nameParts()))
        elif kind == "PlanWithUnresolvedIdentifier":
            self._computed(leaf.identifierExpr())
        elif kind == "UnresolvedNamespace" and (name := self._scala.texts(leaf.multipartIdentifier())):
            self.databases.append(name)

    def _computed(self, expression: Any) -> None:
        """`IDENTIFIER('d.t')`; a name that is put together at run time is Spark's own affair."""
        if _kind(expression) == "Literal":
            parser = self._scala.singleton(_PARSER)
            self.tables.append(self._scala.texts(parser.parseMultipartIdentifier(str(expression.toString()))))

    def _change(self, plan: Any, kind: str, hidden: frozenset[str]) -> None:
        target = plan.table() if kind in ("InsertIntoStatement", "AppendData") else plan.children().apply(0)
        name = self._name_of(target)
        if name is None:
            return
        if kind == "InsertIntoStatement":
            self.tables.append(name)
        self.targets.append(name)
        if kind == "RenameTable":
            self.targets.append(self._renamed(name, self._scala.texts(plan.newName())))

    def _name_of(self, target: Any) -> Name | None:
        kind = _kind(target)
        if kind in _NAMED:
            return self._scala.texts(target.multipartIdentifier())
        if kind == "UnresolvedIdentifier":
            return self._scala.texts(target.nameParts())
        return None

    def _renamed(self, old: Name, new: Name) -> Name:
        return new if len(new) > 1 else (*old[:-1], *new)

    def _commands(self, plan: Any, kind: str, hidden: frozenset[str]) -> None:
        """Statements that keep names or plans where a tree walk does not find them."""
        if kind == "CreateTableLikeCommand":
            source, target = plan.sourceTable(), plan.targetTable()
            names = [self._identifier(source), self._identifier(target)]
            self.tables += names
            self.targets.append(names[1])
        elif kind == "ExplainCommand":
            inner = _Reader(self._scala)
            inner.read(plan.logicalPlan(), hidden)
            # What is explained is not done.
            self.tables += inner.tables
            self.queried += inner.queried
            self.databases += inner.databases
        elif kind == "UnresolvedExecuteImmediate" and _kind(plan.sqlStmtStr()) == "Literal":
            self.read(self._scala.singleton(_PARSER).parsePlan(str(plan.sqlStmtStr().toString())), hidden)
        elif kind == "DescribeQueryCommand":
            self.read(plan.plan(), hidden)

    def _use(self, plan: Any, kind: str) -> None:
        if kind == "SetNamespaceCommand":
            self.databases.append(self._scala.texts(plan.namespace()))
            return
        for leaf in self._leaves(plan):
            parts = leaf.nameParts() if _kind(leaf) == "UnresolvedIdentifier" else leaf.multipartIdentifier()
            self.databases.append(self._scala.texts(parts))

    def _identifier(self, identifier: Any) -> Name:
        database = self._scala.get(identifier.database())
        return (*([str(database)] if database else []), str(identifier.table()))
