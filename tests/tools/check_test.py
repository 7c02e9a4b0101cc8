#!/usr/bin/env python3
"""The checks of ./dev check find what they are for: each test plants one violation in a small tree."""
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from checks import arrows, determinism, mutants, style, symbols  # noqa: E402
from checks.tree import Tree, blank  # noqa: E402


class PlantedTree(unittest.TestCase):
    """A tree of its own for each test, with the real table of arrows."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        self.plant("ARCHITECTURE.md", (ROOT / "ARCHITECTURE.md").read_text())

    def plant(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def findings(self, module):
        return [f"{finding.path}:{finding.line}" for finding in module.check(Tree(self.root))]


class ArrowsTest(PlantedTree):
    def refuses(self, name, include):
        self.plant(name, f"// A file.\n#include {include}\n")
        self.assertEqual(self.findings(arrows), [f"{name}:2"], f"{name} includes {include}")
        (self.root / name).unlink()

    def allows(self, name, include):
        self.plant(name, f"// A file.\n#include {include}\n")
        self.assertEqual(self.findings(arrows), [], f"{name} includes {include}")

    def test_core_cannot_see_the_simulator_or_the_real_world(self):
        self.refuses("core/service/a.cc", '"sim/network.h"')
        self.refuses("core/service/a.cc", '"net/tcp.h"')

    def test_raft_sees_base_only(self):
        self.refuses("core/raft/a.cc", '"storage/kv/store.h"')
        self.refuses("core/raft/a.cc", '"core/replica/replica.h"')
        self.refuses("core/raft/a.cc", '"core/proto/raft.pb.h"')
        self.allows("core/raft/a.cc", '"base/ids.h"')
        self.allows("core/raft/a.cc", '"core/raft/types.h"')

    def test_the_simulator_does_not_know_raft(self):
        self.refuses("sim/a.cc", '"core/raft/core.h"')

    def test_reports_read_files_not_objects(self):
        self.refuses("reports/a.cc", '"scenarios/runner.h"')

    def test_hub_and_edge_do_not_see_each_other(self):
        self.refuses("hub/a.cc", '"edge/slots.h"')
        self.refuses("edge/a.cc", '"hub/model.h"')
        self.refuses("hub/b/a.cc", '"core/service/router.h"')
        self.allows("edge/a.cc", '"core/proto/sensing.pb.h"')
        self.refuses("edge/a.cc", '"core/client/client.h"')

    def test_foreign_headers_stay_where_they_belong(self):
        self.refuses("storage/kv/a.h", "<sqlite3.h>")
        self.refuses("core/raft/a.h", "<google/protobuf/message.h>")
        self.refuses("base/a.cc", "<xxhash.h>")
        self.refuses("base/a.cc", "<unistd.h>")
        self.allows("base/hash.cc", "<xxhash.h>")
        self.allows("base/hash.cc", "<vector>")

    def test_an_include_in_a_comment_is_text(self):
        self.plant("sim/a.cc", '// A file.\n// #include "core/raft/core.h"\n')
        self.assertEqual(self.findings(arrows), [])

    def test_a_folder_without_a_row_is_found(self):
        self.plant("extras/a.cc", "// A file.\n")
        self.assertEqual(self.findings(arrows), ["extras/a.cc:1"])

    def test_an_empty_table_does_not_pass(self):
        self.plant("ARCHITECTURE.md", "# nothing\n")
        self.assertEqual(self.findings(arrows), ["ARCHITECTURE.md:1"])

    def test_the_table_has_no_way_from_the_core_to_a_world(self):
        table = arrows.Arrows((ROOT / "ARCHITECTURE.md").read_text())
        for folder, (ours, _) in table.rows.items():
            if folder.split("/")[0] in ("base", "storage", "core", "hub", "edge"):
                self.assertFalse({"net", "sim", "*"} & {token.split("/")[0] for token in ours}, folder)


    def test_the_table_and_the_libraries_have_the_same_arrows(self):
        table = arrows.Arrows((ROOT / "ARCHITECTURE.md").read_text())
        cmake = (ROOT / "CMakeLists.txt").read_text()
        libraries = re.findall(r"^lockstep_library\((\S+)(?: USES ([^)]*?))?(?:\s+LINKS [^)]*)?\)", cmake, re.M)
        self.assertGreater(len(libraries), 5)
        for folder, used in libraries:
            self.assertIn(folder, table.rows)
            # A single header in a row needs no library.
            folders = {token for token in table.rows[folder][0] if not token.endswith(".h")}
            self.assertEqual(set(used.split()), folders, folder)


class DeterminismTest(PlantedTree):
    PLANTED = [
        "#include <thread>", "#include <unordered_map>", "std::mutex lock;", "std::thread worker;",
        "auto t = std::chrono::steady_clock::now();", "auto t = time(nullptr);", "std::hash<int> h;",
        "std::uniform_int_distribution<int> d;", "std::random_device d;", "int r = rand();", 'char* e = getenv("A");',
        "std::locale l;", "std::map<Node*, int> by_address;", "std::set<const Node*> by_address;",
        "auto n = reinterpret_cast<std::uintptr_t>(p);", "std::this_thread::yield();",
    ]

    def test_each_source_of_difference_is_found(self):
        for line in self.PLANTED:
            for folder in ("base", "storage/kv", "core/raft", "sim", "scenarios", "hub", "edge"):
                name = f"{folder}/planted.cc"
                self.plant(name, f"// A file.\n{line}\n")
                self.assertIn(f"{name}:2", self.findings(determinism), line)
                (self.root / name).unlink()

    def test_what_drives_real_processes_is_free(self):
        for name in ("scenarios/real/a.cc", "scenarios/farm/a.cc", "net/a.cc", "tests/a.cc"):
            self.plant(name, "// A file.\n#include <thread>\n")
        self.assertEqual(self.findings(determinism), [])

    def test_words_and_harmless_names_are_not_found(self):
        self.plant("core/a.cc", "// A std::mutex, rand() and getenv().\n"
                                'const char* text = "steady_clock";\nauto t = entry.time(0);\nauto d = 1\'000\'000;\n'
                                "std::map<NodeId, Node*> by_id;\nauto now = clock.wall_now();\n")
        self.assertEqual(self.findings(determinism), [])


class StyleTest(PlantedTree):
    def test_a_file_that_does_not_say_what_it_is_for_is_found(self):
        self.plant("base/a.h", "#pragma once\n")
        self.plant("base/b.cc", "//\n")
        self.plant("tools/c.sh", "#!/bin/bash\nset -e\n")
        self.assertEqual(self.findings(style), ["base/a.h:1", "base/b.cc:1", "tools/c.sh:1"])

    def test_a_function_of_101_lines_is_found_and_one_of_100_is_not(self):
        for lines, expected in ((101, ["base/a.cc:3"]), (100, [])):
            body = "  f();\n" * (lines - 2)
            self.plant("base/a.cc", f"// A file.\nnamespace a {{\nint g(int x) {{\n{body}}}\n}}\n")
            self.assertEqual(self.findings(style), expected)

    def test_a_long_class_is_not_a_function_but_its_method_is(self):
        methods = "  void f() { if (x) { y(); } }\n" * 120
        self.plant("base/a.h", f"// A file.\nclass A : public B<int(int)> {{\n{methods}}};\n")
        self.assertEqual(self.findings(style), [])
        self.plant("base/a.h", "// A file.\nclass A {\n  void f() const {\n" + "    x();\n" * 120 + "  }\n};\n")
        self.assertEqual(self.findings(style), ["base/a.h:3"])

    def test_open_ends_and_paths_of_one_machine_are_found(self):
        self.plant("docs/a.md", "TO" + "DO: later\n")
        self.plant("docs/b.md", "see /wo" + "rk/notes\n")
        self.plant("docs/c.md", "see /tm" + "p/notes\n")
        self.plant("tests/d.md", "see /tm" + "p/notes\n")
        self.assertEqual(self.findings(style), ["docs/a.md:1", "docs/b.md:1", "docs/c.md:1"])


class SymbolsTest(PlantedTree):
    def library(self, name, source):
        self.plant("a.cc", source)
        subprocess.run(["g++", "-std=c++20", "-c", "a.cc", "-o", "a.o"], cwd=self.root, check=True)
        subprocess.run(["ar", "rcs", name, "a.o"], cwd=self.root, check=True)
        return symbols.check(self.root)

    def test_each_way_to_the_outside_is_found_in_a_library(self):
        for source in ("#include <chrono>\nlong f() { return std::chrono::steady_clock::now().time_since_epoch().count(); }",
                       "#include <chrono>\nlong f() { return std::chrono::system_clock::now().time_since_epoch().count(); }",
                       "#include <thread>\nvoid f() { std::thread(f).join(); }",
                       "#include <fstream>\nvoid f() { std::ofstream o(\"a\"); }",
                       "#include <cstdio>\nvoid f() { fopen(\"a\", \"r\"); }",
                       "#include <sys/socket.h>\nvoid f() { socket(1, 2, 3); }",
                       "#include <random>\nvoid f() { std::random_device d; d(); }",
                       "#include <cstdlib>\nvoid f() { getenv(\"a\"); }",
                       "#include <time.h>\nvoid f() { timespec t; clock_gettime(0, &t); }",
                       "#include <unistd.h>\nvoid f() { usleep(1); }"):
            findings, libraries = self.library("liblockstep_core_raft.a", source)
            self.assertEqual(libraries, 1)
            self.assertTrue(findings, source)

    def test_ordinary_code_has_no_findings(self):
        findings, libraries = self.library("liblockstep_storage_kv.a", "#include <map>\n#include <string>\n"
                                           "int f(std::map<std::string, int>& m) { return m[\"open\"]++; }")
        self.assertEqual((findings, libraries), ([], 1))

    def test_other_libraries_are_not_looked_at(self):
        self.assertEqual(self.library("liblockstep_net.a", "#include <cstdlib>\nvoid f() { getenv(\"a\"); }"), ([], 0))


class MutantsTest(PlantedTree):
    PATCH = "--- a/core/a.cc\n+++ b/core/a.cc\n@@ -1,2 +1,2 @@\n // A file.\n-int a = 1;\n+int a = 2;\n"
    HEAD = "# a is two\n# oracle: durability\n# run: scenarios/suite/full.json\n# seeds: 50\n"

    def verdict(self, patch):
        self.plant("core/a.cc", "// A file.\nint a = 1;\n")
        self.plant("scenarios/suite/full.json", "{}")
        self.plant("tests/mutants/two.patch", patch)
        subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)
        return [finding.text for finding in mutants.check(self.root)]

    def test_a_good_mutant_passes_and_is_read(self):
        self.assertEqual(self.verdict(self.HEAD + self.PATCH), [])
        mutant = mutants.read(self.root / "tests/mutants/two.patch")
        self.assertEqual((mutant.oracle, mutant.seeds, mutant.scenarios),
                         ("durability", 50, ("scenarios/suite/full.json",)))

    def test_a_mutant_that_no_longer_applies_is_found(self):
        self.assertIn("no longer applies", self.verdict(self.HEAD + self.PATCH.replace("a = 1", "a = 9"))[0])

    def test_a_mutant_without_oracle_or_scenario_is_found(self):
        self.assertIn("oracle", self.verdict(self.HEAD.replace("# oracle", "# orakel") + self.PATCH)[0])
        self.assertIn("scenario", self.verdict(self.HEAD.replace("# run", "# walk") + self.PATCH)[0])
        self.assertIn("does not exist", self.verdict(self.HEAD.replace("full", "fuller") + self.PATCH)[0])


class BlankTest(unittest.TestCase):
    def test_blanking_keeps_length_lines_and_includes(self):
        text = '#include "base/a.h"  // why\nint a = \'"\'; /* x\ny */ auto s = R"x(a " b)x"; int b = 1\'000;\n'
        code = blank(text)
        self.assertEqual((len(code), code.count("\n")), (len(text), text.count("\n")))
        self.assertIn('"base/a.h"', code)
        self.assertIn("1'000", code)
        for gone in ("x\n", 'a " b', "why"):
            self.assertNotIn(gone, code.replace('"base/a.h"  // why', ""))


if __name__ == "__main__":
    unittest.main()
