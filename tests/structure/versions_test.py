#!/usr/bin/env python3
"""What tests/versions makes of what tests write, and how it writes the table of docs/versions.md."""
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / "versions"

PAGE = """# Versions

| test | 14 | 15 | 16 | 17 | 18 |
|---|---|---|---|---|---|
| pg_sync | 20 | – | 20 | – | – |
| demos | 5 | – | – | – | – |

Below.
"""
# As an executable of GoogleTest ends.
TWO_FAILED = """[  FAILED  ] FollowTest.Late (12 ms)
[  PASSED  ] 20 tests.
[  SKIPPED ] 1 test, listed below:
[  SKIPPED ] DumpTest.Whole
[  FAILED  ] 2 tests, listed below:
[  FAILED  ] FollowTest.Late
[  FAILED  ] All/ShapesTest.Holds/3, where GetParam() = 7
"""


def load():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("versions", str(PROGRAM))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("versions", loader))
    loader.exec_module(module)
    return module


class Versions(unittest.TestCase):
    def setUp(self):
        self.versions = load()
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.tree = pathlib.Path(scratch.name)
        self.page = self.tree / "versions.md"
        self.page.write_text(PAGE)

    def executable(self, name, text, code, alone):
        """Writes `text` and ends with `code`; where one test is asked for, runs the shell's `alone`, which has it as $1."""
        path = self.tree / "tests/pg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\nif [ $# = 1 ]; then {alone}; exit; fi\ncat <<'END'\n{text}END\nexit {code}\n")
        path.chmod(0o755)

    def run_on(self, *words):
        with mock.patch.object(self.versions, "folder_of", return_value="/nowhere"), mock.patch.object(sys, "argv", [
                "versions", "--tree", os.path.relpath(self.tree), "--page", str(self.page), *words]), contextlib.redirect_stdout(io.StringIO()) as said:
            return self.versions.main(), said.getvalue()

    def rows(self):
        return [line for line in self.page.read_text().splitlines() if line.startswith("| pg_") or line.startswith("| demos")]

    def test_a_row_and_a_major_are_run_and_the_rest_stays_as_it_was(self):
        self.executable("pg_sync", "[  PASSED  ] 21 tests.\n", 0, "false")
        self.executable("pg_wal", "[  PASSED  ] 1 test.\n", 0, "false")
        self.assertEqual(self.run_on("--only", "^pg_sync ", "17")[0], 0)
        self.assertEqual(self.rows(), ["| pg_sync | 20 | – | 20 | 21 | – |", "| demos | 5 | – | – | – | – |"])
        self.assertEqual(self.run_on("--only", "^pg_wal ", "14")[0], 0)
        self.assertEqual(self.rows()[1:], ["| pg_wal | 1 | – | – | – | – |", "| demos | 5 | – | – | – | – |"])
        self.assertTrue(self.page.read_text().endswith("\n\nBelow.\n"))

    def test_what_failed_is_run_once_more_and_alone(self):
        self.executable("pg_sync", TWO_FAILED, 1, '[ "$1" = --gtest_filter=FollowTest.Late ]')
        code, said = self.run_on("--only", "^pg_sync ", "18")
        self.assertEqual(code, 1)
        self.assertEqual(self.rows()[0], "| pg_sync | 20 | – | 20 | – | 21, 1 of them at the second attempt, 1 not asked, **1 failed** |")
        self.assertIn("FollowTest.Late, once more and alone: passed", said)
        self.assertIn("All/ShapesTest.Holds/3, once more and alone: failed", said)

    def test_what_passes_at_the_second_attempt_is_no_failure_but_is_told(self):
        self.executable("pg_sync", TWO_FAILED, 1, "true")
        code, said = self.run_on("--only", "^pg_sync ", "18")
        self.assertEqual(code, 0)
        self.assertEqual(self.rows()[0], "| pg_sync | 20 | – | 20 | – | 22, 2 of them at the second attempt, 1 not asked |")
        self.assertIn("FollowTest.Late", said)

    def test_what_breaks_off_is_a_failure(self):
        self.executable("pg_sync", "[ RUN      ] FollowTest.Late\n", 139, "false")
        self.assertEqual(self.run_on("--only", "^pg_sync ", "18")[0], 1)
        self.assertEqual(self.rows()[0], "| pg_sync | 20 | – | 20 | – | 0, **1 failed** |")


if __name__ == "__main__":
    unittest.main()
