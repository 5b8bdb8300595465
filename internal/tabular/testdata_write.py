"""Writes the files in parquet/testdata and npy/testdata, and what they hold.

Run it with pyarrow, pandas, polars, duckdb and numpy: python internal/tabular/testdata_write.py
"""

import datetime
import decimal
import pathlib
import uuid

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

here = pathlib.Path(__file__).parent
out = here / "parquet" / "testdata"


def kinds():
    """One column of each type, with a null in each."""
    day = datetime.date(2026, 11, 30)
    time = datetime.datetime(2026, 11, 30, 12, 34, 56, 789000)
    return pa.table(
        {
            "bool": pa.array([True, None, False]),
            "i8": pa.array([-1, None, 127], pa.int8()),
            "u8": pa.array([255, None, 0], pa.uint8()),
            "u32": pa.array([4294967295, None, 0], pa.uint32()),
            "u64": pa.array([18446744073709551615, None, 0], pa.uint64()),
            "i64": pa.array([9007199254740993, None, -1], pa.int64()),
            "f16": pa.array(np.array([1.5, np.nan, -0.25], np.float16)),
            "f32": pa.array([0.1, None, -2], pa.float32()),
            "f64": pa.array([0.1, None, 1e300]),
            "text": pa.array(["grün", None, ""]),
            "bytes": pa.array([b"\x00\x01", None, b"text"]),
            "date": pa.array([day, None, datetime.date(1969, 12, 31)]),
            "time": pa.array([datetime.time(1, 2, 3, 4000), None, datetime.time(0)]),
            "ms": pa.array([time, None, time], pa.timestamp("ms")),
            "us": pa.array([time, None, time], pa.timestamp("us", "UTC")),
            "ns": pa.array([time, None, time], pa.timestamp("ns")),
            "small": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-0.05")], pa.decimal128(5, 2)),
            "large": pa.array([decimal.Decimal("-12345678901234567890.5"), None, decimal.Decimal("0.5")], pa.decimal128(30, 1)),
            "uuid": pa.array([uuid.UUID(int=1).bytes, None, uuid.UUID(int=2).bytes], pa.uuid()),
            "word": pa.array(["a", None, "b"]).dictionary_encode(),
        }
    )


def nested():
    return pa.table(
        {
            "list": pa.array([[1, 2], None, [], [None, 3]], pa.list_(pa.int32())),
            "deep": pa.array([[[1], [2, 3]], [], [None, []], [[4]]], pa.list_(pa.list_(pa.int64()))),
            "point": pa.array([{"x": 1.5, "y": None}, None, {"x": None, "y": "a"}, {"x": 2, "y": "b"}]),
            "map": pa.array([[("a", 1)], None, [], [("b", None), ("c", 2)]], pa.map_(pa.string(), pa.int8())),
            "long": pa.array([list(range(100)), [], None, [7]], pa.list_(pa.int32())),
        }
    )


def many(rows):
    return pa.table(
        {
            "id": pa.array(range(rows)),
            "third": pa.array([None if i % 3 == 0 else i / 3 for i in range(rows)]),
            "name": pa.array([f"name {i % 7}" for i in range(rows)]),
            "items": pa.array([list(range(i % 4)) for i in range(rows)], pa.list_(pa.int32())),
        }
    )


def main():
    pq.write_table(kinds(), out / "kinds.parquet")
    pq.write_table(kinds(), out / "int96.parquet", use_deprecated_int96_timestamps=True, compression="none")
    pq.write_table(nested(), out / "nested.parquet")
    for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
        pq.write_table(many(300), out / f"codec_{codec}.parquet", compression=codec)
    for version in ["1.0", "2.0"]:
        pq.write_table(many(3000), out / f"pages_v{version[0]}.parquet", data_page_version=version, row_group_size=1000,
                       data_page_size=256, write_batch_size=50)
    delta = {"id": "DELTA_BINARY_PACKED", "name": "DELTA_BYTE_ARRAY", "third": "BYTE_STREAM_SPLIT",
             "items.list.element": "PLAIN"}
    pq.write_table(many(300), out / "delta.parquet", use_dictionary=False, column_encoding=delta)
    delta["name"] = "DELTA_LENGTH_BYTE_ARRAY"
    pq.write_table(many(300), out / "delta_length.parquet", use_dictionary=False, column_encoding=delta)
    pq.write_table(pa.table({"none": pa.array([], pa.int64())}), out / "empty.parquet")
    frame = pl.from_arrow(many(300))
    frame.write_parquet(out / "polars.parquet")
    duckdb.sql("from frame").write_parquet(str(out / "duckdb.parquet"))
    arrays()


def arrays():
    to = here / "npy" / "testdata"
    grid = np.arange(12, dtype=np.float64).reshape(3, 4)
    np.save(to / "grid.npy", grid)
    np.save(to / "fortran.npy", np.asfortranarray(grid))
    np.save(to / "cube.npy", np.arange(24, dtype=">i2").reshape(2, 3, 4))
    np.save(to / "scalar.npy", np.float32(1.5))
    np.save(to / "none.npy", np.zeros((0, 3)))
    np.save(to / "text.npy", np.array(["grün", "b"]))
    np.save(to / "bytes.npy", np.array([b"a", b"bc"]))
    np.save(to / "bool.npy", np.array([True, False]))
    np.save(to / "complex.npy", np.array([1 + 2j, -1j], np.complex64))
    np.save(to / "half.npy", np.array([0.5, np.nan, np.inf], np.float16))
    np.save(to / "dates.npy", np.array(["2026-11-30T01:02:03", "NaT"], "datetime64[s]"))
    np.save(to / "days.npy", np.array(["2026-11-30"], "datetime64[D]"))
    np.save(to / "spans.npy", np.array([90], "timedelta64[m]"))
    np.save(to / "record.npy", np.array([(1, 0.5, "a"), (2, 1.5, "b")], [("id", "<u4"), ("x", "<f8"), ("name", "<U3")]))
    np.save(to / "object.npy", np.array([{"a": 1}], object), allow_pickle=True)
    np.save(to / "pages.npy", np.array([(1, [1, 2])], [("id", "i4"), ("sub", "f4", (2,))]))
    np.savez(to / "plain.npz", first=grid, second=np.arange(5, dtype=np.uint8))
    np.savez_compressed(to / "packed.npz", first=grid, second=np.arange(5, dtype=np.uint8))
    np.savez(to / "mixed.npz", good=grid, bad=np.array([None], object), allow_pickle=True)


if __name__ == "__main__":
    main()
