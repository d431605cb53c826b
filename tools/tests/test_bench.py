# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Benchmarks: the fit, medians and who disturbed them, goals and their verdicts, gates. On made-up numbers."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import bench
import bench_goals
import bench_guest
from bench_goals import GoalError, Row, fit, judge, rows, table


def run(name, cpu, real=None, **more):
    return {"name": name, "run_type": "iteration", "cpu_time": cpu, "real_time": real or cpu, **more}


def raw(*runs):
    return {"benchmarks": list(runs)}


def row(name, time, share=1.0):
    return Row(name, 64, 1, time, time, time, 1e9 / time, share, None, "")


def entry(**more):
    return {"id": "one", "what": "One thing", **more}


class Fit(unittest.TestCase):
    def test_exact(self):
        t0, bandwidth = fit([(size, 10 + size / 50) for size in (0, 64, 4096, 65536)])
        self.assertAlmostEqual(t0, 10)
        self.assertAlmostEqual(bandwidth, 50)

    def test_small_sizes_count_as_much_as_large_ones(self):
        points = [(size, (10 + size / 50) * (1.1 if size == 65536 else 1)) for size in (1, 16, 64, 256, 1024, 65536)]
        t0, _ = fit(points)
        self.assertAlmostEqual(t0, 10, delta=0.3)

    def test_larger_sizes_are_left_out(self):
        t0, bandwidth = fit([(0, 10), (50000, 1010), (1 << 20, 1e9)])
        self.assertAlmostEqual(t0, 10)
        self.assertAlmostEqual(bandwidth, 50)

    def test_none_without_a_slope(self):
        for points in ([], [(64, 10)], [(64, 10), (64, 12)], [(1, 10), (64, 10)], [(1, 20), (64, 10)]):
            with self.subTest(points=points):
                self.assertIsNone(fit(points))


class Rows(unittest.TestCase):
    def test_median_of_cpu_time(self):
        (one,) = rows(raw(*(run("send/engine/bytes:64", time) for time in (9, 30, 7))))
        self.assertEqual((one.time_ns, one.low_ns, one.high_ns, one.bytes, one.cpu_share), (9, 7, 30, 64, 1))

    def test_manual_time_of_senders_and_their_plain_name(self):
        name = "send/engine/rings:different/senders:2/bytes:64"
        (one,) = rows(raw(*(run(name + "/iterations:1/manual_time", 90, 10, cpu_share=share) for share in (0.95, 0.99, 0.97))))
        self.assertEqual((one.name, one.time_ns, one.cpu_share, one.senders), (name, 10, 0.97, 2))

    def test_disturbed_repetitions_do_not_count(self):
        name = "send/engine/bytes:64"
        (one,) = rows(raw(*(run(name, 10) for _ in range(3)), *(run(name, 50, 100) for _ in range(4))))
        self.assertEqual((one.time_ns, one.cpu_share), (10, 1))

    def test_unless_nearly_all_were(self):
        name = "send/engine/bytes:64"
        (one,) = rows(raw(run(name, 10), *(run(name, 50, 100) for _ in range(4))))
        self.assertEqual((one.time_ns, one.cpu_share), (50, 0.5))

    def test_sleepers_have_no_share(self):
        (one,) = rows(raw(run("roundtrip/pipe/bytes:64/real_time", 10, 100)))
        self.assertEqual((one.time_ns, one.cpu_share), (100, None))

    def test_skipped_with_the_reason(self):
        (one,) = rows(raw(run("transfer/mq/bytes:16384", 0, error_occurred=True, error_message="too long")))
        self.assertEqual((one.time_ns, one.skipped), (None, "too long"))

    def test_aggregates_are_not_repetitions(self):
        self.assertEqual(rows(raw({"name": "a_median", "run_type": "aggregate"})), [])


