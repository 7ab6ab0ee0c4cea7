//! A site's own conditions: what is refused before anything is run, and that outcomes stay with their records.

use crate::util::{Row, Site, code, directory, text};

const WORDS: &str = "name = { zh = \"本地\" }\nmessage = { zh = \"{found}：{expected}\" }\n";

/// An edit of the site's own.
pub fn edit(dataset: &str, scope: &str, fields: &str, rest: &str) -> String {
    numbered(1, dataset, scope, fields, rest)
}

pub fn numbered(number: usize, dataset: &str, scope: &str, fields: &str, rest: &str) -> String {
    let head = format!("[edit.LOCAL-{number}]\ndataset = [\"{dataset}\"]\nscope = \"{scope}\"\nfields = [\"{fields}\"]\n");
    format!("{head}severity = \"explain\"\n{WORDS}{rest}\n\n")
}

/// Edits over returns, one for each scope and each text of what follows its words.
pub fn edits(scopes: &[&str], rests: &[String]) -> String {
    let each = scopes.iter().flat_map(|scope| rests.iter().map(move |rest| (scope, rest)));
    (1..).zip(each).map(|(number, (scope, rest))| numbered(number, "returns", scope, "revenue", rest)).collect()
}

pub fn holding(conditions: &[&str]) -> Vec<String> {
    conditions.iter().map(|c| format!("holds = \"{c}\"")).collect()
}

/// `code line path` of each problem that a command tells.
fn told(command: &str, settings: &str) -> Vec<String> {
    let site = Site::new("2024-06-30", settings);
    site.input("工信局/名录.csv", directory(2));
    let output = site.huichi(&[command, "--format", "json"]);
    assert_eq!(output.status.code(), Some(2), "{settings}\n{}", text(&output.stderr));
    let lines = text(&output.stderr);
    let problems = lines.lines().filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok()).filter(|v| v["code"].is_string());
    problems.map(|p| format!("{} {} {}", p["code"], p["line"], p["path"]).replace('"', "")).collect()
}

pub fn refusals(settings: &str) -> Vec<String> {
    told("check", settings)
}

/// How often a code is told of each path that ends in a key.
pub fn assert_all(settings: &str, code: &str, key: &str, count: usize) {
    let told = refusals(settings);
    let wrong: Vec<&String> = told.iter().filter(|t| !t.starts_with(code) || !t.ends_with(key)).collect();
    assert_eq!((wrong, told.len()), (Vec::new(), count), "{settings}");
}

fn returns(rows: &[(u32, &str)]) -> String {
    let body: String = rows.iter().map(|(i, figures)| format!("{},龙南市第{i}有限公司,{figures}\n", code(*i))).collect();
    format!("经营情况（2023年）单位：千元,,,,,\n统一社会信用代码,企业名称,营业收入,利润总额,主营业务收入,营业成本\n{body}")
}

pub fn found(site: &Site, edit: &str) -> Vec<Row> {
    site.table("findings").into_iter().filter(|row| row["code"] == edit).collect()
}

pub fn cells(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row["cell"].as_str()).collect()
}

pub fn site_with(settings: &str, rows: &[(u32, &str)]) -> Site {
    let site = Site::new("2024-06-30", settings);
    site.input("工信局/名录.csv", directory(9));
    site.input("统计局/2023.csv", returns(rows));
    site
}

#[test]
fn what_looks_beyond_its_record_is_refused_with_its_line() {
    let beyond = [
        "row_number() over (ORDER BY revenue) < 3",
        "ROW_NUMBER() OVER(ORDER BY revenue) < 3",
        "revenue >= (SELECT avg(r.revenue) FROM returns r WHERE r.uscc = t.uscc)",
        "uscc IN (SELECT uscc FROM needs)",
        "EXISTS (SELECT 1 FROM needs n WHERE n.uscc = t.uscc)",
        "revenue <= sum(revenue)",
        "CASE WHEN revenue > 0 THEN lag(period) over () IS NULL END",
    ];
    assert_all(&edits(&["field", "record"], &holding(&beyond)), "CFG-019", ".holds", 14);
    let settings = edit("returns", "record", "revenue", "holds = \"revenue > 0\"\nexpected = \"max(revenue) over ()\"");
    for command in ["check", "run"] {
        assert_eq!(told(command, &settings), ["CFG-019 11 edit.LOCAL-1.expected"]);
    }
    let settings = edit("returns", "record", "revenue", "holds = \"revenue > 0\"\nwhen = \"(SELECT true)\"");
    assert_eq!(refusals(&settings), ["CFG-019 11 edit.LOCAL-1.when"]);
}

