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
    "base": ["memory", "error", "value", "text", "telemetry"],
    "mapping": ["model", "sql", "derive", "views", "file", "catalog", "preflight", "plan", "amend", "scaffold"],
    "sync": ["queue", "refresh", "state", "backfill", "apply", "engine"],
    "setup": ["state", "objects", "prepare", "amend"],
    "verify": ["diff", "account", "checks", "queries", "explain"],
    "cutover": ["layout", "inventory", "record", "reads", "writes", "across"],
    "app": ["ephemeral", "cli", "status", "daemon", "demo", "moves", "commands"],
}
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
# How many doors a corridor may have: a header and its source are one, and a folder is one.
DOORS = 10
MANY_DOORS = {"app/commands": "one a command", ".": "the rooms"}

LONGEST = 400
# Longer ones, each with the reason why it is one file.
LONG_FILES: dict[str, str] = {}

# What a function may have between its braces.
LONGEST_FUNCTION = 60
# Longer ones, each with its lines: no more than these.
LONG_FUNCTIONS = {
    ("app/status/read_status.cc", "read_status"): 71,
    ("app/status/status_text.cc", "status_block"): 61,
    ("sync/apply/refresher.cc", "cut"): 71,
}
# A function's first line, at the left edge or in a class.
BEGUN = re.compile(r"^(?P<edge>|  )(?! |//|#|(?:if|for|while|switch|else|do|try|catch|return|co_\w+|using|namespace|typedef)\b)(?P<head>[^=]*\b|[^=]*~)(?P<name>\w+|operator\S+)\([^;]*$")

# Headers whose functions stand in sources of other names, each with the reason.
DECLARED_ELSEWHERE = {"app/commands/commands.h": "a source for each command"}
# A definition at the left edge, that is of a namespace: of a class, where one is named, else a function.
DEFINED = re.compile(r"^(?!template|static|using|namespace|return|struct|class|enum|extern)(?:[\w:<>,&*\[\]]+ )*?[&*]?(?:(?P<of>\w+)(?:<\w+>)?::)?(?P<name>~?\w+|operator\S+)\(", re.M)

# What blocks, waits or reads from a session. One place does.
WAITING = re.compile(r"\bPQ(connect\w*|reset\w*|exec\w*|prepare|getResult|consumeInput|isBusy|flush|socket|send\w+"
                     r"|getCopyData|putCopy\w+|notifies|getline\w*|fn)\b")

# Savepoints that are made by hand, each with the reason.
SAVEPOINTS = {
    "src/lint/lint.cc": "work that throws is not answered there, and what was refused is looked at before the way back",
    "src/setup/amend/amend_run.cc": "work that throws is not answered there, and most of a function stands under it",
    "src/sync/backfill/backfill.cc": "made and released with the limits of the chunk, in one trip",
    "src/sync/refresh/bring.cc": "sent with the statements that it is for, in one trip",
    "src/sync/refresh/bisecting_refresh.cc": "made with the limits of the part, in one trip",
    "src/verify/checks/checks.cc": "a check may end the transaction, and the savepoint with it",
}

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


def check_names():
    """No two files are called the same; but a command's may be called as what performs it."""
    folders = {}
    for path in sources():
        folders.setdefault(path.stem, set()).add(path.parent.relative_to(SRC).as_posix())
    for name, there in sorted(folders.items()):
        if len(there - {"app/commands"}) > 1:
            yield f"src: {name} is a file in {', '.join(sorted(there))}; call each what it holds"


def check_commands():
    """A command is one file, called as it is; what several need stands in a room of its own."""
    for path in sources(SRC / "app/commands"):
        if path.stem != "commands" and f"\nCommand {path.stem}_command()" not in path.read_text():
            yield f"{path.relative_to(ROOT)}: defines no {path.stem}_command()"


def check_doors():
    """No corridor is too long to be read at a glance."""
    doors = {}
    for path in sources():
        doors.setdefault(path.parent.relative_to(SRC).as_posix(), set()).add(path.stem)
        for inside in list(path.relative_to(SRC).parents)[:-1]:
            doors.setdefault(inside.parent.as_posix(), set()).add(inside.name)
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


def outside_unnamed(text):
    """A source without what only it sees."""
    return re.sub(r"^namespace \{$.*?^\}  // namespace$", "", text, flags=re.M | re.S)


def check_declared():
    """What `<stem>.cc` and `<stem>_….cc` define, `<stem>.h` beside them declares."""
    needless = set(DECLARED_ELSEWHERE)
    for path in sources():
        if path.suffix != ".cc" or path.stem == "main":
            continue
        stem = path.stem.split("_")
        headers = [path.with_name("_".join(stem[:n]) + ".h") for n in range(len(stem), 0, -1)]
        own = "".join(header.read_text() for header in headers if header.exists())
        for found in DEFINED.finditer(outside_unnamed(path.read_text())):
            wanted = rf"\b(?:class|struct) {found['of']}\b" if found["of"] else rf"(?<![\w.]){re.escape(found['name'])}\("
            if re.search(wanted, own):
                continue
            declaring = [header.relative_to(SRC).as_posix() for header in sources(SRC / place(path.relative_to(SRC).as_posix())[0])
                         if header.suffix == ".h" and re.search(wanted, header.read_text())]
            if excepted := DECLARED_ELSEWHERE.keys() & set(declaring):
                needless -= excepted
            else:
                yield f"{path.relative_to(ROOT)}: defines {found['name']}, which {' or '.join(declaring) or 'no header'} declares"
    yield from (f"src/{name}: stands in the list of what is declared elsewhere, and is not" for name in sorted(needless))