class Goals(unittest.TestCase):
    def judge(self, measured=(), counters=None, absent=None, **more):
        return judge(bench_goals.goal(entry(**more)), {one.name: one for one in measured}, counters or {}, absent or {})

    def test_a_counter(self):
        for value, verdict in ((79, "met"), (80, "met"), (81, "missed")):
            self.assertEqual(self.judge(counters={"c": value}, counter="c", at_most=80).verdict, verdict)

    def test_a_time(self):
        self.assertEqual(self.judge([row("a", 10.0)], time="a", at_most=10).verdict, "met")
        self.assertEqual(self.judge([row("a", 10.1)], time="a", at_most=10).verdict, "missed")

    def test_ratios(self):
        both = [row("a", 40.0), row("b", 50.0)]
        of = {"over": "a", "under": "b"}
        self.assertAlmostEqual(self.judge(both, ratio="time", **of, at_least=0.8).value, 0.8)
        self.assertAlmostEqual(self.judge(both, ratio="rate", **of, at_least=1.9).value, 1.25)
        self.assertEqual(self.judge(both, ratio="rate", **of, at_least=1.9).verdict, "missed")

    def test_nothing_is_met_that_was_not_measured(self):
        one = self.judge(counter="guest.exits", at_most=80, absent={"guest": "no /dev/kvm", "guest.x": "other"})
        self.assertEqual((one.verdict, one.value, one.note), ("not measured", None, "no /dev/kvm"))
        self.assertEqual(self.judge([row("a", 1.0)], ratio="time", over="a", under="b", at_most=1).note, "left out by --filter")
        skipped = Row("a", 1, 1, None, None, None, None, None, None, "no such path")
        self.assertEqual(self.judge([skipped], time="a", at_most=1).note, "no such path")

    def test_a_shared_machine_is_told(self):
        self.assertIn("50%", self.judge([row("a", 10.0, 0.5)], time="a", at_most=10).note)

    def test_a_wrong_file(self):
        for wrong in ({"counter": "c"}, {"counter": "c", "time": "t", "at_most": 1}, {"at_most": 1},
                      {"counter": "c", "at_most": 1, "at_least": 1}, {"counter": "c", "atmost": 1},
                      {"time": "t", "at_most": 1, "gate": 2}):
            with self.subTest(wrong=wrong), self.assertRaises(GoalError):
                bench_goals.goal(entry(**wrong))
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "goals.toml"
            for text in ("", "[[goal]]\nid = 1\n", "[[goal\n"):
                file.write_text(text, encoding="utf-8")
                with self.subTest(text=text), self.assertRaises(GoalError):
                    bench_goals.goals(file)

    def test_the_table(self):
        verdicts = [self.judge(counters={"c": 813}, counter="c", at_most=80), self.judge(counter="d", at_most=0)]
        head, first, second = table(verdicts).splitlines()
        self.assertIn("verdict", head)
        self.assertRegex(first, r"813 +<= 80 +10\.2 x  missed$")
        self.assertRegex(second, r"- +<= 0 +-  not measured: left out by --filter$")


class Guests(unittest.TestCase):
    FIGURES = {"ticks_per_ms": 2_000_000, "round_trip.median": 60_000, "round_trip.least": 40_000, "send.64.median": 2000,
               "send.64.events": 0, "send.4096.events": 1, "host.exits": 99}

    def test_figures(self):
        told = [{"name": name, "mechanism": "MSR", "environment": "", "value": value} for name, value in self.FIGURES.items()]
        told += [{"name": "round_trip.median", "mechanism": "PIO", "environment": "", "value": 1}]
        found, counters = bench_guest.figures({"figures": told}, "kvm")
        measured = {one.name: (one.time_ns, one.low_ns, one.bytes) for one in found}
        self.assertEqual(measured["guest/kvm/round_trip"], (30_000, 20_000, None))
        self.assertEqual(measured["guest/kvm/send.64"], (1000, 1000, 64))
        self.assertEqual(counters, {"guest.events_polling": 1})

    def test_no_figures(self):
        self.assertEqual(bench_guest.figures({}, "kvm"), ([], {}))
        self.assertEqual(bench_guest.figures({"figures": [{"name": "a.median", "value": 7}]}, "kvm"), ([], {}))


class Gates(unittest.TestCase):
    def gates(self, counted, **more):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return bench.gates([bench_goals.goal(entry(**more))], counted, {"b": "not offered"})

    def test_the_gate_stands_for_the_goal(self):
        self.assertEqual(self.gates({"c": 499}, counter="c", at_most=80, gate=500), bench.FINE)
        self.assertEqual(self.gates({"c": 501}, counter="c", at_most=80, gate=500), bench.MISSED)
        self.assertEqual(self.gates({"c": 81}, counter="c", at_most=80), bench.MISSED)

    def test_what_is_not_offered_is_told(self):
        self.assertEqual(self.gates({}, counter="b", at_most=80), bench.FINE)

    def test_what_was_not_counted_does_not_pass(self):
        self.assertEqual(self.gates({}, counter="c", at_most=80), bench.ABSENT)


if __name__ == "__main__":
    unittest.main()
