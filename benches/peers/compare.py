"""Asks the questions of `twindex bench` of Twindex and its peers over one fleet.

Every answer of a peer is compared with that of Twindex before it is timed: a fast wrong answer is
no answer. Times are medians of warm runs, in process, from question to rows.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import time

from engines import PEERS
from fleet import rows
from questions import QUESTIONS

TWINDEX = pathlib.Path("target/release/twindex")


def main():
    options = arguments()
    folder = pathlib.Path("target/peers")
    path = folder / f"fleet-{options.twins}-{options.seed}.jsonl"
    if not path.exists():
        part = path.with_suffix(".part")
        run("generate", "--twins", options.twins, "--seed", options.seed, "--out", part)
        part.rename(path)
    told = json.loads(
        run("bench", "--twins", options.twins, "--seed", options.seed,
            "--seconds", options.seconds, "--format", "json")
    )
    classes = [one for one in told["classes"] if one["class"] in QUESTIONS]
    answers = ask_twindex(path, classes, options.twins)
    times = {one["class"]: {"Twindex": one["median_us"]} for one in classes}
    wrong = []
    for peer in PEERS:
        begun = time.perf_counter()
        base = peer(rows(path))
        print(f"{peer.name}: loaded in {time.perf_counter() - begun:.1f} s", file=sys.stderr)
        for one in classes:
            name = one["class"]
            ask = base.prepare(QUESTIONS[name], given(one, options.twins))
            if not agrees(QUESTIONS[name].compares, answers[name], ask()):
                wrong.append(f"{name}: {peer.name} answers otherwise than Twindex")
            times[name][peer.name] = median_us(ask, options.seconds)
        del base
    print_table(times, options)
    for line in wrong:
        print(line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--twins", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0, help="spent on each class")
    return parser.parse_args()


def run(*words):
    """Standard output of a `twindex` command."""
    command = [str(TWINDEX), *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def page_of(n_twins):
    """Number of the deep page, as `twindex bench` chooses it."""
    return max(1, 500 * min(n_twins, 1_000_000) // 1_000_000)


def given(one, n_twins):
    """What a question of a peer is filled in with."""
    gateway = re.search(r"'(gw-\d+)'", one["query"])
    return {
        "gateway": gateway.group(1) if gateway else "",
        "skip": (page_of(n_twins) - 1) * 1_000,
    }


def ask_twindex(path, classes, n_twins):
    """The rows of each class, from one run of the shell over the same file."""
    limits = {
        "page/first-100-twins": " LIMIT 100",
        "page/500th-1000-twins": f" LIMIT 1000 OFFSET {(page_of(n_twins) - 1) * 1_000}",
        "project/3-fields-10000-rows": " LIMIT 10000",
    }
    statements = [one["query"] + limits.get(one["class"], "") for one in classes]
    lines = run("query", "--load", path, "--format", "json", *statements).splitlines()
    return {one["class"]: json.loads(line) for one, line in zip(classes, lines, strict=True)}


def agrees(compares, ours, theirs):
    """Whether a peer's rows (tuples) are those of Twindex (objects)."""
    if compares == "count":
        return len(ours) == len(theirs)
    if compares == "keys":
        return [row["key"] for row in ours] == [row[-1] for row in theirs]
    if compares == "document":
        return [row["deviceId"] for row in ours] == [json.loads(row[0])["deviceId"] for row in theirs]
    return sorted(bag(row.values()) for row in ours) == sorted(bag(row) for row in theirs)


def bag(values):
    """The values of a row in an order of their own, without nulls: what is missing is left out of a
    row of Twindex and null in a row of a peer."""
    return sorted(text(value) for value in values if value is not None)


def text(value):
    """A value as text that is the same for equal values of all peers."""
    return f"{value:.9g}" if isinstance(value, (int, float)) else str(value)


def median_us(ask, seconds):
    """Median time of a warm run in microseconds."""
    ask()
    taken = []
    until = time.perf_counter() + seconds
    while len(taken) < 3 or (time.perf_counter() < until and len(taken) < 10_000):
        begun = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1e6


def shown(microseconds):
    """A time with three digits."""
    if microseconds < 1_000:
        return f"{microseconds:.3g} µs"
    return f"{microseconds / 1_000:.3g} ms"


def print_table(times, options):
    names = ["Twindex", *(peer.name for peer in PEERS)]
    print(f"{options.twins:,} twins, seed {options.seed}; median of warm runs\n")
    print("| class | " + " | ".join(names) + " | best peer ÷ Twindex |")
    print("|---" * (len(names) + 2) + "|")
    for name, of in times.items():
        best = min(of[peer] for peer in names[1:])
        cells = [shown(of[peer]) for peer in names]
        print(f"| {name} | " + " | ".join(cells) + f" | {best / of['Twindex']:.3g} |")


main()
