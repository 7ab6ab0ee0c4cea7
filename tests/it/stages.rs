//! Links, versions, survivorship and criteria on small tables.

use crate::util::{Row, Site, code};

fn only<'a>(rows: &'a [Row], column: &str, value: &str) -> &'a Row {
    let found: Vec<&Row> = rows.iter().filter(|r| r[column] == value).collect();
    assert_eq!(found.len(), 1, "{column} = {value}");
    found[0]
}

#[test]
fn a_namesake_is_never_resolved_by_guess() {
    let site = Site::new("2024-06-30", "");
    let (a, b, c) = (code(1), code(2), code(3));
    site.input(
        "工信局/名录.csv",
        format!(
            "统一社会信用代码,企业名称,曾用名,专精特新等级\n{a},龙南市同名有限公司,,专精特新中小企业\n{b},龙南市同名有限公司,,专精特新中小企业\n\
             {c},龙南市新名有限公司,龙南市旧名有限公司,专精特新中小企业\n"
        ),
    );
    let unknown = code(9);
    let org = &c[8..17];
    site.input(
        "统计局/2023.csv",
        format!(
            "经营情况（2023年）单位：千元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n{b},龙南市同名有限公司,20,2\n,龙南市同名有限公司,30,3\n\
             ,龙南市旧名有限公司,40,4\n{unknown},龙南市新名有限公司,50,5\n"
        ),
    );
    site.input("统计局/2022.csv", format!("经营情况（2022年）单位：千元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n{org},,60,6\n"));
    site.run();
    let returns = site.table("returns");
    let linked: Vec<(String, String)> = returns.iter().map(|r| (r["revenue"].clone(), r["linked_by"].clone())).collect();
    let want = [("60000", "org_code"), ("20000", "uscc"), ("30000", ""), ("40000", "name"), ("50000", "")];
    assert_eq!(linked, want.map(|(r, l)| (r.to_owned(), l.to_owned())));
    let reasons: Vec<String> = site.table("not_linked").iter().map(|r| r["reason"].clone()).collect();
    let both = format!("龙南市同名有限公司（{a}）、龙南市同名有限公司（{b}）");
    let namesakes = format!("名录中有 2 家企业的名称或曾用名是“龙南市同名有限公司”，本表没有可用的代码，无法区分：{both}");
    assert_eq!(reasons, [namesakes, format!("名录中同名企业的代码是 {c}，与本表不同")]);
    let enterprises = site.table("enterprises");
    assert_eq!(only(&enterprises, "uscc", &c)["revenue_2023"], "40000");
    assert_eq!(only(&enterprises, "uscc", &c)["revenue_2022"], "60000");
    assert_eq!(only(&enterprises, "uscc", &a)["revenue_2023"], "");
}

/// A directory of namesakes: two of one name, one whose former name is another's name, two that share an organisation code.
fn namesakes() -> (Site, [String; 5]) {
    let site = Site::new("2024-06-30", "");
    let codes = [1, 2, 3, 4, 5].map(code);
    let [a, b, c, d, e] = &codes;
    site.input(
        "工信局/名录.csv",
        format!(
            "统一社会信用代码,组织机构代码,企业名称,曾用名,注册地址,专精特新等级\n{a},,龙南市同名有限公司,,龙南镇一路,专精特新中小企业\n\
             {b},,龙南市同名有限公司,,渡江镇二路,专精特新中小企业\n{c},,龙南市新名有限公司,龙南市旧名有限公司,,专精特新中小企业\n\
             {d},,龙南市旧名有限公司,,,专精特新中小企业\n{e},,龙南市甲子有限公司,,,专精特新中小企业\n,{},龙南市乙丑有限公司,,,专精特新中小企业\n",
            &e[8..17]
        ),
    );
    (site, codes)
}

