"""Pages of a large pool, read one after the other: the table with any search, filter, sort and page, and enterprises.

    python benches/pool.py target/release/huichi DATA [--reads 400] [--seed 1]

DATA holds the workbooks of a province: 60,000 enterprises, 400,000 patents. One reader, a warm portal. Prints p50 and p99, and
p99 as a multiple of that of `/healthz` on the same connection. Exit 1 if a page is not what was asked for, or the
table's p99 is above 200 ms.
"""
import argparse, glob, http.client, os, random, re, shutil, sys, time
from portal_site import Site, quantile
from urllib.parse import urlencode

words = argparse.ArgumentParser()
words.add_argument("program")
words.add_argument("data")
words.add_argument("--reads", type=int, default=400)
words.add_argument("--seed", type=int, default=1)
words = words.parse_args()
rng = random.Random(words.seed)
site = Site(os.path.abspath(words.program))
for book in glob.glob(f"{words.data}/*.xlsx"):
    shutil.copy(book, f"{site.folder}/inputs")
begun = time.monotonic()
code, _, err = site.huichi("run", "--quiet", "--as-of", "2024-06-30")
assert code == 0, err
print(f"run: {time.monotonic() - begun:.1f} s")
token = site.token("leader", "leader")
site.open()
link = http.client.HTTPConnection(site.address, timeout=60)


def page(path):
    """Seconds, status and text of a page."""
    begun = time.monotonic()
    status, content = site.ask("GET", path, token, connection=link)
    return time.monotonic() - begun, status, content.decode()


took, status, first = page("/pool")
assert status == 200, first[:500]
print(f"first page after the start: {took * 1000:.0f} ms")
sorts = sorted(set(re.findall(r"[?&;]sort=([a-z0-9_]+)", first)))
choices = {name: re.findall(r'<option value="([^"]*)"', body) for name, body in re.findall(r'<select[^>]*name="([a-z0-9_]+)".*?>(.*?)</select>', first, re.S)}
choices["size"] = ["20", "50", "100"]
enterprises = re.findall(r'<a href="(/pool/[0-9a-f]{16,})"', first)
assert len(sorts) > 5 and len(choices) > 3 and all(choices.values()) and enterprises, (sorts, choices, enterprises[:1])


def asked():
    """Any search, filters, order and page."""
    query = {}
    if rng.random() < 0.3:
        query["q"] = rng.choice(["科技", "有限", "91", "龙南", "8", "华", "没有这样的名字"])
    for name, values in choices.items():
        if rng.random() < 0.25:
            query[name] = rng.choice(values)
    if rng.random() < 0.3:
        query["revenue_min"] = rng.choice(["0", "100", "5000.5"])
    if rng.random() < 0.8:
        query["sort"], query["desc"] = rng.choice(sorts), rng.choice(["", "1"])
    query["page"] = rng.choice([1, 1, 2, 7, 100, 2999])
    return "/pool?" + urlencode({k: v for k, v in query.items() if v})


def measure(name, paths, base=None):
    times = []
    for path in paths:
        took, status, text = page(path)
        assert status == 200, (path, status, text[:300])
        times.append(took)
    p50, p99 = quantile(times, 0.5) * 1000, quantile(times, 0.99) * 1000
    print(f"{name}: {len(times)} reads, p50 {p50:.1f} ms, p99 {p99:.1f} ms" + (f", p99 {p99 / base:.0f} times that of /healthz" if base else ""))
    return p99


base = measure("/healthz", ["/healthz"] * words.reads)
worst = measure("table", [asked() for _ in range(words.reads)], base)
_, _, far = page("/pool?sort=name&page=1500")
enterprises += re.findall(r'<a href="(/pool/[0-9a-f]{16,})"', far)
measure("enterprise", [rng.choice(enterprises) for _ in range(words.reads // 4)], base)
print(f"memory {site.resident():.0f} MiB")
site.close()
sys.exit(worst > 200)