def functions(text):
    """The functions of a source, by name, and how many lines stand between their braces."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not (begun := BEGUN.match(line)):
            continue
        opened = next((n for n in range(number, len(lines)) if lines[n].endswith("{") or lines[n].endswith(";") or lines[n].endswith("}")), None)
        if opened is None or not lines[opened].endswith("{"):
            continue
        closed = next((n for n in range(opened + 1, len(lines)) if lines[n].startswith(begun["edge"] + "}")), None)
        if closed:
            yield begun["name"], closed - opened - 1


def check_functions():
    """A function is short enough to be seen whole."""
    long = {}
    for path in sources():
        for name, lines in functions(path.read_text()):
            if lines > LONGEST_FUNCTION:
                long[path.relative_to(SRC).as_posix(), name] = lines
    for place_of, lines in long.items():
        if lines > LONG_FUNCTIONS.get(place_of, LONGEST_FUNCTION):
            yield f"src/{place_of[0]}: {place_of[1]} has {lines} lines; the limit is {LONG_FUNCTIONS.get(place_of, LONGEST_FUNCTION)}"
    for place_of, most in LONG_FUNCTIONS.items():
        if long.get(place_of, 0) < most:
            yield f"src/{place_of[0]}: {place_of[1]} has {long.get(place_of, 'few enough')} lines; say so in the list of long functions, where it has {most}"


def check_pragma_once():
    """Every header can be included twice."""
    for path in sources() + sources(ROOT / "tests"):
        if path.suffix == ".h" and not path.read_text().startswith("#pragma once\n"):
            yield f"{path.relative_to(ROOT)}: does not begin with #pragma once"


def statements():
    """The files under sql/queries, by name."""
    return {path.stem: path for path in sorted((ROOT / "sql/queries").glob("**/*.sql"))}


def check_sql():
    """Every statement under sql/queries is used, and every used one exists, in the folder of the leftmost that asks."""
    asking = {}
    for path in sources():
        for name in re.findall(r"\bqueries::(\w+)", path.read_text()):
            asking.setdefault(name, set()).add(place(path.relative_to(SRC).as_posix()))
    present = statements()
    for name, path in present.items():
        if name not in asking:
            yield f"{path.relative_to(ROOT)}: nobody uses it"
            continue
        leftmost = min((LEVEL[room], level_within(room, sub_room)) for room, sub_room in asking[name])
        folders = sorted("/".join(filter(None, each)) for each in asking[name] if (LEVEL[each[0]], level_within(*each)) == leftmost)
        if path.parent.relative_to(ROOT / "sql/queries").as_posix() not in folders:
            yield f"{path.relative_to(ROOT)}: src/{folders[0]} asks it, so it belongs into sql/queries/{folders[0]}"
    yield from (f"queries::{name}: used, and not there" for name in sorted(asking.keys() - present.keys()))
    # A server whose database has another encoding has to read them, comments included.
    for folder in ("engine", "queries"):
        for path in sorted((ROOT / "sql" / folder).glob("**/*.sql")):
            if not path.read_text().isascii():
                yield f"{path.relative_to(ROOT)}: not all of it is ASCII"


def check_columns():
    """Columns are asked for by names which their statement gives; by place only where there is one."""
    texts = {name: path.read_text() for name, path in statements().items()}
    for path in sources():
        text = path.read_text()
        asked = {found[1]: found for found in ASKED.finditer(text)}
        given = text + "".join(texts.get(name, "") for name in set(re.findall(r"\bqueries::(\w+)", text)))
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


def check_sleep():
    """Whoever waits for a while does so by async/sleep.h."""
    for path in sources():
        if place(path.relative_to(SRC).as_posix())[0] == "async":
            continue
        for found in re.finditer(r"steady_timer (\w+)\([^;]*;\s*co_await \1\.async_wait\((?:boost::)?asio::use_awaitable\)", path.read_text()):
            yield f"{path.relative_to(ROOT)}: {found[0].splitlines()[0]} …: async::sleep_for does that"


def check_savepoints():
    """Whoever wants a savepoint has one of pg/savepoint.h."""
    by_hand = {path.relative_to(ROOT).as_posix() for path in sources()
               if place(path.relative_to(SRC).as_posix())[0] != "pg" and re.search(r'"[^"\n]*\bsavepoint crossfade', path.read_text())}
    yield from (f"{name}: makes a savepoint by hand" for name in sorted(by_hand - SAVEPOINTS.keys()))
    yield from (f"{name}: stands in the list of savepoints by hand and makes none" for name in sorted(SAVEPOINTS.keys() - by_hand))


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
