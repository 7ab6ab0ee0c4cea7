//! What a condition may compare and divide, and that mistakes are told in words of the field.

use crate::conditions::{assert_all, cells, edit, edits, found, holding, numbered, refusals, site_with};
use crate::util::{Site, code, text};

/// Criteria with these conditions, one for each.
fn criteria(conditions: &[&str]) -> String {
    let one = |(i, met): (usize, &&str)| format!("[criterion.local{i}]\nname = {{ zh = \"本地\" }}\nmet = \"{met}\"\nfigure = \"1\"\n");
    conditions.iter().enumerate().map(one).collect()
}

/// Each condition is refused with a code wherever it may stand, as far as it names columns of that place.
fn assert_refused(dataset: &str, field: &str, code: &str, conditions: &[&str]) {
    let each = ["field", "record", "population", "history"].iter().flat_map(|scope| conditions.iter().map(move |c| (scope, c)));
    let settings: String = (1..).zip(each).map(|(i, (scope, c))| numbered(i, dataset, scope, field, &format!("holds = \"{c}\""))).collect();
    assert_all(&settings, code, ".holds", conditions.len() * 4);
}

#[test]
fn values_of_different_kinds_are_never_compared() {
    let mixed = [
        "name > 5",
        "5 < name",
        "name = 3",
        "revenue > '100'",
        "revenue = '很多'",
        "name IN ('a', 5)",
        "revenue IN (1, '2')",
        "revenue BETWEEN 1 AND '2'",
        "name NOT BETWEEN 1 AND 5",
        "name IS DISTINCT FROM 5",
        "year > DATE '2020-01-01'",
        "as_of() > 2020",
        "as_of() > name",
        "CASE name WHEN 5 THEN true END",
        "CASE WHEN revenue > 0 THEN 'a' ELSE 5 END = 'a'",
        "coalesce(name, 5) = 'a'",
        "nullif(revenue, '') > 0",
        "(revenue > 0) = 'true'",
        "(revenue > 0) = 1",
        "as_of() + 30 > DATE '2020-01-01'",
        "name + 1 > 5",
        "revenue - name > 5",
    ];
    assert_refused("returns", "revenue", "CFG-031", &mixed);
    let unfit = [
        "name LIKE 5",
        "revenue LIKE '1%'",
        "as_of() LIKE '2024%'",
        "name * 2 > 5",
        "revenue / name > 5",
        "revenue AND true",
        "revenue > 0 OR name",
        "CASE WHEN revenue THEN true END",
        "revenue IS TRUE",
        "name || revenue = 'a'",
    ];
    assert_refused("returns", "revenue", "CFG-032", &unfit);
    let calls = [
        "length(5) > 3",
        "length(revenue) > 3",
        "lower(revenue) = 'a'",
        "round(name) > 3",
        "date_part('year', name) > 2020",
        "uscc_valid(5)",
        "concat(name, revenue) <> ''",
        "left(name, '2') = 'a'",
        "uscc_valid(uscc, 5)",
        "to_char(name, '%Y') = 'a'",
    ];
    let told = refusals(&edits(&["field", "record", "population", "history"], &holding(&calls)));
    assert_eq!(told.len(), 40, "{told:?}");
    assert!(told.iter().all(|t| t.starts_with("CFG-032") || t.starts_with("CFG-037")), "{told:?}");
    let among = [
        "name > max(revenue) OVER ()",
        "revenue > (SELECT max(n.name) FROM needs n)",
        "revenue > (SELECT max(n.need_amount) FROM needs n WHERE n.name = 5)",
        "revenue > (SELECT max(n.need_amount) FROM needs n WHERE n.name = t.revenue)",
        "revenue > (SELECT max(CASE n.name WHEN 5 THEN 1 END) FROM needs n)",
        "revenue > (SELECT max(n.need_amount) FROM needs n JOIN patents p ON p.uscc = n.need_amount)",
    ];
    assert_all(&edits(&["population", "history"], &holding(&among)), "CFG-031", ".holds", 12);
    let groups = "per = [\"period\"]\nwith = { most = \"max(CASE WHEN name = 5 THEN 1 END)\" }\nholds = \"revenue < most\"";
    assert_eq!(refusals(&edit("returns", "population", "revenue", groups)), ["CFG-031 11 edit.LOCAL-1.with.most"]);
    assert_all(
        &criteria(&["name > 5", "title_level = 3", "consent = '是'", "revenue_last > '100万'", "latest_grant > 2020"]),
        "CFG-031",
        ".met",
        5,
    );
    let when = edit("returns", "record", "revenue", "when = \"name > 5\"\nholds = \"revenue > 0\"\nexpected = \"name + 1\"");
    assert_eq!(refusals(&when), ["CFG-031 10 edit.LOCAL-1.when"]);
}