#[test]
fn a_record_to_which_several_enterprises_answer_asks_and_names_all_of_them() {
    let (site, [a, b, c, d, e]) = namesakes();
    let other = code(9);
    site.input(
        "统计局/2023.csv",
        format!(
            "经营情况（2023年）单位：千元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n,龙南市同名有限公司,10,1\n,龙南市旧名有限公司,20,2\n\
             {other},龙南市同名有限公司,30,3\n{},,40,4\n,外地某有限公司,50,5\n,龙南市同名有限公司,60,6\n{c},龙南市旧名有限公司,70,7\n",
            &e[8..17]
        ),
    );
    site.input("工信局/需求.csv", "统一社会信用代码,企业名称,融资需求（万元）\n,龙南市同名有限公司,800\n");
    site.run();
    let findings = site.table("findings");
    let asked = |cell: &str, file: &str| {
        let found = findings.iter().find(|f| f["code"] == "LNK-005" && f["cell"] == cell && f["file"] == file);
        let found = found.unwrap_or_else(|| panic!("{file} {cell} asks nothing"));
        assert_eq!(found["severity"], "explain");
        found["expected"].clone()
    };
    let both = [format!("龙南市同名有限公司（{a}，龙南镇一路）"), format!("龙南市同名有限公司（{b}，渡江镇二路）")];
    for (cell, file) in [("B3", "统计局/2023.csv"), ("B8", "统计局/2023.csv"), ("B2", "工信局/需求.csv")] {
        let asked = asked(cell, file);
        assert!(both.iter().all(|one| asked.contains(one)) && asked.contains("没有可用的代码"), "{asked}");
    }
    let former = asked("B4", "统计局/2023.csv");
    assert!(former.contains(&c) && former.contains(&d), "{former}");
    let coded = asked("B5", "统计局/2023.csv");
    assert!(both.iter().all(|one| coded.contains(one)) && coded.contains("代码都与本表不同"), "{coded}");
    let shared = findings.iter().find(|f| f["code"] == "LNK-005" && f["expected"].contains("组织机构代码")).expect("a shared code asks");
    assert!(shared["expected"].contains("龙南市甲子有限公司") && shared["expected"].contains("龙南市乙丑有限公司"), "{shared:?}");
    let told = |code: &str| findings.iter().filter(|f| f["code"] == code).map(|f| f["cell"].clone()).collect::<Vec<_>>();
    assert_eq!(told("LNK-001"), ["B7"], "an outsider is found by nothing, a namesake is no outsider");
    assert_eq!(told("LNK-003"), Vec::<String>::new(), "a former name agrees although it is another's name too");
    assert_eq!(told("UNQ-001"), Vec::<String>::new(), "two records of a name that two enterprises bear repeat nothing");
    let places = site.table("places");
    let rows = |reason: &str| places.iter().filter(|p| p["reason"] == reason).map(|p| p["rows"].parse::<u64>().expect("rows")).sum::<u64>();
    assert_eq!(rows("名录中有几家同名企业，无法区分"), 4);
    assert_eq!(rows("名录中有几家同名企业，代码都与本表不同"), 1);
    assert_eq!(rows("名录中有几家企业的组织机构代码相同，无法区分"), 1);
    assert_eq!(rows("按代码、名称均未找到"), 1);
}

#[test]
fn each_owner_of_a_patent_is_told_if_it_is_a_namesake() {
    let (site, [a, b, ..]) = namesakes();
    let numbers = [1, 2, 3].map(|i| patent_number(2, i));
    site.input(
        "市监局/专利.csv",
        format!(
            "专利号,专利名称,专利类型,申请日,法律状态,专利权人,质押\n{},一,实用新型,2020-01-02,有效,外地某大学；龙南市同名有限公司,否\n\
             {},二,实用新型,2020-01-02,有效,龙南市甲子有限公司；龙南市同名有限公司；龙南市旧名有限公司,否\n{},三,实用新型,2020-01-02,有效,张三,否\n",
            numbers[0], numbers[1], numbers[2]
        ),
    );
    site.run();
    let findings = site.table("findings");
    let asked: Vec<&Row> = findings.iter().filter(|f| f["code"] == "LNK-006").collect();
    assert_eq!(
        asked.iter().map(|f| (f["cell"].as_str(), f["severity"].as_str())).collect::<Vec<_>>(),
        [("F2", "explain"), ("F3", "explain")]
    );
    assert!(asked.iter().all(|f| f["expected"].contains(&a) && f["expected"].contains(&b)), "{asked:?}");
    assert!(asked[1]["expected"].contains("“龙南市旧名有限公司”"), "both doubtful owners are named: {asked:?}");
    let outsiders: Vec<&str> = findings.iter().filter(|f| f["code"] == "LNK-002").map(|f| f["cell"].as_str()).collect();
    assert_eq!(outsiders, ["F4"]);
    let reasons: Vec<String> =
        site.table("not_linked").iter().filter(|r| r["name"].contains("同名")).map(|r| r["reason"].clone()).collect();
    assert!(reasons.len() == 2 && reasons.iter().all(|r| r.contains(&a) && r.contains(&b)), "{reasons:?}");
    let places = site.table("places");
    assert!(places.iter().any(|p| p["reason"] == "名录中有几家同名企业，无法区分" && p["rows"] == "1"), "{places:?}");
}

