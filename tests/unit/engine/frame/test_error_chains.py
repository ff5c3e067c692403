"""Error records over several transformations, through awsglue: each is counted once, wherever frames meet again."""

from __future__ import annotations

from typing import Any

import pytest

from glue_etl.errors import ErrorThresholdExceeded

LINES = '{"id": 1, "t": "{\\"x\\": 1}", "d": 1}\n{"id": 2, "t": "no", "d": 1}\nbroken\n{"id": 3, "t": "{}", "d": 0}\n'


@pytest.fixture
def chain(glue_context: Any, lake: Any) -> dict[str, Any]:
    lake.write("in/a.json", LINES)
    source = glue_context.create_dynamic_frame.from_options("s3", {"paths": [lake.uri("in/")]}, "json")
    unboxed = source.unbox("t", "json", info="opening")

    def divided(record: Any) -> Any:
        record["q"] = 10 // record["d"]
        return record

    return {"source": source, "unboxed": unboxed, "mapped": unboxed.map(divided, info="dividing")}


def counts(frame: Any) -> tuple[int, int]:
    return frame.errorsCount(), frame.stageErrorsCount()


def test_stages(chain: dict[str, Any]) -> None:
    assert {name: counts(frame) for name, frame in chain.items()} == {
        "source": (1, 1),
        "unboxed": (2, 1),
        "mapped": (3, 1),
    }
    assert chain["mapped"].count() == 1


def test_frames_that_meet_again(chain: dict[str, Any]) -> None:
    mapped, unboxed = chain["mapped"], chain["unboxed"]
    assert counts(mapped.union(unboxed)) == (3, 0)
    assert counts(mapped.join(["id"], ["id"], unboxed)) == (3, 0)
    assert counts(unboxed.mergeDynamicFrame(mapped, ["id"])) == (3, 0)
    assert [counts(part) for part in mapped.split_fields(["id"], "a", "b").values()] == [(3, 0), (3, 0)]
    assert counts(mapped.select_fields(["id"]).drop_fields(["id"])) == (3, 0)


def test_the_records_tell_where_they_come_from(chain: dict[str, Any]) -> None:
    found = chain["mapped"].errorsAsDynamicFrame().toDF().select("error.*").collect()
    assert sorted(row.callsite.info for row in found) == ["", "dividing", "opening"]
    opening = next(row for row in found if row.callsite.info == "opening")
    assert (opening.input, opening.dynamicRecord.id) == ("no", 2)
    assert "'t' cannot be unboxed: not JSON" in opening.msg
    assert "test_error_chains" in opening.callsite.site


# One line was broken, one text was no JSON, one record had a zero; the filter fails for the record that is left.
LIMITS = {"within both": (2, 5, False), "the stage's": (1, 0, True), "the total": (0, 4, True)}


@pytest.mark.parametrize(("stage", "total", "raises"), LIMITS.values(), ids=LIMITS.keys())
def test_thresholds(chain: dict[str, Any], stage: int, total: int, raises: bool) -> None:
    limited = chain["mapped"].filter(lambda r: 1 // (r["id"] - 1), stageThreshold=stage, totalThreshold=total)
    if raises:
        with pytest.raises(ErrorThresholdExceeded):
            limited.count()
    else:
        assert limited.count() == 0
