"""What each class of `twindex bench` is in SQL and in Polars.

`{gateway}`, `{page}` and `{skip}` are filled in from the question that Twindex was asked. Rows are
compared as sets unless the question orders them.
"""

import polars as pl


class Question:
    """One class, as peers are asked it."""

    def __init__(self, sql, lazy, compares="rows"):
        self.sql = sql
        self.lazy = lazy
        # "rows": equal as a bag; "keys": only the ordering key, since ties may fall either way;
        # "count": as many rows, for a first page without an order.
        self.compares = compares


def count(where, predicate):
    """COUNT of the devices that satisfy a condition."""
    return Question(
        f"SELECT COUNT(*) AS n FROM devices WHERE {where}",
        lambda devices, _: devices.filter(predicate).select(pl.len().alias("n")),
    )


def grouped(columns):
    """COUNT by some columns."""
    names = ", ".join(columns)
    return Question(
        f"SELECT {names}, COUNT(*) AS n FROM devices GROUP BY {names}",
        lambda devices, _: devices.group_by(columns).agg(pl.len().alias("n")),
    )


def top(where, predicate):
    """The hundred greatest versions."""
    return Question(
        f"SELECT deviceId, version AS key FROM devices WHERE {where} ORDER BY version DESC LIMIT 100",
        lambda devices, _: devices.filter(predicate)
        .select("deviceId", pl.col("version").alias("key"))
        .top_k(100, by="key"),
        compares="keys",
    )


col = pl.col
PUMPS = (col("env") == "prod") & (col("deviceType") == "thermostat")

QUESTIONS = {
    "twin/by-id": Question(
        "SELECT document FROM devices WHERE deviceId = '{gateway}'",
        lambda devices, given: devices.filter(col("deviceId") == given["gateway"]).select("document"),
        compares="document",
    ),
    "count/equal": count("env = 'prod'", col("env") == "prod"),
    "count/is-defined": count("owner IS NOT NULL", col("owner").is_not_null()),
    "count/in": count("deviceType IN ('pump', 'meter')", col("deviceType").is_in(["pump", "meter"])),
    "count/and-3": count(
        "env = 'prod' AND deviceType = 'thermostat' AND connectionState = 'Connected'",
        PUMPS & (col("connectionState") == "Connected"),
    ),
    "count/or": count(
        "env = 'test' OR ring = 'canary'", (col("env") == "test") | (col("ring") == "canary")
    ),
    # An undefined tag makes NOT (a AND b) true only where b is false: SQL's three values agree.
    "count/not": count(
        "NOT (env = 'prod' AND connectionState = 'Connected')",
        ~((col("env") == "prod") & (col("connectionState") == "Connected")),
    ),
    "count/not-equal": count(
        "env <> 'prod' AND ring <> 'broad'", (col("env") != "prod") & (col("ring") != "broad")
    ),
    "range/0.1pct": count("version > 39880", col("version") > 39880),
    "range/10pct": count("version > 29160", col("version") > 29160),
    "range/50pct": count("version > 5000", col("version") > 5000),
    "prefix/device-id": count(
        "deviceId >= 'pump-00' AND deviceId < 'pump-01'",
        (col("deviceId") >= "pump-00") & (col("deviceId") < "pump-01"),
    ),
    "contains/unique": count(
        "instr(serialNumber, 'C0F') > 0", col("serialNumber").str.contains("C0F", literal=True)
    ),
    "drift/firmware": count(
        "desiredFirmware <> reportedFirmware", col("desiredFirmware") != col("reportedFirmware")
    ),
    "group/6-keys": grouped(["deviceType"]),
    "group/1000-keys": grouped(["customer"]),
    "group/two-paths": grouped(["deviceType", "reportedFirmware"]),
    "group/statistics-filtered": Question(
        "SELECT deviceType, COUNT(*) AS n, AVG(temperature) AS a, MIN(temperature) AS b, "
        "MAX(temperature) AS c FROM devices WHERE ring = 'early' GROUP BY deviceType",
        lambda devices, _: devices.filter(col("ring") == "early")
        .group_by("deviceType")
        .agg(
            pl.len().alias("n"),
            col("temperature").mean().alias("a"),
            col("temperature").min().alias("b"),
            col("temperature").max().alias("c"),
        ),
    ),
    "page/first-100-twins": Question(
        "SELECT document FROM devices WHERE connectionState = 'Connected' LIMIT 100",
        lambda devices, _: devices.filter(col("connectionState") == "Connected")
        .select("document")
        .head(100),
        compares="count",
    ),
    "page/500th-1000-twins": Question(
        "SELECT document FROM devices WHERE number > {skip} ORDER BY number LIMIT 1000",
        lambda devices, given: devices.filter(col("number") > given["skip"])
        .select("document")
        .head(1000),
        compares="document",
    ),
    "project/3-fields-10000-rows": Question(
        "SELECT deviceId, site, version FROM devices WHERE connectionState = 'Connected' LIMIT 10000",
        lambda devices, _: devices.filter(col("connectionState") == "Connected")
        .select("deviceId", "site", "version")
        .head(10000),
        compares="count",
    ),
    "top/100": top("1 = 1", pl.lit(True)),
    "top/100-filtered": top("env = 'prod' AND deviceType = 'thermostat'", PUMPS),
    "count/all": Question(
        "SELECT COUNT(*) AS n FROM devices", lambda devices, _: devices.select(pl.len().alias("n"))
    ),
}
