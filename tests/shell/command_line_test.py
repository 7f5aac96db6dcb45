#!/usr/bin/env python3
"""What the program says about its own command line, given to those who read it: bash, zsh and fish where they are, and groff.

Usage: command_line_test.py CROSSFADE
"""
import json
import pathlib
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
    return re.findall(r"^  ([a-z]+) ", say("--help"), re.MULTILINE)


class Bash(unittest.TestCase):
    def test_offers_every_command_of_the_help(self):
        self.assertEqual(set(completed_by_bash("crossfade ")), set(commands()))

    def test_offers_what_begins_as_typed(self):
        self.assertEqual(completed_by_bash("crossfade ver"), ["verify", "version"])
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


    def test_says_the_words_that_an_option_takes(self):
        page = say("run", "--help")
        self.assertIn("--log-format text|logfmt|json ", page)
        self.assertNotIn("ENUM", page)
        self.assertNotIn("{", page)

    def test_speaks_of_confirming_where_a_command_asks(self):
        self.assertIn("--confirm", say("cutover", "writes", "--help"))
        self.assertNotIn("--confirm", say("status", "--help"))

    def test_lists_commands_under_headings_and_without_former_names(self):
        page = say("--help")
        self.assertLess(page.index("Prove:"), page.index("Move:"))
        self.assertNotIn("  pace ", page)


class Results(unittest.TestCase):
    def test_that_cannot_be_written_are_no_success(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            for words in (["manual"], ["--help"], ["version", "--json"]):
                done = subprocess.run([CROSSFADE, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
                self.assertEqual(done.returncode, 2, words)
                self.assertIn("could not be written", done.stderr)

    def test_of_which_a_reader_has_seen_enough_are_no_fault(self):
        done = subprocess.run(["bash", "-c", f"set -o pipefail; '{CROSSFADE}' manual | head -n 1"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_are_json_where_that_is_asked_for(self):
        self.assertIn("version", json.loads(say("version", "--json")))


def typed(text):
    """The calls of the program on a page: in code of its own, after a prompt, or within a line."""
    for line in re.findall(r"^(?:    |\$ )((?:\w+=\S+ )*crossfade .*)$", text, re.MULTILINE) + re.findall(r"`(crossfade [^`]+)`", text):
        line = re.split(r"\s(?:#|\||>|&|&&|2>|->)", re.sub(r"\$\([^)]*\)", "X", line) + " ")[0]
        yield line[line.index("crossfade ") + len("crossfade "):].rstrip(".,:; ").split()


class Pages(unittest.TestCase):
    """What a page has people type is a command with options that it takes."""

    def test_name_commands_and_options_that_there_are(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        known = set(commands())
        helps = {}
        seen = 0
        for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
            for words in typed(page.read_text()):
                while words and words[0].startswith("--") and words[0] not in ("--help", "--version"):
                    words = words[2:]
                if not words or not re.fullmatch(r"[a-z]+", words[0]):
                    continue
                self.assertIn(words[0], known, f"{page.name}: crossfade {' '.join(words)}")
                two = len(words) > 1 and words[0] in ("cutover", "rollback", "quarantine") and re.fullmatch("[a-z]+", words[1])
                name = tuple(words[:2] if two else words[:1])
                if name not in helps:
                    helps[name] = subprocess.run([CROSSFADE, *name, "--help"], capture_output=True, text=True, check=False).stdout
                for option in words:
                    option = option.split("=")[0].strip("'\"[]()")
                    if re.fullmatch(r"--[a-z-]+", option):
                        self.assertRegex(helps[name], rf"{option}\b", f"{page.name}: crossfade {' '.join(words)}")
                seen += 1
        self.assertGreater(seen, 150)


class Manual(unittest.TestCase):
    def test_names_every_command_and_its_options(self):
        page = say("manual").replace("\\-", "-")
        for command in set(commands()) - {"cutover", "rollback"}:
            self.assertIn(f".SS {command}\n", page)
        self.assertIn("\\fB--jobs\\fR \\fIVALUE\\fR\n", page)
        self.assertEqual(page.count("\\fB--migration\\fR"), 1)

    def test_says_the_exit_codes_that_there_are_and_so_does_the_documentation(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        there = re.findall(r"^  k\w+ = (\d+),", (root / "src/base/error/exit_code.h").read_text(), re.MULTILINE)
        self.assertGreater(len(there), 9)
        told = say("manual").split(".SH EXIT STATUS\n")[1]
        self.assertEqual(re.findall(r"(?:^|, )(\d+) ", told), there)
        documented = (root / "docs/operating.md").read_text().split("## Exit codes\n")[1].split("\n## ")[0]
        self.assertEqual(re.findall(r"(?:^|· )(\d+) ", documented.replace("\n", " ").strip()), there)

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
