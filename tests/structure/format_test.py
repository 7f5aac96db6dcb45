#!/usr/bin/env python3
"""Whether the C++ is written as .clang-format says. Where a line breaks, and how far to the right a comment behind it stands, is
the writer's choice, and columns may be aligned; other spaces within a line, how far in it begins, and the order of headers and of used names are not.

Usage: format_test.py [--fix] [FILE…]      (without a file: all of src and tests)
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def clang_format(path, *options):
    return subprocess.run(["clang-format", "--style=file", *options, path], capture_output=True, text=True, check=True).stdout


def pieces(text):
    """Each character that can be seen, with the blanks before it."""
    return re.findall(r"(\s*)(\S)", text)


def same(ours, theirs, before, behind, comment):
    """Whether two gaps are alike but for what is the writer's choice. Columns may be aligned behind a comma or a brace, and a text
    that goes on stands where it can be read: clang-format pushes it out as far as the longest line."""
    if comment:
        return "\n" in ours + theirs or ours == theirs or ours != ""
    if ("\n" in ours) != ("\n" in theirs) or behind == '"' and "\n" in ours:
        return True
    aligned = before in {",", "{"} and theirs == " " and ours.strip(" ") == "" and ours != ""
    return aligned or ours.rpartition("\n")[2] == theirs.rpartition("\n")[2]


def as_it_must_be(path):
    """The text, with no more changed than must be."""
    ours = path.read_text()
    theirs = clang_format(path)
    if ours == theirs:
        return ours
    if re.sub(r"\s", "", ours) != re.sub(r"\s", "", theirs):
        # Headers in another order, or one twice: they stand in the first lines. Or names that are used.
        lines = list(enumerate(ours.split("\n"), 1))
        includes = [number for number, line in lines if line.startswith("#include")]
        names = [number for number, line in lines if re.match(r"\s*using [\w:]+;", line)]
        ours = clang_format(path, f"--lines=1:{max(includes, default=1)}", *(f"--lines={number}:{number}" for number in names))
    mine, wanted = pieces(ours), pieces(theirs)
    text = ""
    for at, ((gap, character), (wanted_gap, _)) in enumerate(zip(mine, wanted)):
        comment = character == "/" and at + 1 < len(mine) and mine[at + 1] == ("", "/")
        text += (gap if same(gap, wanted_gap, text[-1:], character, comment) else wanted_gap) + character
    return text + ours[len(ours.rstrip()):]


def faults(path, fix):
    ours, wanted = path.read_text(), as_it_must_be(path)
    if ours == wanted:
        return
    if fix:
        path.write_text(wanted)
        return
    before, after = ours.split("\n"), wanted.split("\n")
    number = next((number for number, pair in enumerate(zip(before, after)) if pair[0] != pair[1]), len(before) - 1)
    yield f"{path.relative_to(ROOT)}:{number + 1}: must be written\n{after[number]}\n(tests/structure/format_test.py --fix {path.relative_to(ROOT)})"


def differing(files):
    """Those that clang-format would write in another way at all: asked many at a time, for it is starting it that takes long."""
    if not files:
        return set()
    asked = subprocess.run(["clang-format", "--style=file", "--dry-run", "--ferror-limit=1", *files], capture_output=True, text=True, check=True)
    return {pathlib.Path(name) for name in re.findall(r"^(/.*?):\d+:\d+: warning: code should be", asked.stderr, re.M)}


if __name__ == "__main__":
    names = [name for name in sys.argv[1:] if name != "--fix"]
    everything = [pathlib.Path(name).resolve() for name in names] or sorted(
        path for folder in ("src", "tests") for path in (ROOT / folder).rglob("*") if path.suffix in {".h", ".cc"})
    threads = os.cpu_count() or 1
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        suspects = sorted(set().union(*pool.map(differing, [everything[at::threads] for at in range(threads)])))
        found = [fault for of_file in pool.map(lambda path: list(faults(path, "--fix" in sys.argv)), suspects) for fault in of_file]
    print("\n".join(found))
    sys.exit(1 if found else 0)
