"""A bucket of the local lake for one test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from glue_etl.engine.io.lake import Lake

__all__ = ["Bucket"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, empty at the test's start and gone after it.

    Attributes:
        store: The lake it lies in.
        name: Its name.
    """

    store: Lake
    name: str

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.store.root / self.name

    def uri(self, key: str = "") -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.name}/{key}"

    def write(self, key: str, content: str | bytes) -> str:
        """Put an object, text as UTF-8 with its line ends as given.

        Returns:
            Its URI.
        """
        path = self.store.path_of(self.uri(key))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.uri(key)

    def read(self, key: str) -> str:
        """The text of an object."""
        return self.store.path_of(self.uri(key)).read_text(encoding="utf-8")

    def keys(self, prefix: str = "") -> list[str]:
        """Keys of the objects, in S3's order; without Spark's working files."""
        return [each.key for each in self.store.list_objects(self.uri(prefix))]