#[test]
fn what_never_decides_is_refused() {
    assert_refused(
        "returns",
        "revenue",
        "CFG-035",
        &["revenue = NULL", "NULL <> name", "name IN ('a', NULL)", "revenue BETWEEN NULL AND 3"],
    );
    let never = [
        "revenue > 5 AND revenue < 3",
        "revenue BETWEEN 5 AND 3",
        "name = 'a' AND name = 'b'",
        "revenue > 5 AND name = 'a' AND revenue <= 5",
    ];
    assert_refused("returns", "revenue", "CFG-036", &never);
    assert_all(&criteria(&["NULL", "CASE WHEN patents > 3 THEN NULL END", "as_of()"]), "CFG-023", ".met", 3);
}

#[test]
fn words_that_are_on_no_list_are_refused() {
    let unlisted = [
        "kind = '发明'",
        "status <> 'In_force'",
        "'dead ' = status",
        "status IN ('in_force', '有效')",
        "kind_state = 'missing'",
        "CASE kind WHEN 'x' THEN true END",
        "filed_on_precision = '日'",
    ];
    assert_refused("patents", "kind", "CFG-033", &unlisted);
    let among =
        ["(SELECT count(*) FROM patents p WHERE p.status = '有效') > 0", "(SELECT count(*) FROM patents p WHERE t.kind_cell = 'xls') > 0"];
    let settings: String =
        (1..).zip(among).map(|(i, c)| numbered(i, "patents", "population", "kind", &format!("holds = \"{c}\""))).collect();
    assert_all(&settings, "CFG-033", ".holds", 2);
    assert_all(
        &criteria(&["title_level = '小巨人'", "title_level_state = 'empty'", "title_level IN ('srdi', 'littel_giant')"]),
        "CFG-033",
        ".met",
        3,
    );
    // Lists are the site's own, too.
    let own = "[codes.patent_status]\nfrozen = [\"冻结\"]\n\n";
    let site = Site::new("2024-06-30", &format!("{own}{}", edit("patents", "record", "status", "holds = \"status <> 'frozen'\"")));
    assert!(site.huichi(&["check"]).status.success());
}

