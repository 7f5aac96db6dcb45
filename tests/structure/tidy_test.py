#!/usr/bin/env python3
"""When tests/tidy passes, and when it does not."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TIDY = pathlib.Path(__file__).resolve().parents[1] / "tidy"
SOURCE, HEADER = ("/".join(["src", name]) for name in ("one.cc", "one.h"))
FAULT = "inline int same(int n) { if (n > 0) { return 1; } else { return 1; } }\n"


class Tidy(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        self.environment = os.environ | {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
        (self.root / "tests").mkdir()
        shutil.copy(TIDY, self.root / "tests/tidy")
        shutil.copy(TIDY.parents[1] / ".clang-tidy", self.root)
        self.write(SOURCE, '#include "one.h"\nint one() { return 1; }\n')
        self.write(HEADER, "#pragma once\nint one();\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "src", ".clang-tidy", "tests")
        self.git("commit", "--quiet", "-m", "one")
        commands = [{"directory": str(self.root), "file": SOURCE, "command": f"c++ -std=c++20 -I{self.root}/src -c {SOURCE}"}]
        self.write("build/dev/compile_commands.json", json.dumps(commands))

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def git(self, *words):
        subprocess.run(["git", *words], cwd=self.root, env=self.environment, check=True)

    def clang_tidy(self, script):
        """Stands where clang-tidy is looked for."""
        self.write("bin/clang-tidy", f"#!/bin/sh\n{script}\n")
        (self.root / "bin/clang-tidy").chmod(0o755)
        self.environment["PATH"] = f"{self.root}/bin:{os.environ['PATH']}"

    def tidy(self, *words):
        return subprocess.run([self.root / "tests/tidy", *words], env=self.environment, capture_output=True, text=True, check=False)

    def test_passes_what_is_clean_or_the_same(self):
        self.assertEqual(self.tidy().returncode, 0)
        self.write(SOURCE, '#include "one.h"\nint one() { return 2; }\n')
        done = self.tidy("--at-most", "4")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn("1 of 1 sources", done.stderr)

    def test_finds_what_is_wrong_in_a_header_through_its_source(self):
        self.write(HEADER, "#pragma once\nint one();\n" + FAULT)
        for words in [], [HEADER]:
            done = self.tidy(*words)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{HEADER}:3", done.stdout)

    def test_looks_at_lines_that_differ_only(self):
        self.write(SOURCE, '#include "one.h"\nint one() { return 1; }\n' + FAULT)
        self.assertEqual(self.tidy().returncode, 1)
        self.git("commit", "--quiet", "-am", "two")
        self.git("checkout", "--quiet", "-b", "branch")
        self.write(SOURCE, '#include "one.h"\nint one() { return 2; }\n' + FAULT)
        self.git("commit", "--quiet", "-am", "three")
        self.assertEqual(self.tidy().returncode, 0)

    def test_passes_over_what_clang_does_not_understand(self):
        self.write(SOURCE, '#include "one.h"\nint one() { return unheard_of(1); }\n')
        self.assertEqual(self.tidy().returncode, 0)

    def test_fails_where_clang_tidy_breaks(self):
        self.write(SOURCE, '#include "one.h"\nint one() { return 2; }\n')
        for script, why in ("kill -SEGV $$", "-11"), ("echo 'PLEASE submit a bug report' >&2; exit 1", "bug report"), ("exit 127", "127"):
            self.clang_tidy(script)
            done = self.tidy()
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{SOURCE}: clang-tidy did not get to look", done.stdout)
            self.assertIn(why, done.stdout)

    def test_fails_where_the_build_is_missing(self):
        self.write(SOURCE, '#include "one.h"\n#include "generated.h"\nint one() { return 2; }\n')
        done = self.tidy()
        self.assertEqual(done.returncode, 1)
        self.assertIn("'generated.h' file not found", done.stdout)
        shutil.rmtree(self.root / "build")
        done = self.tidy()
        self.assertEqual(done.returncode, 1)
        self.assertIn("cmake --preset dev", done.stderr)


if __name__ == "__main__":
    unittest.main()
