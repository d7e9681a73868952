#!/usr/bin/env python3
"""The built `thresher` from outside: exit codes, reproduction, Ctrl-C, kills, full disks, misuse.

    command_e2e.py PROGRAM [TEST...]

Uses the canary, which every build has, so that it needs no other scenario. What needs runs that
crash or hang at will is tested in cli/*_test.cc, over made-up scenarios. Needs only Python's own
library. Writes "PASSED FAILED" to the file that $COUNTS names, when it is set.
"""

import json
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM = ""
CANARY = "canary/lost_update"
FAILING = ["run", CANARY, "--strategy", "pct:d=2,k=5"]
HASH = re.compile(r"trace hash (0x[0-9a-f]{16})\b")
MANY = 150_000  # Seeds of the canary for some seconds of work.


class Command(unittest.TestCase):
    """Calls the program in a folder of its own."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="thresher-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, *words, **options):
        return subprocess.Popen([PROGRAM, *words], cwd=self.folder, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def call(self, *words, **options):
        process = self.start(*words, **options)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def summary(self, *words):
        _, out, err = self.call("campaign", *words, "--format", "json", "--quiet")
        found = json.loads(out)
        del found["wall"]
        for failure in found["failures"]:
            failure["folder"] = Path(failure["folder"]).name
        return found

    def reproduced(self, out, *more):
        """Types the last line that a failure printed, and more words after it."""
        last = out.rstrip("\n").split("\n")[-1]
        self.assertTrue(last.startswith("reproduce: ./thresher replay "), last)
        return self.call(*last.removeprefix("reproduce: ./thresher ").split(), *more)

    def refused(self, *words, telling=()):
        code, out, err = self.call(*words)
        self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
        for each in telling:
            self.assertIn(each, err)

    @staticmethod
    def children(pid):
        try:
            return [int(child) for child in
                    Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except FileNotFoundError:
            return []

    def wait_until(self, condition, what):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.02)
        self.fail(f"waited in vain for {what}")


class OneRun(Command):
    def test_says_what_to_type_first(self):
        code, out, _ = self.call()
        self.assertEqual(code, 0)
        self.assertIn("./thresher campaign", out)

    def test_tells_its_version_with_the_commit(self):
        code, out, _ = self.call("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^thresher ([0-9a-f]{12}(\+dirty)?|unknown) \(\w+\)\n$")

    def test_lists_the_canary_as_negative(self):
        code, out, _ = self.call("list")
        self.assertEqual(code, 0)
        self.assertRegex(out, rf"(?m)^{CANARY} +negative ")

    def test_reproduces_a_failure_with_the_same_hash_every_time(self):
        code, out, _ = self.call(*FAILING)
        self.assertEqual(code, 1)
        self.assertTrue(out.startswith("FAIL  canary.update_lost: "), out)
        hashes = {HASH.search(self.reproduced(out)[1]).group(1) for _ in range(5)}
        self.assertEqual(hashes, {HASH.search(out).group(1)})

    def test_reproduces_under_another_environment_and_allocator(self):
        _, out, _ = self.call(*FAILING)
        other = dict(os.environ, MALLOC_PERTURB_="90", PADDING="x" * 50_000)
        _, again, _ = self.call(*FAILING, env=other)
        self.assertEqual(HASH.search(again).group(1), HASH.search(out).group(1))

    def test_replays_a_tape(self):
        _, out, _ = self.call(*FAILING, "--record", "tape", "--trace", "trace.jsonl")
        code, again, _ = self.call("replay", "tape")
        self.assertEqual(code, 1)
        self.assertEqual(HASH.search(again).group(1), HASH.search(out).group(1))
        for line in (self.folder / "trace.jsonl").read_text().splitlines():
            json.loads(line)

    def test_writes_a_run_as_json(self):
        code, out, _ = self.call(*FAILING, "--format", "json")
        self.assertEqual(code, 1)
        self.assertEqual(json.loads(out)["label"], "canary.update_lost")

    def test_breaks_at_a_step(self):
        _, out, _ = self.call(*FAILING)
        code, _, _ = self.reproduced(out, "--break-at", "2")
        self.assertEqual(code, -signal.SIGTRAP)


class BadInput(Command):
    def test_names_the_nearest_scenario(self):
        self.refused("run", "canary/lost_updat", telling=[f"did you mean {CANARY}?"])

    def test_refuses_a_truncated_tape(self):
        self.call(*FAILING, "--record", "tape")
        whole = (self.folder / "tape").read_bytes()
        for length in (0, 1, len(whole) // 2, len(whole) - 1):
            (self.folder / "tape").write_bytes(whole[:length])
            self.refused("replay", "tape", telling=["tape"])

    def test_refuses_a_damaged_tape(self):
        self.call(*FAILING, "--record", "tape")
        damaged = bytearray((self.folder / "tape").read_bytes())
        damaged[len(damaged) // 2] ^= 0x40
        (self.folder / "tape").write_bytes(damaged)
        self.refused("replay", "tape", telling=["tape"])

    def test_refuses_a_malformed_plan(self):
        (self.folder / "plan.json").write_text("{\n \"rules\": [\n")
        self.refused("run", CANARY, "--faults", "plan.json", telling=["plan.json", "line 3"])

    def test_refuses_a_folder_it_cannot_write(self):
        (self.folder / "file").write_text("")
        self.refused("campaign", "--out", "file/out", telling=["--out", "file/out"])
        self.refused("campaign", "--out", "/proc/thresher", telling=["/proc/thresher"])

    def test_refuses_wrong_numbers(self):
        self.refused("campaign", "--seeds", "0", telling=["--seeds 0"])
        self.refused("campaign", "--jobs", "-3", telling=["--jobs"])
        self.refused("run", CANARY, "--seed", "0xg", telling=["--seed 0xg"])


class Campaign(Command):
    def test_finds_the_canary(self):
        code, out, _ = self.call("campaign", CANARY, "--seeds", "500", "--quiet")
        self.assertEqual(code, 1)
        self.assertRegex(out, r"found +canary +canary\.update_lost")

    def test_prints_a_command_that_reproduces_the_fastest_failure(self):
        _, out, _ = self.call("campaign", CANARY, "--seeds", "500", "--quiet")
        code, again, _ = self.reproduced(out)
        self.assertEqual(code, 1)
        self.assertEqual(HASH.search(again).group(1), HASH.findall(out)[-1])

    def test_keeps_a_tape_that_replays_to_the_same_hash(self):
        found = self.summary(CANARY, "--seeds", "100", "--out", "out")
        tape = Path("out/failures") / found["failures"][0]["folder"] / "tape"
        _, out, _ = self.call("replay", str(tape))
        self.assertEqual(HASH.search(out).group(1),
                         found["failures"][0]["fastest"]["trace_hash"])

    def test_finds_the_same_with_one_job_and_with_two(self):
        self.assertEqual(self.summary(CANARY, "--seeds", "3000", "--jobs", "1"),
                         self.summary(CANARY, "--seeds", "3000", "--jobs", "2"))

    def test_finds_no_difference_between_a_run_and_its_twin(self):
        found = self.summary(CANARY, "--seeds", "3000", "--jobs", "2")
        self.assertGreater(found["twins"]["compared"], 150)
        self.assertEqual(found["twins"]["differing"], [])

    def test_runs_twins_in_a_process_of_another_layout(self):
        process = self.start("campaign", CANARY, "--seeds", str(MANY), "--quiet")
        seen = {}

        def both_seen():
            for child in self.children(process.pid):
                try:
                    words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                    base = Path(f"/proc/{child}/maps").read_text().split("-")[0]
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if base:
                    seen.setdefault(words[1] == b"worker", set()).add(base)
            return len(seen) == 2

        self.wait_until(both_seen, "an explorer and a twin")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertTrue(seen[False].isdisjoint(seen[True]), seen)

    def test_says_nothing_of_a_short_campaign_where_there_is_no_terminal(self):
        _, _, err = self.call("campaign", CANARY, "--seeds", "100")
        self.assertEqual(err, "")

    def test_shows_a_bar_on_a_terminal(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([PROGRAM, "campaign", CANARY, "--seeds", str(MANY)],
                                   cwd=self.folder, stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        seen = b""
        while b" failures" not in seen:
            seen += os.read(master, 4096)
        process.send_signal(signal.SIGINT)
        self.addCleanup(os.close, master)
        self.assertEqual(process.wait(timeout=60), 130)
        self.assertRegex(seen.decode(), r"\r\[#* *\] \d+%  [\d,]+ runs/s  [\d,]+ simulated s/s  ")


class Interrupted(Command):
    def setUp(self):
        super().setUp()
        self.words = ["campaign", CANARY, "--seeds", str(MANY), "--jobs", "2", "--quiet"]

    def half_way(self, process):
        journal = self.folder / "thresher-out/campaign.jsonl"
        self.wait_until(lambda: journal.exists() and journal.stat().st_size > 300_000,
                        "half a campaign")
        self.assertIsNone(process.poll())

    def resumed(self):
        found = self.summary("--resume", "--jobs", "2")
        self.assertEqual(found["runs"], MANY)
        return found

    def test_saves_and_says_what_there_is_on_ctrl_c(self):
        process = self.start(*self.words)
        self.half_way(process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn("stopped by interrupted", out)
        self.assertIn("go on with ./thresher campaign --resume --out thresher-out", err)
        resumed = self.resumed()
        self.assertEqual(resumed["exit_code"], 1)
        self.assertEqual(resumed, self.summary(CANARY, "--seeds", str(MANY), "--jobs", "2"))

    def test_goes_on_after_it_was_killed(self):
        process = self.start(*self.words)
        self.half_way(process)
        workers = self.children(process.pid)
        process.kill()
        process.communicate(timeout=60)
        self.wait_until(lambda: not any(Path(f"/proc/{each}").exists() for each in workers),
                        "the workers to end with their parent")
        self.assertEqual(self.resumed()["exit_code"], 1)

    def test_loses_nothing_when_a_worker_is_killed(self):
        process = self.start(*self.words, "--format", "json")
        self.half_way(process)
        os.kill(self.children(process.pid)[0], signal.SIGKILL)
        out, err = process.communicate(timeout=120)
        found = json.loads(out)
        self.assertEqual(found["runs"], MANY)
        # A worker between two tasks costs nothing; one at work is trouble of the harness.
        self.assertEqual(process.returncode, 7 if found["killed_workers"] else 1, err)


class FullDisk(Command):
    def test_ends_with_one_line_when_the_disk_is_full(self):
        out = self.small_disk()
        if out is None:
            self.skipTest("needs root for a small disk")
        code, _, err = self.call("campaign", CANARY, "--seeds", str(MANY), "--quiet",
                                 "--out", str(out))
        self.assertEqual((code, err.count("\n")), (7, 1), err)
        self.assertIn("No space left on device", err)

    def test_ends_with_one_line_when_a_file_may_not_grow(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        code, _, err = self.call("campaign", CANARY, "--seeds", str(MANY), "--quiet",
                                 preexec_fn=limit)
        self.assertEqual((code, err.count("\n")), (7, 1), err)
        self.assertIn("File too large", err)

    def small_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            return None
        self.addCleanup(subprocess.run, ["umount", str(disk)], check=False)
        return disk / "out"


def main():
    global PROGRAM
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAM = str(Path(sys.argv[1]).resolve())
    program = unittest.main(argv=[sys.argv[0], *sys.argv[2:]], exit=False, verbosity=1)
    result = program.result
    bad = len(result.failures) + len(result.errors)
    if counts := os.environ.get("COUNTS"):
        good = result.testsRun - bad - len(result.skipped)
        Path(counts).write_text(f"{good} {bad}\n", encoding="ascii")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
