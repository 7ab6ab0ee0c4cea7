//! An upload is judged among what stands: it hears at once what the night would say, of no other bureau's statistics, and
//! not of yesterday's data.

use super::versions::{Clerk, UNIT, returns};
use super::{Portal, QUIET, between, until};
use crate::util::{Row, Site, code, directory};
use serde_json::Value;

/// A site whose settings state what a test adds.
fn portal(extra: &str) -> Portal {
    Portal::start(Site::new("2024-06-30", &format!("{QUIET}{extra}")))
}

/// What the program says of an upload.
fn told(clerk: &Clerk, id: &str) -> Value {
    clerk.page(id);
    serde_json::from_str(&clerk.0.page(&format!("/api/v1/uploads/{id}/findings"))).expect("JSON")
}

/// The findings of an upload: code, severity, sheet, cell, found, expected and sentence of each.
fn findings(told: &Value) -> Vec<[String; 7]> {
    let texts = |f: &Value| {
        ["code", "severity", "sheet", "cell", "found", "expected", "message"].map(|k| f["finding"][k].as_str().expect("a text").to_owned())
    };
    let mut all: Vec<_> = told["findings"].as_array().expect("findings").iter().map(texts).collect();
    all.sort();
    all
}

/// The same of a file in the last run.
fn published(portal: &Portal, file: &str) -> Vec<[String; 7]> {
    let texts = |r: &Row| ["code", "severity", "sheet", "cell", "found", "expected", "message"].map(|k| r[k].clone());
    let mut all: Vec<_> = portal.site.table("findings").iter().filter(|r| r["file"] == file).map(texts).collect();
    all.sort();
    all
}

/// Returns of a year: number of the enterprise, name, revenue and what it was the year before.
fn year(year: i32, rows: &[(u32, &str, i64, &str)]) -> String {
    let row = |(i, name, revenue, prior): &(u32, &str, i64, &str)| format!("{},{name},{revenue},{prior},3,100,60,40\n", code(*i));
    let rows: String = rows.iter().map(row).collect();
    format!(
        "企业经营情况（{year}年）,,,,,,,\n{UNIT},,,,,,,\n统一社会信用代码,企业名称,营业收入,营业收入上年同期,利润总额,资产总计,负债合计,所有者权益合计\n{rows}"
    )
}

fn name(i: u32) -> String {
    format!("龙南市第{i}有限公司")
}

#[test]
fn a_check_says_of_a_file_what_the_next_run_says() {
    let portal = portal("");
    let [industry, clerk] = ["industry", "statistics"].map(|name| Clerk(portal.sign_in(name)));
    industry.send("名录.csv", &directory(3));
    let [one, two, three] = [1, 2, 3].map(name);
    let before = |of: i32| year(of, &[(1, &one, 1000, ""), (2, &two, 2000, ""), (3, &three, 3000, "")]);
    clerk.send("年报2021.csv", &before(2021));
    clerk.send("年报2022.csv", &before(2022));
    // A slip of the unit, a figure of the year before that is another, a name of another enterprise, one of no directory,
    // and a row twice.
    let rows = [
        (1, one.as_str(), 100_000_000, ""),
        (2, &two, 2100, "1900"),
        (3, "别的公司", 3000, ""),
        (9, "外地公司", 5, ""),
        (2, &two, 2100, "1900"),
    ];
    let (id, page) = clerk.send("年报2023.csv", &year(2023, &rows));
    let said = told(&clerk, &id);
    assert_eq!((said["among"].as_str(), said["left_out"].as_u64()), (Some("standing"), Some(0)));
    assert!(page.contains("已与目前有效的报送"), "{page}");
    let said = findings(&said);
    for wanted in ["UNT-001", "F11-1", "LNK-001", "LNK-003", "UNQ-001"] {
        assert!(said.iter().any(|f| f[0] == wanted), "{wanted}: {said:#?}");
    }
    portal.site.run();
    assert_eq!(said, published(&portal, "统计局/第4号_年报2023.csv"));
    assert!(!clerk.0.page(&format!("/uploads/{id}")).contains("正在重新核对"), "the run changed nothing of what stands");
    // What of an older file is corrected by a later one is heard with the later.
    let (id, _) = clerk.send("年报2022更正.csv", &year(2022, &[(1, &one, 1100, "1500")]));
    let said = told(&clerk, &id);
    portal.site.run();
    assert_eq!(findings(&said), published(&portal, "统计局/第5号_年报2022更正.csv"));
    assert!(findings(&said).iter().any(|f| f[0] == "F11-1"), "{said}");
}

