#!/usr/bin/env python3
"""What is installed, what the Debian package holds and leaves behind, and what the program says of the commit it is built from.

Usage: package_test.py SOURCE BUILD CROSSFADE
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD, CROSSFADE = (pathlib.Path(word) for word in sys.argv[1:4])
del sys.argv[1:4]
PAGES = pathlib.Path("usr/share/doc/crossfade")


def run(*words, **settings):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **settings)
    assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def files_below(root):
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}


def expected():
    """Every file that belongs to an installation below /usr."""
    alone = ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "NOTICE", "copyright", "deploy/kubernetes.yaml", "deploy/example.env"]
    copied = [path.relative_to(SOURCE) for folder in ("docs", "sql/migrations", "monitoring/grafana", "monitoring/prometheus")
              for path in (SOURCE / folder).rglob("*") if path.is_file()]
    return {(PAGES / name).as_posix() for name in [*alone, *copied]} | {
        "usr/bin/crossfade",
        "usr/share/man/man1/crossfade.1",
        "usr/share/bash-completion/completions/crossfade",
        "usr/share/zsh/vendor-completions/_crossfade",
        "usr/share/fish/vendor_completions.d/crossfade.fish",
        "usr/lib/systemd/system/crossfade@.service",
        "etc/crossfade/pgpass",
    }


class WithScratch(unittest.TestCase):
    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="crossfade-package-"))
        self.addCleanup(shutil.rmtree, self.scratch)

    def same_files(self, found, wanted):
        self.assertEqual({"missing": sorted(wanted - found), "unexpected": sorted(found - wanted)}, {"missing": [], "unexpected": []})

    def install(self, prefix, root=None):
        run("cmake", "--install", BUILD, "--strip", "--prefix", prefix, env={**os.environ, "DESTDIR": str(root or "")})


class Install(WithScratch):
    def test_puts_every_file_where_the_system_looks_for_it(self):
        self.install("/usr", self.scratch)
        self.same_files(files_below(self.scratch), expected())
        self.assertEqual((self.scratch / "etc/crossfade/pgpass").stat().st_mode & 0o777, 0o600)
        for shell, file in (("bash", "bash-completion/completions/crossfade"), ("zsh", "zsh/vendor-completions/_crossfade"),
                            ("fish", "fish/vendor_completions.d/crossfade.fish")):
            self.assertEqual((self.scratch / "usr/share" / file).read_text(), run(CROSSFADE, "completion", shell))
        self.assertEqual((self.scratch / "usr/share/man/man1/crossfade.1").read_text(), run(CROSSFADE, "manual"))

    def test_below_another_prefix_stays_inside_it_and_runs(self):
        prefix = self.scratch / "elsewhere"
        self.install(prefix)
        self.same_files(files_below(prefix), {path.removeprefix("usr/") for path in expected()})
        self.assertEqual(run(prefix / "bin/crossfade", "--version"), run(CROSSFADE, "--version"))
        unit = prefix / "lib/systemd/system/crossfade@.service"
        paths = re.findall(r"(?:=|:)(/[\w/.@-]*)", unit.read_text())
        self.assertEqual([path for path in paths if not path.startswith((str(prefix), "/run/"))], [])
        if shutil.which("systemd-analyze"):
            instance = self.scratch / "crossfade@gym.service"
            shutil.copy(unit, instance)
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", instance], capture_output=True, text=True, check=False)
            self.assertEqual([line for line in done.stderr.splitlines() if "crossfade@" in line], [])

    def test_the_pages_lead_nowhere_but_to_what_is_installed(self):
        self.install("/usr", self.scratch)
        source_only = {"src/README.md", "CONTRIBUTING.md"}
        missing = [f"{page.name}: {link}" for page in (self.scratch / PAGES).rglob("*.md")
                   for link in re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", page.read_text())
                   if "://" not in link and link not in source_only and not (page.parent / link).exists()]
        self.assertEqual(missing, [])


class Debian(WithScratch):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="crossfade-package-"))
        cls.addClassCleanup(shutil.rmtree, folder)
        run("cpack", "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", folder)
        [cls.package] = folder.glob("*.deb")

    def setUp(self):
        super().setUp()
        self.root = self.scratch / "root"
        for folder in ("info", "updates", "triggers"):
            (self.root / "var/lib/dpkg" / folder).mkdir(parents=True)
        (self.root / "var/lib/dpkg/status").touch()

    def dpkg(self, *words):
        """In a root of its own. What the package depends on is not there, but on the machine."""
        return run("dpkg", f"--root={self.root}", f"--log={self.scratch}/dpkg.log", "--force-not-root", "--force-script-chrootless",
                   "--force-depends", "--force-confold", *words)

    def left(self):
        return {path for path in files_below(self.root) if not path.startswith("var/lib/dpkg/")}

    def test_holds_what_is_installed_and_says_what_it_needs(self):
        fields = dict(line.split(": ", 1) for line in run("dpkg-deb", "-f", self.package).splitlines() if ": " in line)
        self.assertEqual(fields["Package"], "crossfade")
        self.assertEqual(fields["Version"], re.search(r"crossfade (\S+)", run(CROSSFADE, "--version"))[1])
        self.assertEqual(fields["Recommends"], "postgresql-client")
        needed = fields["Depends"]
        for library in ("libc6", "libpq5", "libprotobuf", "libprometheus-cpp-core", "libyaml-cpp"):
            self.assertIn(library, needed)
        listed = run("dpkg-deb", "-c", self.package).splitlines()
        self.same_files({line.split(None, 5)[5].removeprefix("./") for line in listed if not line.startswith("d")}, expected())
        self.assertEqual([line for line in listed if " root/root " not in line], [])
        run("dpkg-deb", "-e", self.package, self.scratch / "control")
        self.assertEqual((self.scratch / "control/conffiles").read_text(), "/etc/crossfade/pgpass\n")
        for script in ("postinst", "prerm", "postrm"):
            self.assertTrue(os.access(self.scratch / "control" / script, os.X_OK), script)

    def test_runs_keeps_what_was_configured_and_leaves_nothing_when_purged(self):
        self.dpkg("--install", self.package)
        self.same_files(self.left(), expected())
        self.assertEqual(run(self.root / "usr/bin/crossfade", "--version"), run(CROSSFADE, "--version"))
        pgpass = self.root / "etc/crossfade/pgpass"
        self.assertEqual(pgpass.stat().st_mode & 0o777, 0o600)
        pgpass.write_text("db:5432:*:crossfade:secret\n")
        self.dpkg("--install", self.package)
        self.dpkg("--remove", "crossfade")
        self.assertEqual(self.left(), {"etc/crossfade/pgpass"})
        self.assertEqual(pgpass.read_text(), "db:5432:*:crossfade:secret\n")
        self.dpkg("--purge", "crossfade")
        self.assertEqual(self.left(), set())
        self.assertFalse((self.root / "etc/crossfade").exists())

    def test_migrations_in_etc_outlive_the_package(self):
        self.dpkg("--install", self.package)
        mapping = self.root / "etc/crossfade/gym/mapping.sql"
        mapping.parent.mkdir()
        mapping.write_text("-- mine\n")
        self.dpkg("--purge", "crossfade")
        self.assertEqual(self.left(), {"etc/crossfade/gym/mapping.sql"})


class Commit(WithScratch):
    def written(self, *given):
        """The commit that the build would write for a tree at scratch/tree."""
        header = self.scratch / "commit.h"
        run("cmake", f"-DOUT={header}", f"-DSOURCE={self.tree}", *given, "-P", SOURCE / "cmake/write_commit.cmake")
        return re.fullmatch(r'#define CROSSFADE_COMMIT "(.*)"\n', header.read_text())[1]

    def setUp(self):
        super().setUp()
        self.tree = self.scratch / "tree"
        (self.tree / "cmake").mkdir(parents=True)
        shutil.copy(SOURCE / "cmake/commit.txt", self.tree / "cmake")
        shutil.copy(SOURCE / ".gitattributes", self.tree)

    def git(self, *words):
        return run("git", "-C", self.tree, "-c", "user.name=test", "-c", "user.email=test@localhost", *words).strip()

    def commit(self):
        self.git("init", "--quiet")
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "begin")
        return self.git("rev-parse", "HEAD")

    def test_is_the_one_that_git_has_and_says_where_files_differ_from_it(self):
        commit = self.commit()
        self.assertEqual(self.written(), commit[:12])
        self.git("tag", "v0.1.0")
        self.assertEqual(self.written(), commit[:12])
        (self.tree / ".gitattributes").write_text("")
        self.assertEqual(self.written(), commit[:12] + "-dirty")

    def test_is_written_into_a_tarball(self):
        commit = self.commit()
        self.git("archive", "--output", self.scratch / "tree.tar", "HEAD")
        self.tree = self.scratch / "unpacked"
        self.tree.mkdir()
        run("tar", "-C", self.tree, "-xf", self.scratch / "tree.tar")
        self.assertTrue(commit.startswith(self.written()) and self.written())

    def test_is_empty_where_nobody_knows_and_can_be_given(self):
        self.assertEqual(self.written(), "")
        self.assertEqual(self.written("-DGIVEN=53b9df1"), "53b9df1")

    def test_is_what_the_program_says(self):
        said = run(CROSSFADE, "--version")
        self.assertEqual(said, run(CROSSFADE, "version"))
        version = re.search(r"project\(crossfade VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text())[1]
        self.assertRegex(said, rf"^crossfade {re.escape(version)}( \([0-9a-f]{{7,}}(-dirty)?\))?\n$")

    def test_a_header_that_is_right_already_is_not_touched(self):
        self.written()
        before = (self.scratch / "commit.h").stat().st_mtime_ns
        self.written()
        self.assertEqual((self.scratch / "commit.h").stat().st_mtime_ns, before)


if __name__ == "__main__":
    unittest.main()