#[test]
fn what_depends_on_the_clock_or_on_chance_is_refused_everywhere() {
    let volatile = holding(&[
        "random() < 2",
        "now() IS NOT NULL",
        "current_date > DATE '2020-01-01'",
        "CURRENT_TIMESTAMP IS NOT NULL",
        "uuid() <> ''",
        "version() <> ''",
        "arrow_typeof(name) <> ''",
        "repeat(name, 1000000000) <> ''",
        "lpad(name, 1000000000) <> ''",
        "rpad(name, 1000000000) <> ''",
        "overlay(name placing name from 1) <> ''",
        "replace(replace(name, '', 'aaaaaaaaaa'), 'a', 'aaaaaaaaaa') <> ''",
        "regexp_replace(name, '', 'aaaaaaaaaa', 'g') <> ''",
        "today() IS NOT NULL",
        "nonsense(name)",
    ]);
    assert_all(&edits(&["field", "record", "population", "history"], &volatile), "CFG-018", ".holds", 60);
    let criteria = ["random()", "now()", "version()"].iter().enumerate();
    let criteria: String = criteria
        .map(|(i, figure)| format!("[criterion.local{i}]\nname = {{ zh = \"本地\" }}\nmet = \"true\"\nfigure = \"{figure}\"\n"))
        .collect();
    assert_all(&criteria, "CFG-018", ".figure", 3);
    let among = [
        "holds = \"revenue < (SELECT max(n.need_amount) FROM needs n WHERE random() < 2)\"",
        "with = { most = \"max(revenue * random())\" }\nper = [\"period\"]\nholds = \"revenue < most\"",
    ];
    let told = refusals(&edits(&["population"], &among.map(String::from)));
    assert_eq!(told, ["CFG-018 10 edit.LOCAL-1.holds", "CFG-018 19 edit.LOCAL-2.with.most"]);
}

#[test]
fn nothing_stands_behind_a_condition() {
    let behind = holding(&[
        "revenue > 0) --",
        "revenue > 0; SELECT 1",
        "revenue > 0;",
        "revenue > 0 AS x",
        "revenue > 0, 1",
        "revenue > 0 UNION SELECT 1",
        "   ",
    ]);
    assert_all(&edits(&["record", "population"], &behind), "CFG-015", ".holds", 14);
    let refused = refusals("[criterion.patent_free]\nmet = \"true) OR (true\"\n");
    assert_eq!(refused, ["CFG-015 4 criterion.patent_free.met"]);
}

#[test]
fn criteria_look_at_one_enterprise() {
    let beyond = ["row_number() over () < 3", "patents > (SELECT 1)", "patents >= max(patents)", "enterprise IN (SELECT uscc FROM needs)"];
    let criterion =
        |(i, met): (usize, &&str)| format!("[criterion.local{i}]\nname = {{ zh = \"本地\" }}\nmet = \"{met}\"\nfigure = \"1\"\n");
    assert_all(&beyond.iter().enumerate().map(criterion).collect::<String>(), "CFG-020", ".met", 4);
    assert_eq!(refusals("[criterion.patent_free]\nmet = \"patents\"\n"), ["CFG-023 4 criterion.patent_free.met"]);
    assert_eq!(refusals(&edit("returns", "record", "revenue", "holds = \"revenue\"")), ["CFG-023 10 edit.LOCAL-1.holds"]);
}

