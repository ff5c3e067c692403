from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from glue_etl.engine.run_files import copy_for_import, copy_into, find_importable, find_jars, find_working_files
from glue_etl.errors import GlueEtlError


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    bucket = tmp_path / "s3" / "code"
    for name in ("a.py", "other/a.py", "b.py", "pkg/__init__.py", "conf/x.cfg", "conf/deep/y.cfg", "text.zip", "c.txt"):
        (bucket / name).parent.mkdir(parents=True, exist_ok=True)
        (bucket / name).write_text(name)
    for name in ("lib.zip", "lib.whl", "lib.egg", "lib.jar", "no-ending"):
        with zipfile.ZipFile(bucket / name, "w") as archive:
            archive.writestr("x.py", "")
    return tmp_path / "s3"


def test_modules_share_a_folder_and_archives_stand_for_themselves(lake: Path, tmp_path: Path):
    names = ["s3://code/a.py", str(lake / "code/b.py"), "s3a://code/lib.zip", "s3://code/lib.whl", "s3://code/pkg"]
    py = tmp_path / "py"
    search = copy_for_import(find_importable(names, lake), py)
    assert search == [str(py), str(py / "lib.zip"), str(py / "lib.whl"), str(py / "pkg")]
    assert sorted(each.name for each in py.iterdir()) == ["a.py", "b.py", "lib.whl", "lib.zip", "pkg"]


def test_the_same_file_twice_is_once(lake: Path):
    assert len(find_importable(["s3://code/a.py", "s3://code/a.py"], lake)) == 1


def test_the_modules_of_glue_studio_need_not_be_there(lake: Path):
    bucket = "aws-glue-studio-transforms-510798373988-prod-us-east-1"
    names = [f"s3://{bucket}/gs_common.py", "s3://code/a.py", f"s3://{bucket}/gs_explode.py"]
    assert [path.name for path in find_importable(names, lake)] == ["a.py"]
    for name in ("gs_common.py", "gs_explode.py"):
        (lake / bucket).mkdir(exist_ok=True)
        (lake / bucket / name).write_text("")
    assert [path.name for path in find_importable(names, lake)] == ["gs_common.py", "a.py", "gs_explode.py"]


BAD_MODULES = {
    "not there": (["s3://code/gone.py"], "'s3://code/gone.py', which does not exist"),
    "no bucket": (["s3://gone/a.py"], "NoSuchBucket"),
    "outside the lake": (["s3://code/../../x.py"], "outside its bucket"),
    "of no kind": (["s3://code/c.txt"], "Available: .py, .zip, .egg, .whl, a folder"),
    "no zip": (["s3://code/text.zip"], "not a zip archive"),
    "two of one name": (["s3://code/a.py", "s3://code/other/a.py"], "two files of the name 'a.py'"),
}


@pytest.mark.parametrize(("names", "said"), BAD_MODULES.values(), ids=BAD_MODULES)
def test_what_cannot_be_imported(lake: Path, names: list[str], said: str):
    with pytest.raises(GlueEtlError) as raised:
        find_importable(names, lake)
    assert said in str(raised.value)


def test_files_and_the_content_of_folders_go_into_the_working_directory(lake: Path, tmp_path: Path):
    copy_into(find_working_files(["s3://code/c.txt", "s3://code/conf/"], lake), tmp_path / "work")
    found = sorted(str(each.relative_to(tmp_path / "work")) for each in (tmp_path / "work").rglob("*.*"))
    assert found == ["c.txt", "deep/y.cfg", "x.cfg"]


def test_two_working_files_of_one_name(lake: Path):
    with pytest.raises(GlueEtlError, match="two files of the name"):
        find_working_files(["s3://code/a.py", "s3://code/other/"], lake)


def test_jars_need_no_ending_of_their_own(lake: Path):
    assert [each.name for each in find_jars(["s3://code/lib.jar", "s3://code/no-ending"], lake)] == [
        "lib.jar",
        "no-ending",
    ]


@pytest.mark.parametrize("name", ["s3://code/c.txt", "s3://code/conf"])
def test_what_is_no_jar(lake: Path, name: str):
    with pytest.raises(GlueEtlError, match="is not a JAR"):
        find_jars([name], lake)
