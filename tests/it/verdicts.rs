//! What is not known decides nothing: verdicts, cascades, the population, and what a site may switch off.

use crate::util::{Row, Site, code};
use calamine::{Reader, Xlsx, open_workbook};

const PATENTS: &str = "专利号,专利名称,专利类型,申请日,授权日,法律状态,专利权人,质押\n";

fn directory(rows: &[&str]) -> String {
    let body: String = (1..).zip(rows).map(|(i, row)| format!("{},龙南市第{i}有限公司,{row}\n", code(i))).collect();
    format!("统一社会信用代码,企业名称,专精特新等级,认定日期,有效期至\n{body}")
}

fn verdict(site: &Site, enterprise: u32, criterion: &str) -> String {
    let (verdicts, key) = (site.table("verdicts"), code(enterprise));
    let row = verdicts.iter().find(|r| r["enterprise"] == key && r["criterion"] == criterion);
    row.expect("a verdict")["verdict"].clone()
}

/// `code because` of the edits that a finding leaves unjudged.
fn unjudged(site: &Site) -> Vec<String> {
    site.table("unjudged").iter().map(|r| format!("{} {} {}", r["code"], r["because"], r["cell"])).collect()
}

/// A sheet of the pool's workbook as lines of text.
fn sheet(site: &Site, name: &str) -> String {
    let mut book: Xlsx<_> = open_workbook(site.path("outputs/latest/备选池.xlsx")).expect("the pool");
    let range = book.worksheet_range(name).expect("a sheet");
    range.rows().map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ") + "\n").collect()
}

fn with_code(rows: &[Row], code: &str) -> Vec<String> {
    rows.iter().filter(|r| r["code"] == code).map(|r| r["cell"].clone()).collect()
}

#[test]
fn a_title_whose_end_is_not_known_is_unjudged() {
    let site = Site::new("2024-06-30", "");
    let srdi = "专精特新中小企业";
    let ends =
        ["2023-05-01,2026-04-30", "2020-05-01,2023-04-30", "2023-05-01,2020-04-30", "2023-05-01,2023-13-40", "2021-06-30,2024年6月", ","];
    let rows: Vec<String> = ends.iter().map(|e| format!("{srdi},{e}")).chain(["—,,".to_owned(), "省级特别好,,".to_owned()]).collect();
    site.input("工信局/名录.csv", directory(&rows.iter().map(String::as_str).collect::<Vec<_>>()));
    site.run();
    let verdicts: Vec<String> = (1..=8).map(|i| verdict(&site, i, "title_valid")).collect();
    assert_eq!(verdicts, ["met", "not_met", "unjudged", "unjudged", "met", "met", "not_met", "unjudged"]);
}

#[test]
fn a_patent_whose_pledge_or_status_is_not_known_is_unjudged() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", directory(&["专精特新中小企业,,"; 6]));
    let rows = [
        ("ZL201919000000.1", "2019-03-01", "有效", "否"),
        ("ZL201919000001.X", "2019-03-01", "有效", "农行"),
        ("ZL201919000002.8", "2019-03-01", "某新写法", "否"),
        ("ZL201919000003.6", "2019-03-01", "有效", "已质押给建行（2024年）"),
        ("ZL201919000004.4", "2019-03-01", "失效", ""),
        ("ZL201919000005.2", "2019-03-01", "有效", ""),
    ];
    let body: String = (1..)
        .zip(rows)
        .map(|(i, (number, filed, status, pledged))| {
            format!("{number},一种装置,发明专利,{filed},2021-03-01,{status},龙南市第{i}有限公司,{pledged}\n")
        })
        .collect();
    site.input("市监局/专利.csv", format!("{PATENTS}{body}"));
    site.run();
    let verdicts: Vec<String> = (1..=6).map(|i| verdict(&site, i, "patent_free")).collect();
    assert_eq!(verdicts, ["met", "unjudged", "unjudged", "not_met", "not_met", "unjudged"]);
}

