"""Load on the portal, on loopback: 50 clerks upload workbooks of 1 MiB while pages are read.

    python benches/load.py target/release/huichi [--clerks 50] [--rounds 2]

Prints p50 and p99 of check results (from the last byte sent to the verdict seen), alone and together, and of page reads meanwhile,
the peak of memory, and an ordinary check's time while four hostile uploads are being read. Exit 1 on any error.
"""
import argparse, json, sys, threading, time
from portal_site import Site, quantile, workbook


def main():
    words = argparse.ArgumentParser()
    words.add_argument("program")
    words.add_argument("--clerks", type=int, default=50)
    words.add_argument("--rounds", type=int, default=2)
    words.add_argument("--rows", type=int, default=21000)
    words.add_argument("--hostile-rows", type=int, default=800000)
    words = words.parse_args()
    site = Site(words.program, "[portal]\nupload_mib = 64\n")
    # One more than there are: the last reads. Each has an allowance of her own.
    clerks = [site.token(f"clerk{n}", "clerk", "statistics") for n in range(words.clerks + 1)]
    clerk = clerks.pop()
    site.open()
    books = [workbook(words.rows, seed) for seed in range(8)]
    print(f"workbook {len(books[0]) / 2**20:.2f} MiB, {words.rows} rows")
    wrong, lock = [], threading.Lock()

    def check(name, book, clerk=clerk, pause=0.05):
        """Seconds from the last byte sent to the verdict."""
        status, content = site.send(clerk, name, book, timeout=180)
        if status != 201:
            with lock:
                wrong.append((status, content[:200]))
            return None
        begun = time.monotonic()
        found = site.verdict(clerk, json.loads(content)["uploads"][0]["id"], pause=pause)
        if found["verdict"] not in ("accepted", "needs_correction"):
            with lock:
                wrong.append(found)
        return time.monotonic() - begun

    def distinct(book, n):
        """The same workbook with other bytes: an archive's comment."""
        return book[:-2] + (8).to_bytes(2, "little") + f"{n:08d}".encode()

    alone = [check(f"单独{n}.xlsx", distinct(books[n % 8], n)) for n in range(12)]
    alone = [t for t in alone if t is not None]
    print(f"check alone: p50 {quantile(alone, .5):.2f} s, p99 {quantile(alone, .99):.2f} s")
    over, reads, checks, peak = threading.Event(), [], [], [0.0]

    def read():
        while not over.is_set():
            for path in ("/healthz", "/api/v1/uploads", "/api/v1/calendar", "/uploads"):
                time.sleep(0.02)
                begun = time.monotonic()
                status, _ = site.ask("GET", path, clerk, timeout=180)
                with lock:
                    reads.append(time.monotonic() - begun)
                    if status != 200:
                        wrong.append((path, status))

    def watch():
        while not over.wait(0.1):
            peak[0] = max(peak[0], site.resident())

    def upload(n):
        for r in range(words.rounds):
            took = check(f"并发{n}_{r}.xlsx", distinct(books[n % 8], 1000 + n * 100 + r), clerks[n])
            with lock:
                if took is not None:
                    checks.append(took)

    def watched(task, *arguments):
        """A thread whose failure counts."""

        def run():
            try:
                task(*arguments)
            except Exception as error:
                with lock:
                    wrong.append(repr(error))

        return threading.Thread(target=run)

    others = [watched(t) for t in (read, read, watch)]
    uploads = [watched(upload, n) for n in range(words.clerks)]
    begun = time.monotonic()
    [t.start() for t in others + uploads]
    [t.join() for t in uploads]
    print(f"{words.clerks} clerks x {words.rounds}: {time.monotonic() - begun:.1f} s, check p50 {quantile(checks, .5):.2f} s, p99 {quantile(checks, .99):.2f} s")
    over.set()
    [t.join() for t in others]
    print(f"{len(reads)} page reads meanwhile: p50 {quantile(reads, .5) * 1000:.0f} ms, p99 {quantile(reads, .99) * 1000:.0f} ms; peak memory {peak[0]:.0f} MiB")
    hostile, sent = workbook(words.hostile_rows, 99), []
    send = lambda n: sent.append(site.send(clerk, f"庞大{n}.xlsx", distinct(hostile, 9000 + n), timeout=180))
    slow = [watched(send, n) for n in range(4)]
    small = workbook(1200, 7)
    before = [check(f"平常{n}.xlsx", distinct(small, n), pause=0.005) for n in range(20)]
    [t.start() for t in slow]
    [t.join() for t in slow]
    during = [check(f"平常b{n}.xlsx", distinct(small, 100 + n), pause=0.005) for n in range(20)]
    ids = [json.loads(content)["uploads"][0]["id"] for _, content in sent]
    waiting = [json.loads(site.ask("GET", f"/api/v1/uploads/{i}", clerk)[1])["verdict"] is None for i in ids]
    assert len(waiting) == 4 and any(waiting), "the hostile ones were through too soon to tell"
    print(f"ordinary check: alone p50 {quantile(before, .5):.3f} s; beside four hostile uploads p50 {quantile(during, .5):.3f} s, {quantile(during, .5) / quantile(before, .5):.1f} times")
    site.close()
    print(f"{len(wrong)} errors", wrong[:5])
    sys.exit(bool(wrong))


main()
