"""What a hostile clerk can do to the portal, on loopback: eight large returns that are wrong in every row, and bodies without end.

    python benches/hostile.py target/release/huichi [--mib 52] [--uploads 8] [--bodies 16]

Sends all uploads at once, then all bodies, while another bureau's pages are read and its small returns are checked. Prints the
peak of the portal's own memory and of all its children's, p50 and p99 of the pages, the waits of the small returns, and what
became of the uploads. Exit 1 if the portal itself needs more than 300 MiB, or pages more than 500 ms at p99.
"""
import argparse, glob, json, socket, sys, threading, time
from portal_site import Site, code, quantile

HEAD = "单位：千元\n统一社会信用代码,企业名称,营业收入,利润总额,资产总计,负债合计,所有者权益合计\n"


def wrong(mib, seed):
    """A return in which no row is right: codes with wrong check digits, negative revenue, sheets that do not balance."""
    lines, size, row = [HEAD], len(HEAD.encode()), 0
    while size < mib << 20:
        row += 1
        line = f"91360783{seed:02d}{row % 10**6:06d}XX,龙南市第{row}号有限公司,-{row},3,100,60,41\n"
        lines.append(line)
        size += len(line.encode())
    return "".join(lines).encode(), row


def resident(pids):
    """KiB that processes hold."""
    total = 0
    for pid in pids:
        try:
            total += int(open(f"/proc/{pid}/status").read().split("VmRSS:")[1].split()[0])
        except (OSError, IndexError):
            pass
    return total


def children(pid):
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = open(path).read().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if fields[1] == str(pid):
            found.append(path.split("/")[2])
    return found


def main():
    words = argparse.ArgumentParser()
    words.add_argument("program")
    words.add_argument("--mib", type=int, default=52)
    words.add_argument("--uploads", type=int, default=8)
    words.add_argument("--bodies", type=int, default=16)
    words.add_argument("--patience", type=int, default=3600)
    words = words.parse_args()
    site = Site(words.program, "[portal]\nupload_mib = 64\n")
    hostile, other = site.token("hostile", "clerk", "statistics"), site.token("other", "clerk", "industry")
    site.open()
    pid, over, lock = site.portal.pid, threading.Event(), threading.Lock()
    own, brood, pages, waits, bad = [resident([pid])], [0], [], [], []

    def watch():
        while not over.wait(0.2):
            own.append(resident([pid]))
            brood.append(resident(children(pid)))

    def read():
        while not over.is_set():
            for path in ("/healthz", "/api/v1/uploads", "/api/v1/calendar"):
                begun = time.monotonic()
                status, _ = site.ask("GET", path, other, timeout=60)
                with lock:
                    pages.append(time.monotonic() - begun)
                    if status != 200:
                        bad.append((path, status))
                time.sleep(0.05)

    def small():
        number = 0
        while not over.is_set():
            number += 1
            body = f"统一社会信用代码,企业名称,专精特新等级\n{code(number)},龙南市第{number}试验有限公司,专精特新中小企业\n"
            status, content = site.send(other, f"名录{number}.csv", body.encode(), timeout=120)
            begun = time.monotonic()
            if status == 201:
                site.verdict(other, json.loads(content)["uploads"][0]["id"], patience=600, pause=0.2)
                with lock:
                    waits.append(time.monotonic() - begun)
            else:
                bad.append(("small", status))
            over.wait(2)

    def upload(seed, results):
        content, rows = wrong(words.mib, seed)
        status, answer = site.send(hostile, f"年报{seed}.csv", content, timeout=600)
        if status != 201:
            results.append((seed, status, answer[:200]))
            return
        try:
            found = site.verdict(hostile, json.loads(answer)["uploads"][0]["id"], patience=words.patience, pause=2)
        except TimeoutError:
            results.append((seed, rows, "still waiting"))
            return
        results.append((seed, rows, found["verdict"], found["rows"], found["errors"], found["explains"], found["notes"]))

    def body(n):
        head = f"POST /api/v1/uploads HTTP/1.1\r\nhost: {site.address}\r\nauthorization: Bearer {hostile}\r\ncontent-type: multipart/form-data; boundary=edge\r\ncontent-length: {100 << 20}\r\n\r\n"
        begin = ["", "--edge\r\n", '--edge\r\nContent-Disposition: form-data; name="'][n % 3]
        host, port = site.address.split(":")
        try:
            with socket.create_connection((host, int(port)), timeout=60) as link:
                link.sendall((head + begin).encode())
                for _ in range(1600):
                    link.sendall(b"X-A: b\r\n" * 8192)
        except OSError:
            pass

    def phase(name, tasks):
        first, page = len(own), len(pages)
        begun = time.monotonic()
        threads = [threading.Thread(target=t, args=a) for t, a in tasks]
        [t.start() for t in threads]
        [t.join() for t in threads]
        read = pages[page:] or [0.0]
        peak, most = max(own[first:] or own) / 1024, max(brood[first:] or brood) / 1024
        print(f"{name}: {time.monotonic() - begun:.0f} s, portal {peak:.0f} MiB at most, its children {most:.0f} MiB, {len(read)} pages p50 {quantile(read, .5) * 1000:.0f} ms p99 {quantile(read, .99) * 1000:.0f} ms", flush=True)
        return peak <= 300 and quantile(read, .99) <= 0.5

    helpers = [threading.Thread(target=t, daemon=True) for t in (watch, read, small)]
    [t.start() for t in helpers]
    time.sleep(5)
    print(f"at rest: portal {own[-1] / 1024:.0f} MiB, pages p99 {quantile(pages, .99) * 1000:.0f} ms", flush=True)
    results = []
    well = phase(f"{words.uploads} uploads of {words.mib} MiB", [(upload, (n, results)) for n in range(words.uploads)])
    for result in sorted(results):
        print("  upload, rows, verdict, rows read, errors, explains, notes:", *result)
    print(f"  {len(waits)} small returns of another bureau: p50 {quantile(waits, .5):.1f} s, at most {max(waits):.1f} s")
    well &= phase(f"{words.bodies} bodies without end", [(body, (n,)) for n in range(words.bodies)])
    over.set()
    [t.join(60) for t in helpers]
    print(f"failures: {bad[:5]}")
    site.kill()
    sys.exit(0 if well and not bad else 1)


if __name__ == "__main__":
    main()