#[test]
fn what_begins_after_the_reference_date_is_not_yet_there() {
    let site = Site::new("2024-06-30", "");
    let srdi = "专精特新中小企业";
    // A title that begins on the day, after it, whose beginning nobody can read, and one that is over in any case.
    let titles = ["2024-06-30,2027-06-29", "2024-07-01,2027-06-30", "2024-13-40,2027-06-30", "2024-13-40,2024-06-29"];
    let rows: Vec<String> = titles.iter().map(|t| format!("{srdi},{t}")).collect();
    site.input("工信局/名录.csv", directory(&rows.iter().map(String::as_str).collect::<Vec<_>>()));
    // Granted on the day, after it, filed after it, and with a number of a later year.
    let patents = [
        ("ZL201919000000.1", "2019-03-01,2024-06-30"),
        ("ZL201919000001.6", "2019-03-01,2024-07-01"),
        ("ZL201919000002.0", "2024-07-01,"),
        ("ZL202519000003.0", ","),
    ];
    let body: String = (1..)
        .zip(patents)
        .map(|(i, (number, dates))| format!("{number},一种装置,发明专利,{dates},2030-01-01,有效,龙南市第{i}有限公司,否\n"))
        .collect();
    site.input("市监局/专利.csv", format!("专利号,专利名称,专利类型,申请日,授权日,届满日,法律状态,专利权人,质押\n{body}"));
    site.run();
    let verdicts = |criterion| [1, 2, 3, 4].map(|i| verdict(&site, i, criterion));
    assert_eq!(verdicts("title_valid"), ["met", "unjudged", "unjudged", "not_met"]);
    assert_eq!(verdicts("patent_free"), ["met", "not_met", "not_met", "not_met"]);
    let states: Vec<String> = site.table("patents").iter().map(|r| r["state"].clone()).collect();
    assert_eq!(states, ["free", "not_granted", "not_granted", "not_granted"]);
    let sheet = sheet(&site, "专利");
    assert_eq!(sheet.matches("基准日尚未授权").count(), 5, "three rows, the sum of states and the note: {sheet}");
}

#[test]
fn facts_of_patents_are_figures_or_say_why_there_are_none() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", directory(&["专精特新中小企业,,"]));
    // Kind, filing date, date of grant and status; what remains, how long it was maintained, and its trade.
    let none = "not_applicable";
    let cases = [
        ("发明专利", "2019-03-01,2021-06-30", "有效", ["176", "36", "unjudged"]),
        ("实用新型", "2019-03-01,2021年", "等年费滞纳金", ["56", "30", "unjudged"]),
        ("发明专利", ",2021-06-30", "有效", ["unjudged", "36", "unjudged"]),
        ("发明专利", "2019-03-01,", "有效", ["176", "unjudged", "unjudged"]),
        ("发明专利", "2019-03-01,2021-06-30", "", ["unjudged", "unjudged", "unjudged"]),
        ("", "2019-03-01,2021-06-30", "有效", ["unjudged", "unjudged", "unjudged"]),
        ("发明专利", "2019-03-01,2021-06-30", "未缴年费终止", ["0", "unjudged", "unjudged"]),
        ("实用新型", "2013-03-01,2014-06-30", "有效", ["0", "unjudged", "unjudged"]),
        ("发明专利", "2019-03-01,", "实质审查", [none, none, none]),
        ("外观设计", "2019-03-01,2021-06-30", "有效", [none, none, none]),
        ("外观设计", "2019-03-01,2021-06-30", "未缴年费终止", [none, none, none]),
    ];
    let row = |(kind, dates, status, _): &(&str, &str, &str, [&str; 3])| format!(",装置,{kind},{dates},{status},龙南市第1有限公司,否\n");
    let body: String = cases.iter().map(row).collect();
    site.input("市监局/专利.csv", format!("专利号,专利名称,专利类型,申请日,授权日,法律状态,专利权人,质押\n{body}"));
    site.run();
    let told = |patent: &Row| {
        let figure = |column: &str| {
            let (months, state) = (patent[column].clone(), patent[format!("{column}_state").as_str()].clone());
            assert_eq!(months.is_empty(), state != "computed", "{patent:?}");
            if months.is_empty() { state } else { months }
        };
        [figure("remaining_months"), figure("maintained_months"), patent["trade_state"].clone()]
    };
    let patents = site.table("patents");
    assert_eq!(patents.iter().map(told).collect::<Vec<_>>(), cases.map(|case| case.3.map(str::to_owned)));
    let sheet = sheet(&site, "专利");
    assert!(sheet.contains("剩余保护期") && sheet.contains("176 36 无法判断") && sheet.contains("不适用 不适用 不适用"), "{sheet}");
    assert_eq!(sheet.matches("GB/T 42748-2023").count(), 1, "{sheet}");
    assert!(sheet.contains("不是估值"));
}

#[test]
fn without_any_patent_list_nobody_is_turned_down_for_patents() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", directory(&["专精特新中小企业,,"]));
    site.run();
    assert_eq!(verdict(&site, 1, "patent_free"), "unjudged");
}

#[test]
fn last_year_is_the_calendar_year_before_the_reference_date() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", directory(&["专精特新中小企业,,", "专精特新中小企业,,"]));
    let returns = |year: i32, i: u32, revenue: i32| {
        format!(
            "经营情况（{year}年）单位：千元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n{},龙南市第{i}有限公司,{revenue},1\n",
            code(i)
        )
    };
    site.input("统计局/2023.csv", returns(2023, 1, 10));
    site.input("统计局/2024上半年.csv", returns(2024, 1, 20));
    site.input("统计局/2020.csv", returns(2020, 2, 30));
    site.run();
    assert_eq!([verdict(&site, 1, "revenue_stated"), verdict(&site, 2, "revenue_stated")], ["met", "not_met"]);
    let enterprises = site.table("enterprises");
    assert_eq!((enterprises[0]["revenue_last"].as_str(), enterprises[1]["revenue_last"].as_str()), ("10000", ""));
}

