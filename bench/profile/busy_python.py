"""The same work as busy-node.ts does, and the same answers to lines on stdin."""

import hashlib
import json
import re
import select
import sys
import time

BRANCHES = 2
LEVELS = 5
DEPTH = 60
ITEM = re.compile(r"item-(\d+) of (\d)")


def grow(level, item_id):
    children = [grow(level - 1, item_id * BRANCHES + at) for at in range(BRANCHES if level else 0)]
    return {
        "id": item_id,
        "name": f"item-{item_id} of {level}",
        "tags": [f"tag{item_id % 7}", f"level={level}"],
        "children": children,
    }


def names(item):
    return [item["name"]] + [name for child in item["children"] for name in names(child)]


def descend(text, left):
    if left == 0:
        return sum(int(found.group(1)) for found in ITEM.finditer(text))
    return descend(text, left - 1) + 1


def work(units):
    parsed = json.loads(json.dumps(grow(LEVELS, units % 100)))
    total = descend("\n".join(names(parsed)), DEPTH)
    ordered = sorted(names(parsed))
    hashlib.sha256(f"{total}{','.join(ordered)}".encode()).hexdigest()


def main():
    units = 0
    while True:
        work(units)
        units += 1
        if select.select([sys.stdin], [], [], 0)[0]:
            if not sys.stdin.readline():
                return
            reading = {"units": units, "cpuMs": time.process_time() * 1e3, "atMs": time.monotonic() * 1e3}
            print(json.dumps(reading), flush=True)


main()
