"""Whether a run of benches/province.toml equals a peer's pool, column by column, and covers truth.json.

    python benches/agree.py DATA PEER_OUT HUICHI_OUT      # needs the package python-calamine

DATA holds truth.json, PEER_OUT the peer's pool.xlsx, HUICHI_OUT/latest the run. Amounts are compared exactly in
ten-thousandths of a yuan, ratios to four places (a tie may round either way).
"""
import collections, csv, json, os, sys
from decimal import Decimal

from python_calamine import CalamineWorkbook

KINDS = os.path.join(os.path.dirname(__file__), "..", "tests", "city", "kinds.csv")
TEXT = {"统一社会信用代码": "uscc", "注册地址": "address", "行业代码": "industry_code"}
AMOUNT = {"融资需求(万元)": "need_amount", "资产总计(万元)": "total_assets", "负债合计(万元)": "total_liabilities",
          "所有者权益合计(万元)": "total_equity"} | {f"{zh}{y}(万元)": f"{en}_{y}" for zh, en in
          (("营业收入", "revenue"), ("利润总额", "total_profit")) for y in (2021, 2022, 2023)}
COUNT = {"从业人数": "staff", "专利总数": "patents", "发明专利": "inventions", "有效专利": "patents_in_force", "问题数": "findings"}
RATIO = {"营收增长率": "revenue_growth", "利润率": "profit_margin", "资产负债率": "debt_ratio"}
TITLES = {"": "", "创新型中小企业": "innovative", "专精特新中小企业": "srdi", "专精特新“小巨人”企业": "little_giant"}
FOLD = str.maketrans({chr(c): chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)} | {"\u3000": None, " ": None})


def number(value, factor=1):
    """The decimal of a text, or of a double to the fifteen digits that it carries."""
    if value in ("", None):
        return None
    return Decimal(f"{value:.15g}" if isinstance(value, float) else str(value)) * factor


def differences(ours, theirs):
    yield "企业名称", ours["name"].translate(FOLD).upper(), theirs["企业名称"].translate(FOLD).upper()
    yield "专精特新等级", ours["title_level"], TITLES[theirs["专精特新等级"]]
    yield "最近授权日", ours["latest_grant"], str(theirs["最近授权日"] or "")[:10]
    for zh, en in TEXT.items():
        yield zh, ours[en], theirs[zh]
    for zh, en in AMOUNT.items():
        yield zh, number(ours[en]), number(theirs[zh], 10000)
    for zh, en in COUNT.items():
        yield zh, number(ours[en]), number(theirs[zh])


def main(data, peer, out):
    truth = json.load(open(os.path.join(data, "truth.json")))
    kinds = collections.defaultdict(set)
    for row in csv.DictReader(open(KINDS)):
        kinds[row["code"]].add(row["kind"])
    want = collections.Counter((k, s, c) for k, s, c in truth["findings"])
    got = collections.Counter()
    for row in csv.DictReader(open(os.path.join(out, "latest/data/findings.csv"), encoding="utf-8-sig")):
        for kind in kinds.get(row["code"], ()):
            got[kind, row["sheet"], row["cell"]] += 1
    print("findings: truth", sum(want.values()), "missed", sum((want - got).values()), "extra", sum((got - want).values()))
    ours = list(csv.DictReader(open(os.path.join(out, "latest/data/enterprises.csv"), encoding="utf-8-sig")))
    head, *rows = CalamineWorkbook.from_path(os.path.join(peer, "pool.xlsx")).get_sheet_by_index(0).to_python()
    theirs = [dict(zip(head, row)) for row in rows]
    key = lambda code, name: (code, name.translate(FOLD).upper())
    index = {key(row["统一社会信用代码"], row["企业名称"]): row for row in theirs}
    bad = collections.Counter()
    for row in ours:
        other = index.pop(key(row["uscc"], row["name"]), None)
        if other is None:
            bad["row"] += 1
            continue
        for column, a, b in differences(row, other):
            if a != b:
                bad[column] += 1
                if bad[column] <= 2:
                    print(column, row["uscc"], row["name"], a, b)
        for zh, en in RATIO.items():
            a, b = number(row[en]), number(other[zh])
            if (a is None) != (b is None) or (a is not None and abs(a - b) > Decimal("0.000101")):
                bad[zh] += 1
                if bad[zh] <= 2:
                    print(zh, row["uscc"], a, b)
    print("pool: ours", len(ours), "peer", len(theirs), "unequal", dict(bad), "left", len(index))
    return bool(bad or index or want - got or got - want)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
