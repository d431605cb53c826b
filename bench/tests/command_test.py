# SPDX-License-Identifier: Apache-2.0 OR MIT
"""./argo bench as its users meet it: each benchmark runs, what it writes has the form, and bad input is told."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import bench_goals  # noqa: E402

BIN = Path(os.environ["ARGO_BIN"])
SCHEMA = json.loads((ROOT / "conformance" / "schema" / "bench.schema.json").read_text())
# What these cannot carry, and say so.
NO_SUCH_PATH = {
    "transfer/pipe/bytes:0", "transfer/unix-stream/bytes:0", "transfer/unix-seqpacket/bytes:0",
    *(f"transfer/mq/bytes:{size}" for size in (16384, 65536, 262144, 1048576)),
}


def bench(*arguments, bin_=BIN):
    command = [sys.executable, ROOT / "tools" / "bench.py", "--bin", bin_, *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300)


class Command(unittest.TestCase):
    def test_results_have_the_form(self):
        with tempfile.TemporaryDirectory() as directory:
            done = bench("--filter", "send/(engine|memcpy)/bytes:(64|4096)$|transfer/mq/bytes:16384|count/events",
                         "--out", directory, "--json")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            results = json.loads(done.stdout)
            self.assertEqual(results, json.loads((Path(directory) / "bench.json").read_text()))
        jsonschema.validate(results, SCHEMA)
        names = {row["name"]: row for row in results["rows"]}
        self.assertEqual(len(names), 5)
        self.assertGreater(names["send/engine/bytes:64"]["time_ns"], 0)
        self.assertIn("8 KiB", names["transfer/mq/bytes:16384"]["skipped"])
        verdicts = {goal["id"]: goal for goal in results["goals"]}
        self.assertEqual(verdicts["copies"]["verdict"], "met")
        self.assertIsNotNone(verdicts["efficiency-4096"]["value"])
        self.assertEqual(verdicts["instructions"]["verdict"], "not measured")

    def test_the_report_takes_it_and_nothing_else(self):
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "bench.json"
            self.assertEqual(bench("--filter", "send/memcpy", "--out", directory).returncode, 0)
            report = [str(BIN / "argo-conformance"), "report", "--bench", str(file), "--out", directory]
            subprocess.run(report, check=True, capture_output=True)
            self.assertIn("send/memcpy", (Path(directory) / "report.html").read_text())
            results = json.loads(file.read_text())
            for spoil in (lambda: results.pop("host"), lambda: results.update(schema=2)):
                spoil()
                file.write_text(json.dumps(results))
                done = subprocess.run(report, capture_output=True, text=True)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("bench.schema.json", done.stderr)

    def test_goals_name_what_there_is(self):
        listed = set(bench("--list").stdout.split())
        for goal in bench_goals.goals(ROOT / "bench" / "goals.toml"):
            if not goal.counted():
                for name in goal.of:
                    self.assertIn("guest/kvm" if name.startswith("guest/") else name, listed)

    def test_bad_input(self):
        for arguments, status, words in (
            (["--filter", "nosuchthing"], 2, "no benchmark matches"),
            (["--filter", "("], 2, "--filter ("),
            (["--fil=x", "--frobnicate"], 2, "frobnicate"),
            (["--out", "/dev/null/x", "--filter", "count/events"], 2, "/dev/null/x"),
        ):
            with self.subTest(arguments=arguments):
                done = bench(*arguments)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertNotIn("Traceback", done.stderr)
        done = bench("--filter", "count", bin_="/nowhere")
        self.assertEqual(done.returncode, 4)
        self.assertIn("argo build", done.stderr)

    def test_each_benchmark_runs(self):
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "raw.json"
            subprocess.run([str(BIN / "argo-bench"), "--benchmark_min_time=0", f"--benchmark_out={file}"], check=True,
                           capture_output=True, timeout=300)
            rows = bench_goals.rows(json.loads(file.read_text()))
        self.assertGreater(len(rows), 150)
        self.assertEqual({row.name for row in rows if row.skipped}, NO_SUCH_PATH)


if __name__ == "__main__":
    unittest.main()