#[test]
fn a_subquery_reads_what_its_scope_knows_and_gives_one_value() {
    let conditions = [
        "uscc IN (SELECT uscc FROM stated_returns)",
        "uscc IN (SELECT uscc FROM public.returns)",
        "(SELECT count(*) FROM range(3)) > 0",
        "revenue > (SELECT revenue FROM returns)",
        "revenue <= sum(revenue)",
    ];
    let told: Vec<String> = refusals(&edits(&["population"], &holding(&conditions)));
    let codes: Vec<&str> = told.iter().map(|t| &t[..7]).collect();
    assert_eq!(codes, ["CFG-021", "CFG-021", "CFG-021", "CFG-022", "CFG-024"], "{told:?}");
}

#[test]
fn a_mistaken_condition_is_told_beside_the_other_mistakes() {
    let settings = "fail_abov = 3\n\n[criterion.patent_free]\nmet = \"patent_free >= 3\"\n\n[limits]\nparsers = 1000\n\n[edit.F1]\nholds = \"random() < 1\"\n";
    let refused = refusals(settings);
    let want = ["CFG-006 3 run.fail_abov", "CFG-014 6 criterion.patent_free.met", "CFG-011 9 limits.parsers", "CFG-018 12 edit.F1.holds"];
    assert_eq!(refused, want);
}

#[test]
fn what_only_follows_from_a_mistake_is_not_told_beside_it() {
    let settings = "[form.returns.field]\nrobots = { label = \"机器人数\", type = \"numbr\" }\n\n[edit.F1]\nholds = \"robots >= 0\"\n";
    assert_eq!(refusals(settings), ["CFG-009 4 form.returns.field.robots.type"]);
}

#[test]
fn names_that_conditions_cannot_name_are_refused() {
    let names = ["a-b", "Revenue", "a b", "record", "period", "enterprise", "first_record", "revenue_raw", "price_unit", "1st", "年报"];
    let fields: String = names.iter().map(|name| format!("\"{name}\" = {{ label = \"新{name}\", type = \"number\" }}\n")).collect();
    let want: Vec<String> = (4..).zip(names).map(|(line, name)| format!("CFG-026 {line} form.returns.field.{name}")).collect();
    assert_eq!(refusals(&format!("[form.returns.field]\n{fields}")), want);
    let collides = "[form.returns.field]\nneed_amount = { label = \"融资需求额\", type = \"amount\" }\n";
    assert_eq!(refusals(collides), ["CFG-026 4 form.returns.field.need_amount"]);
}

#[test]
fn a_kind_that_built_in_edits_cannot_judge_is_refused() {
    let refused = refusals("[form.returns.field.revenue]\ntype = \"text\"\n");
    assert_eq!(refused, ["CFG-010 4 form.returns.field.revenue.type"]);
}

#[test]
fn an_expectation_over_all_records_is_told_in_small_letters() {
    let overs = ["over(PARTITION BY period)", "OVER (PARTITION BY period)", "Over  (partition by period)"];
    let rests = overs.map(|over| format!("holds = \"revenue >= 20000\"\nexpected = \"max(revenue) {over}\""));
    let site = site_with(&edits(&["population"], &rests), &[(1, "10,1,5,4"), (2, "30,1,5,4"), (3, "40,1,5,4")]);
    site.run();
    for (number, over) in (1..).zip(overs) {
        let rows = found(&site, &format!("LOCAL-{number}"));
        assert_eq!((cells(&rows), rows[0]["expected"].as_str()), (vec!["C3"], "40 千元"), "{over}");
    }
}

#[test]
fn a_judgement_is_made_anew_when_another_dataset_that_it_reads_changed() {
    let needs = format!("统一社会信用代码,企业名称,融资需求（元）\n{},龙南市第1有限公司,50000\n", code(1));
    let holds = "holds = \"need_amount <= (SELECT max(r.revenue) FROM returns r WHERE r.uscc = t.uscc)\"";
    let site = site_with(&edit("needs", "population", "need_amount", holds), &[(1, "100,1,5,4")]);
    site.input("工信局/需求.csv", needs);
    site.run();
    assert!(found(&site, "LOCAL-1").is_empty());
    site.input("统计局/2023.csv", returns(&[(1, "10,1,5,4")]));
    site.run();
    assert_eq!(cells(&found(&site, "LOCAL-1")), ["C2"]);
    // Nothing else has changed since, so it is read from what is kept, and is the same.
    site.input("市监局/专利.csv", "专利号,专利名称,专利类型,申请日,授权日,法律状态,专利权人,质押\n");
    site.run();
    assert_eq!(cells(&found(&site, "LOCAL-1")), ["C2"]);
    std::fs::remove_file(site.path("inputs/统计局/2023.csv")).expect("a return");
    site.run();
    assert!(found(&site, "LOCAL-1").is_empty(), "without returns there is nothing to hold it against");
}