#[test]
fn one_wrong_figure_breaks_one_edit() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", directory(&["专精特新中小企业,,"]));
    let a = code(1);
    site.input(
        "统计局/2023.csv",
        format!(
            "经营情况（2023年）单位：千元,,,,,\n统一社会信用代码,企业名称,资产总计,流动资产合计,负债合计,所有者权益合计\n{a},龙南市第1有限公司,100,600,400,600\n"
        ),
    );
    site.run();
    let findings = site.table("findings");
    assert_eq!((with_code(&findings, "F1"), with_code(&findings, "F5-1")), (vec!["C3".to_owned()], vec![]));
    assert!(unjudged(&site).contains(&"F5-1 F1 C3".to_owned()), "{:?}", unjudged(&site));
}

#[test]
fn a_slipped_year_leaves_the_comparison_with_it_unjudged() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", directory(&["专精特新中小企业,,"]));
    for (year, revenue, prior) in [(2021, 100, 95), (2022, 110_000, 100), (2023, 120, 110)] {
        site.input(
            &format!("统计局/{year}.csv"),
            format!(
                "经营情况（{year}年）单位：千元,,,,\n统一社会信用代码,企业名称,营业收入,营业收入（上年同期）,利润总额\n{},龙南市第1有限公司,{revenue},{prior},1\n",
                code(1)
            ),
        );
    }
    site.run();
    let findings = site.table("findings");
    assert_eq!(with_code(&findings, "UNT-001").len(), 1);
    assert_eq!(with_code(&findings, "F11-1"), Vec::<String>::new());
    let named = unjudged(&site);
    assert_eq!(named.iter().filter(|u| u.starts_with("F11-1 UNT-001")).count(), 2, "{named:?}");
}

#[test]
fn the_population_is_the_registry_alone() {
    let site = Site::new(
        "2024-06-30",
        "[source.park]\nbureau = \"园区\"\nfiles = [\"园区/**\"]\nforms = [\"directory\"]\nlegal_basis = \"试\"\npurpose = \"试\"\ncatalogue_item = \"试\"\n",
    );
    site.input("工信局/名录.csv", directory(&["专精特新中小企业,,"]));
    site.input(
        "园区/名录.csv",
        format!("统一社会信用代码,企业名称,专精特新等级\n{},龙南市第1有限公司,\n{},龙南市外来有限公司,\n", code(1), code(9)),
    );
    site.run();
    assert_eq!(site.table("enterprises").len(), 1);
    let findings = site.table("findings");
    assert_eq!(with_code(&findings, "LNK-001"), ["B3"]);
}

#[test]
fn a_site_may_switch_off_what_reports_repetitions() {
    let site = Site::new("2024-06-30", "[edit.UNQ-001]\ndisabled = true\n");
    let row = "专精特新中小企业,,";
    site.input("工信局/名录.csv", format!("{}{},龙南市第1有限公司,{row}\n", directory(&[row]), code(1)));
    site.run();
    assert_eq!(site.table("enterprises").len(), 1);
    let duplicate: u64 =
        site.table("places").iter().filter(|r| r["place"] == "duplicate").map(|r| r["rows"].parse::<u64>().expect("rows")).sum();
    assert_eq!(duplicate, 1);
}

#[test]
fn a_correction_finds_the_record_whose_code_it_corrects() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", directory(&["专精特新中小企业,,"; 3]));
    let returns = |rows: &[(String, u32, i32)]| {
        let body: String = rows.iter().map(|(code, i, revenue)| format!("{code},龙南市第{i}有限公司,{revenue},1\n")).collect();
        format!("经营情况（2023年）单位：千元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n{body}")
    };
    let wrong = code(1).replace("K001", "K007");
    site.input("统计局/年报_2023年.csv", returns(&[(wrong, 1, 10), (String::new(), 2, 20), (code(3), 3, 30)]));
    site.input("统计局/年报_2023年_更正.csv", returns(&[(code(1), 1, 11), (code(2), 2, 22)]));
    site.run();
    let enterprises = site.table("enterprises");
    let revenue: Vec<&str> = enterprises.iter().map(|r| r["revenue_2023"].as_str()).collect();
    assert_eq!(revenue, ["11000", "22000", "30000"]);
    assert_eq!(with_code(&site.table("findings"), "UNQ-001"), Vec::<String>::new());
}