#[test]
fn a_file_that_waits_hears_what_is_wrong_with_it() {
    let portal = portal("");
    let clerk = Clerk(portal.sign_in("statistics"));
    clerk.send("年报.csv", &returns(&[(1, 10), (2, 20)], UNIT));
    let (id, _) = clerk.send("年报_更正.csv", &returns(&[(1, 11), (2, 21)], ""));
    let said = findings(&told(&clerk, &id));
    assert!(["SRC-012", "FMT-104"].into_iter().all(|code| said.iter().any(|f| f[0] == code)), "{said:#?}");
}

#[test]
fn a_verdict_is_made_again_when_what_stands_has_changed() {
    let portal = portal("");
    let [industry, clerk] = ["industry", "statistics"].map(|name| Clerk(portal.sign_in(name)));
    let (id, page) = clerk.send("年报.csv", &returns(&[(1, 10), (9, 20)], UNIT));
    assert!(page.contains("目前没有可以比对的已报送数据") && page.contains("审核通过"), "{page}");
    industry.send("名录.csv", &directory(1));
    assert!(clerk.0.page("/uploads").contains("审核后数据有变化"));
    let first = clerk.0.page(&format!("/uploads/{id}"));
    assert!(first.contains("正在重新核对") || first.contains("LNK-001"), "no verdict of former data stands alone: {first}");
    let page = clerk.page(&id);
    assert!(page.contains("LNK-001") && page.contains("已与目前有效的报送") && !page.contains("审核通过"), "{page}");
    assert!(!clerk.0.page("/uploads").contains("审核后数据有变化"));
    let results = std::fs::read_dir(portal.site.path("outputs/.huichi/checks")).expect("results");
    assert_eq!(results.filter(|r| r.as_ref().is_ok_and(|r| r.path().is_dir())).count(), 2, "a result an upload");
}

#[test]
fn what_cannot_be_compared_is_said_to_be_judged_by_itself() {
    let portal = portal("");
    let [industry, clerk] = ["industry", "statistics"].map(|name| Clerk(portal.sign_in(name)));
    let (sent, _) = industry.send("名录.csv", &directory(1));
    let page = industry.page(&sent);
    let sha256 = between(&page, "class=\"sha\">", "<");
    let original = portal.site.path("outputs/.huichi/store").join(&sha256[..2]).join(sha256);
    std::fs::remove_file(original).expect("the original goes");
    let (id, page) = clerk.send("年报.csv", &returns(&[(1, 10), (9, 20)], UNIT));
    assert!(page.contains("本次只核对了文件本身，与已报送数据的比对将在今晚合并时进行"), "{page}");
    assert_eq!(told(&clerk, &id)["among"], "itself");
}

