#!/usr/bin/env python3
"""world.py SLUICE [unittest arguments]: what the world does to a job. Interrupts, closed pipes, full disks, files that
are missing, empty, cut off or enormous: each must give a clear message or the right result, and never a partial file
under the final name."""

import os
import re
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

SLUICE = None
FAILED = 4  # exit code of a job that failed while running
INTERRUPTED = 130
WAIT = 120  # seconds until a hanging process counts as a failure; nothing here waits for time to pass

COUNT_LINES = ('param input: string\nfrom lines(input) |> aggregate n = count(), size = sum(length(line)) '
               '|> to csv("-")\n')
COPY_LINES = "param input: string\nparam output: string\nfrom lines(input) |> to csv(output)\n"
COPY_CSV = ("param input: string\nparam output: string\nsource rows: { n: int, s: string? } = csv(input)\n"
            "from rows |> to csv(output)\n")
COPY_JSON = ("param input: string\nparam output: string\nsource rows: { n: int, s: string? } = json(input)\n"
             "from rows |> to json(output)\n")


class World(unittest.TestCase):
    def setUp(self):
        # Not in lit's own folder: other users, as which one test runs the program, may not look into that.
        holder = tempfile.TemporaryDirectory(prefix="sluice-world-", dir="/tmp")
        self.addCleanup(holder.cleanup)
        self.dir = Path(holder.name)
        self.out = self.dir / "out"
        self.out.mkdir()
        self.result = self.out / "result"

    def write(self, name, data):
        path = self.dir / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def command(self, flow, *flags, **params):
        command = [SLUICE, "run", str(self.write("job.flow", flow)), *flags]
        for name, value in params.items():
            command += ["--param", f"{name}={value}"]
        return command

    def run_job(self, flow, *flags, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec=None, **params):
        done = subprocess.run(self.command(flow, *flags, **params), stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                              timeout=WAIT, preexec_fn=preexec)
        self.assertGreaterEqual(done.returncode, 0, f"killed by a signal: {done.stderr.decode(errors='replace')}")
        self.assertNotIn(b"Sanitizer", done.stderr, done.stderr.decode(errors="replace"))
        return done

    def assert_result(self, done, expected):
        self.assertEqual((done.returncode, done.stderr.decode(errors="replace")), (0, ""))
        if done.stdout is not None:
            self.assertEqual(done.stdout.decode(), expected)

    def assert_message(self, done, *parts, code=FAILED):
        """A short message with these parts (paths, or patterns), no result, and nothing left behind."""
        text = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, text)
        for part in parts:
            pattern = re.escape(str(part)) if isinstance(part, Path) else part
            self.assertIsNotNone(re.search(pattern, text, re.IGNORECASE), f"no {pattern} in: {text}")
        self.assertLess(len(text), 4000, text)
        self.assertEqual(sorted(p.name for p in self.out.iterdir()), [])

    # ---- files that are not what they should be ----

    def test_missing_file(self):
        missing = self.dir / "no-such.csv"
        for flow in (COPY_LINES, COPY_CSV, COPY_JSON):
            self.assert_message(self.run_job(flow, input=missing, output=self.result), missing, "no such file")

    def test_pattern_without_files(self):
        done = self.run_job(COPY_CSV, input=self.dir / "no-*.csv", output=self.result)
        self.assert_message(done, r"no-\*\.csv")

    def as_another_user(self):
        """For preexec: root can read everything."""
        self.dir.chmod(0o755)
        self.out.chmod(0o777)
        if os.geteuid() != 0:
            return None
        drop = lambda: os.setuid(65534)
        try:
            subprocess.run([SLUICE, "version"], capture_output=True, preexec_fn=drop, check=True)
        except (PermissionError, subprocess.CalledProcessError):
            self.skipTest("the program cannot be run by another user from here")
        return drop

    def test_unreadable_file(self):
        secret = self.write("secret.csv", "n,s\n1,a\n")
        secret.chmod(0)
        done = self.run_job(COPY_CSV, input=secret, output=self.result, preexec=self.as_another_user())
        self.assert_message(done, secret, "permission")

    def test_unreadable_directory_in_a_pattern(self):
        """What a pattern may not look into could hold files that are meant."""
        for folder, mode in (("a", 0o755), ("b", 0), ("c", 0o444)):  # c can be listed, but not entered
            (self.dir / folder).mkdir()
            (self.dir / folder / "x.csv").write_text("n,s\n1,a\n")
            (self.dir / folder).chmod(mode)
            self.addCleanup((self.dir / folder).chmod, 0o755)
        drop = self.as_another_user()
        self.assert_result(self.run_job(COPY_CSV, input=self.dir / "a*" / "*.csv", output="-", preexec=drop),
                           "n,s\n1,a\n")
        for pattern, named in (("*/*.csv", "b"), ("**/*.csv", "b"), ("[bc]/x.csv", "b/x.csv"), ("c/*.csv", "c/x.csv"),
                               ("b/*", "b")):
            with self.subTest(pattern=pattern):
                done = self.run_job(COPY_CSV, input=self.dir / pattern, output=self.result, preexec=drop)
                self.assert_message(done, f"cannot read {re.escape(str(self.dir / named))}: permission")

    @unittest.skipUnless(os.path.exists("/proc/self/mem"), "needs Linux")
    def test_file_that_fails_to_read(self):
        done = self.run_job(COPY_LINES, input="/proc/self/mem", output=self.result)
        self.assert_message(done, "/proc/self/mem: input/output error")

    def test_directory_is_all_its_files(self):
        folder = self.dir / "parts"
        folder.mkdir()
        for name in ("b", "a", "c"):
            (folder / name).write_text(f"{name}1\n{name}2\n")
        done = self.run_job(COPY_LINES, input=folder, output="-")
        self.assert_result(done, "line\na1\na2\nb1\nb2\nc1\nc2\n")

    def test_directory_as_output(self):
        source = self.write("in.csv", "n,s\n1,a\n")
        self.result.mkdir()
        done = self.run_job(COPY_CSV, input=source, output=self.result)
        self.assertEqual(list(self.result.iterdir()), [])
        self.result.rmdir()
        self.assert_message(done, self.result, "directory")

    def test_output_in_a_missing_directory(self):
        source = self.write("in.csv", "n,s\n1,a\n")
        done = self.run_job(COPY_CSV, input=source, output=self.out / "missing" / "result")
        self.assert_message(done, self.out / "missing")

    def test_empty_files(self):
        empty = self.write("empty", "")
        self.assert_result(self.run_job(COPY_LINES, input=empty, output="-"), "line\n")
        self.assert_result(self.run_job(COPY_JSON, input=empty, output="-"), "")
        self.assert_result(self.run_job(COUNT_LINES, input=empty), "n,size\n0,0\n")
        done = self.run_job(COPY_CSV, input=empty, output="-")
        if done.returncode != 0:  # no header is a reason to complain
            self.assert_message(done, empty, "header")
        else:
            self.assert_result(done, "n,s\n")

    def test_only_a_header(self):
        self.assert_result(self.run_job(COPY_CSV, input=self.write("in.csv", "n,s\n"), output="-"), "n,s\n")
        self.assert_result(self.run_job(COPY_CSV, input=self.write("in.csv", "s,n"), output="-"), "n,s\n")

    def test_no_final_newline(self):
        for data, expected in (("n,s\n1,a\n2,b", "n,s\n1,a\n2,b\n"), ("n,s\n1,a\n2,", "n,s\n1,a\n2,\n"),
                               ('n,s\n1,"a"', "n,s\n1,a\n")):
            self.assert_result(self.run_job(COPY_CSV, input=self.write("in", data), output="-"), expected)
        self.assert_result(self.run_job(COPY_LINES, input=self.write("in", "x\ny"), output="-"), "line\nx\ny\n")
        self.assert_result(self.run_job(COPY_JSON, input=self.write("in", '{"n":1}\n{"n":2}'), output="-"),
                           '{"n":1,"s":null}\n{"n":2,"s":null}\n')

    def test_line_ends_and_byte_order_mark(self):
        data = b"\xef\xbb\xbfn,s\r\n1,a\r\n2,\"b\r\nc\"\r\n3,\r\n"
        done = self.run_job(COPY_CSV, input=self.write("in.csv", data), output="-")
        self.assert_result(done, 'n,s\n1,a\n2,"b\r\nc"\n3,\n')
        self.assert_result(self.run_job(COPY_LINES, input=self.write("in", b"x\r\n\r\ny\r\n"), output="-"),
                           'line\nx\n""\ny\n')

    def test_many_files(self):
        folder = self.dir / "parts"
        folder.mkdir()
        for i in range(300):
            (folder / f"{i:03}.csv").write_text(f"n,s\n{i},x\n" if i % 3 else f"s,n\ny,{i}\n")
        flow = ("param input: string\nsource rows: { n: int } = csv(input)\n"
                'from rows |> aggregate sum(n), count() |> to csv("-")\n')
        for parallel in ("1", "3"):
            done = self.run_job(flow, "--parallel", parallel, input=folder / "*.csv")
            self.assert_result(done, "sum,count\n44850,300\n")

    # ---- enormous lines ----

    def enormous(self, name, before, after):
        """A file with a line of 100 MB."""
        path = self.dir / name
        with open(path, "wb") as file:
            file.write(before)
            for _ in range(100):
                file.write(b"abcdefghi " * 100_000)
            file.write(after)
        return path

    def test_enormous_line(self):
        path = self.enormous("in", b"short\n", b"\nshort\n")
        done = self.run_job(COUNT_LINES, input=path)
        if done.returncode != 0:
            return self.assert_message(done, path, "line")
        self.assert_result(done, "n,size\n3,100000010\n")

    def test_enormous_csv_field(self):
        path = self.enormous("in", b'n,s\n1,"', b'"\n2,x\n')
        flow = ("param input: string\nsource rows: { n: int, s: string } = csv(input)\n"
                'from rows |> select n, size = length(s) |> to csv("-")\n')
        done = self.run_job(flow, input=path)
        if done.returncode != 0:
            return self.assert_message(done, path)
        self.assert_result(done, "n,size\n1,100000000\n2,1\n")

    def test_enormous_json_record(self):
        path = self.enormous("in", b'{"n":1,"s":"', b'"}\n{"n":2,"s":"x"}\n')
        flow = ("param input: string\nsource rows: { n: int, s: string } = json(input)\n"
                'from rows |> select n, size = length(s) |> to csv("-")\n')
        done = self.run_job(flow, input=path)
        if done.returncode != 0:
            return self.assert_message(done, path)
        self.assert_result(done, "n,size\n1,100000000\n2,1\n")

    def test_enormous_line_of_words(self):
        path = self.enormous("in", b"", b"\n")
        flow = ("param input: string\nfrom lines(input) |> expand word in words(line) |> aggregate count() per word "
                '|> to csv("-")\n')
        done = self.run_job(flow, "--parallel", "2", input=path)
        if done.returncode != 0:
            return self.assert_message(done)
        self.assert_result(done, "word,count\nabcdefghi,10000000\n")

    # ---- bad records: nothing of the result appears ----

    def bad_csv(self, data, *parts):
        path = self.write("in.csv", data)
        self.assert_message(self.run_job(COPY_CSV, input=path, output=self.result), path, *parts)

    def test_bad_csv_records(self):
        self.bad_csv("n,s\n1,a\nx,b\n", ":3:1", "x,b")
        self.bad_csv("n,s\n1,a\n,b\n", ":3:")
        self.bad_csv("n,s\n9223372036854775808,b\n", ":2:1", "9223372036854775808")
        self.bad_csv("n,s\n1\n", ":2")
        self.bad_csv("n,s\n1,a,b\n", ":2")
        self.bad_csv('n,s\n1,"never closed\n2,b\n', ":2")
        self.bad_csv('n,s\n1,"a"b\n', ":2")
        self.bad_csv("m,s\n1,a\n", "`n`")

    def test_bad_json_records(self):
        for record in ('{"n":', '{"n":"1"}', '{"n":1.5}', '{"s":"x"}', "[1]", '{"n":1}}', '{"n":1 "s":"x"}', "nonsense",
                       '{"n":1,"s":"\\q"}', '{"n":1,"s":"open', '{"n":99999999999999999999}'):
            with self.subTest(record=record):
                path = self.write("in.json", f'{{"n":1,"s":"good"}}\n{record}\n')
                done = self.run_job(COPY_JSON, input=path, output=self.result)
                self.assert_message(done, f"{re.escape(str(path))}:2")

    def test_bad_record_late_in_a_large_file(self):
        rows = [f"{i},text {i}" for i in range(200_000)]
        rows[150_000] = "oops,text"
        path = self.write("in.csv", "n,s\n" + "\n".join(rows) + "\n")
        self.result.write_text("what was there before\n")
        for parallel in ("1", "2", "4"):
            done = self.run_job(COPY_CSV, "--parallel", parallel, input=path, output=self.result)
            self.assertEqual(self.result.read_text(), "what was there before\n")
            self.result.rename(self.dir / "kept")
            self.assert_message(done, f"{re.escape(str(path))}:150002:1", "oops")
            (self.dir / "kept").rename(self.result)

    def test_any_bytes(self):
        data = bytes(range(256)) * 3 + b"\n\xff\xfe\xc3\x28\xed\xa0\x80\xf4\x90\x80\x80 caf\xc3\xa9\n\0\0\n"
        path = self.write("in", data)
        flow = ("param input: string\nfrom lines(input) |> expand word in words(upper(line)) "
                '|> aggregate count() per word |> sort by word |> to json("-")\n')
        for flow in (COUNT_LINES, flow):
            done = self.run_job(flow, input=path)
            self.assertIn(done.returncode, (0, FAILED), done.stderr)

    # ---- results: all or nothing ----

    def test_output_over_its_own_input(self):
        path = self.write("same.csv", "n,s\n" + "".join(f"{i},x\n" for i in range(50_000)))
        flow = ("param file: string\nsource rows: { n: int, s: string } = csv(file)\n"
                "from rows |> where n % 2 == 0 |> to csv(file)\n")
        self.assert_result(self.run_job(flow, "--parallel", "2", file=path), "")
        self.assertEqual(path.read_text(), "n,s\n" + "".join(f"{i},x\n" for i in range(0, 50_000, 2)))

    def test_outputs_that_are_not_files_stay_what_they_are(self):
        source = self.write("in.csv", "n,s\n1,a\n")
        fifo = self.dir / "fifo"
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)  # so that opening it for writing does not wait
        self.addCleanup(os.close, reader)
        self.assert_result(self.run_job(COPY_CSV, input=source, output=fifo), "")
        self.assertEqual(os.read(reader, 100), b"n,s\n1,a\n")
        self.assertTrue(stat.S_ISFIFO(fifo.stat().st_mode))
        link = self.dir / "link"
        link.symlink_to(self.write("target", "old"))
        self.assert_result(self.run_job(COPY_CSV, input=source, output=link), "")
        self.assertEqual(link.read_text(), "n,s\n1,a\n")

    def test_full_disk(self):
        """A file that may not grow beyond 64 KiB stands for a disk that is full."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
        source = self.write("in.csv", "n,s\n" + "".join(f"{i},some text\n" for i in range(100_000)))
        for flow in (COPY_CSV, COPY_CSV.replace("to csv", "to json")):
            done = self.run_job(flow, input=source, output=self.result, preexec=limit)
            self.assert_message(done, self.result, "file too large|disk is full|no space left")

    def test_full_disk_of_a_small_file_system(self):
        mount = f"mount -t tmpfs -o size=256k none {self.out}"
        if subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True).returncode != 0:
            self.skipTest("may not mount here")
        source = self.write("in.csv", "n,s\n" + "".join(f"{i},some text\n" for i in range(100_000)))
        command = " ".join(self.command(COPY_CSV, input=source, output=self.result))
        script = f"{mount} && {command}; code=$?; ls -A {self.out}; exit $code"
        done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, timeout=WAIT)
        self.assertEqual(done.stdout, b"")
        self.assert_message(done, self.result, "disk is full|no space left")

    def test_full_standard_output(self):
        source = self.write("in.csv", "n,s\n" + "".join(f"{i},some text\n" for i in range(100_000)))
        for flow in (COPY_CSV.replace("csv(output)", "print()"), COPY_CSV):
            with open("/dev/full", "wb") as full:
                done = self.run_job(flow, stdout=full, input=source, output="-")
                self.assert_message(done, "standard output.*(disk is full|no space left)")

    # ---- pipes and interrupts ----

    def feed(self, pipe, header=b"n,s\n", rows=None):
        """Writes rows to a pipe from a thread until it breaks (or `rows` are written, and then leaves it open)."""
        def work():
            block = b"".join(b"%d,some text\n" % i for i in range(1000))
            try:
                pipe.write(header)
                for _ in range(rows // 1000) if rows else iter(int, 1):
                    pipe.write(block)
                pipe.flush()
            except OSError:
                pass
        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def start(self, flow, *flags, **params):
        process = subprocess.Popen(self.command(flow, *flags, **params), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        return process

    def finish(self, process, feeder):
        code = process.wait(timeout=WAIT)
        feeder.join(timeout=WAIT)
        try:
            process.stdin.close()
        except OSError:
            pass
        return code, process.stderr.read().decode(errors="replace")

    def interrupt(self, sent, rows):
        for parallel in ("1", "2"):
            process = self.start(COPY_CSV, "--parallel", parallel, input="-", output=self.result)
            feeder = self.feed(process.stdin, rows=rows)
            if rows:
                feeder.join(timeout=WAIT)  # far more than a pipe holds has been read: the job runs, and now it waits
            else:
                while not list(self.out.iterdir()):  # until the sink has begun
                    self.assertIsNone(process.poll(), "ended before it was interrupted")
            process.send_signal(sent)
            code, errors = self.finish(process, feeder)
            self.assertNotIn("Sanitizer", errors)
            self.assertEqual(code, INTERRUPTED if sent == signal.SIGINT else 128 + sent, errors)
            self.assertEqual(list(self.out.iterdir()), [])

    def test_interrupt_while_waiting_for_input(self):
        self.interrupt(signal.SIGINT, rows=1_000_000)

    def test_interrupt_while_busy(self):
        self.interrupt(signal.SIGINT, rows=None)

    def test_terminate(self):
        self.interrupt(signal.SIGTERM, rows=1_000_000)

    def test_hangup(self):
        self.interrupt(signal.SIGHUP, rows=1_000_000)

    @unittest.skipUnless(os.path.exists("/proc/self/status"), "needs Linux")
    def test_hangup_ignored_by_wish(self):
        """As nohup starts it."""
        command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *self.command(COPY_CSV, input="-", output=self.result)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.wait_for_watcher(process)
        process.send_signal(signal.SIGHUP)
        process.stdin.write(b"n,s\n1,a\n")
        process.stdin.close()
        self.assertEqual(process.wait(timeout=WAIT), 0)
        self.assertEqual(self.result.read_text(), "n,s\n1,a\n")

    def wait_for_watcher(self, process):
        """Until there is a file for signals: made when they are blocked for all threads, to be read from it."""
        def is_for_signals(file):
            try:
                return os.readlink(file) == "anon_inode:[signalfd]"
            except FileNotFoundError:
                return False

        while not any(map(is_for_signals, Path(f"/proc/{process.pid}/fd").iterdir())):
            self.assertIsNone(process.poll(), "ended before it was interrupted")

    def start_and_interrupt(self, seen=lambda process: True, **params):
        process = self.start(COPY_CSV, **params)
        self.wait_for_watcher(process)
        deadline = time.monotonic() + WAIT
        while not seen(process) and time.monotonic() < deadline:
            self.assertIsNone(process.poll(), "ended before it was interrupted")
        process.send_signal(signal.SIGINT)
        try:
            self.assertEqual(process.wait(timeout=WAIT), INTERRUPTED, process.stderr.read())
        finally:
            process.kill()
            process.stdin.close()
        self.assertEqual(list(self.out.iterdir()), [])

    @unittest.skipUnless(os.path.exists("/proc/self/status"), "needs Linux")
    def test_interrupt_while_a_named_pipe_has_no_other_end(self):
        fifo = self.dir / "fifo"
        os.mkfifo(fifo)
        self.start_and_interrupt(lambda process: any(os.path.realpath(file) == str(fifo) for file in
                                                     Path(f"/proc/{process.pid}/fd").iterdir()),
                                 input=fifo, output=self.result)
        self.start_and_interrupt(input=self.write("in.csv", "n,s\n1,a\n"), output=fifo)

    def test_named_pipes_wait_for_their_other_ends(self):
        source, target = self.dir / "source", self.dir / "target"
        os.mkfifo(source)
        os.mkfifo(target)
        process = self.start(COPY_CSV, input=source, output=target)
        with open(target, encoding="utf-8") as results:  # opening waits for sluice
            source.write_text("n,s\n1,a\n")
            self.assertEqual(results.read(), "n,s\n1,a\n")
        self.assertEqual(process.wait(timeout=WAIT), 0)
        process.stdin.close()

    def test_a_named_pipe_with_two_readers_is_read_once(self):
        """Rows of an input that may never end are looked up in it, which would like a copy of its own."""
        table = self.dir / "table"
        os.mkfifo(table)
        flow = """param table: string