/// An invented number with its check: kind 1 invention, 2 utility model, 3 design.
fn patent_number(kind: u32, sequence: u32) -> String {
    let digits = format!("2020{kind}{sequence:07}");
    format!("ZL{digits}.{}", huichi::model::patent_number::check_digit(&digits).expect("twelve digits"))
}

#[test]
fn a_patent_is_in_exactly_one_state_and_the_numbers_add_up() {
    let site = Site::new("2024-06-30", "");
    let a = code(1);
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{a},龙南市甲有限公司,专精特新中小企业\n"));
    // Filing date and date of grant, end of term as stated, status, pledge; and the state that they come to.
    let cases = [
        ("2020-01-02,2024-06-30", "", "有效", "否", "free"),
        ("2020-01-02,2024-07-01", "", "有效", "否", "not_granted"),
        ("2020-01-02,2024年7月", "", "等年费滞纳金", "是", "not_granted"),
        ("2020-01-02,2024-07-01", "", "", "否", "not_granted"),
        ("2024-07-01,", "2034-07-01", "有效", "否", "not_granted"),
        ("2025-01-02,2024-01-02", "2030-01-01", "授权", "否", "not_granted"),
        ("2020-01-02,2021-03-04", "", "审中", "否", "unclear"),
        ("2020-01-02,2019-03-04", "", "有效", "否", "in_force_unclear"),
        ("2020-01-02,2021-03-04", "2021-03-03", "有效", "否", "in_force_unclear"),
        ("2020-01-02,", "", "有效", "否", "free"),
        ("2014-06-30,", "", "有效", "否", "free"),
        ("2014-06-29,", "", "有效", "否", "expired"),
        ("2014-06-29,", "2025-01-01", "有效", "否", "expired"),
        ("2014,", "2024-12-01", "有效", "否", "free"),
        ("2020-01-02,", "2024-06-29", "授权", "是", "expired"),
        ("2010-01-02,", "", "等年费滞纳金", "否", "expired"),
        ("2010-01-02,", "", "", "否", "expired"),
        ("2020-01-02,", "", "有效", "是", "pledged"),
        (",", "", "有效", "是", "pledged"),
        ("2020-01-02,", "", "等年费滞纳金", "否", "late_fee"),
        ("2020-01-02,", "", "等年费滞纳金", "", "late_fee"),
        ("2020-01-02,", "", "等年费滞纳金", "是", "pledged"),
        ("2020-01-02,", "", "有效", "", "in_force_unclear"),
        ("2020-01-02,", "", "有效", "说不清", "in_force_unclear"),
        (",", "", "有效", "否", "in_force_unclear"),
        ("2020-01-02,", "不详年月", "有效", "否", "in_force_unclear"),
        ("2020-01-02,", "2019-01-01", "有效", "否", "in_force_unclear"),
        ("2020-01-02,", "", "", "否", "unclear"),
        ("2020-01-02,", "", "没见过的写法", "", "unclear"),
        ("2020-01-02,", "", "未缴年费终止", "否", "not_in_force"),
        ("2020-01-02,", "", "实质审查", "", "not_granted"),
        ("2010-01-02,", "", "等恢复", "是", "not_in_force"),
    ];
    let rows: String = (1..)
        .zip(cases)
        .map(|(i, (filed, until, status, pledged, _))| {
            format!("{},装置,实用新型,{filed},{until},{status},龙南市甲有限公司,{pledged}\n", patent_number(2, i))
        })
        .collect();
    site.input("市监局/专利.csv", format!("专利号,专利名称,专利类型,申请日,授权日,届满日,法律状态,专利权人,质押\n{rows}"));
    site.run();
    let patents = site.table("patents");
    let states: Vec<&str> = patents.iter().map(|r| r["state"].as_str()).collect();
    assert_eq!(states, cases.map(|case| case.4));
    let enterprises = site.table("enterprises");
    let count = |column: &str| enterprises[0][column].parse::<usize>().expect("a count");
    let of = |state: &str| cases.iter().filter(|c| c.4 == state).count();
    let parts = [("free", "patents_free"), ("pledged", "patents_pledged"), ("late_fee", "patents_late_fee")];
    let parts = parts.into_iter().chain([("in_force_unclear", "patents_in_force_unclear")]);
    let sum: usize =
        parts.map(|(state, column)| (of(state), count(column))).inspect(|(want, got)| assert_eq!(want, got)).map(|p| p.1).sum();
    assert_eq!(count("patents_in_force"), sum);
    let others = ["patents_expired", "patents_status_unclear", "patents_not_granted", "patents_not_in_force"].map(count);
    assert_eq!(others, ["expired", "unclear", "not_granted", "not_in_force"].map(of));
    assert_eq!(count("patents"), sum + others.iter().sum::<usize>());
    assert_eq!(count("patents_unclear"), of("in_force_unclear") + of("unclear"), "what may be free");
    let told: Vec<Row> = site.table("findings").into_iter().filter(|f| f["code"] == "PAT-005").collect();
    let cells: Vec<&str> = told.iter().map(|f| f["cell"].as_str()).collect();
    assert_eq!(cells, ["G13", "G14", "G16", "G17"], "a status in force after its term is told, also with a late fee due");
}

