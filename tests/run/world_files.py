#!/usr/bin/env python3
"""world_files.py SLUICE [unittest arguments]: files that are missing, empty, cut off or enormous, and full disks: each
must give a clear message or the right result, and never a partial file under the final name."""

import os
import re
import resource
import signal
import stat
import subprocess
import unittest

from world_job import COPY_CSV, COPY_JSON, COPY_LINES, COUNT_LINES, FAILED, WAIT, Job, main


class Files(Job):
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
            subprocess.run([self.sluice, "version"], capture_output=True, preexec_fn=drop, check=True)
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


if __name__ == "__main__":
    main(__doc__)