source s: { n: int } = csv("-")
source t: { n: int } = csv(table)
from s |> join t as o on o.n == n |> aggregate pairs = count()
from t |> aggregate rows = count()
"""
        process = self.start(flow, table=table)
        with open(table, "w", encoding="utf-8") as rows:  # opening waits for sluice
            rows.write("n\n1\n1\n2\n")
        output, _ = process.communicate(b"n\n1\n2\n3\n", timeout=WAIT)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(sorted(output.split()), sorted(b"pairs 3 rows 3".split()))

    def test_kill_leaves_nothing_under_the_final_name(self):
        process = self.start(COPY_CSV, input="-", output=self.result)
        feeder = self.feed(process.stdin, rows=1_000_000)
        feeder.join(timeout=WAIT)
        process.kill()
        self.finish(process, feeder)
        self.assertFalse(self.result.exists())

    def test_closed_output_pipe(self):
        """`sluice run ... | head -1`: ends by itself, without a complaint."""
        for flow in (COPY_CSV, COPY_CSV.replace("csv(output)", "print()")):
            for parallel in ("1", "2"):
                process = self.start(flow, "--parallel", parallel, input="-", output="-")
                feeder = self.feed(process.stdin)
                self.assertEqual(process.stdout.readline(), b"n,s\n")
                process.stdout.close()
                code, errors = self.finish(process, feeder)
                self.assertIn(code, (0, 128 + signal.SIGPIPE, -signal.SIGPIPE), errors)
                self.assertEqual(errors, "")

    def test_input_pipe_that_ends(self):
        done = subprocess.run(self.command(COPY_CSV, input="-", output="-"), input=b"n,s\n1,a\n2,b",
                              capture_output=True, timeout=WAIT)
        self.assert_result(done, "n,s\n1,a\n2,b\n")

    def test_rows_appear_while_the_input_waits(self):
        """A pipe that pauses: what came so far is shown without waiting for more."""
        process = self.start('source rows: { n: int } = csv("-")\nfrom rows |> select m = n + 1 |> to csv("-")\n')
        process.stdin.write(b"n\n1\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"m\n")
        self.assertEqual(process.stdout.readline(), b"2\n")
        process.stdin.write(b"2\n")
        process.stdin.close()
        self.assertEqual(process.stdout.readline(), b"3\n")
        self.assertEqual(process.wait(timeout=WAIT), 0)

    def test_closed_standard_input(self):
        done = subprocess.run(["sh", "-c", '"$@" <&-', "sh", *self.command(COPY_CSV, input="-", output=self.result)],
                              capture_output=True, timeout=WAIT)
        if done.returncode != 0:
            self.assert_message(done, "standard input")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    SLUICE = os.path.abspath(sys.argv[1])
    # Whoever runs the tests in the background (nohup, a shell's &) may have these ignored, and so would sluice.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