#[test]
fn a_correction_supersedes_whole_or_only_its_own_records() {
    let site = Site::new("2024-06-30", "");
    let codes: Vec<String> = (1..=3).map(code).collect();
    let mut directory = String::from("统一社会信用代码,企业名称,专精特新等级\n");
    codes.iter().enumerate().for_each(|(i, c)| directory.push_str(&format!("{c},龙南市第{i}有限公司,专精特新中小企业\n")));
    site.input("工信局/名录.csv", directory);
    let table = |year: i32, rows: &[(usize, i64)]| {
        let body: String = rows.iter().map(|(i, v)| format!("{},龙南市第{i}有限公司,{v},1\n", codes[*i])).collect();
        format!("经营情况（{year}年）单位：千元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n{body}")
    };
    site.input("统计局/年报_2022年.csv", table(2022, &[(0, 1), (1, 2), (2, 3)]));
    site.input("统计局/年报_2022年_更正.csv", table(2022, &[(0, 10), (1, 20), (2, 30)]));
    site.input("统计局/年报_2023年.csv", table(2023, &[(0, 4), (1, 5), (2, 6)]));
    site.input("统计局/年报_2023年_v2.csv", table(2023, &[(1, 50)]));
    site.run();
    let enterprises = site.table("enterprises");
    let figures = |column: &str| codes.iter().map(|c| only(&enterprises, "uscc", c)[column].clone()).collect::<Vec<_>>();
    assert_eq!(figures("revenue_2022"), ["10000", "20000", "30000"]);
    assert_eq!(figures("revenue_2023"), ["4000", "50000", "6000"]);
    let superseded: u64 =
        site.table("places").iter().filter(|r| r["place"] == "superseded").map(|r| r["rows"].parse::<u64>().expect("rows")).sum();
    assert_eq!(superseded, 4);
}

#[test]
fn a_correction_of_one_year_leaves_the_other_years_of_its_table() {
    let site = Site::new("2024-06-30", "");
    let codes: Vec<String> = (1..=3).map(code).collect();
    let mut directory = String::from("统一社会信用代码,企业名称,专精特新等级\n");
    codes.iter().enumerate().for_each(|(i, c)| directory.push_str(&format!("{c},龙南市第{i}有限公司,专精特新中小企业\n")));
    site.input("工信局/名录.csv", directory);
    let table = |rows: &[(i32, usize, i64)]| {
        let body: String = rows.iter().map(|(y, i, v)| format!("{y},{},龙南市第{i}有限公司,{v},1\n", codes[*i])).collect();
        format!("经营情况 单位：千元,,,,\n年份,统一社会信用代码,企业名称,营业收入,利润总额\n{body}")
    };
    site.input("统计局/年报.csv", table(&[(2022, 0, 1), (2022, 1, 2), (2022, 2, 3), (2023, 0, 4), (2023, 1, 5), (2023, 2, 6)]));
    // All of 2023, and one enterprise of 2022.
    site.input("统计局/年报_更正.csv", table(&[(2023, 0, 40), (2023, 1, 50), (2023, 2, 60), (2022, 1, 20)]));
    site.run();
    let enterprises = site.table("enterprises");
    let figures = |column: &str| codes.iter().map(|c| only(&enterprises, "uscc", c)[column].clone()).collect::<Vec<_>>();
    assert_eq!(figures("revenue_2022"), ["1000", "20000", "3000"]);
    assert_eq!(figures("revenue_2023"), ["40000", "50000", "60000"]);
    let superseded: u64 =
        site.table("places").iter().filter(|r| r["place"] == "superseded").map(|r| r["rows"].parse::<u64>().expect("rows")).sum();
    assert_eq!(superseded, 4);
}

