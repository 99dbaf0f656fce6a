"""The peers, each set up as somebody who knows it would."""

import sqlite3

import duckdb
import polars as pl

from fleet import COLUMNS

NAMES = [name for name, _, _ in COLUMNS]
TABLE = (
    "CREATE TABLE devices (number INTEGER PRIMARY KEY, "
    + ", ".join(f"{name} {kind}" for name, kind, _ in COLUMNS)
    + ", document TEXT)"
)
BATCH = 20_000


def batches(rows):
    """Rows in lists of at most BATCH."""
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def frame(batch):
    """A batch as a Polars frame."""
    kinds = {"TEXT": pl.String, "BIGINT": pl.Int64, "DOUBLE": pl.Float64}
    schema = {"number": pl.Int64}
    schema |= {name: kinds[kind] for name, kind, _ in COLUMNS}
    schema |= {"document": pl.String}
    return pl.DataFrame(batch, schema=schema, orient="row")


class Sqlite:
    """In memory, with an index for each question that an index helps."""

    name = f"SQLite {sqlite3.sqlite_version}"

    def __init__(self, rows):
        self.base = sqlite3.connect(":memory:")
        self.base.execute(TABLE)
        places = ", ".join("?" * (len(NAMES) + 2))
        for batch in batches(rows):
            self.base.executemany(f"INSERT INTO devices VALUES ({places})", batch)
        for columns in [
            "deviceId", "env, connectionState", "owner", "deviceType, reportedFirmware", "ring, env",
            "customer", "version", "serialNumber", "desiredFirmware, reportedFirmware",
            "connectionState", "env, deviceType, connectionState", "env, deviceType, version",
            "ring, deviceType, temperature",
        ]:
            name = columns.replace(", ", "_")
            self.base.execute(f"CREATE INDEX by_{name} ON devices ({columns})")
        self.base.execute("ANALYZE")

    def prepare(self, question, given):
        sql = question.sql.format(**given)
        return lambda: self.base.execute(sql).fetchall()


class DuckDb:
    """In memory, with an index on the key; columns need no others."""

    name = f"DuckDB {duckdb.__version__}"

    def __init__(self, rows):
        self.base = duckdb.connect(":memory:")
        self.base.execute(TABLE)
        for batch in batches(rows):
            self.base.register("batch", frame(batch).to_arrow())
            self.base.execute("INSERT INTO devices SELECT * FROM batch")
            self.base.unregister("batch")
        self.base.execute("CREATE UNIQUE INDEX by_id ON devices (deviceId)")

    def prepare(self, question, given):
        sql = question.sql.format(**given)
        return lambda: self.base.execute(sql).fetchall()


class Polars:
    """One frame in one chunk; texts with few values are categories."""

    name = f"Polars {pl.__version__}"

    def __init__(self, rows):
        few = ["env", "deviceType", "ring", "customer", "site", "connectionState"]
        parts = [frame(batch) for batch in batches(rows)]
        casts = [pl.col(name).cast(pl.Categorical) for name in few]
        self.devices = pl.concat(parts).with_columns(casts).rechunk()

    def prepare(self, question, given):
        lazy = question.lazy(self.devices.lazy(), given)
        return lambda: lazy.collect().rows()


PEERS = [DuckDb, Sqlite, Polars]
