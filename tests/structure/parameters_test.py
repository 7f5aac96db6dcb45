#!/usr/bin/env python3
"""A statement is given as many parameters as it has, and a function of schema crossfade as many arguments as it takes.

Read from the text: no compiler knows how many $n an embedded statement has, and no server is asked. What cannot be read so stands in
UNREADABLE, with the reason; whatever else cannot be read is a fault.

Usage: parameters_test.py [--list]      (--list: what was read of each call)
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# (file, statement): why the number of what it is given does not stand there.
REPORT = "a table of parts: a flag of each says whether it is given the migration"
UNREADABLE = {
    **{("src/app/commands/report.cc", f"report_{part}"): REPORT for part in ("server", "verification", "quarantine", "step_log", "audit")},
    ("src/cutover/writes/writes_run_steps.cc", "writes_flip"): "ten, and the columns of the inventory, which another file makes: five",
    ("src/mapping/catalog/read_catalog.cc", "catalog_view_reads"): "sent by read_reads, which gives one",
    ("src/mapping/catalog/read_catalog.cc", "catalog_lookup_reads"): "sent by read_reads, which gives one",
    ("src/sync/backfill/build.cc", "deferred_built"): "what names the piece comes from the caller; the epoch is added",
}

# What sends the statement that it is given with the parameters behind it, and what is a statement without any.
CALLS = ("query", "execute", "run_query", "try_in_savepoint", "ask", "texts", "truth", "Statement", "")
ALONE = ("then", "asked", "script", "copy_in")

# More arguments than anything is given.
MANY = 100


def without_comments(text, mark):
    """Comments to the end of the line become blanks; what stands in quotes stays."""
    quoted = r'"(?:[^"\\\n]|\\.)*"' if mark == "//" else r"'(?:[^']|'')*'"
    return re.sub(rf"({quoted})|{mark}[^\n]*", lambda found: found[1] or " " * len(found[0]), text)


def end_of(text, opening):
    """Behind the bracket that closes the one at `opening`."""
    depth, at = 0, opening
    while at < len(text):
        quoted = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)\'|R"\((?:.|\n)*?\)"').match(text, at)
        if quoted:
            at = quoted.end()
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        at += 1
        if depth == 0:
            return at
    raise ValueError(text[opening:opening + 80])


def parts_of(text, comma=","):
    """What stands between the commas of a list."""
    parts, at, begin = [], 0, 0
    while at < len(text):
        if text[at] in "([{":
            at = end_of(text, at)
        elif quoted := re.compile(r'"(?:[^"\\\n]|\\.)*"').match(text, at):
            at = quoted.end()
        else:
            if text[at] == comma:
                parts.append(text[begin:at].strip())
                begin = at + 1
            at += 1
    parts.append(text[begin:].strip())
    return [part for part in parts if part]


def declared(text, name, before):
    """The declaration of a variable that is nearest above, as (where, what it begins as); what a block has that ended is not seen."""
    best = None
    for found in re.finditer(rf"\b(?:Parameters|auto|std::string|std::string_view)&? {name}\b(?= ?[=({{;])", text[:before]):
        at = found.end()
        if enclosed(text, found.start(), before):
            best = (found.start(), at)
    return best


def enclosed(text, where, at):
    """No block that is open at `where` has ended at `at`."""
    depth = 0
    for letter in without_quotes(text[where:at]):
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            return False
    return True


def without_quotes(text):
    return re.sub(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)\'', lambda found: "_" * len(found[0]), text)


def numbers_of(text, given, at):
    """How many parameters `given` are at the place `at`; nothing where that cannot be read."""
    given = re.sub(r"^(?:std::move|std::as_const)\((.*)\)$", r"\1", given.strip(), flags=re.S)
    braced = re.match(r"(?:pg::)?(?:Parameters)? ?\{(.*)\}$", given, flags=re.S)
    if braced:
        return {len(parts_of(braced[1]))}
    if not re.fullmatch(r"\w+", given):
        return None
    found = declared(text, given, at)
    if not found:
        return None
    where, behind = found
    if text[behind] == ";":
        numbers, end = {0}, behind
    else:
        opening = re.compile(r" ?=? ?").match(text, behind).end()
        end = re.compile(r"(?:[^;{(\[]|(?=[{(\[]))*").match(text, opening).end()
        end = opening
        while text[end] != ";":
            end = end_of(text, end) if text[end] in "([{" else end + 1
        numbers = numbers_of(text, text[opening:end], where)
        if numbers is None:
            return None
    # What is added below it: at once, or where something is so.
    for added in re.finditer(rf"\b{given}\.(?:push_back|emplace_back)\(", text[end:at]):
        heads = heads_around(text, end, end + added.start())
        if "for" in heads or "while" in heads:
            return None
        more = {number + 1 for number in numbers}
        numbers = numbers | more if heads else more
    if re.search(rf"(?<![\w.>]){given}(?:\.insert\(| = )", text[end:at]):
        return None
    return numbers


def heads_around(text, begin, at):
    """The words that begin what stands around `at` and not around `begin`: if, for, while, else, or "" for another block."""
    heads, text = [], without_quotes(text[begin:at])
    for letter in re.finditer(r"[{}]", text):
        if letter[0] == "}":
            heads = heads[:-1]
        else:
            line = text[text.rfind("\n", 0, letter.start()) + 1:letter.start()]
            heads.append(word[1] if (word := re.match(r"[\s}]*(if|for|while|else)\b", line)) else "")
    line = text[text.rfind("\n") + 1:]
    return heads + re.findall(r"\b(if|for|while|else)\b", line)


def calls_of(text, name):
    """Where a statement is sent, with what it is given: [(where, text of the parameters or "")]; nothing where that cannot be read."""
    for found in re.finditer(rf"\b(?:sql::)?queries::{name}\b", text):
        yield from calls_at(text, found.start())


def call_around(text, at):
    """The call whose argument stands at `at`: (where it begins, its name, its arguments, which one it is)."""
    depth, begin = 0, at
    while begin > 0:
        begin -= 1
        letter = text[begin]
        if letter in ")]}":
            depth += 1
        elif letter in "([{":
            if depth == 0:
                break
            depth -= 1
        elif letter == ";" and depth == 0:
            return None
    named = re.search(r"([\w:]+) ?$", text[:begin])
    end = end_of(text, begin)
    inside = text[begin + 1:end - 1]
    place = len(parts_of(text[begin + 1:at] + "_")) - 1
    return begin, named[1].split("::")[-1] if named else "", parts_of(inside), place


def calls_at(text, at, seen=0):
    if re.search(r"[=!]= (?:sql::)?$", text[:at]):  # no call: it is compared with
        return
    if alone := re.search(r"\.(\w+) = (?:sql::)?$", text[:at]):
        yield at, "" if alone[1] in ALONE else None
        return
    around = call_around(text, at)
    if around is None or seen > 3:
        yield at, None
        return
    begin, name, arguments, place = around
    # A variable that holds it: whoever sends that.
    variable = re.search(r"std::string(?:_view)? (\w+)$", text[:begin])
    if name in CALLS and not variable:
        rest = arguments[place + 1:]
        yield begin, rest[0] if rest else ""
        return
    if name in ALONE:
        yield begin, ""
        return
    if name in ("string", "move"):
        yield from calls_at(text, text.rindex("std::" + name, 0, begin), seen + 1)
        return
    if not variable:
        yield at, None
        return
    used = False
    for use in re.finditer(rf"(?<![\w.:]){variable[1]}\b(?!\(|::)", without_quotes(text[begin:])):
        where = begin + use.start()
        if not enclosed(text, begin, where):
            break
        used = True
        yield from calls_at(text, where, seen + 1)
    if not used:
        yield at, None


def parameters_of(sql):
    return {int(number) for number in re.findall(r"\$(\d+)", without_comments(sql, "--"))}


def check_statements(listing):
    statements = {}
    for path in sorted((ROOT / "sql/queries").glob("**/*.sql")):
        statements[path.stem] = parameters = parameters_of(path.read_text())
        if missing := set(range(1, max(parameters, default=0) + 1)) - parameters:
            yield f"{path.relative_to(ROOT)}: has no ${min(missing)}, and a server cannot tell the type of what is given for it"
    unreadable = dict(UNREADABLE)
    for path in sorted(path for path in (ROOT / "src").rglob("*") if path.suffix in {".h", ".cc"}):
        text = without_comments(path.read_text(), "//")
        file = path.relative_to(ROOT).as_posix()
        for name in sorted(set(re.findall(r"\bqueries::(\w+)", text))):
            wanted = max(statements.get(name, ()), default=0)
            for where, given in calls_of(text, name):
                line = text.count("\n", 0, where) + 1
                numbers = None if given is None else numbers_of(text, given, where) if given else {0}
                if listing:
                    print(f"{file}:{line}: {name}: has {wanted}, is given {sorted(numbers) if numbers else 'what cannot be read'}")
                if numbers is None:
                    if (file, name) in UNREADABLE:
                        unreadable.pop((file, name), None)
                    else:
                        yield f"{file}:{line}: {name}: how many parameters it is given cannot be read; write it plainly, or into UNREADABLE with the reason"
                elif wanted not in numbers:
                    yield f"{file}:{line}: {name} has {wanted} parameters and is given {' or '.join(map(str, sorted(numbers)))}"
    yield from (f"{file}: {name} stands in UNREADABLE and can be read, or is not there" for file, name in unreadable)


def functions():
    """How many arguments each function of schema crossfade takes: name → [(at least, at most)], one for each that has the name."""
    taken = {}
    for path in sorted((ROOT / "sql/engine").glob("**/*.sql")):
        text = without_comments(path.read_text(), "--")
        for found in re.finditer(r"\bcreate (?:or replace )?(?:function|procedure) crossfade\.(\w+) ?\(", text):
            given = [part for part in parts_of(text[found.end():end_of(text, found.end() - 1) - 1]) if not re.match(r"out\b", part)]
            optional = sum(bool(re.search(r"\bdefault\b|=", part)) for part in given)
            most = MANY if given and given[-1].startswith("variadic ") else len(given)
            taken.setdefault(found[1], []).append((len(given) - optional, most))
    return taken


# What has brackets behind its name and is no call. A trigger's function is given what is no argument of it.
NO_CALL = re.compile(r"\b(?:drop function(?: if exists)?|create or replace function|execute function|into|table|on|references)[\s\"]+$")


def check_functions(listing):
    taken = functions()
    files = [path for top, kinds in (("sql", {".sql"}), ("src", {".h", ".cc"})) for path in (ROOT / top).rglob("*") if path.suffix in kinds]
    for path in sorted(files):
        text = without_comments(path.read_text(), "--" if path.suffix == ".sql" else "//")
        for found in re.finditer(r"\bcrossfade\.(\w+) ?\(", text):
            if found[1] not in taken or NO_CALL.search(text[:found.start()]) or text.startswith("…", found.end()):
                continue
            file, line = path.relative_to(ROOT).as_posix(), text.count("\n", 0, found.start()) + 1
            try:
                given = len(parts_of(text[found.end():end_of(text, found.end() - 1) - 1]))
            except (ValueError, IndexError):
                yield f"{file}:{line}: what crossfade.{found[1]} is given cannot be read"
                continue
            if listing:
                print(f"{file}:{line}: crossfade.{found[1]}: takes {taken[found[1]]}, is given {given}")
            if not any(least <= given <= most for least, most in taken[found[1]]):
                ways = " or ".join(f"{least} or more" if most == MANY else f"{least} to {most}" if least < most else str(most) for least, most in taken[found[1]])
                yield f"{file}:{line}: crossfade.{found[1]} takes {ways} arguments and is given {given}"


if __name__ == "__main__":
    listing = "--list" in sys.argv
    faults = [*check_statements(listing), *check_functions(listing)]
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