#[test]
fn a_subquery_over_what_nobody_sent_is_unjudged() {
    let sum = "(SELECT sum(n.need_amount) FROM needs n WHERE n.enterprise = t.enterprise)";
    let holds = format!("holds = \"revenue >= {sum} AND year_why IS NULL\"");
    let site = site_with(&edit("returns", "population", "revenue", &holds), &[(1, "10,1,5,4")]);
    site.run();
    assert!(found(&site, "LOCAL-1").is_empty());
    let edits = site.table("edits");
    let row = edits.iter().find(|r| r["code"] == "LOCAL-1").expect("counts");
    assert_eq!((row["held"].as_str(), row["unjudged"].as_str()), ("0", "1"));
}

#[test]
fn operands_are_columns_and_not_words() {
    // F7 breaks main_revenue of the first row; the second names it in a text only.
    let reads = edit("returns", "record", "cost", "holds = \"Main_Revenue <= cost\"");
    let rows = [(1, "10,1,-5,-6"), (2, "10,1,5,4")];
    let site = site_with(&reads, &rows);
    site.run();
    assert_eq!(cells(&found(&site, "LOCAL-1")), ["F4"]);
    assert!(site.table("unjudged").iter().any(|r| r["code"] == "LOCAL-1" && r["because"] == "F7"));
    let names = edit("returns", "record", "name", "reads = [\"main_revenue\"]\nholds = \"name = 'main_revenue as_of()'\"");
    let site = site_with(&names, &rows);
    site.run();
    assert_eq!(cells(&found(&site, "LOCAL-1")), ["B3", "B4"]);
    assert!(!site.table("unjudged").iter().any(|r| r["code"] == "LOCAL-1"));
}

#[test]
fn what_cannot_be_computed_of_a_record_is_unjudged() {
    for scope in ["record", "population"] {
        let holds = "holds = \"total_profit / revenue >= 0.5\"\nexpected = \"CAST(name AS INT)\"";
        let site = site_with(&edit("returns", scope, "total_profit", holds), &[(1, "0,1,,"), (2, "10,1,,"), (3, "10,8,,")]);
        site.run();
        assert_eq!(cells(&found(&site, "LOCAL-1")), ["D4"], "{scope}");
        let edits = site.table("edits");
        let row = edits.iter().find(|r| r["code"] == "LOCAL-1").expect("counts");
        assert_eq!(["held", "broken", "unjudged"].map(|c| row[c].as_str()), ["1", "1", "1"], "{scope}");
    }
    let criterion = "[criterion.patent_free]\nmet = \"total_profit_last / revenue_last > 0\"\nfigure = \"1 / patents\"\n";
    let site = site_with(criterion, &[(1, "0,1,,"), (2, "10,1,,")]);
    site.run();
    let verdicts = site.table("verdicts");
    let met = verdicts.iter().filter(|r| r["criterion"] == "patent_free").map(|r| r["verdict"].as_str()).take(3).collect::<Vec<_>>();
    assert_eq!(met, ["unjudged", "met", "unjudged"]);
}

#[test]
fn an_expectation_over_a_column_that_no_table_has_ends_no_night() {
    let rest = "holds = \"revenue > 20000\"\nexpected = \"rd_expense\"";
    let site = site_with(&edit("returns", "record", "revenue", rest), &[(1, "10,1,5,4")]);
    site.run();
    assert_eq!(cells(&found(&site, "LOCAL-1")), ["C3"]);
}

