#!/usr/bin/env python3
"""What the program says about its own command line, given to those who read it: bash, zsh and fish where they are, and groff.

Usage: command_line_test.py CROSSFADE
"""
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CROSSFADE = sys.argv.pop(1)


def say(*words):
    return subprocess.run([CROSSFADE, *words], capture_output=True, text=True, check=True).stdout


def completed_by_bash(line):
    """What bash offers at the end of `line`."""
    words = line.split(" ")
    script = f"source /dev/stdin; COMP_WORDS=(\"$@\"); COMP_CWORD={len(words) - 1}; _crossfade; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "-c", script, "bash", *words], input=say("completion", "bash"), capture_output=True, text=True, check=True)
    assert done.stderr == "", done.stderr
    return done.stdout.split()


def commands():
    """As --help lists them."""
    return re.findall(r"^  ([a-z]+) ", say("--help").split("Subcommands:")[1], re.MULTILINE)


class Bash(unittest.TestCase):
    def test_offers_every_command_of_the_help_but_version(self):
        self.assertEqual(set(completed_by_bash("crossfade ")), set(commands()) - {"version"})

    def test_offers_what_begins_as_typed(self):
        self.assertEqual(completed_by_bash("crossfade ver"), ["verify"])
        self.assertEqual(completed_by_bash("crossfade status --wa"), ["--watch"])

    def test_offers_the_second_word_and_then_its_options(self):
        self.assertIn("reads", completed_by_bash("crossfade cutover "))
        self.assertEqual(completed_by_bash("crossfade cutover reads --per"), ["--percent"])

    def test_offers_the_words_that_an_option_takes(self):
        self.assertEqual(sorted(completed_by_bash("crossfade demo --size ")), ["large", "medium", "small"])
        self.assertEqual(sorted(completed_by_bash("crossfade run --log-format ")), ["json", "logfmt", "text"])

    def test_offers_files_where_any_text_is_taken(self):
        self.assertEqual(completed_by_bash("crossfade status --migration "), [])


class Others(unittest.TestCase):
    def test_zsh_and_fish_read_their_scripts(self):
        for shell in ("zsh", "fish"):
            script = say("completion", shell)
            self.assertIn("cutover", script)
            if shutil.which(shell):
                subprocess.run([shell, "-n", "/dev/stdin"], input=script, text=True, check=True)

    def test_another_shell_is_refused(self):
        self.assertEqual(subprocess.run([CROSSFADE, "completion", "tcsh"], capture_output=True, check=False).returncode, 2)


class Help(unittest.TestCase):
    def test_of_a_command_has_its_own_options_and_those_of_all(self):
        for words in (["plan"], ["cutover", "writes"]):
            page = say(*words, "--help")
            self.assertEqual(page.count("--source "), 1, page)
            self.assertEqual(page.count("--help"), 1, page)
        self.assertIn("--print-sql", say("plan", "--help"))


class Manual(unittest.TestCase):
    def test_names_every_command_and_its_options(self):
        page = say("manual").replace("\\-", "-")
        for command in set(commands()) - {"version", "cutover", "rollback"}:
            self.assertIn(f".SS {command}\n", page)
        self.assertIn("\\fB--lanes\\fR \\fIVALUE\\fR\n", page)
        self.assertEqual(page.count("\\fB--migration\\fR"), 1)

    def test_groff_has_nothing_to_complain_of(self):
        groff = shutil.which("groff")
        if not groff:
            self.skipTest("groff is not here")
        with tempfile.NamedTemporaryFile("w", suffix=".1") as page:
            page.write(say("manual"))
            page.flush()
            read = subprocess.run([groff, "-man", "-ww", "-Tutf8", page.name], capture_output=True, text=True, check=True)
        self.assertEqual(read.stderr, "")
        self.assertIn("restructures a live PostgreSQL schema", read.stdout)


if __name__ == "__main__":
    unittest.main()
