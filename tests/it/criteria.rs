//! Criteria as data: bounds, variants, points, waivers, what-ifs and the proposed list, and what none of them tells.

use crate::util::{Row, Site, code, text};
use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::Value;

/// Criteria with a bound each: one for some, one for industries, one that gives points.
const SETTINGS: &str = r#"
[screen]
sets = []
[criterion.revenue]
name = "上年营业收入"
figure = "revenue_last"
at_least = "2000万元"
variants = [{ name = "小巨人", when = "title_level = 'little_giant'", bound = "500万元" }]
near = "10%"
[criterion.margin]
name = "利润率"
figure = "profit_margin"
at_least = "5%"
when = "industry_code LIKE 'C%'"
effect = "informational"
[criterion.points]
name = "收入得分"
effect = "scored"
figure = "revenue_last"
at_least = "4000万元"
weight = 60
points = "CASE WHEN revenue_last >= {bound} THEN 60 WHEN revenue_last IS NOT NULL THEN 30 END"
[criterion.leverage]
name = "资产负债率"
effect = "scored"
figure = "debt_ratio"
at_most = "50%"
weight = 40
[issue]
scale = "1000万元"
lot = "100万元"
"#;

/// Title, industry, need and consent, then revenue, profit, assets and liabilities of last year in 万元.
const ENTERPRISES: [(&str, &str, &str, &str, &str); 6] = [
    ("专精特新中小企业", "C3599", "600", "是", "5000,400,9000,3000"),
    ("专精特新中小企业", "C3599", "500", "是", "1900,40,9000,8000"),
    ("专精特新“小巨人”企业", "I6510", "300", "是", "600,40,900,"),
    ("专精特新中小企业", "", "400", "是", "2000,90,900,100"),
    ("专精特新中小企业", "C1310", "700", "否", "9000,900,9000,900"),
    ("专精特新中小企业", "C1310", "700", "是", ",,,"),
];

fn site(settings: &str, enterprises: &[(&str, &str, &str, &str, &str)]) -> Site {
    let site = Site::new("2024-06-30", settings);
    let mut directory = "统一社会信用代码,企业名称,专精特新等级,行业代码,数据使用授权\n".to_owned();
    let mut needs = "统一社会信用代码,企业名称,融资需求（万元）\n".to_owned();
    let mut returns = "经营情况（2023年）单位：万元,,,,,\n统一社会信用代码,企业名称,营业收入,利润总额,资产总计,负债合计\n".to_owned();
    for (number, (title, industry, need, consent, figures)) in (1..).zip(enterprises) {
        let key = format!("{},龙南市第{number}有限公司", code(number));
        directory.push_str(&format!("{key},{title},{industry},{consent}\n"));
        needs.push_str(&format!("{key},{need}\n"));
        returns.push_str(&format!("{key},{figures}\n"));
    }
    site.input("工信局/名录.csv", directory);
    site.input("工信局/需求.csv", needs);
    site.input("统计局/2023.csv", returns);
    site.run();
    site
}

fn of_criterion(site: &Site, criterion: &str, column: &str) -> Vec<String> {
    site.table("verdicts").iter().filter(|r| r["criterion"] == criterion).map(|r| r[column].clone()).collect()
}

fn column(rows: &[Row], column: &str) -> Vec<String> {
    rows.iter().map(|r| r[column].clone()).collect()
}

