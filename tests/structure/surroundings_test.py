#!/usr/bin/env python3
"""Whether what stands around the source agrees with it: licences, versions, links, and paths that prose and comments name.

Usage: surroundings_test.py CHECK      (every function below whose name begins with check_ is one)
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What is built or brought along is not ours.
NOT_OURS = {"build", "node_modules"}
# Folders whose files are named from the root.
ROOTS = ("src", "tests", "docs", "sql", "deploy", "monitoring", "cmake", "proto")


def files(*suffixes):
    for top in sorted(ROOT.iterdir()):
        if top.name in NOT_OURS or top.name.startswith("."):
            continue
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and (path.suffix in suffixes or path.name in suffixes):
                yield path.relative_to(ROOT), path.read_text()


def check_notice():
    """NOTICE has every package that the build looks for, with its licence."""
    notice = (ROOT / "NOTICE").read_text()
    for file, text in files("CMakeLists.txt", ".cmake"):
        wanted = re.findall(r"\bfind_package\((\S+?)[\s)]", text) + re.findall(r"\bfind_library\(\w+\s+(?:NAMES\s+)?(\S+?)[\s)]", text)
        for package in set(wanted) - {"Threads"}:
            if not re.search(rf"^  \S.*\s{re.escape(package)}  ", notice, re.M):
                yield f"NOTICE: no row for {package}, which {file} looks for: what it is, under which licence, what of it is in the program"


def check_versions():
    """The version is written once, in CMakeLists.txt; where a file must repeat it, it is the same."""
    version = re.search(r"project\(crossfade VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    newest = re.search(r"^## (\S+) - (Unreleased|\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    if not newest or newest[1] != version:
        yield f"CHANGELOG.md: its first section is not `## {version} - Unreleased` or `## {version} - DATE`"
    for file, text in files(".yaml", ".yml", ".service", "Containerfile"):
        for tag in re.findall(r"\bcrossfade:(\d+\.[\w.]+)", text):
            if tag != version:
                yield f"{file}: crossfade:{tag}, and this is {version}"


def check_links():
    """What a page links to is there."""
    for file, text in files(".md"):
        for link in re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", text):
            if "://" not in link and not (ROOT / file.parent / link).exists():
                yield f"{file}: links to {link}, which is not there"


def check_paths():
    """A path that prose or a comment names is there. `<name>`, NAME and `*` stand for any."""
    named = re.compile(rf"(?<![\w/.-])((?:{'|'.join(ROOTS)})/[\w./*@-]*\w)(?![\w/]*[<{{])")
    for file, text in files(".md", ".cc", ".h", ".py", ".yaml", ".yml", ".sql", ".test", ".service", "CMakeLists.txt", "run", "install-packages"):
        for path in set(named.findall(text)):
            path = re.sub(r"\b[A-Z]{3,}\b", "*", path)
            if not any(any(base.glob(path)) for base in (ROOT, ROOT / "src", ROOT / "tests", ROOT / file.parent)):
                yield f"{file}: names {path}, which is not there"


if __name__ == "__main__":
    faults = list(globals()["check_" + sys.argv[1]]())
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