#[test]
fn three_sources_of_a_field_are_held_against_each_other() {
    let settings = "[form.directory.field]\nplan_amount = { label = \"计划融资额\", type = \"amount\" }\n\n[merge.field.need_amount]\n\
        from = [\"needs.need_amount\", \"directory.need_amount\", \"directory.plan_amount\"]\n";
    let site = Site::new("2024-06-30", settings);
    let row = |i: u32, need: &str, plan: &str| format!("{},龙南市第{i}有限公司,专精特新中小企业,{need},{plan}\n", code(i));
    let rows = [row(1, "800", "900"), row(2, "800", "800"), row(3, "", "900"), row(4, "700", "750"), row(5, "500", "500")].concat();
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级,融资需求(万元),计划融资额(万元)\n{rows}"));
    let need = |i: u32, amount: u32| format!("{},龙南市第{i}有限公司,{amount}\n", code(i));
    let needs = [need(1, 1000), need(2, 800), need(3, 800)].concat();
    site.input("工信局/需求.csv", format!("统一社会信用代码,企业名称,融资需求（万元）\n{needs}"));
    site.run();
    let conflicts: Vec<[String; 3]> =
        site.table("conflicts").iter().map(|r| ["used", "other", "other_cell"].map(|c| r[c].clone())).collect();
    let want = [
        ["1000", "800", "工信局/名录.csv[名录]D2"],
        ["1000", "900", "工信局/名录.csv[名录]E2"],
        ["800", "900", "工信局/名录.csv[名录]E4"],
        ["700", "750", "工信局/名录.csv[名录]E5"],
    ];
    assert_eq!(conflicts, want.map(|row| row.map(String::from)));
}

#[test]
fn texts_and_lists_of_all_rows_are_not_made_beside_each() {
    let lists = holding(&[
        "array_agg(name) OVER () IS NOT NULL",
        "string_agg(name, '') OVER () IS NOT NULL",
        "(SELECT string_agg(n.name, '') FROM needs n) <> ''",
    ]);
    assert_all(&edits(&["population"], &lists), "CFG-018", ".holds", 3);
}

#[test]
fn rows_of_a_subquery_are_counted_and_not_searched() {
    let searched = holding(&[
        "uscc IN (SELECT uscc FROM needs)",
        "uscc NOT IN (SELECT n.uscc FROM needs n)",
        "EXISTS (SELECT 1 FROM needs n WHERE n.uscc = t.uscc)",
        "revenue > ALL (SELECT n.need_amount FROM needs n)",
        "revenue > ANY (SELECT n.need_amount FROM needs n)",
    ]);
    assert_all(&edits(&["population", "history"], &searched), "CFG-030", ".holds", 10);
    let counted = holding(&["(SELECT count(*) FROM needs n WHERE n.uscc = t.uscc) = 0"]);
    let site = site_with(&edits(&["population"], &counted), &[(1, "10,1,5,4"), (2, "10,1,5,4")]);
    site.input("工信局/需求.csv", format!("统一社会信用代码,企业名称,融资需求（元）\n{},龙南市第1有限公司,50000\n", code(1)));
    site.run();
    assert_eq!(cells(&found(&site, "LOCAL-1")), ["C3"]);
}

