"""Parquet files, written whole and read a row group at a time; errors in one line.

The format is one that pandas, DuckDB, Polars, Spark and Hugging Face datasets read. Against webdataset's tar and
Lhotse's Shar it was chosen by trying (docs/scale.md): half the bytes, one row group by itself in a millisecond, single
columns, and the same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import AntiphonError, BadData, MissingExtra
from antiphon.files import whole_file, why_unwritten
from antiphon.reading import require_regular

MOST_SHARD_BYTES = 64 * 2**30
MOST_GROUP_BYTES = 2**31
"""Sizes of the largest file and of the largest row group, in bytes as they are in memory: eight hours in one piece of
768 float32 dimensions at half a second have 0.2 GB."""

Table = Any
Schema = Any


def arrow() -> Any:
    """pyarrow, with its Parquet part. Raises MissingExtra where it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra("shards need pyarrow: pip install 'antiphon[shards]'") from error
    return pyarrow


def write(path: Path, schema: Schema, tables: Iterable[Table], metadata: Callable[[], Mapping[str, str]]) -> None:
    """Write each table as a row group, and the file whole or not at all; same tables, same bytes.

    `metadata` is asked when all rows are there, and kept at the file's end. Raises AntiphonError where the file cannot
    be written.
    """
    pa = arrow()
    with whole_file(path) as temporary:
        try:
            with pa.parquet.ParquetWriter(
                temporary,
                schema,
                compression="zstd",
                use_dictionary=[field.name for field in schema if pa.types.is_string(field.type)],
                write_statistics=False,
                write_page_checksum=True,
            ) as writer:
                for table in tables:
                    writer.write_table(table, row_group_size=max(1, table.num_rows))
                writer.add_key_value_metadata(dict(metadata()))
        except (OSError, pa.ArrowException) as error:
            reason = why_unwritten(temporary, " ".join(str(error).split()))
            raise AntiphonError(f"cannot write {path}: {reason}") from error


@contextmanager
def fitting(path: Path) -> Iterator[None]:
    """Turns what goes wrong with rows that do not fit together into a BadData that names the file."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise BadData(f"{path}: damaged, its rows do not fit together ({' '.join(str(error).split())})") from error


class ParquetFile:
    """A Parquet file to be read a row group at a time. Every error is a BadData that names it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._arrow = arrow()
        require_regular(path, MOST_SHARD_BYTES)
        try:
            self._file = self._arrow.parquet.ParquetFile(path, page_checksum_verification=True, pre_buffer=False)
        except (OSError, self._arrow.ArrowException, ValueError) as error:
            raise self._damaged(error) from error

    def __enter__(self) -> ParquetFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    @property
    def groups(self) -> int:
        """How many row groups there are."""
        return int(self._file.num_row_groups)

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return int(self._file.metadata.num_rows)

    def metadata(self, name: str) -> str:
        """What `write` kept under a name; empty where it kept nothing."""
        try:
            return str((self._file.metadata.metadata or {}).get(name.encode(), b"").decode("utf-8"))
        except UnicodeDecodeError as error:
            raise self._damaged(error) from error

    def require(self, schema: Schema) -> None:
        """Raise BadData where the columns are not those of `schema`, in name and type."""
        found = self._file.schema_arrow
        for field in schema:
            place = found.get_field_index(field.name)
            if place < 0 or found.field(place).type != field.type:
                raise BadData(f"{self.path}: not a shard of this kind (column {field.name})")

    def group(self, number: int, columns: Sequence[str] | None = None) -> Table:
        """A row group, or some of its columns."""
        if not 0 <= number < self.groups:
            raise BadData(f"{self.path}: damaged, it has no row group {number}")
        if self._file.metadata.row_group(number).total_byte_size > MOST_GROUP_BYTES:
            raise BadData(f"{self.path}: a row group of more than {MOST_GROUP_BYTES} bytes is not read")
        try:
            return self._file.read_row_group(number, columns=columns, use_threads=False)
        except (OSError, self._arrow.ArrowException, ValueError, KeyError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> BadData:
        return BadData(f"{self.path}: damaged or not a Parquet file ({' '.join(str(error).split())})")


def list_of(values: Sequence[NDArray[Any] | None], kind: str) -> Any:
    """A column of lists, one for each array, of an Arrow type such as float; None stays nothing."""
    pa = arrow()
    element = getattr(pa, kind)()
    if any(each is None for each in values):
        return pa.array(values, pa.list_(element))
    ends = np.cumsum([0, *(len(each) for each in values if each is not None)])
    joined = np.concatenate([each for each in values if each is not None]) if values else np.zeros(0)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(joined, element))


def arrays_of(column: Any) -> list[NDArray[Any]]:
    """The arrays of a column of lists; an empty one for nothing. They share the column's memory."""
    lists = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    if hasattr(lists, "chunk"):
        lists = lists.chunk(0)
    edges = lists.offsets.to_numpy()
    values = lists.values.to_numpy(zero_copy_only=False)
    return [values[edges[index] : edges[index + 1]] for index in range(len(lists))]
