//! Heads of statistical tables, and the rows below them that are no records.

use super::*;

/// The rows below a header that became records.
fn rows_of(text: &str) -> Vec<u32> {
    returns(text).iter().map(|r| r.split(':').next().and_then(|row| row.parse().ok()).expect("a row")).collect()
}

#[test]
fn records_of_small_whole_numbers_below_a_header_stay_records() {
    for (text, want) in [
        ("统一社会信用代码,企业名称,从业人数,存货\n,,1,2\n,,12,7\n,,301,307\n", vec![2, 3, 4]),
        ("统一社会信用代码,企业名称,从业人数,存货,产成品\n,,301,307,310\n,,308,309,312\n", vec![2, 3]),
        ("统一社会信用代码,企业名称,从业人数,存货\n-,-,1,2\n", vec![2]),
        ("企业名称,从业人数,存货\n1,5,6\n2,7,8\n", vec![2, 3]),
        ("企业名称,从业人数,存货\n5,5,6\n6,7,8\n", vec![2, 3]),
        ("企业名称,从业人数,存货\n12,3,40\n", vec![2]),
        ("企业名称,从业人数,存货\n甲,12,7\n乙,3,4\n", vec![2, 3]),
        ("企业名称,从业人数,存货,产成品\nA,1,3,2\nB,7,8,9\n", vec![2, 3]),
        ("企业名称,从业人数,存货,产成品,实收资本\n,1,,,3\n", vec![2]),
        ("企业名称,从业人数,存货\n—,12,7\n", vec![2]),
    ] {
        assert_eq!(rows_of(text), want, "{text}");
    }
}

#[test]
fn the_usual_statistical_head_is_read_on_every_page() {
    let head = "统一社会信用代码,企业名称,从业人数,营业收入,利润总额\n,,本年,,\n代码,,301,307,327\n甲,乙,1,2,3\n";
    let page = |rows: &str| format!("规模以上企业经营情况,,,,\n2025年,,,单位：千元,\n{head}{rows}");
    let text = page(",甲有限公司,1,2,3\n杨村镇小计,,1,2,3\n") + &page(",乙有限公司,2,3,4\n龙南镇小计,,2,3,4\n合计,,3,5,7\n");
    let (seen, outcome) = read_as("a.csv", &["returns"], text.as_bytes()).expect("read");
    assert_eq!(
        seen.records,
        [
            "7: 2025 name=甲有限公司 revenue=2[1000] total_profit=3[1000] staff=1",
            "15: 2025 name=乙有限公司 revenue=3[1000] total_profit=4[1000] staff=2"
        ]
    );
    assert_eq!(seen.sums.len(), 3, "{:?}", seen.sums);
    assert_eq!(codes(&outcome), Vec::<&str>::new());
    let deep = format!("{}{head},甲有限公司,1,2,3\n", "说明\n".repeat(39));
    assert_eq!(returns(&deep), ["44: name=甲有限公司 revenue=2 total_profit=3 staff=1"], "the last row in which a header is looked for");
    let deeper = deep.replace("代码,,301", ",,人,千元,千元\n代码,,301").replace("甲,乙,1", ",,本年\n甲,乙,1");
    assert_eq!(returns(&deeper), ["46: name=甲有限公司 revenue=2[1000] total_profit=3[1000] staff=1"], "rows behind those kept");
}

#[test]
fn a_header_is_found_however_deep() {
    for rows in [39, 40, 41, 52, 60, 90, 300] {
        let notes: String = (0..rows).map(|n| format!("说明{n},{n}\n")).collect();
        let text = format!("2025年经营情况,单位：千元\n{notes}企业名称,营业收入,\n,本年,上年同期\n甲有限公司,10,9\n");
        let (seen, outcome) = read_as("a.csv", &["returns"], text.as_bytes()).expect("read");
        assert_eq!(seen.records, [format!("{}: 2025 name=甲有限公司 revenue=10[1000] revenue_prior=9[1000]", rows + 4)]);
        assert_eq!(codes(&outcome), if rows + 1 > 40 { vec!["TBL-218"] } else { vec![] });
    }
    let none: String = (0..500).map(|n| format!("说明{n},{n}\n")).collect();
    let outcome = read_as("a.csv", &["returns"], none.as_bytes()).expect("read").1;
    assert_eq!(codes(&outcome), ["TBL-200"]);
}

#[test]
fn a_last_level_says_the_period_of_all_columns_above_it() {
    let below = |row: &str| returns(&format!("企业名称,营业收入,利润总额\n{row}\n甲有限公司,10,5\n"));
    assert_eq!(below(",本年,本年"), ["3: name=甲有限公司 revenue=10 total_profit=5"]);
    assert_eq!(below(",本年,"), ["3: name=甲有限公司 revenue=10 total_profit=5"]);
    assert_eq!(below("本年,,"), ["3: name=甲有限公司 revenue=10 total_profit=5"]);
    assert_eq!(below(",上年同期,上年同期"), ["3: name=甲有限公司 revenue_prior=10 total_profit_prior=5"]);
    assert_eq!(below(",2024年,2024年"), ["3: 2024 name=甲有限公司 revenue=10 total_profit=5"]);
    assert_eq!(below(",2024年,"), ["3: 2024 name=甲有限公司 revenue=10 total_profit=5"]);
    let coded = returns("企业名称,营业收入,,利润总额,\n代码,301,302,303,304\n,本年,上年同期,本年,上年同期\n甲有限公司,11,12,21,22\n");
    assert_eq!(coded, ["4: name=甲有限公司 revenue=11 total_profit=21 revenue_prior=12 total_profit_prior=22"]);
    let over = returns("企业名称,主要指标,\n,本年,\n,营业收入,利润总额\n甲,1,2\n甲有限公司,10,5\n");
    assert_eq!(over, ["5: name=甲有限公司 revenue=10 total_profit=5"]);
    let year = returns("年份,企业名称,营业收入\n2024年,,\n,甲有限公司,10\n2025年,,\n,甲有限公司,20\n");
    assert!(year.iter().any(|r| r == "3: name=甲有限公司 revenue=10"), "a year that heads rows is not that of the columns: {year:?}");
}

#[test]
fn records_between_two_headers_are_no_levels_of_one() {
    let text = "企业名称,从业人数\n乙公司,5\n,7\n企业名称,从业人数,营业收入\n甲公司,6,1\n";
    assert_eq!(returns(text), ["2: name=乙公司 staff=5", "3: staff=7", "5: name=甲公司 revenue=1 staff=6"]);
}

#[test]
fn places_with_figures_and_no_code_are_their_sums() {
    let table = |body: &str| {
        let text = format!("统一社会信用代码,企业名称,从业人数,营业收入\n91360783MAYYK0013X,甲有限公司,5,10\n{body}\n");
        let (seen, outcome) = read_as("a.csv", &["returns"], text.as_bytes()).expect("read");
        (seen.records.len(), codes(&outcome).into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    for row in [",杨村镇,5,10", ",一、杨村镇（1户）,5,10", "—,高新技术产业开发区,5,10", ",龙南县,,10"] {
        assert_eq!(table(row), (1, vec!["TBL-219".to_owned()]), "{row}");
    }
    for row in [",东城超市,5,10", ",杨村镇供销社,5,10", "91360783MAYYK0021P,杨村镇,5,10", ",杨村镇人民政府,5,10"] {
        assert_eq!(table(row), (2, vec![]), "{row}");
    }
}