#[test]
fn what_cannot_be_computed_of_the_data_ends_no_night_and_is_told() {
    let among = [
        "CAST(name AS INT) <> 5 AND revenue >= 0",
        "to_date(name) IS NULL OR revenue > avg(revenue) OVER ()",
        "substr(name, 1, -1) = '' OR count(*) OVER () > 0",
        "make_date(2023, CAST(revenue AS INT), 31) IS NOT NULL",
        "revenue >= 20000",
    ];
    let rests = holding(&among);
    let site = site_with(&edits(&["population", "history"], &rests), &[(1, "10,1,5,4"), (2, "30,1,5,4")]);
    let output = site.huichi(&["run"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!text(&output.stderr).contains("龙南市第"), "{}", text(&output.stderr));
    let findings = site.table("findings");
    let told: Vec<&Row> = findings.iter().filter(|r| r["code"] == "EDT-001").collect();
    let of = |edit: &str| told.iter().any(|r| r["message"].contains(edit));
    assert!(["LOCAL-2 ", "LOCAL-3 ", "LOCAL-4 ", "LOCAL-7 ", "LOCAL-8 ", "LOCAL-9 "].iter().all(|e| of(e)), "{told:?}");
    assert!(!told.iter().any(|r| r["message"].contains("龙南市第")), "{told:?}");
    let edits = site.table("edits");
    let counts = |code: &str| {
        let row = edits.iter().find(|r| r["code"] == code).expect("counts");
        ["held", "broken", "unjudged"].map(|c| row[c].clone())
    };
    for edit in ["LOCAL-1", "LOCAL-2", "LOCAL-3", "LOCAL-4", "LOCAL-6"] {
        assert_eq!(counts(edit), ["0", "0", "2"], "{edit}");
    }
    for edit in ["LOCAL-5", "LOCAL-10"] {
        assert_eq!(counts(edit), ["1", "1", "0"], "what shares a pass with another is judged: {edit}");
    }
    assert!(!of("LOCAL-1 ") && !of("LOCAL-6 "), "a text that is no number is a value that is not known: {told:?}");
}

#[test]
fn an_expectation_that_cannot_be_computed_leaves_the_outcome() {
    let rest = "holds = \"revenue >= 20000\"\nexpected = \"substr(name, 1, -1)\"";
    let site = site_with(&edit("returns", "population", "revenue", rest), &[(1, "10,1,5,4"), (2, "30,1,5,4")]);
    site.run();
    let rows = found(&site, "LOCAL-1");
    assert_eq!((cells(&rows), rows[0]["expected"].as_str()), (vec!["C3"], ""));
}

#[test]
fn expectations_of_every_type_are_shown_as_what_they_are() {
    let shown = [
        ("revenue", "CAST(12 AS BIGINT)", "12"),
        ("revenue", "CAST(1 AS BIGINT UNSIGNED)", "1"),
        ("revenue", "CAST(1.5 AS DOUBLE)", "1.5"),
        ("revenue", "revenue < 0", "否"),
        ("revenue", "revenue IS NOT NULL", "是"),
        ("revenue", "revenue * 1.5", "15 千元"),
        ("revenue", "CAST(revenue AS DECIMAL(20, 0))", "10 千元"),
        ("name", "revenue", "10000"),
        ("name", "CAST(0.250 AS DECIMAL(9, 3))", "0.25"),
        ("name", "period", "2023"),
    ];
    for scope in ["record", "population"] {
        let each = (1..).zip(shown);
        let settings: String = each
            .map(|(i, (field, expected, _))| {
                numbered(i, "returns", scope, field, &format!("holds = \"revenue > 20000\"\nexpected = \"{expected}\""))
            })
            .collect();
        let site = site_with(&settings, &[(1, "10,1,5,4")]);
        site.run();
        let findings = site.table("findings");
        let said = |i: usize| findings.iter().find(|r| r["code"] == format!("LOCAL-{i}")).map(|r| r["expected"].clone());
        for (i, (_, expected, want)) in (1..).zip(shown) {
            assert_eq!(said(i).as_deref(), Some(want), "{scope}: {expected}");
        }
    }
}

#[test]
fn a_term_stated_beyond_the_lawful_one_makes_no_patent_free() {
    let site = site_with("", &[(1, "10,1,5,4")]);
    let head = "专利号,专利名称,专利类型,申请日,授权日,届满日,法律状态,专利权人,统一社会信用代码,质押\n";
    let row =
        |until: &str| format!("ZL200529000001.X,一种装置,实用新型,2005-03-01,2006-03-01,{until},有效,龙南市第1有限公司,{},否\n", code(1));
    for (until, codes) in [("2045-03-01", vec!["PAT-005", "PAT-008"]), ("2015-02-28", vec!["PAT-005"]), ("", vec!["PAT-005"])] {
        site.input("市监局/专利.csv", format!("{head}{}", row(until)));
        site.run();
        let findings = site.table("findings");
        let told: Vec<&str> = findings.iter().map(|r| r["code"].as_str()).filter(|c| c.starts_with("PAT-")).collect();
        assert_eq!(told, codes, "{until}");
        assert_eq!(site.table("patents")[0]["state"], "expired", "{until}");
    }
}
