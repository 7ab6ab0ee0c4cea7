"""A site for measuring the portal: its folder, its portal, tokens, and workbooks of a wanted size. Standard library only."""
import http.client, json, os, random, shutil, signal, subprocess, tempfile, time, uuid, zipfile
from io import BytesIO
from urllib.parse import urlsplit

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015
ORG = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # GB 11714-1997
UNASSIGNED = "999"  # no region code begins so


def code(number):
    """A unified social credit code with valid check digits, of a region that does not exist."""
    body = f"{number:08d}"
    rest = 11 - sum(ORG.index(c) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2))) % 11
    org = body + {10: "X", 11: "0"}.get(rest, str(rest))
    head = "91" + UNASSIGNED + "728" + org
    rest = (31 - sum(LETTERS.index(c) * pow(3, i, 31) for i, c in enumerate(head)) % 31) % 31
    return head + LETTERS[rest]


def workbook(rows, seed):
    """A statistics bureau's return of a year, with balanced figures in thousands of yuan."""
    rng = random.Random(seed)
    text = lambda ref, value: f'<c r="{ref}" t="inlineStr"><is><t>{value}</t></is></c>'
    lines = [f'<row r="1">{text("A1", "单位：千元")}</row>']
    heads = ["统一社会信用代码", "企业名称", "营业收入", "利润总额", "资产总计", "负债合计", "所有者权益合计"]
    lines.append('<row r="2">' + "".join(text(f"{'ABCDEFG'[i]}2", h) for i, h in enumerate(heads)) + "</row>")
    for n in range(rows):
        r = n + 3
        debt, equity, revenue = rng.randrange(10**5), rng.randrange(10**6), rng.randrange(10**4, 10**7)
        figures = [revenue, revenue // 20, debt + equity, debt, equity]
        cells = text(f"A{r}", code(n)) + text(f"B{r}", f"龙南市第{n}号试验有限公司")
        cells += "".join(f'<c r="{"CDEFG"[i]}{r}"><v>{v}</v></c>' for i, v in enumerate(figures))
        lines.append(f'<row r="{r}">{cells}</row>')
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    pack = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{pack}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{pack}/relationships"><Relationship Id="rId1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{rel}"><sheets><sheet name="2025年" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{pack}/relationships"><Relationship Id="rId1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet {main}><sheetData>{"".join(lines)}</sheetData></worksheet>',
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + part)
    return out.getvalue()


class Site:
    """A folder with a configuration, and a portal over it."""

    def __init__(self, program, settings="", folder=None):
        self.program, self.portal = program, None
        self.folder = folder or tempfile.mkdtemp(prefix="huichi-site-")
        os.makedirs(f"{self.folder}/inputs", exist_ok=True)
        with open(f"{self.folder}/pipeline.toml", "w") as file:
            file.write('[run]\nas_of = "2026-06-30"\n' + settings)

    def huichi(self, *words):
        done = subprocess.run([self.program, *words, "--config", f"{self.folder}/pipeline.toml", "--format", "json"], capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def token(self, label, role, source=None):
        code, out, err = self.huichi("token", "add", label, "--role", role, *(["--source", source] if source else []))
        assert code == 0, err
        return json.loads(out)["secret"]

    def open(self):
        words = [self.program, "serve", "--config", f"{self.folder}/pipeline.toml", "--listen", "127.0.0.1:0", "--format", "json"]
        self.portal = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=open(f"{self.folder}/portal.log", "a"), text=True, start_new_session=True)
        line = self.portal.stdout.readline()
        assert line, open(f"{self.folder}/portal.log").read()[-2000:]
        self.address = urlsplit(json.loads(line)["url"]).netloc
        return self

    def kill(self):
        os.killpg(self.portal.pid, signal.SIGKILL)
        self.portal.wait()

    def close(self):
        self.portal.terminate()
        assert self.portal.wait(60) == 0
        shutil.rmtree(self.folder)

    def ask(self, method, path, token=None, body=None, headers=None, timeout=60, connection=None):
        link = connection or http.client.HTTPConnection(self.address, timeout=timeout)
        link.request(method, path, body, {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})})
        answer = link.getresponse()
        content = answer.read()
        if connection is None:
            link.close()
        return answer.status, content

    def read(self, path, token):
        """A page of the API; waits when it was asked too often."""
        while True:
            status, content = self.ask("GET", path, token)
            if status != 429:
                return status, content
            time.sleep(1)

    def send(self, token, name, content, **more):
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        return self.ask("POST", "/api/v1/uploads", token, body, {"Content-Type": f"multipart/form-data; boundary={edge}"}, **more)

    def verdict(self, token, upload, patience=120, pause=0.05):
        """Waits for an upload's verdict; gives it and the upload."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            status, content = self.ask("GET", f"/api/v1/uploads/{upload}", token)
            assert status == 200, (status, content[:300])
            found = json.loads(content)
            if found["verdict"]:
                return found
            time.sleep(pause)
        raise TimeoutError(upload)

    def resident(self):
        """MiB of the portal and its children now, proportional."""
        total = 0
        for process in os.listdir("/proc"):
            try:
                if process.isdigit() and os.getpgid(int(process)) == self.portal.pid:
                    total += sum(int(l.split()[1]) for l in open(f"/proc/{process}/smaps_rollup") if l.startswith("Pss:"))
            except OSError:
                pass
        return total / 1024


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
