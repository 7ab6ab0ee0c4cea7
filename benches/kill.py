"""kill -9 at random moments of uploads, checks, runs and backups.

    python benches/kill.py target/debug/huichi [--times 100] [--seed 1]

After every kill the portal opens again and it is checked that every upload that was acknowledged is there under its hash and
gives back its bytes, that the audit chain verifies, that `outputs/latest` is a whole run or none, and that every run listed as
done is whole. A backup whose command ended well must restore and verify. Exit 1 on anything else.
"""
import argparse, hashlib, json, os, random, shutil, subprocess, sys, threading, time
from portal_site import Site, workbook

words = argparse.ArgumentParser()
words.add_argument("program")
words.add_argument("--times", type=int, default=100)
words.add_argument("--seed", type=int, default=1)
words = words.parse_args()
rng = random.Random(words.seed)
site = Site(os.path.abspath(words.program))
here = os.path.dirname(os.path.abspath(__file__))
shutil.copytree(f"{here}/../inputs", f"{site.folder}/inputs", dirs_exist_ok=True)
clerk, operator, auditor = site.token("clerk", "clerk", "statistics"), site.token("operator", "operator"), site.token("auditor", "auditor")
acknowledged, lock, backups, counted = {}, threading.Lock(), [], {"runs": 0, "backups": 0}


def upload(stop, start):
    n = start
    while not stop.is_set():
        book = workbook(rng.randrange(20, 2000), n)
        try:
            status, content = site.send(clerk, f"经营情况_{n}.xlsx", book, timeout=10)
        except OSError:
            return
        assert status in (201, 507), (status, content)
        if status == 201:
            with lock:
                acknowledged[json.loads(content)["uploads"][0]["id"]] = hashlib.sha256(book).hexdigest()
        n += 1


def run(stop):
    while not stop.is_set():
        try:
            site.ask("POST", "/api/v1/runs", operator, timeout=10)
        except OSError:
            return
        time.sleep(0.3)


def backup(stop, target):
    if site.huichi("backup", target)[0] == 0:
        backups.append(target)


def look(full):
    status, content = site.ask("GET", "/api/v1/uploads", clerk)
    assert status == 200, content
    with lock:
        known = dict(acknowledged)
    for upload, sha256 in known.items() if full else random.sample(sorted(known.items()), min(3, len(known))):
        status, content = site.read(f"/api/v1/uploads/{upload}", clerk)
        assert status == 200 and json.loads(content)["sha256"] == sha256, (upload, status, content)
        status, content = site.read(f"/api/v1/uploads/{upload}/original", clerk)
        assert status == 200 and hashlib.sha256(content).hexdigest() == sha256, upload
    code, out, err = site.huichi("audit", "verify")
    assert code == 0, out + err
    outputs = f"{site.folder}/outputs"
    if os.path.lexists(f"{outputs}/latest"):
        latest = json.load(open(f"{outputs}/latest/run.json"))
        assert latest, "latest is whole"
    status, content = site.ask("GET", "/api/v1/runs", auditor)
    assert status == 200, content
    for attempt in json.loads(content)["runs"]:
        assert attempt["outcome"] is not None or attempt["finished"] is None
        if attempt["outcome"] == "done":
            assert os.path.exists(f"{outputs}/{attempt['run']}/run.json"), attempt


for n in range(words.times):
    site.open()
    look(full=n % 20 == 0)
    stop = threading.Event()
    target = f"{site.folder}/backup-{n}"
    tasks = [threading.Thread(target=upload, args=(stop, n * 1000)), threading.Thread(target=upload, args=(stop, n * 1000 + 500))]
    tasks.append(threading.Thread(target=run, args=(stop,)))
    child = None
    if n % 3 == 0:
        child = subprocess.Popen([site.program, "backup", target, "--config", f"{site.folder}/pipeline.toml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    [t.start() for t in tasks]
    time.sleep(rng.uniform(0.05, 3.0))
    if child and rng.random() < 0.7:
        child.kill()
    site.kill()
    stop.set()
    if child and child.wait() == 0:
        backups.append(target)
    [t.join() for t in tasks]
    print(f"{n + 1} kills, {len(acknowledged)} uploads acknowledged, {len(backups)} backups whole", flush=True)
site.open()
look(full=True)
for target in backups[-5:]:
    other = f"{target}-restored"
    done = subprocess.run([site.program, "restore", target, "--config", f"{site.folder}/pipeline.toml", "--outputs", other], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
site.close()
print(f"{words.times} kills: every acknowledged upload is there, the audit chain verifies, nothing half done was shown")