#[test]
fn the_same_return_twice_without_a_mark_asks_and_counts_once() {
    let site = Site::new("2024-06-30", "");
    let a = code(1);
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{a},龙南市甲有限公司,专精特新中小企业\n"));
    for (name, revenue) in [("一.csv", 10), ("二.csv", 12)] {
        site.input(
            &format!("统计局/{name}"),
            format!("经营情况（2023年）单位：千元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n{a},龙南市甲有限公司,{revenue},1\n"),
        );
    }
    site.run();
    assert!(site.findings().iter().any(|f| f.starts_with("SRC-002")));
    assert_eq!(only(&site.table("enterprises"), "uscc", &a)["revenue_2023"], "10000");
    let conflicts = site.table("conflicts");
    assert_eq!(conflicts.len(), 1);
    assert_eq!((conflicts[0]["field"].as_str(), conflicts[0]["used"].as_str(), conflicts[0]["other"].as_str()), ("营业收入", "10", "12"));
    assert_eq!(conflicts[0]["other_cell"], "统计局/二.csv[二]C3");
    assert_eq!(["used_unit", "other_unit"].map(|c| conflicts[0][c].as_str()), ["1000"; 2]);
}

#[test]
fn sources_conflict_beyond_half_of_the_last_stated_place() {
    let site = Site::new("2024-06-30", "");
    let (a, b) = (code(1), code(2));
    site.input(
        "工信局/名录.csv",
        format!(
            "统一社会信用代码,企业名称,专精特新等级,融资需求(万元)\n{a},龙南市甲有限公司,专精特新中小企业,800\n{b},龙南市乙有限公司,专精特新中小企业,800\n"
        ),
    );
    site.input(
        "工信局/需求.csv",
        format!(
            "统一社会信用代码,企业名称,融资需求（元）,资金用途\n{a},龙南市甲有限公司,8004000,设备\n{b},龙南市乙有限公司,8006000,设备\n"
        ),
    );
    site.run();
    let conflicts = site.table("conflicts");
    assert_eq!(conflicts.len(), 1, "800 万元 and 8,004,000 元 agree, 8,006,000 元 does not");
    assert_eq!(conflicts[0]["enterprise"], b);
    let enterprises = site.table("enterprises");
    assert_eq!(only(&enterprises, "uscc", &b)["need_amount"], "8006000", "the needs form comes first");
    let provenance = site.table("provenance");
    let cell = provenance.iter().find(|r| r["enterprise"] == b && r["column"] == "need_amount").expect("a source");
    assert_eq!(cell["cell"], "工信局/需求.csv[需求]C3");
}

#[test]
fn a_withheld_figure_leaves_its_criterion_unjudged_and_names_the_edit() {
    let site = Site::new("2024-06-30", "");
    let (a, b, c) = (code(1), code(2), code(3));
    let directory: String =
        [&a, &b, &c].iter().enumerate().map(|(i, code)| format!("{code},龙南市第{i}有限公司,专精特新中小企业\n")).collect();
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{directory}"));
    site.input(
        "统计局/2023.csv",
        format!(
            "经营情况（2023年）单位：千元,,,,\n统一社会信用代码,企业名称,营业收入,主营业务收入,利润总额\n{a},龙南市第0有限公司,10,9,1\n\
             {b},龙南市第1有限公司,-10,9,1\n{c},龙南市第2有限公司,,,1\n"
        ),
    );
    site.run();
    let verdicts = site.table("verdicts");
    let of = |code: &str| {
        let row = verdicts.iter().find(|r| r["enterprise"] == code && r["criterion"] == "revenue_stated").expect("a verdict");
        row["verdict"].clone()
    };
    assert_eq!([of(&a), of(&b), of(&c)], ["met", "unjudged", "not_met"]);
    let unjudged = site.table("unjudged");
    let named = unjudged.iter().find(|r| r["code"] == "F4-1").expect("F4-1 is unjudged");
    assert_eq!((named["because"].as_str(), named["cell"].as_str()), ("F7", "C4"));
    assert_eq!(only(&site.table("enterprises"), "uscc", &b)["revenue_last_why"], "F7");
}