#[test]
fn dates_may_be_written_as_texts_that_are_dates() {
    let no_dates = [
        "filed_on > '昨天'",
        "filed_on > '2020-13-45'",
        "'2020年1月1日' <= filed_on",
        "filed_on IN ('2020-01-01', '')",
        "filed_on > DATE '昨天'",
        "filed_on > CAST('2020' AS DATE)",
        "CAST('many' AS INT) > 3",
        "filed_on BETWEEN '2020-01-01' AND '今天'",
    ];
    assert_refused("patents", "filed_on", "CFG-034", &no_dates);
    let sound = [
        "filed_on > '2020-01-01'",
        "'2020-01-01' < filed_on",
        "filed_on > DATE '2020-01-01'",
        "filed_on BETWEEN '2020-01-01' AND '2030-12-31'",
        "filed_on + INTERVAL '1 year' > as_of()",
        "as_of() - filed_on > 30",
        "date_part('year', filed_on) >= 2020",
        "CAST(patent_number AS DECIMAL(20, 1)) > 5 OR filed_on IS NOT NULL",
        "kind = 'invention' OR pledged OR NOT pledged",
        "pledged = true OR pledged IS NULL",
        "coalesce(kind, 'design') IN ('design', 'invention', 'utility_model')",
        "concat(kind, '-', status) LIKE 'inv%'",
        "filed_on_precision = 'day' OR kind_state <> 'blank'",
        "CASE WHEN kind = 'design' THEN NULL WHEN pledged THEN false ELSE true END",
        "NULLIF(patent_number, '') IS NOT NULL",
        "length(holders) > 1",
        "(granted_on IS DISTINCT FROM filed_on) AND (granted_on IS DISTINCT FROM NULL)",
    ];
    let each = ["field", "record", "population", "history"].iter().flat_map(|scope| sound.iter().map(move |c| (scope, c)));
    let settings: String =
        (1..).zip(each).map(|(i, (scope, c))| numbered(i, "patents", scope, "filed_on", &format!("holds = \"{c}\""))).collect();
    let site = Site::new("2024-06-30", &settings);
    let output = site.huichi(&["check"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_date_written_as_a_text_is_compared_as_a_date() {
    let conditions = ["filed_on > '2020-01-01'", "filed_on BETWEEN '2020-02-01' AND '2021-12-31'"];
    for scope in ["record", "population"] {
        let settings: String =
            (1..).zip(conditions).map(|(i, c)| numbered(i, "patents", scope, "filed_on", &format!("holds = \"{c}\""))).collect();
        let site = site_with(&settings, &[(1, "10,1,5,4")]);
        let head = "专利号,专利名称,专利类型,申请日,授权日,法律状态,专利权人,统一社会信用代码,质押\n";
        let row =
            |number: &str, filed: &str| format!("{number},一种装置,实用新型,{filed},2022-03-01,有效,龙南市第1有限公司,{},否\n", code(1));
        site.input(
            "市监局/专利.csv",
            [head.to_owned(), row("ZL201920000001.2", "2019-03-01"), row("ZL202020000001.4", "2020-03-01")].concat(),
        );
        site.run();
        for edit in ["LOCAL-1", "LOCAL-2"] {
            assert_eq!(cells(&found(&site, edit)), ["D2"], "{scope} {edit}");
        }
    }
}

#[test]
fn whole_numbers_are_divided_as_numbers() {
    let held = [
        "1 / 2 > 0",
        "1 / 2 = 0.5",
        "1 / 3 > 0.333",
        "1 / 3 < 0.334",
        "period / 2 > 1011",
        "3 / 2 * 2 = 3",
        "-1 / 2 < 0",
        "(period + 1) / (period - 1) > 1",
        "revenue / 3 > 3333.3333",
        "period % 2 = 1",
        "CAST(7 AS BIGINT) / CAST(2 AS INT) = 3.5",
        "1 / (1 / 2) = 2",
        "CAST(1 AS DOUBLE) / 4 = 0.25",
    ];
    let unjudged = [
        "period / (period - 2023) > 0",
        "revenue / 0 > 0",
        "1 / 0 > 0 OR revenue < 0",
        "revenue * 100000000000000000 / 0.00000001 > 0",
        "10000000000000000000000000000 / 0.0000000001 > revenue",
        "revenue / NULLIF(revenue, 10000) > 0",
    ];
    for scope in ["record", "population"] {
        let settings: String = (1..)
            .zip(held.iter().chain(&unjudged))
            .map(|(i, c)| numbered(i, "returns", scope, "revenue", &format!("holds = \"revenue > 0 AND {c}\"")))
            .collect();
        let site = site_with(&settings, &[(1, "10,1,5,4")]);
        site.run();
        let edits = site.table("edits");
        for (i, condition) in (1..).zip(held.iter().chain(&unjudged)) {
            let row = edits.iter().find(|r| r["code"] == format!("LOCAL-{i}")).expect("counts");
            let counts = ["held", "broken", "unjudged"].map(|c| row[c].as_str());
            let want = if i <= held.len() { ["1", "0", "0"] } else { ["0", "0", "1"] };
            assert_eq!(counts, want, "{scope}: {condition}");
        }
    }
    let criterion =
        "[criterion.patent_free]\nmet = \"(patents + 1) / 2 >= 0.5 AND 1 / (patents + 3) > 0.333\"\nfigure = \"1 / (patents + 3)\"\n";
    let site = site_with(criterion, &[(1, "10,1,5,4")]);
    site.input("市监局/专利.csv", "专利号,专利名称,专利类型,申请日,授权日,法律状态,专利权人,质押\nZL201920000001.2,一种装置,实用新型,2019-03-01,2020-03-01,有效,别处有限公司,否\n");
    site.run();
    let verdicts = site.table("verdicts");
    let row = verdicts.iter().find(|r| r["criterion"] == "patent_free").expect("a verdict");
    assert_eq!((row["verdict"].as_str(), row["figure"].as_str()), ("met", "0.3333333333"));
}

#[test]
fn what_is_wrong_with_a_condition_is_told_in_words_of_the_field() {
    let conditions = [
        "revenue + (> 3",
        "revenue > 0) --",
        "revenue > ",
        "name = 'a",
        "revenue ＞ 3",
        "revenue > 0; SELECT 1",
        "   ",
        "revenue",
        "NOT revenue",
        "-name > 5",
        "NULL",
        "name > 5",
        "revenue > '100'",
        "(revenue > 0) = 'true'",
        "as_of() > 2020",
        "length(5) > 3",
        "revenue LIKE '1%'",
        "as_of() > '昨天'",
        "revenue = NULL",
        "revenue > 5 AND revenue < 3",
        "substr(name) = 'a'",
        "round() > 3",
        "date_part(year) > 3",
        "lenght(name) > 3",
        "revenue = [1]",
        "name[1] = 'a'",
        "revenue > $1",
        "revenue > @@x",
        "revenue IS JSON",
        "revenue > ALL(1)",
        "name::inet = 'a'",
        "revenue > 1e400",
        "revenue > 99999999999999999999999999999999999999999999999999999999999999999999999999999999",
        "1 % 0 > revenue",
        "CAST('x' AS INT) > 3",
        "INTERVAL '1 fortnight' IS NULL",
        "INTERVAL '1 year' > 3",
        "name COLLATE zh = 'a'",
        "interval(name)",
        "revenue.x > 3",
        "{f} > 3",
        "(name, revenue) = ('a', 3)",
        "kind = 'x'",
        "date_trunc('fortnight', as_of()) > as_of()",
        "power(revenue, 2) > 3",
        "trim(name, 5) = 'a'",
        "t.x > 3",
        "x.revenue > 3",
        "min(revenue) > 3",
        "revenue ~ 3",
        "name ~ '('",
        "name LIKE '%a' ESCAPE 'xx'",
        "revenue | 3 > 0",
    ];
    for scope in ["record", "population"] {
        let site = Site::new("2024-06-30", &edits(&[scope], &holding(&conditions)));
        let output = site.huichi(&["check"]);
        let said = text(&output.stderr);
        let foreign = [
            "Error",
            "error",
            "planning",
            "Utf8",
            "Decimal128",
            "Int64",
            "Boolean",
            "function matches",
            "argument",
            "Line:",
            "coerc",
            "type",
            "Internal",
            "unsupported",
            "Unsupported",
        ];
        let lines: Vec<&str> = said.lines().filter(|l| foreign.iter().any(|word| l.contains(word))).collect();
        assert_eq!(lines, Vec::<&str>::new(), "{said}");
        if scope == "record" {
            insta::assert_snapshot!(said);
        }
    }
}
