//! Forms that a site declares in its settings alone.

use crate::conditions::refusals;
use crate::util::{Row, Site, code, small, small_with, tests, text};
use std::collections::BTreeSet;
use std::fs;

/// The site of `tests/forms/`: three bureaus' usual forms and three that no built-in knows.
fn site() -> Site {
    with(&fs::read_to_string(tests().join("forms/pipeline.toml")).expect("the settings"))
}

/// Its inputs under other settings.
fn with(settings: &str) -> Site {
    let site = Site::new("2026-06-30", settings.split_once("as_of = \"2026-06-30\"\n").expect("a reference date").1);
    for entry in walkdir::WalkDir::new(tests().join("forms/inputs")).into_iter().filter_map(Result::ok).filter(|e| e.path().is_file()) {
        let below = entry.path().strip_prefix(tests().join("forms/inputs")).expect("below inputs");
        site.input(&below.display().to_string(), fs::read(entry.path()).expect("an input"));
    }
    site
}

#[test]
fn forms_of_a_sites_own_are_read_linked_judged_and_published() {
    let site = site();
    let checked = site.huichi(&["check"]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    site.run();
    let enterprises = site.table("enterprises");
    let of = |name: &str, column: &str| {
        let row = enterprises.iter().find(|r| r["name"].contains(name)).expect("an enterprise");
        row[column].clone()
    };
    assert_eq!(of("澄砚", "electricity_2025"), "726600", "two meters, twelve months each");
    assert_eq!(of("翊穗", "electricity_2025"), "", "a month is missing");
    assert_eq!(of("铎岚", "tax_level"), "", "a level that is on no list");
    assert_eq!((of("芮泽", "tax_level"), of("芮泽", "verdict_tax")), (String::new(), "unjudged".into()), "two levels in one year");
    assert_eq!((of("溪桐", "guarantee_amount"), of("溪桐", "verdict_guarantee")), ("3000000".into(), "met".into()), "by its former name");
    assert_eq!((of("昀墨", "tax_level"), of("昀墨", "verdict_tax")), (String::new(), "unjudged".into()), "nobody speaks of it");
    let cells: BTreeSet<String> = site
        .table("provenance")
        .into_iter()
        .filter(|r| r["column"] == "electricity_2025" && r["cell"].contains("[Sheet1]") && r["enterprise"] == "91360783MAYW010195")
        .map(|r| r["cell"].rsplit(']').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!((cells.len(), cells.contains("D4"), cells.contains("O5")), (24, true, true), "{cells:?}");
    let places = site.table("places");
    let rows = |dataset: &str, place: &str| -> u64 {
        let of = places.iter().filter(|r| r["dataset"] == dataset && r["place"] == place);
        of.map(|r| r["rows"].parse::<u64>().expect("a number")).sum()
    };
    assert_eq!((rows("tax_credit", "not_linked"), rows("tax_credit", "duplicate"), rows("electricity", "duplicate")), (1, 2, 0));
    insta::assert_snapshot!("findings_of_own_forms", own_findings(&site).join("\n"));
}

#[test]
fn what_would_fail_at_night_is_refused_with_its_line() {
    let form = |rest: &str| {
        format!(
            "[form.loans]\ntitle = \"贷款\"\nkey = [\"uscc\"]\n{rest}\n[form.loans.field]\nuscc = {{ label = \"代码\", type = \"uscc\" }}\nbalance = {{ label = \"余额\", type = \"amount\" }}\n"
        )
    };
    let value = |rest: &str| format!("{}[enterprise.loan_balance]\nlabel = \"贷款余额\"\n{rest}\n", form(""));
    let wrong = [
        (form("links = \"holders\""), "CFG-010 6 form.loans.links"),
        (form("record = [\"enterprise\", \"contract\"]"), "CFG-010 6 form.loans.record"),
        (form("accounted = \"uscc\""), "CFG-010 6 form.loans.accounted"),
        (form("registry = true"), "CFG-010 6 form.loans.registry"),
        ("[form.patents]\nlinks = \"own\"\n".to_owned(), "CFG-010 4 form.patents.links"),
        ("[form.needs]\nrecord = [\"enterprise\", \"need_use\"]\n".to_owned(), "CFG-010 4 form.needs.record"),
        (form("").replace("loans", "duplicates"), "CFG-026 3 form.duplicates"),
        (form("").replace("balance", "interval"), "CFG-026 9 form.loans.field.interval"),
        (form("").replace("type = \"amount\"", "type = \"number\", columns = \"1月-12月\""), "CFG-010 9 form.loans.field.balance.columns"),
        (value("from = \"loan\"\nvalue = \"balance\""), "CFG-010 12 enterprise.loan_balance.from"),
        (value("from = \"loans\"\nvalue = \"max(balance)\""), "CFG-010 13 enterprise.loan_balance.value"),
        (value("from = \"loans\"\nvalue = \"sum(uscc)\""), "CFG-010 13 enterprise.loan_balance.value"),
        (value("from = \"loans\"\nvalue = \"balance\"\nper = \"year\""), "CFG-010 14 enterprise.loan_balance.per"),
        (value("from = \"loans\"\nvalue = \"balance\"").replace("loan_balance", "need_amount"), "CFG-026 10 enterprise.need_amount"),
        (value("from = \"loans\"\nvalue = \"balance\"").replace("loan_balance", "findings"), "CFG-026 10 enterprise.findings"),
        (value("from = \"loans\"\nvalue = \"balance\"\nonly = \"balanc > 0\""), "CFG-014 14 enterprise.loan_balance.only"),
        (value("from = \"loans\"\nvalue = \"balance\"\npick = \"last year\""), "CFG-010 14 enterprise.loan_balance.pick"),
        (value("from = \"loans\"\nvalue = \"latest(balance)\""), "CFG-010 13 enterprise.loan_balance.value"),
        (value("formula = \"revenue_lst * 2\""), "CFG-014 12 enterprise.loan_balance.formula"),
        (value("formula = \"name\""), "CFG-032 12 enterprise.loan_balance.formula"),
        (value("formula = \"loan_balance + 1\""), "CFG-014 12 enterprise.loan_balance.formula"),
        (value("formula = \"revenue_last\"\nfrom = \"loans\""), "CFG-010 13 enterprise.loan_balance.from"),
        ("[pool]\ntable = [\"name\", \"profit\"]\n".to_owned(), "CFG-010 4 pool.table"),
        ("[pool]\nfinances = [\"staff\"]\n".to_owned(), "CFG-010 4 pool.finances"),
        (value("from = \"loans\"\nvalue = \"balance\"").replace("loan_balance", "verdict_loan"), "CFG-026 10 enterprise.verdict_loan"),
        (value("from = \"loans\"\nvalue = \"balance\"").replace("loan_balance", "revenue_2030"), "CFG-026 10 enterprise.revenue_2030"),
        ("[merge.field.pooled]\nfrom = [\"needs.need_months\"]\n".to_owned(), "CFG-026 3 merge.field.pooled"),
        ("[form.needs.field.need_use]\nrole = \"figure\"\n".to_owned(), "CFG-010 4 form.needs.field.need_use.role"),
        ("[pool]\nsheet = []\n".to_owned(), "CFG-010 4 pool.sheet"),
        ("[pool]\nfinances = [\"revenue\", \"revenue\"]\n".to_owned(), "CFG-010 4 pool.finances"),
        ("[form.patents.field.status]\ncodes = \"patent_kind\"\n".to_owned(), "CFG-010 0 form.patents.right.status"),
        ("[pool]\npatents = \"staff\"\n".to_owned(), "CFG-010 4 pool.patents"),
        ("[pool]\nneeds = [\"need_use\"]\n".to_owned(), "CFG-010 4 pool.needs"),
        ("[pool]\nneeds = [\"revenue\"]\n".to_owned(), "CFG-010 4 pool.needs"),
        ("[pool]\nconsent_on = \"latest_grant\"\n".to_owned(), "CFG-010 4 pool.consent_on"),
        ("[pool]\nin_force = [\"patents_free\"]\n".to_owned(), "CFG-010 4 pool.in_force"),
        ("[form.patents]\nright = { status = \"title\" }\n".to_owned(), "CFG-010 4 form.patents.right.status"),
        (
            format!(
                "{}[criterion.loan]\nname = {{ zh = \"贷款\" }}\nmet = \"loan_balanc > 0\"\nfigure = \"1\"\n",
                value("from = \"loans\"\nvalue = \"balance\"")
            ),
            "CFG-014 16 criterion.loan.met",
        ),
        (
            format!(
                "{}[edit.LOAN-1]\ndataset = [\"loans\"]\nfields = [\"balance\"]\nholds = \"balanc > 0\"\nname = {{ zh = \"余额\" }}\nmessage = {{ zh = \"余额\" }}\n",
                form("")
            ),
            "CFG-014 13 edit.LOAN-1.holds",
        ),
    ];
    for (settings, want) in wrong {
        assert_eq!(refusals(&settings), [want], "{settings}");
    }
}

#[test]
fn words_of_a_sites_own_lists_are_known_to_its_criteria() {
    let settings = fs::read_to_string(tests().join("forms/pipeline.toml")).expect("the settings");
    let settings =
        settings.replace("as_of = \"2026-06-30\"", "").replace("[run]", "").replace("tax_level IN ('A', 'B', 'M')", "tax_level = 'A级'");
    let told = refusals(&settings);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("CFG-033") && told[0].ends_with("criterion.tax.met"), "{told:?}");
}

#[test]
fn a_site_calls_its_fields_as_it_likes() {
    let settings = fs::read_to_string(tests().join("forms/pipeline.toml")).expect("the settings");
    let renamed = [
        ("uscc = { label", "credit_code = { label"),
        ("name = { label", "firm = { label"),
        ("[\"uscc\", \"name\"]", "[\"credit_code\", \"firm\"]"),
        ("key = [\"name\"]", "key = [\"firm\"]"),
        ("\"meter\"", "\"number\""),
        ("meter = {", "number = {"),
        ("tax_credit", "rating"),
        ("form.guarantee", "form.opinions"),
        ("\"guarantee\"", "\"opinions\""),
        ("{ guarantee =", "{ opinions ="),
        ("electricity\"", "power\""),
        ("form.electricity", "form.power"),
        ("{ electricity =", "{ power ="),
    ];
    let settings = renamed.iter().fold(settings, |settings, (from, to)| settings.replace(from, to));
    let (own, other) = (site(), with(&settings));
    own.run();
    other.run();
    assert_eq!(own_findings(&other), own_findings(&own));
    assert_eq!(other.table("enterprises"), own.table("enterprises"));
    assert_eq!(other.table("provenance"), own.table("provenance"));
}

#[test]
fn a_built_in_form_is_taken_away_with_all_that_only_it_gives() {
    let columns = |site: &Site| -> BTreeSet<String> { site.table("enterprises")[0].keys().cloned().collect() };
    let usual = small();
    usual.run();
    let all = columns(&usual);
    let criteria = |site: &Site| -> BTreeSet<String> { site.table("verdicts").iter().map(|row| row["criterion"].clone()).collect() };
    let gone = [("needs", "need_months", ""), ("returns", "revenue_growth", "revenue_stated"), ("patents", "patents_free", "patent_free")];
    for (form, column, criterion) in gone {
        // A built-in edit or criterion that the site only tells more gravely goes as well.
        let tweaks =
            "[edit.F1]\nseverity = \"explain\"\n[edit.PAT-001]\nseverity = \"explain\"\n[criterion.patent_free]\nthreshold = \"一件\"\n";
        let site = small_with(&format!("[form.{form}]\ndisabled = true\n{tweaks}"));
        let checked = site.huichi(&["check"]);
        assert!(checked.status.success(), "{}{}", text(&checked.stdout), text(&checked.stderr));
        site.run();
        let left = columns(&site);
        assert!(left.is_subset(&all) && !left.contains(column) && left.contains("title_level"), "{form} {left:?}");
        assert!(!criteria(&site).contains(criterion) && criteria(&site).contains("title_valid"), "{form}");
        assert!(!site.path(&format!("outputs/latest/data/{form}.csv")).exists(), "{form}");
        assert_eq!(site.table("enterprises").len(), usual.table("enterprises").len(), "{form}");
    }
    assert_eq!(refusals("[form.directory]\ndisabled = true\n"), ["CFG-010 3 form"]);
}

#[test]
fn a_site_says_what_its_pool_shows() {
    let settings = "[enterprise.need_share]\nlabel = \"需求占资产比\"\nunit = \"%\"\nformula = \"need_amount / positive(total_assets)\"\n
        [enterprise.exports]\nlabel = \"低收入\"\nfrom = \"returns\"\nvalue = \"count()\"\nonly = \"revenue < 1000000\"\nhidden = true\n
        [pool]\nsheet = [\"uscc\", \"name\", \"need_share\", \"exports\"]\n
        [form.returns.field.staff]\nstatistics = false\n[form.returns.field.revenue]\nmeaning = \"按权责发生制\"\n[form.needs.field.need_months]\nstatistics = true\n";
    let site = small_with(settings);
    site.run();
    let rows = site.table("enterprises");
    let first = rows.iter().find(|row| row["uscc"] == code(1)).expect("an enterprise");
    let number = |name: &str| first[name].parse::<f64>().expect("a number");
    assert!((number("need_share") - number("need_amount") / number("total_assets")).abs() < 0.00005, "{first:?}");
    let dictionary = site.table("dictionary");
    let entry = dictionary.iter().find(|row| row["dataset"] == "enterprises" && row["column"] == "need_share").expect("an entry");
    assert_eq!(
        [&entry["label"], &entry["type"], &entry["origin"], &entry["statistics"]],
        ["需求占资产比", "share", "need_amount / positive(total_assets)", "true"]
    );
    let statistics = |column: &str| {
        let of = |row: &&Row| row["dataset"] == "enterprises" && row["column"] == column;
        dictionary.iter().find(of).expect("an entry")["statistics"].clone()
    };
    assert_eq!(
        ["staff", "revenue_2023", "need_months", "need_amount", "exports"].map(statistics),
        ["false", "true", "true", "false", "true"]
    );
    let nature = |dataset: &str, column: &str| {
        let entry = dictionary.iter().find(|row| row["dataset"] == dataset && row["column"] == column).expect("an entry");
        [&entry["role"], &entry["grain"], &entry["meaning"]].map(String::as_str)
    };
    assert_eq!(nature("returns", "revenue"), ["figure", "enterprise, year", "按权责发生制"]);
    assert_eq!(nature("patents", "patent_number"), ["identifier", "patent_number", ""]);
    assert_eq!(nature("enterprises", "revenue_2023"), ["figure", "enterprise, year", ""]);
    let heads: BTreeSet<String> = rows[0].keys().cloned().collect();
    assert!(heads.contains("exports") && heads.contains("need_share_why"), "{heads:?}");
}

#[test]
fn what_rests_on_statistics_is_masked_wherever_it_stands() {
    let settings = "[enterprise.stated]\nlabel = \"是否填报\"\nformula = \"CASE WHEN revenue_last_why IS NULL THEN 1 ELSE 0 END\"\n
        [enterprise.sent]\nlabel = \"是否报送\"\nformula = \"CASE WHEN returns_record_2023 IS NULL THEN 0 ELSE 1 END\"\n
        [enterprise.twice]\nlabel = \"净利润\"\nfrom = \"returns\"\nvalue = \"net_profit\"\nper = \"year\"\n
        [enterprise.dear]\nlabel = \"有费用的专利\"\nfrom = \"patents\"\nvalue = \"count()\"\nonly = \"fee > 100 -- 元\"\n
        [enterprise.named]\nlabel = \"某件专利\"\nfrom = \"patents\"\nvalue = \"title\"\nonly = \"state = 'free'\"\n
        [enterprise.wishes]\nlabel = \"需求条数\"\nfrom = \"needs\"\nvalue = \"count()\"\nonly = \"t.need_amount > 999999999\"\n
        [form.patents.field]\nfee = { label = \"年费\", type = \"amount\" }\n
        [pool]\nneeds = [\"need_amount\", \"debt_ratio\", \"total_assets\"]\n";
    let site = small_with(settings);
    let checked = site.huichi(&["check"]);
    assert!(checked.status.success(), "{}{}", text(&checked.stdout), text(&checked.stderr));
    site.run();
    let rows = site.table("enterprises");
    let open: BTreeSet<String> = rows.iter().filter(|row| row["consented"] == "true").map(|row| row["name"].clone()).collect();
    assert!(!open.is_empty() && open.len() < rows.len());
    for row in &rows {
        assert_eq!((&row["twice_2023"], row["dear"].as_str(), row["wishes"].as_str()), (&row["net_profit"], "0", "0"));
    }
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(site.path("outputs/latest/备选池_运营版.xlsx")).expect("a workbook");
    let needs = calamine::Reader::worksheet_range(&mut book, "融资需求").expect("a sheet");
    let (mut masked, mut shown) = (0, 0);
    for row in needs.rows().filter(|row| rows.iter().any(|r| row[1].to_string() == r["name"])) {
        let closed = !open.contains(&row[1].to_string());
        assert_eq!([&row[4], &row[5]].map(|cell| *cell == "未授权"), [closed; 2], "{row:?}");
        if closed { masked += 1 } else { shown += 1 }
    }
    assert!(masked > 0 && shown > 0, "{masked} {shown}");
    let dictionary = site.table("dictionary");
    for column in ["stated", "sent", "twice_2023", "verdict_revenue_stated"] {
        let entry = dictionary.iter().find(|row| row["dataset"] == "enterprises" && row["column"] == column).expect("an entry");
        assert_eq!(entry["statistics"], "true", "{column}");
    }
}

#[test]
fn what_a_site_declares_anew_outlives_the_form_that_gave_it() {
    let settings = "[form.needs]\ndisabled = true\n
        [form.wishes]\ntitle = \"需求\"\nkey = [\"uscc\"]\n[form.wishes.field]\nuscc = { label = \"代码\", type = \"uscc\" }\nmonths = { label = \"月数\", type = \"number\" }\n
        [enterprise.need_months]\nlabel = \"期限\"\nfrom = \"wishes\"\nvalue = \"months\"\n
        [criterion.short]\nname = { zh = \"期限\" }\nmet = \"need_months IS NULL\"\nfigure = \"need_months\"\n";
    let site = small_with(settings);
    site.run();
    assert!(site.table("verdicts").iter().any(|row| row["criterion"] == "short"));
    let replayed = site.huichi(&["replay", "latest"]);
    assert!(replayed.status.success(), "{}", text(&replayed.stdout));
}

/// What edits say of the three forms.
fn own_findings(site: &Site) -> Vec<String> {
    let own = ["税务局", "担保公司", "供电公司"];
    let rows = site.table("findings");
    let own = rows.iter().filter(|r| own.iter().any(|bureau| r["file"].starts_with(bureau)));
    own.map(|r| format!("{} {} {} {} {}", r["code"], r["severity"], r["file"], r["cell"], r["message"])).collect()
}
