#!/usr/bin/env python3
"""What tests/timed adds to ctest's output, and what it leaves alone."""
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

TIMED = pathlib.Path(__file__).resolve().parents[1] / "timed"


class Timed(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.tree = pathlib.Path(scratch.name)

    def register(self, **commands):
        """name → command, each with the label `pg`."""
        (self.tree / "CTestTestfile.cmake").write_text("".join(
            f'add_test({name} "/bin/sh" "-c" "{command}")\nset_tests_properties({name} PROPERTIES LABELS pg)\n' for name, command in commands.items()))

    def command(self, *more):
        return [TIMED, "ctest", "--test-dir", self.tree, *more]

    def test_says_which_were_slow_and_ends_with_the_summary(self):
        self.register(quick="true", slow="sleep 1.2", broken="false")
        done = subprocess.run(self.command("--output-on-failure"), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 8)
        before, summary = done.stdout.split("67% tests passed, 1 tests failed out of 3")
        # A machine that is busy needs longer for all of them.
        self.assertRegex(before, r"Minutes by label: pg 0:\d\d\nThe slowest of 3 tests:\n    0:\d\d  slow \(pg\)\n")
        self.assertIn("Total Test time (real)", summary)
        self.assertNotIn("slowest", summary)

    def test_says_which_tests_of_an_executable_failed(self):
        self.register(pg_sync="printf '[  FAILED  ] FollowTest.Late (7 ms)\\\\n[  FAILED  ] 1 test, listed below:\\\\n[  FAILED  ] FollowTest.Late\\\\n'; false")
        done = subprocess.run(self.command("--output-on-failure"), capture_output=True, text=True, check=False)
        self.assertIn("\nFailed in pg_sync: FollowTest.Late\n\n0% tests passed", done.stdout)

    def test_is_silent_where_nothing_ran_and_hands_the_exit_code_on(self):
        self.register(quick="true")
        done = subprocess.run(self.command("-R", "absent", "--no-tests=error"), capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("slowest", done.stdout)

    def test_ends_ctest_when_it_is_ended(self):
        self.register(slow=f"touch {self.tree}/begun; while test -e {self.tree}/begun; do sleep 0.1; done")
        with subprocess.Popen(self.command(), stdout=subprocess.PIPE, text=True) as running:
            while not (self.tree / "begun").exists():
                time.sleep(0.01)
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=20)
        self.assertNotEqual(running.returncode, 0)


if __name__ == "__main__":
    unittest.main()