/// An edit of a site over patents that asks the statistics bureau's returns, and one that withholds by them.
const ACROSS: &str = "
[edit.X-1]
dataset = [\"patents\"]
scope = \"population\"
severity = \"explain\"
fields = [\"title\"]
holds = \"title IS NULL OR (SELECT max(r.revenue) FROM returns r WHERE r.enterprise = t.enterprise) < 5000000\"
name = { zh = \"收入高的企业\" }
message = { zh = \"收入高的企业“{title}”\" }
help = { zh = \"请核对\" }
[edit.X-2]
dataset = [\"patents\"]
scope = \"population\"
severity = \"error\"
fields = [\"title\"]
holds = \"(SELECT count(*) FROM returns r WHERE r.enterprise = t.enterprise AND r.revenue > 7000000) = 0\"
name = { zh = \"收入很高的企业\" }
message = { zh = \"收入很高的企业\" }
help = { zh = \"请核对\" }
[edit.X-3]
dataset = [\"patents\"]
scope = \"history\"
severity = \"explain\"
fields = [\"title\"]
holds = \"title IS NULL OR title <> '专利1'\"
name = { zh = \"看名称\" }
message = { zh = \"看名称\" }
help = { zh = \"请核对\" }
[edit.X-4]
dataset = [\"needs\"]
scope = \"population\"
severity = \"error\"
fields = [\"need_amount\"]
holds = \"(SELECT count(*) FROM returns r WHERE r.enterprise = t.enterprise AND r.revenue > 7000000) = 0\"
name = { zh = \"收入很高的企业\" }
message = { zh = \"收入很高的企业\" }
help = { zh = \"请核对\" }
";

fn patents(rows: u32, title: &str) -> String {
    let row = |i: u32| format!("ZL20201000{i:04}.{},{title}{i},发明专利,2020-01-0{i},有效,{},{}\n", check(i), name(i), code(i));
    let rows: String = (1..=rows).map(row).collect();
    format!("专利号,专利名称,专利类型,申请日,法律状态,专利权人,统一社会信用代码\n{rows}")
}

/// The check character of a number of these tests.
fn check(i: u32) -> String {
    let body = format!("20201000{i:04}");
    let weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    let sum: u32 = body.chars().zip(weights).map(|(c, w)| c.to_digit(10).expect("a digit") * w).sum();
    if sum % 11 == 10 { "X".to_owned() } else { (sum % 11).to_string() }
}

#[test]
fn no_figure_of_another_bureau_decides_or_words_what_a_clerk_is_told() {
    let portal = portal(ACROSS);
    let [industry, statistics, market] = ["industry", "statistics", "market"].map(|name| Clerk(portal.sign_in(name)));
    industry.send("名录.csv", &directory(3));
    let (needs, _) = industry.send("需求.csv", &format!("统一社会信用代码,企业名称,融资需求（万元）\n{},{},500\n", code(1), name(1)));
    let probes = [patents(1, "专利"), patents(2, "专利"), patents(3, "别的")];
    // What the market bureau's clerk is told of each, by figures of the statistics bureau; and what runs find.
    let mut told_by = Vec::new();
    let mut found_by = Vec::new();
    for revenue in [100, 6000, 8000] {
        statistics.send("年报.csv", &returns(&[(1, revenue), (2, revenue + 1)], UNIT));
        let mut told_of = Vec::new();
        for probe in &probes {
            let (id, _) = market.send("专利.csv", probe);
            let said = told(&market, &id);
            assert_eq!(said["left_out"], 3, "{said}");
            told_of.push((findings(&said), said["upload"]["verdict"].clone(), said["upload"]["open"].clone()));
        }
        portal.site.run();
        found_by.push(portal.site.findings().into_iter().filter(|f| f.starts_with("X-")).collect::<Vec<_>>());
        // The page after the run, which tells what it made of the file.
        let (id, _) = market.send("专利.csv", &probes[1]);
        portal.site.run();
        let used = [(&market, &id), (&industry, &needs)].map(|(clerk, id)| {
            let page = until(60, "a page", || Some(clerk.page(id)).filter(|page| page.contains("最近一次合并的采用情况")));
            assert!(!page.contains("X-1") && !page.contains("X-2") && !page.contains("收入"), "{page}");
            between(&page, "id=\"used\"", "</section>").split_once("完成的合并").expect("a run").1.to_owned()
        });
        // And the page of what the run found: of the file sent last, since those before it differ from turn to turn.
        let run: Value = serde_json::from_str(&market.0.page("/api/v1/uploads/last-run")).expect("JSON");
        let of_file = |f: &&Value| f["upload"] == id.as_str();
        let run = run["findings"].as_array().expect("findings").iter().filter(of_file).map(|f| format!("{} {}", f["code"], f["cell"]));
        let run: Vec<String> = run.collect();
        assert!(!run.is_empty() && !run.iter().any(|f| f.contains("X-")), "{run:?}");
        told_by.push((told_of, used, run));
    }
    assert!(found_by[0] != found_by[1] && found_by[1] != found_by[2], "runs find what there is: {found_by:?}");
    assert_eq!(told_by[0], told_by[1]);
    assert_eq!(told_by[1], told_by[2]);
}