#[test]
fn the_mess_of_real_sheets_is_read_through() {
    let site = Site::new("2024-06-30", "");
    let (a, b, c) = (code(1), code(2), code(3));
    site.input(
        "工信局/名录.csv",
        format!("企业名录,,\n序号,统一社会信用代码,企业名称\n1,{a},龙南市甲有限公司\n2,{b},龙南市乙有限公司\n3,{c},龙南市丙有限公司\n"),
    );
    // Two tables side by side, a repeated header, a group row, a subtotal, a footer with a person.
    site.input(
        "统计局/年报.csv",
        format!(
            "附件1,,,,,,\n企业经营情况（2023年）,,,,,,单位：万元\n统一社会信用代码,企业名称,营业收入,,统一社会信用代码,企业名称,营业收入\n\
             甲,乙,1,,甲,乙,1\n一、规模以上,,,,,,\n{a},龙南市甲有限公司,\"1,000.5\",,{c},龙南市丙有限公司,3千元\n\
             统一社会信用代码,企业名称,营业收入,,统一社会信用代码,企业名称,营业收入\n{b},龙南市乙有限公司,（20）,,,,\n小计,,980.5,,,,\n\
             填表人：张某某,,联系电话：0797-0000000,,,,\n"
        ),
    );
    site.run();
    let enterprises = site.table("enterprises");
    assert_eq!(only(&enterprises, "uscc", &a)["revenue_2023"], "10005000");
    assert_eq!(only(&enterprises, "uscc", &c)["revenue_2023"], "3000", "the cell's own unit wins");
    let codes: Vec<String> = site.table("findings").iter().map(|r| format!("{} {}", r["code"], r["cell"])).collect();
    assert!(codes.contains(&"F7 C8".to_owned()), "{codes:?}");
    assert!(!codes.iter().any(|c| c.starts_with("SUM")), "{codes:?}");
    for entry in
        walkdir::WalkDir::new(site.path("outputs/latest/data")).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file())
    {
        let bytes = std::fs::read(entry.path()).expect("a file");
        let found = bytes.windows("张某某".len()).any(|w| w == "张某某".as_bytes());
        assert!(!found, "{} holds a person", entry.path().display());
    }
}

#[test]
fn rows_below_a_header_that_hold_small_numbers_are_records_and_what_is_set_aside_is_listed() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", crate::util::directory(3));
    let rows = "甲,乙,1,2,3\n,,301,307,310\n,龙南市第1有限公司,1,2,3\n,,4,5,6\n小计,,5,7,9\n";
    let page = format!("2023年经营情况 单位：元,,,,\n统一社会信用代码,企业名称,从业人数,营业收入,利润总额\n{rows}");
    let more = format!("{},龙南市第2有限公司,7,8,9\n填表人：张某某,,,,\n", code(2));
    site.input("统计局/2023年.csv", format!("{page}\n{page}{more}"));
    site.run();
    let revenue: Vec<String> = site.table("returns").iter().map(|r| format!("{} {}", r["row"], r["revenue"])).collect();
    assert_eq!(revenue, ["5 2", "6 5", "13 2", "14 5", "16 8"]);
    let aside: Vec<String> = site
        .table("set_aside")
        .iter()
        .map(|r| {
            format!("{} {} {} {} {} {}-{}", r["file"], r["sheet"], r["dataset"], r["period"], r["kind"], r["first_row"], r["last_row"])
        })
        .collect();
    let of = |rest: &str| format!("统计局/2023年.csv 2023年 returns 2023 {rest}");
    let want = [
        "title 1-1",
        "title 9-9",
        "numbering 3-3",
        "numbering 11-11",
        "codes 4-4",
        "codes 12-12",
        "header 10-10",
        "subtotal 7-7",
        "subtotal 15-15",
        "footer 17-17",
    ];
    assert_eq!(aside, want.map(of));
    let book = calamine::open_workbook_auto(site.path("outputs/latest/数据质量报告.xlsx")).map(|mut book| {
        use calamine::Reader;
        book.worksheet_range("未作记录的行").expect("the sheet")
    });
    let cells: Vec<String> = book.expect("the workbook").rows().flatten().map(ToString::to_string).collect();
    for cell in ["重复的表头", "小计", "7、15", "栏号（甲 乙 1 2 …）", "3、11", "1 张表，共 10 行，按文件、工作表和种类排列"]
    {
        assert!(cells.iter().any(|c| c == cell), "{cell}: {cells:?}");
    }
    assert!(!cells.iter().any(|c| c.contains("张某某")), "texts are left out");
}
