//! The cost estimate: the plan's own figures to the fen, both contradictions of its annex, and a sheet that goes on calculating.

use crate::util::{Site, directory, text};
use calamine::{Data, Range, Reader, Xlsx, open_workbook};
use serde_json::Value;
use std::collections::HashMap;

fn estimate(site: &Site, arguments: &[&str]) -> Value {
    let output = site.huichi(&[&["cost", "--format", "json"], arguments].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn ends(range: &Value) -> [&str; 2] {
    ["low", "high"].map(|end| range[end].as_str().unwrap_or_else(|| panic!("{range}")))
}

#[test]
fn the_plans_annex_comes_out_to_the_fen_by_its_rates_and_as_it_quotes() {
    let site = Site::new("2026-06-30", "");
    // By stated rates, audit at its cap, guarantee for each year, repaid at the end; computed by hand from annex 2.
    let by_rates = [
        ("1亿元", "12", ["3627800", "4754100"]),
        ("2亿元", "12", ["5085600", "6988200"]),
        ("1亿元", "24", ["4815600", "6458200"]),
        ("2亿元", "36", ["9796800", "13764600"]),
    ];
    for (scale, months, fees) in by_rates {
        let estimate = estimate(&site, &["--scale", scale, "--months", months]);
        assert_eq!(ends(&estimate["by_rate"]["fees"]), fees, "{scale} {months}");
        assert_eq!(estimate["by_quote"].is_null(), (scale, months) != ("1亿元", "12"), "quotes are for one scale and term");
    }
    let annex = estimate(&site, &[]);
    let quoted = ["guarantee", "services", "fees"].map(|sum| ends(&annex["by_quote"][sum]));
    assert_eq!(quoted, [["1000000", "1500000"], ["3050000", "3560000"], ["4050000", "5060000"]]);
    assert_eq!(ends(&annex["by_quote"]["rate"]), ["0.0705", "0.0856"]);
    let clashing: Vec<&str> =
        annex["items"].as_array().expect("items").iter().filter(|i| !i["clash"].is_null()).filter_map(|i| i["id"].as_str()).collect();
    assert_eq!(clashing, ["underwriting", "vat"]);
    let told = site.huichi(&["cost"]);
    let told = text(&told.stdout);
    assert!(told.contains("报价 60.00～70.00 万元，按所列费率为 20.00～40.00 万元，两者没有重合；报价相当于费率 0.6%～0.7%"), "{told}");
    assert!(
        told.contains("报价 12.00 万元，按所列费率为 9.78～11.41 万元，两者没有重合；报价相当于费率 3.429%～4%，票面利率须为 3.681%"),
        "{told}"
    );
    // 3.26 % of the interest at 3.5 % are 11.41: a quote of just that contradicts nothing.
    let agreeing = Site::new("2026-06-30", "[cost]\ncoupon = \"3.5%\"\n[cost.item.vat]\nquote = \"11.41万元\"\n");
    let items = estimate(&agreeing, &[])["items"].clone();
    assert!(items.as_array().is_some_and(|items| items.iter().any(|i| i["id"] == "vat" && i["clash"].is_null())), "{items}");
}

#[test]
fn who_pays_is_told_where_it_is_set_and_never_made_up() {
    let nobody = estimate(&Site::new("2026-06-30", ""), &[]);
    assert_eq!(nobody["payers"].as_array().map(Vec::len), Some(1));
    assert!(nobody["payers"][0]["payer"].is_null());
    let settings = "[cost]\ninterest_paid_by = { \"企业\" = \"100%\" }\n[cost.item.guarantee]\npaid_by = { \"财政补贴\" = \"60%\", \"企业\" = \"30%\" }\n";
    let site = Site::new("2026-06-30", settings);
    let paid = estimate(&site, &[]);
    let of = |payer: Option<&str>| {
        let all = paid["payers"].as_array().expect("payers");
        all.iter().find(|p| p["payer"].as_str() == payer).map(|p| ends(&p["amount"]))
    };
    assert_eq!(of(Some("财政补贴")), Some(["600000", "900000"]));
    assert_eq!(of(Some("企业")), Some(["3300000", "3950000"]));
    assert_eq!(of(None), Some(["2727800", "3404100"]), "a tenth of the guarantee and all services");
}

#[test]
fn a_cost_table_that_makes_no_sense_is_told_before_a_run() {
    let settings = r#"
[cost]
coupon = 3
quoted_scale = 0
interest_paid_by = { "企业" = "60%", "财政" = "50%" }
[cost.item.rating]
rate = "1%"
[cost.item.custody]
rate = "200%"
[cost.item.mine]
name = "公证费"
[cost.item.yours]
basis = "once"
"#;
    let told = text(&Site::new("2026-06-30", settings).huichi(&["check"]).stderr);
    for path in [
        "cost.coupon",
        "cost.quoted_scale",
        "cost.interest_paid_by",
        "cost.item.rating.rate",
        "cost.item.custody.rate",
        "cost.item.mine.quote",
        "cost.item.yours.name",
        "cost.item.yours.rate",
    ] {
        assert!(told.contains(path), "{path}\n{told}");
    }
    for (option, typed) in [("--scale", "很多"), ("--months", "0"), ("--coupon", "3.5%..3%"), ("--bridge-days", "-1")] {
        let output = Site::new("2026-06-30", "").huichi(&["cost", &format!("{option}={typed}")]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(typed), "{}", text(&output.stderr));
    }
}

#[test]
fn the_sheet_holds_what_the_command_says_and_goes_on_calculating() {
    let site = Site::new("2026-06-30", "");
    site.input("工信局/名录.csv", directory(1));
    site.run();
    let mut book: Xlsx<_> = open_workbook(site.path("outputs/latest/备选池.xlsx")).expect("the pool workbook");
    let values = book.worksheet_range("成本测算").expect("the sheet");
    let formulas = book.worksheet_formula("成本测算").expect("its formulas");
    let stored = Sheet::of(&values, &formulas, &HashMap::new());
    for (place, formula) in &stored.formulas {
        let (Some(stored_result), computed) = (stored.values.get(place), stored.compute(formula)) else {
            panic!("{place:?} has no result")
        };
        assert!((stored_result - computed).abs() < 1e-4, "{place:?} {formula}: {stored_result} stored, {computed} computed");
    }
    assert!(stored.formulas.len() > 60);
    let annex = estimate(&site, &[]);
    for (reading, column) in [("by_rate", 6), ("by_quote", 8)] {
        for (name, key) in [("费用合计", "fees"), ("各服务机构费用小计", "services"), ("综合成本（费用与利息）", "all")]
        {
            let shown = [0, 1].map(|end| format!("{:.0}", stored.at(&values, name, column + end) * 10_000.0));
            assert_eq!(shown, ends(&annex[reading][key]).map(str::to_owned), "{reading} {name}");
        }
    }
    // Somebody types another scale and term over those of the sheet.
    let row = |name: &str| values.rows().position(|row| row[0] == Data::String(name.into())).expect(name) as u32;
    let typed = HashMap::from([((row("发行规模（万元）"), 6), 20_000.0), ((row("期限（月）"), 6), 36.0)]);
    let changed = Sheet::of(&values, &formulas, &typed);
    let fees = row("费用合计");
    let [low, high] = [6, 7].map(|column| changed.cell((fees, column)));
    assert!((low - 979.68).abs() < 1e-6 && (high - 1_376.46).abs() < 1e-6, "{low} {high}");
}

type Place = (u32, u32);

/// A sheet as a spreadsheet program has it: numbers, and formulas over them.
struct Sheet {
    values: HashMap<Place, f64>,
    formulas: HashMap<Place, String>,
    typed: HashMap<Place, f64>,
}

impl Sheet {
    fn of(values: &Range<Data>, formulas: &Range<String>, typed: &HashMap<Place, f64>) -> Self {
        let start = values.start().expect("a sheet");
        let numbers = values.used_cells().filter_map(|(row, column, value)| {
            let number = match value {
                Data::Float(number) => *number,
                Data::Int(number) => *number as f64,
                _ => return None,
            };
            Some(((start.0 + row as u32, start.1 + column as u32), number))
        });
        let from = formulas.start().expect("formulas");
        let live = formulas.used_cells().map(|(row, column, text)| ((from.0 + row as u32, from.1 + column as u32), text.clone()));
        Self { values: numbers.collect(), formulas: live.collect(), typed: typed.clone() }
    }

    fn at(&self, values: &Range<Data>, name: &str, column: u32) -> f64 {
        let row = values.rows().position(|row| row[0] == Data::String(name.into())).unwrap_or_else(|| panic!("no row {name}"));
        self.values[&(row as u32, column)]
    }

    /// What a cell comes to, its formula computed anew.
    fn cell(&self, place: Place) -> f64 {
        match (self.typed.get(&place), self.formulas.get(&place)) {
            (Some(typed), _) => *typed,
            (None, Some(formula)) => self.compute(formula),
            (None, None) => self.values.get(&place).copied().unwrap_or_default(),
        }
    }

    fn compute(&self, formula: &str) -> f64 {
        let mut rest = formula.trim_start_matches('=');
        let value = self.sum(&mut rest);
        assert!(rest.is_empty(), "{formula}: {rest} is left");
        value
    }

    fn sum(&self, rest: &mut &str) -> f64 {
        let mut value = self.product(rest);
        while let Some(behind) = rest.strip_prefix('+') {
            *rest = behind;
            value += self.product(rest);
        }
        value
    }

    fn product(&self, rest: &mut &str) -> f64 {
        let mut value = self.factor(rest);
        while let Some(operator) = rest.chars().next().filter(|c| matches!(c, '*' | '/')) {
            *rest = &rest[1..];
            let by = self.factor(rest);
            value = if operator == '*' { value * by } else { value / by };
        }
        value
    }

    fn factor(&self, rest: &mut &str) -> f64 {
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let word = &rest[..length];
        *rest = &rest[length..];
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            return word.parse().expect("a number");
        }
        if let Some(behind) = rest.strip_prefix('(') {
            *rest = behind;
            let mut given = Vec::new();
            while !rest.starts_with(')') {
                *rest = rest.trim_start_matches(',');
                given.extend(self.range(rest));
            }
            *rest = &rest[1..];
            return match word {
                "SUM" => given.iter().sum(),
                "MIN" => given.iter().copied().fold(f64::INFINITY, f64::min),
                "ROUNDUP" => given[0].ceil(),
                _ => panic!("{word} is not known"),
            };
        }
        self.cell(address(word))
    }

    /// An argument: the cells of a range, or what an expression comes to.
    fn range(&self, rest: &mut &str) -> Vec<f64> {
        let end = rest.find([',', ')']).unwrap_or(rest.len());
        if let Some((first, last)) = rest[..end].split_once(':') {
            let (first, last) = (address(first), address(last));
            *rest = &rest[end..];
            return (first.0..=last.0)
                .flat_map(|row| (first.1..=last.1).map(move |column| (row, column)))
                .map(|place| self.cell(place))
                .collect();
        }
        vec![self.sum(rest)]
    }
}

fn address(text: &str) -> Place {
    let digits = text.find(|c: char| c.is_ascii_digit()).unwrap_or_else(|| panic!("{text} is no cell"));
    let column = text[..digits].bytes().fold(0, |column, letter| column * 26 + u32::from(letter - b'A') + 1);
    (text[digits..].parse::<u32>().expect("a row") - 1, column - 1)
}
