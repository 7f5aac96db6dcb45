#!/usr/bin/env python3
"""What the compiler does not check about the source: who may include whom, and what must not creep in.

Usage: structure_test.py CHECK      (every function below whose name begins with check_ is one)
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

# An include may point left only, between rooms and between the sub-rooms of one room. Rooms side by side do not know each other;
# files at the root of a room stand right of its sub-rooms.
ROOMS = [{"base"}, {"async"}, {"pg", "api"}, {"wal", "mapping"}, {"sync"}, {"setup"}, {"verify"}, {"lint", "cutover"}, {"app"}]
SUB_ROOMS = {
    "base": ["error", "value", "text", "telemetry"],
    "mapping": ["model", "sql", "derive", "views", "file", "catalog", "preflight", "plan", "amend", "scaffold"],
    "sync": ["queue", "refresh", "state", "backfill", "apply", "engine"],
    "setup": ["state", "objects", "prepare", "amend"],
    "verify": ["diff", "account", "checks", "queries", "explain"],
    "cutover": ["layout", "inventory", "record", "reads", "writes"],
    "app": ["ephemeral", "cli", "status", "daemon", "demo", "commands"],
}
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
# How many files a corridor may have: a header and its source are one door.
DOORS = 10
MANY_DOORS = {"app/commands": "one a command"}

LONGEST = 400
# Longer ones, each with the reason why it is one file.
LONG_FILES: dict[str, str] = {}

# What blocks, waits or reads from a session. One place does.
WAITING = re.compile(r"\bPQ(connect\w*|reset\w*|exec\w*|prepare|getResult|consumeInput|isBusy|flush|socket|send\w+"
                     r"|getCopyData|putCopy\w+|notifies|getline\w*|fn)\b")

# A value of a result is asked for by its column's name.
ASKED = re.compile(r"\b(?:text|number|is_null|real|truth|optional_text|optional_real)\(\"(\w+)\"\)")
BY_PLACE = re.compile(r"\b(?:text|number|is_null|real|truth|optional_text)\((?:\w+|\w+ - 1), [1-9]\d*\)")


def sources(folder=SRC):
    return sorted(path for path in folder.rglob("*") if path.suffix in {".h", ".cc"})


def place(file):
    """"sync/apply/catch_up.h" → ("sync", "apply"); a file at the root of its room has the sub-room ""."""
    parts = pathlib.PurePosixPath(file).parts
    return parts[0], "/".join(parts[1:-1])


def level_within(room, sub_room):
    """How far right in its room."""
    order = SUB_ROOMS.get(room, [])
    return order.index(sub_room) if sub_room else len(order)


def check_layers():
    """An include points left only."""
    for path in sources():
        room, sub_room = place(path.relative_to(SRC).as_posix())
        for number, line in enumerate(path.read_text().splitlines(), 1):
            included = re.match(r'\s*#include "(?P<file>[\w/]+\.h)"', line)
            if not included or not (SRC / included["file"]).exists():
                continue
            other, other_sub = place(included["file"])
            if other == room:
                wrong = level_within(room, other_sub) > level_within(room, sub_room)
            else:
                wrong = LEVEL[other] >= LEVEL[room]
            if wrong:
                yield f"{path.relative_to(ROOT)}:{number}: {room}/{sub_room} may not include {other}/{other_sub}"


def check_folders():
    """Every folder of the source has its place in the order."""
    known = set(LEVEL) | {f"{room}/{sub_room}" for room, order in SUB_ROOMS.items() for sub_room in order}
    for path in sources():
        for folder in path.relative_to(SRC).parents:
            if folder.name and folder.as_posix() not in known:
                yield f"{path.relative_to(ROOT)}: {folder} has no place in the order of this test"
    yield from (f"src/{name}: stands in the order and does not exist" for name in sorted(known) if not (SRC / name).is_dir())


def check_namespaces():
    """A namespace is called after its room. What is the same to everybody stands in crossfade itself."""
    common = {"base", "app/ephemeral"}
    for path in sources():
        room, sub_room = place(path.relative_to(SRC).as_posix())
        allowed = {room} | ({"", "log"} if {room, f"{room}/{sub_room}"} & common else set())
        for number, line in enumerate(path.read_text().splitlines(), 1):
            opened = re.match(r"namespace crossfade(?:::(?P<room>\w+))?[\w:]* \{", line)
            if opened and (opened["room"] or "") not in allowed:
                yield f"{path.relative_to(ROOT)}:{number}: namespace crossfade::{opened['room']} in the room {room}"


def check_doors():
    """No corridor is too long to be read at a glance."""
    doors = {}
    for path in sources():
        doors.setdefault(path.parent.relative_to(SRC).as_posix(), set()).add(path.stem)
    for folder, names in sorted(doors.items()):
        if len(names) > DOORS and folder not in MANY_DOORS:
            yield f"src/{folder}: {len(names)} doors ({', '.join(sorted(names))}); the limit is {DOORS}"


def check_length():
    """Files stay short enough to be read at one sitting."""
    for path in sources():
        name = str(path.relative_to(ROOT))
        lines = path.read_text().count("\n")
        if lines > LONGEST and name not in LONG_FILES:
            yield f"{name}: {lines} lines; the limit is {LONGEST}"
    for name in LONG_FILES:
        if not (ROOT / name).exists():
            yield f"{name}: stands in the list of long files and does not exist"


def check_pragma_once():
    """Every header can be included twice."""
    for path in sources() + sources(ROOT / "tests"):
        if path.suffix == ".h" and not path.read_text().startswith("#pragma once\n"):
            yield f"{path.relative_to(ROOT)}: does not begin with #pragma once"


def check_sql():
    """Every statement under sql/queries is used, and every used one exists."""
    text = "\n".join(path.read_text() for path in sources())
    used = set(re.findall(r"\bqueries::(\w+)", text))
    present = {path.stem for path in (ROOT / "sql/queries").glob("**/*.sql")}
    yield from (f"sql/queries/{name}.sql: nobody uses it" for name in sorted(present - used))
    yield from (f"sql/queries/{name}.sql: used, and not there" for name in sorted(used - present))
    # A server whose database has another encoding has to read them, comments included.
    for folder in ("engine", "queries"):
        for path in sorted((ROOT / "sql" / folder).glob("**/*.sql")):
            if not path.read_text().isascii():
                yield f"{path.relative_to(ROOT)}: not all of it is ASCII"


def check_columns():
    """Columns are asked for by names which their statement gives; by place only where there is one."""
    for path in sources():
        text = path.read_text()
        asked = {found[1]: found for found in ASKED.finditer(text)}
        given = text + "".join((ROOT / "sql/queries" / f"{name}.sql").read_text() for name in set(re.findall(r"\bqueries::(\w+)", text)))
        for name in sorted(asked):
            if not re.search(rf"\b{name}\b", given.replace(f'"{name}")', "")):
                yield f"{path.relative_to(ROOT)}: no statement that it names gives a column {name}"
        if path.relative_to(SRC).parts[0] == "pg":
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := BY_PLACE.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: {found[0]}: ask for a column by its name (pg/row.h)"


def check_waiting():
    """Only src/pg waits for libpq."""
    for path in sources():
        if path.relative_to(SRC).parts[0] == "pg":
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if found := WAITING.search(line.split("//")[0]):
                yield f"{path.relative_to(ROOT)}:{number}: {found[0]} belongs to src/pg"


def check_unfinished():
    """Nothing is left for later, and no coroutine is without an owner."""
    for path in sources() + sources(ROOT / "tests"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if found := re.search(r"\b(TODO|FIXME|XXX|asio::detached)\b", line):
                yield f"{path.relative_to(ROOT)}:{number}: {found[0]}"


def check_rules():
    """A rule that somebody writes, where a view could say it, has its reason above it: above its target's, or above all targets."""
    for path in sorted(p for top in ("sql/migrations", "tests/scenario/migrations") for p in (ROOT / top).glob("*/migration.yaml")):
        explained = ""  # what the nearest comment above explains: a target, or all of them
        comment = False
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.strip().startswith("#"):
                comment = True
                continue
            key = re.match(r"( *)\w+:", line)
            if key and comment:
                explained = "all" if not key[1] else "target" if len(key[1]) == 2 else explained
            elif key and len(key[1]) == 2 and explained == "target":
                explained = ""
            elif key and not key[1] and not line.startswith("reverse:"):
                explained = ""
            comment = False
            if re.search(r"\bfollow:", line) and not explained:
                yield f"{path.relative_to(ROOT)}:{number}: a rule without a word why the view does not say it"


if __name__ == "__main__":
    faults = list(globals()["check_" + sys.argv[1]]())
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
