#!/usr/bin/env python3
"""Whether what stands around the source agrees with it: licences, versions, links, and paths that prose and comments name.

Usage: surroundings_test.py CHECK BUILD      (every function below whose name begins with check_ is one)
"""
import fnmatch
import json
import pathlib
import re
import shlex
import subprocess
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


def check_rooms():
    """Every room of the source has a README that names each of its sub-rooms, and is linked by that of the source."""
    overview = (ROOT / "src/README.md").read_text()
    for room in sorted(path for path in (ROOT / "src").iterdir() if path.is_dir()):
        if not (room / "README.md").exists():
            yield f"src/{room.name}: no README.md: what for, what it may touch, what its sub-rooms hold, where to begin"
            continue
        if f"[{room.name}]({room.name}/README.md)" not in overview:
            yield f"src/README.md: does not link {room.name}/README.md"
        text = (room / "README.md").read_text()
        for inside in sorted(path.name for path in room.iterdir() if path.is_dir()):
            if not re.search(rf"`{inside}/?`", text):
                yield f"src/{room.name}/README.md: does not say what {inside} holds"


def sentences(folder):
    """The tests that are written below a folder, as googletest calls them."""
    return {f"{suite}.{name}" for path in folder.rglob("*.cc")
            for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", path.read_text(), re.M)}


def check_expectations():
    """A test that docs/expectations.md names is there: a suite, one test of it, or a file."""
    known = sentences(ROOT / "tests")
    suites = {name.partition(".")[0] for name in known}
    for row in re.findall(r"^\|.*\|(.*)\|$", (ROOT / "docs/expectations.md").read_text(), re.M):
        for name in re.findall(r"`([^`]+)`", row):
            if not (ROOT / name).is_file() if "/" in name else name not in known | suites:
                yield f"docs/expectations.md: no test is called {name}"


def check_majors():
    """The name of a test that wants a major newer than that of every test run ends in Since and the major: by it tests/run finds it."""
    for path in (ROOT / "tests").rglob("*.cc"):
        for name, major in re.findall(r"^TEST\w*\(\w+,\s*(\w+)\) \{\n\s*CROSSFADE_NEEDS_MAJOR\((\d+)\)", path.read_text(), re.M):
            if int(major) > 15 and not name.endswith(f"Since{major}"):
                yield f"{path.relative_to(ROOT)}: {name} is called …Since{major}, or no server of {major} is ever asked"


def check_filters():
    """What a page says to run, or the help of tests/run, is there to be run."""
    script = (ROOT / "tests/run").read_text()
    labels = set(re.search(r"^ +(unit \|.*)\)", script, re.M)[1].split(" | "))
    shown = subprocess.run(["ctest", "--test-dir", sys.argv[2], "--show-only=json-v1"], capture_output=True, text=True, check=True)
    # Unit tests are known to ctest only where they are built.
    known = {test["name"] for test in json.loads(shown.stdout)["tests"]} | sentences(ROOT / "tests")
    for file, text in files(".md", "run"):
        for words in re.findall(r"\btests/run((?: (?! )[^\s`]+)*)", text):
            words = [word for word in shlex.split(words) if word not in labels | {"--asan", "-V", "--all-versions"}]
            if words[:1] == ["--postgres"]:
                words = words[2:]
            if words and (words[0] != "-R" or len(words) != 2 or not any(re.search(words[1], name) for name in known)):
                yield f"{file}: tests/run {' '.join(words)} runs nothing: a label is one of {', '.join(sorted(labels))}"
        for words in re.findall(r"\bctest((?: (?! )[^\s`]+)*)", text):
            words = shlex.split(words)
            if "-R" in words[:-1]:
                pattern = words[words.index("-R") + 1]
                if "--test-dir" not in words:
                    yield f"{file}: ctest {' '.join(words)} runs nothing from the root: tests/run LABEL -R {pattern} does"
                elif not any(re.search(pattern, name) for name in known):
                    yield f"{file}: ctest {' '.join(words)} runs nothing"
        for folder, target, pattern in re.findall(r"build/\w+/(tests/\S+)/(\w+) --gtest_filter='?([^'\s]+)", text):
            if not re.search(rf"add_executable\({target}\s", (ROOT / folder / "CMakeLists.txt").read_text()):
                yield f"{file}: {folder} has no executable {target}"
            elif not any(fnmatch.fnmatchcase(name, pattern) for name in sentences(ROOT / folder)):
                yield f"{file}: no test below {folder} is called {pattern}"


if __name__ == "__main__":
    faults = list(globals()["check_" + sys.argv[1]]())
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