fn json(site: &Site, arguments: &[&str]) -> Value {
    let output = site.huichi(&[arguments, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn bounds_variants_and_points_are_judged_as_declared() {
    let site = site(SETTINGS, &ENTERPRISES);
    assert_eq!(of_criterion(&site, "revenue", "verdict"), ["met", "not_met", "met", "met", "met", "unjudged"]);
    assert_eq!(of_criterion(&site, "revenue", "bound"), ["20000000", "20000000", "5000000", "20000000", "20000000", "20000000"]);
    assert_eq!(of_criterion(&site, "revenue", "margin"), ["30000000", "-1000000", "1000000", "0", "70000000", ""]);
    assert_eq!(of_criterion(&site, "revenue", "near"), ["false", "true", "false", "false", "false", "false"]);
    assert_eq!(of_criterion(&site, "revenue", "threshold")[0], "≥ 2,000 万元（小巨人 ≥ 500 万元）");
    // Nobody knows whether it applies to an enterprise without an industry; it meets none of it either way.
    assert_eq!(of_criterion(&site, "margin", "verdict"), ["met", "not_met", "not_applicable", "unjudged", "met", "unjudged"]);
    assert_eq!(of_criterion(&site, "points", "points"), ["60", "30", "30", "30", "60", ""]);
    let enterprises = site.table("enterprises");
    assert_eq!(column(&enterprises, "conclusion"), ["pooled", "not_pooled", "pooled", "pooled", "pooled", "unjudged"]);
    assert_eq!(column(&enterprises, "score"), ["100", "30", "30", "70", "100", "0"]);
    assert_eq!(column(&enterprises, "score_missing"), ["0", "0", "40", "0", "0", "100"], "what is missing is not nought");
    assert_eq!(column(&enterprises, "rank"), ["1", "", "4", "3", "1", ""]);
}

#[test]
fn sets_and_days_say_which_criteria_count() {
    let settings = "[criterion.later]\nname = \"以后\"\nmet = \"false\"\nfigure = \"name\"\nvalid_from = \"2024-07-01\"\n
        [criterion.before]\nname = \"以前\"\nmet = \"false\"\nfigure = \"name\"\nvalid_until = \"2024-06-29\"\n
        [criterion.now]\nname = \"现在\"\nmet = \"true\"\nfigure = \"name\"\nvalid_from = \"2024-06-30\"\nvalid_until = \"2024-06-30\"\n
        [screen]\nsets = [\"pledge\"]\n";
    let site = site(settings, &ENTERPRISES);
    let mut judged = column(&site.table("verdicts"), "criterion");
    judged.sort();
    judged.dedup();
    assert!(judged.contains(&"now".to_owned()) && judged.contains(&"pledge_forfeiture".to_owned()), "{judged:?}");
    assert!(["later", "before", "title_valid"].iter().all(|id| !judged.contains(&(*id).to_owned())), "{judged:?}");
    assert!(of_criterion(&site, "pledge_forfeiture", "verdict").iter().all(|v| v == "unjudged"));
}

#[test]
fn what_contradicts_itself_is_told_before_anything_is_run() {
    let wrong = [
        ("[criterion.a]\nname = \"a\"\n", "criterion.a.met"),
        ("[criterion.a]\nname = \"a\"\nat_least = 1\n", "criterion.a.figure"),
        ("[criterion.a]\nname = \"a\"\nfigure = \"staff\"\nat_least = 1\nat_most = 2\n", "criterion.a.at_most"),
        ("[criterion.a]\nname = \"a\"\nfigure = \"name\"\nat_least = 1\n", "criterion.a.figure"),
        ("[criterion.a]\nname = \"a\"\nmet = \"staff > {bound}\"\nfigure = \"staff\"\n", "criterion.a.met"),
        ("[criterion.a]\nname = \"a\"\nfigure = \"staff\"\nat_least = \"viel\"\n", "criterion.a.at_least"),
        ("[criterion.a]\nname = \"a\"\nfigure = \"staff\"\nat_least = 1\neffect = \"scored\"\n", "criterion.a.weight"),
        ("[criterion.a]\nname = \"a\"\nfigure = \"staff\"\nat_least = 1\nweight = 3\n", "criterion.a.weight"),
        (
            "[criterion.a]\nname = \"a\"\nfigure = \"staff\"\nat_least = 1\nvariants = [{ name = \"b\", when = \"nobody = 1\", bound = 2 }]\n",
            "criterion.a.variants",
        ),
        ("[screen]\nsets = [\"nobody\"]\n", "screen.sets"),
        ("[issue]\nscale = \"5万元\"\n", "issue.scale"),
        ("[issue]\nfirm_least = \"20万元\"\nfirm_most = \"10万元\"\n", "issue.firm_most"),
        ("[issue]\nlargest_share = \"120%\"\n", "issue.largest_share"),
        ("[issue]\namount = \"name\"\n", "issue.amount"),
    ];
    for (settings, path) in wrong {
        let site = Site::new("2024-06-30", settings);
        let output = site.huichi(&["check"]);
        let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(2), "{settings}\n{told}");
        assert!(told.contains(path), "{settings}\n{told}");
    }
}

#[test]
fn a_waiver_of_two_persons_counts_from_the_next_run_until_its_day_and_is_replayed() {
    let site = site(SETTINGS, &ENTERPRISES);
    for (name, role) in [("wang", "operator"), ("li", "leader"), ("zhao", "leader")] {
        assert_eq!(site.huichi(&["user", "add", name, "--role", role]).status.code(), Some(0));
    }
    let second = code(2);
    let ask =
        |until: &str, by: &str| site.huichi(&["waive", "ask", &second, "revenue", "--reason", "新设企业", "--until", until, "--by", by]);
    assert_eq!(ask("2024-12-31", "li").status.code(), Some(0));
    assert_eq!(site.huichi(&["waive", "grant", "1", "--by", "li"]).status.code(), Some(2), "who asks does not grant");
    assert_eq!(site.huichi(&["waive", "grant", "1", "--by", "wang"]).status.code(), Some(2), "operators do not grant");
    site.run();
    assert_eq!(of_criterion(&site, "revenue", "verdict")[1], "not_met", "what is asked does not count");
    assert_eq!(site.huichi(&["waive", "grant", "1", "--by", "zhao"]).status.code(), Some(0));
    site.run();
    assert_eq!(of_criterion(&site, "revenue", "verdict")[1], "waived");
    assert_eq!(column(&site.table("enterprises"), "conclusion")[1], "pooled");
    let told = text(&site.huichi(&["explain", "龙南市第2有限公司"]).stdout);
    assert!(told.contains("第 1 号豁免：li 申请，zhao 批准，至 2024-12-31；新设企业"), "{told}");
    assert_eq!(site.huichi(&["waive", "withdraw", "1", "--by", "li"]).status.code(), Some(0));
    assert_eq!(site.huichi(&["replay", "latest"]).status.code(), Some(0), "the run with it is made again without it in the ledger");
    site.run();
    assert_eq!(of_criterion(&site, "revenue", "verdict")[1], "not_met");
    // One that is over does not count, whoever granted it.
    assert_eq!(ask("2024-06-29", "wang").status.code(), Some(0));
    assert_eq!(site.huichi(&["waive", "grant", "2", "--by", "li"]).status.code(), Some(0));
    site.run();
    assert_eq!(of_criterion(&site, "revenue", "verdict")[1], "not_met");
    assert_eq!(ask("2024-12-31", "nobody").status.code(), Some(2));
    let unknown = site.huichi(&["waive", "ask", "龙南市", "revenue", "--reason", "x", "--until", "2024-12-31", "--by", "li"]);
    assert!(text(&unknown.stderr).contains("龙南市第1有限公司"), "one of several that are alike is not guessed");
}

#[test]
fn a_what_if_tells_who_enters_and_leaves_and_changes_nothing() {
    let site = site(SETTINGS, &ENTERPRISES);
    let before = site.table("enterprises");
    let tried = json(&site, &["whatif", "--set", "revenue=1000万元", "--set", "issue.scale=600万元"]);
    let names =
        |key: &str| tried[key].as_array().expect("a list").iter().map(|m| m["name"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>();
    // A bound that is tried is one for all: the little giant of 600 loses its own.
    assert_eq!((names("entered"), names("left")), (vec!["龙南市第2有限公司".to_owned()], vec!["龙南市第3有限公司".to_owned()]));
    assert_eq!((tried["before"]["pooled"].as_u64(), tried["after"]["pooled"].as_u64()), (Some(4), Some(4)));
    assert_eq!(tried["after"]["list"]["total"], "6000000");
    assert_eq!(site.table("enterprises"), before);
    let dropped = json(&site, &["whatif", "--set", "revenue=off"]);
    assert_eq!(dropped["after"]["pooled"].as_u64(), Some(6));
    for (change, code) in [("nobody=3", "ERR-098"), ("revenue=viel", "ERR-099"), ("set.none=on", "ERR-098"), ("issue.scale=1", "ERR-099")] {
        let output = site.huichi(&["whatif", "--set", change]);
        assert_eq!(output.status.code(), Some(2), "{change}");
        assert!(text(&output.stderr).contains(code), "{change}: {}", text(&output.stderr));
    }
}

#[test]
fn the_list_takes_the_best_within_all_terms_and_only_who_consents() {
    let site = site(SETTINGS, &ENTERPRISES);
    let listed = json(&site, &["list"]);
    assert_eq!(listed, json(&site, &["list"]), "the same answer twice");
    let of = |key: &str| -> Vec<String> {
        listed["list"]["listed"].as_array().expect("a list").iter().map(|l| l[key].as_str().unwrap_or("").to_owned()).collect()
    };
    // 100 points for 600, 70 for 400: what the third would add is worth less, and the fifth has not consented.
    assert_eq!(of("standing"), ["chosen", "chosen", "reserve", "excluded"]);
    assert_eq!(of("amount"), ["6000000", "4000000", "", ""]);
    assert_eq!(of("score")[3], "", "of whom nobody may be told, no score is");
    assert_eq!((&listed["list"]["total"], &listed["list"]["proof"]), (&Value::from("10000000"), &Value::from("optimal")));
    assert_eq!(column(&site.table("list"), "standing"), of("standing"));
    let narrow = json(&site, &["whatif", "--set", "issue.largest_share=40%", "--set", "issue.obligors=3"]);
    let amounts: Vec<&str> =
        narrow["after"]["list"]["listed"].as_array().expect("a list").iter().filter_map(|l| l["amount"].as_str()).collect();
    assert_eq!(amounts, ["4000000", "4000000", "2000000"]);
    let beyond = json(&site, &["whatif", "--set", "issue.scale=2000万元"]);
    assert_eq!(beyond["after"]["list"]["total"], "13000000");
    assert_eq!(beyond["after"]["list"]["clash"], Value::from(vec!["scale", "need"]));
}

#[test]
fn why_one_is_in_and_another_is_not_is_told_by_one_command() {
    let site = site(SETTINGS, &ENTERPRISES);
    let out = text(&site.huichi(&["explain", &code(2)]).stdout);
    for part in ["龙南市第2有限公司", "未入池", "不符合", "1,900 万元", "≥ 2,000 万元", "-100 万元", "统计局/2023.csv[2023]C4"]
    {
        assert!(out.contains(part), "{part} in {out}");
    }
    let explained = json(&site, &["explain", &code(6)]);
    assert_eq!(explained["conclusion"], "unjudged");
    assert!(explained["criteria"][0]["lacks"][0].as_str().is_some_and(|lack| lack.contains("没有填报")), "{explained}");
    assert_eq!(site.huichi(&["explain", "没有这家企业有限公司"]).status.code(), Some(2));
}

#[test]
fn what_was_known_of_a_criterion_that_cannot_be_judged_is_told() {
    let site = site("", &ENTERPRISES);
    let patents = "专利号,专利名称,专利类型,申请日,授权日,法律状态,专利权人\nZL201310100003.8,一种装置,发明,2013-01-17,2013-08-02,有效,龙南市第1有限公司\n";
    site.input("市监局/专利.csv", patents);
    site.run();
    let explained = json(&site, &["explain", &code(1)]);
    let free =
        explained["criteria"].as_array().and_then(|all| all.iter().find(|c| c["criterion"] == "patent_free")).expect("the criterion");
    assert_eq!(free["verdict"], "unjudged");
    let known: Vec<&str> = free["lacks"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(known.iter().any(|k| k.starts_with("已知 ") && k.ends_with("：1")), "whose pledge is not stated: {known:?}");
}

/// All cells of a workbook as text, but those of hashes and keys.
fn cells(site: &Site, book: &str) -> Vec<(String, Vec<Vec<String>>)> {
    let mut workbook: Xlsx<_> = open_workbook(site.path("outputs/latest").join(book)).expect("a workbook");
    let shown = |cell: &Data| {
        let text = cell.to_string();
        // What a run is known by, and what its inputs are: hexadecimal.
        let is_hash = |word: &str| word.len() == 8 && word.chars().all(|c| c.is_ascii_hexdigit());
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| is_hash(word))
            .fold(text.clone(), |text, hash| text.replace(hash, "#"))
    };
    let sheets = workbook.worksheets();
    sheets.into_iter().map(|(name, range)| (name, range.rows().map(|row| row.iter().map(shown).collect()).collect())).collect()
}

#[test]
fn nothing_in_the_operators_edition_depends_on_a_hidden_figure() {
    // The fifth has not consented. Whatever its figures are, as long as verdicts stay, the operator reads the same: no total, rank,
    // score, list or difference tells of them, in one night or over two.
    let hidden = ["9000,900,9000,900", "8123,777,9100,333", "3000,60,5000,4900"];
    let with = |figures: &'static str| {
        let mut enterprises = ENTERPRISES;
        enterprises[4].4 = figures;
        enterprises
    };
    let first = site(SETTINGS, &with(hidden[0]));
    let told = cells(&first, "备选池_运营版.xlsx");
    assert_ne!(cells(&site(SETTINGS, &with(hidden[1])), "备选池.xlsx"), cells(&first, "备选池.xlsx"), "the closed edition does");
    for figures in &hidden[1..] {
        let other = site(SETTINGS, &with(figures));
        assert_eq!(cells(&other, "备选池_运营版.xlsx"), told, "{figures}");
        let list = |site: &Site| site.table("list").iter().map(|r| format!("{r:?}")).collect::<Vec<_>>();
        assert_eq!(list(&other), list(&first), "{figures}");
        // Two nights: from the first's figures to these.
        let body = std::fs::read_to_string(other.path("inputs/统计局/2023.csv")).expect("the return");
        let night = site(SETTINGS, &with(hidden[0]));
        night.input("统计局/2023.csv", body);
        night.run();
        assert_eq!(cells(&night, "备选池_运营版.xlsx"), told, "{figures}, the second night");
    }
}

#[test]
fn a_list_that_no_search_finds_ends_no_run() {
    // More obligors than there are, and steps for next to nothing: the run publishes, and says that there is no list.
    let settings = format!("{SETTINGS}obligors = 50\nsteps = 1000\n");
    let site = site(&settings, &ENTERPRISES);
    assert!(site.table("list").iter().all(|r| r["standing"] != "chosen"));
    let listed = json(&site, &["list"]);
    assert_eq!((&listed["list"]["total"], &listed["list"]["proof"]), (&Value::from("0"), &Value::from("infeasible")));
}
