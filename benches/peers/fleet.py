"""The fleet as peers store it: a narrow typed table, and the document as text beside it.

A peer that had to parse JSON for each question would lose by orders of magnitude; somebody who
knows it would pull the paths he asks about into columns. So that is what peers get, with all the
time they want for it, while Twindex is told nothing in advance.
"""

import json

# Column, its SQL type, and where the value stands in the twin.
COLUMNS = [
    ("deviceId", "TEXT", ("deviceId",)),
    ("env", "TEXT", ("tags", "env")),
    ("owner", "TEXT", ("tags", "owner")),
    ("deviceType", "TEXT", ("tags", "deviceType")),
    ("ring", "TEXT", ("tags", "ring")),
    ("customer", "TEXT", ("tags", "customer")),
    ("site", "TEXT", ("tags", "location", "site")),
    ("connectionState", "TEXT", ("connectionState",)),
    ("version", "BIGINT", ("version",)),
    ("serialNumber", "TEXT", ("properties", "reported", "serialNumber")),
    ("desiredFirmware", "TEXT", ("properties", "desired", "firmware", "version")),
    ("reportedFirmware", "TEXT", ("properties", "reported", "firmware", "version")),
    ("temperature", "DOUBLE", ("properties", "reported", "temperature")),
]


def value_at(twin, keys):
    """The value at a path of a twin; None where it is missing."""
    for key in keys:
        if not isinstance(twin, dict) or key not in twin:
            return None
        twin = twin[key]
    return twin


def rows(path):
    """A tuple for each device of a file of JSON Lines: its number, its columns, its text."""
    number = 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            twin = json.loads(line)
            if twin.get("moduleId"):
                continue
            number += 1
            values = [value_at(twin, keys) for _, _, keys in COLUMNS]
            yield (number, *values, line.rstrip("\n"))
