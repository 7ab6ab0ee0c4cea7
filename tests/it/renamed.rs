//! No form and no field is known to the code by its id: all built-in ones are taken away and declared anew under other ids,
//! mechanically, and everything comes out equal up to these.

use crate::util::{Site, redacted, small, small_with, tests, text};
use calamine::{Reader, Xlsx, open_workbook};
use std::collections::BTreeSet;
use std::fs;
use toml::{Table, Value};

/// What new ids begin with; no text of the small city holds it.
const NEW: &str = "zq_";

/// Columns of enterprises that are no field's: merging itself gives them.
const FIXED: [&str; 2] = ["uscc", "name"];

/// The built-in settings, laid over each other.
fn built_in() -> Table {
    let sources = tests().join("../src");
    let mut all = Table::new();
    for file in [
        "config/defaults.toml",
        "config/criteria.toml",
        "stages/validate/packs/codes.toml",
        "stages/validate/packs/returns.toml",
        "stages/validate/packs/patents.toml",
    ] {
        let more: Table = toml::from_str(&fs::read_to_string(sources.join(file)).expect("built-in settings")).expect("TOML");
        for (section, value) in more {
            match (all.get_mut(&section), value) {
                (Some(Value::Table(below)), Value::Table(above)) => below.extend(above),
                (_, value) => _ = all.insert(section, value),
            }
        }
    }
    all
}

fn table<'a>(of: &'a Table, key: &str) -> &'a Table {
    of.get(key).and_then(Value::as_table).expect("a table")
}

/// The ids that get other names.
struct Names {
    fields: BTreeSet<String>,
    columns: BTreeSet<String>,
}

impl Names {
    fn of(settings: &Table) -> Self {
        let forms = table(settings, "form");
        let fields = forms.values().flat_map(|form| table(form.as_table().expect("a form"), "field").keys());
        let fields = forms.keys().chain(fields).cloned().collect::<BTreeSet<_>>();
        let merged = table(table(settings, "merge"), "field").keys();
        let columns = table(settings, "enterprise").keys().chain(merged).filter(|id| !FIXED.contains(&id.as_str())).cloned();
        // Further figures of the yearly form give a column each, under their own names.
        let returns = table(table(forms, "returns").get("field").map(|_| table(forms, "returns")).expect("a form"), "field").keys();
        Self { columns: columns.chain(returns.filter(|id| !FIXED.contains(&id.as_str())).cloned()).collect(), fields }
    }

    /// The names in an expression outside its texts; what stands behind a name (`_state`, `_last`) stays.
    fn in_sql(&self, sql: &str, ids: &BTreeSet<String>) -> String {
        let parts = sql.split('\'').enumerate().map(|(i, part)| if i % 2 == 0 { renamed(part, ids) } else { part.to_owned() });
        parts.collect::<Vec<_>>().join("'")
    }
}

/// A text with every word that is one of these ids, or one with something behind it, renamed.
fn renamed(text: &str, ids: &BTreeSet<String>) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (mut out, mut word): (String, String) = Default::default();
    for c in text.chars().chain([' ']) {
        if is_word(c) {
            word.push(c);
            continue;
        }
        let known = ids.contains(&word) || BEHIND.iter().any(|end| word.strip_suffix(end).is_some_and(|id| ids.contains(id)));
        // A function may be called like a field, and so is what stands for one by its nature.
        let new = if known && c != '(' && !out.ends_with('@') { format!("{NEW}{word}") } else { word.clone() };
        out.push_str(&new);
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}

const BEHIND: [&str; 10] = ["_state", "_raw", "_cell", "_unit", "_key", "_precision", "_last_why", "_why", "_last", "_before"];

/// Every text of a value, as `change` makes it.
fn texts(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(all) => all.iter_mut().for_each(|value| texts(value, change)),
        Value::Table(all) => all.iter_mut().for_each(|(_, value)| texts(value, change)),
        _ => {}
    }
}

/// A table with its keys renamed.
fn keys(of: &mut Table, ids: &BTreeSet<String>) {
    *of = std::mem::take(of).into_iter().map(|(key, value)| (renamed(&key, ids), value)).collect();
}

/// The built-in settings as a site's own: its forms, fields and columns are called otherwise, and the built-in ones are gone.
fn as_own() -> String {
    let built_in = built_in();
    let names = Names::of(&built_in);
    let mut own = built_in.clone();
    let section = |own: &mut Table, key: &str| own.remove(key).and_then(|v| v.as_table().cloned()).expect("a section");
    let field = |text: &str| renamed(text, &names.fields);
    let column = |text: &str| if FIXED.contains(&text) { text.to_owned() } else { renamed(text, &names.columns) };

    let mut sources = section(&mut own, "source");
    for (_, source) in &mut sources {
        let source = source.as_table_mut().expect("a source");
        texts(source.get_mut("forms").expect("forms"), &field);
        keys(source.get_mut("due").and_then(Value::as_table_mut).expect("dates"), &names.fields);
    }
    let mut forms = section(&mut own, "form");
    for (_, form) in &mut forms {
        let form = form.as_table_mut().expect("a form");
        for key in ["key", "record", "accounted", "apart", "right"] {
            form.get_mut(key).into_iter().for_each(|value| texts(value, &field));
        }
        let fields = form.get_mut("field").and_then(Value::as_table_mut).expect("fields");
        for (_, options) in fields.iter_mut() {
            options.as_table_mut().and_then(|o| o.get_mut("prior_of")).into_iter().for_each(|value| texts(value, &field));
        }
        keys(fields, &names.fields);
    }
    keys(&mut forms, &names.fields);
    for form in table(&built_in, "form").keys() {
        forms.insert(form.clone(), Value::Table(Table::from_iter([("disabled".to_owned(), Value::Boolean(true))])));
    }
    let mut edits = section(&mut own, "edit");
    for (_, edit) in &mut edits {
        let edit = edit.as_table_mut().expect("an edit");
        for key in ["dataset", "fields", "reads", "per", "message", "help"] {
            edit.get_mut(key).into_iter().for_each(|value| texts(value, &field));
        }
        for key in ["holds", "when", "expected", "because", "with"] {
            edit.get_mut(key).into_iter().for_each(|value| texts(value, &|sql| names.in_sql(sql, &names.fields)));
        }
        // Built-in edits name the built-in forms that they judge; those that judge a site's own alone have nothing to do.
        edit.insert("own_forms".into(), Value::Array(Vec::new()));
        if edit["dataset"].as_array().is_some_and(Vec::is_empty) {
            edit.insert("dataset".into(), Value::Array(vec![format!("{NEW}directory").into()]));
            edit.insert("disabled".into(), Value::Boolean(true));
        }
    }
    let mut merge = section(&mut own, "merge");
    let rules = merge.get_mut("field").and_then(Value::as_table_mut).expect("rules");
    for (_, rule) in rules.iter_mut() {
        texts(rule.as_table_mut().and_then(|r| r.get_mut("from")).expect("sources"), &field);
    }
    *rules = std::mem::take(rules).into_iter().map(|(key, value)| (column(&key), value)).collect();
    let mut values = section(&mut own, "enterprise");
    for (_, value) in &mut values {
        let value = value.as_table_mut().expect("a value");
        for key in ["from", "value"] {
            value.get_mut(key).into_iter().for_each(|value| texts(value, &field));
        }
        value.get_mut("only").into_iter().for_each(|sql| texts(sql, &|sql| names.in_sql(sql, &names.fields)));
        value.get_mut("formula").into_iter().for_each(|sql| texts(sql, &|sql| names.in_sql(sql, &names.columns)));
    }
    keys(&mut values, &names.columns);
    let mut pool = section(&mut own, "pool");
    for (key, value) in &mut pool {
        match key.as_str() {
            "figures" | "finances" | "drawn" => texts(value, &field),
            _ => texts(value, &column),
        }
    }
    let mut criteria = section(&mut own, "criterion");
    for (_, criterion) in &mut criteria {
        let criterion = criterion.as_table_mut().expect("a criterion");
        for key in ["met", "figure", "when", "points"] {
            criterion.get_mut(key).into_iter().for_each(|sql| texts(sql, &|sql| names.in_sql(sql, &names.columns)));
        }
        for variant in criterion.get_mut("variants").and_then(Value::as_array_mut).into_iter().flatten() {
            texts(&mut variant["when"], &|sql| names.in_sql(sql, &names.columns));
        }
    }
    let issue = [("amount", "need_amount"), ("related", "related_group")].map(|(key, id)| (key.to_owned(), Value::String(column(id))));
    let sections = [
        ("source", sources),
        ("form", forms),
        ("edit", edits),
        ("merge", merge),
        ("enterprise", values),
        ("pool", pool),
        ("criterion", criteria),
        ("issue", Table::from_iter(issue)),
    ];
    Table::from_iter(sections.map(|(key, section)| (key.to_owned(), Value::Table(section)))).to_string()
}

/// The cells of a workbook as text, but for the run that it names.
fn cells(site: &Site, name: &str) -> Vec<String> {
    let mut book: Xlsx<_> = open_workbook(site.path("outputs/latest").join(name)).expect("a workbook");
    let mut cells = Vec::new();
    for sheet in book.sheet_names() {
        let range = book.worksheet_range(&sheet).expect("a sheet");
        cells.extend(range.used_cells().map(|(row, column, value)| format!("{sheet} {row} {column} {value}")));
    }
    let key = run_key(site);
    cells.into_iter().map(|cell| cell.replace(&key, "…").replace(NEW, "")).collect()
}

fn run_key(site: &Site) -> String {
    let record: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(site.path("outputs/latest/run.json")).expect("a record")).expect("JSON");
    record["key"].as_str().expect("a key").to_owned()
}

#[test]
fn nothing_depends_on_what_forms_and_fields_are_called() {
    let (usual, other) = (small(), small_with(&as_own()));
    let checked = other.huichi(&["check"]);
    assert!(checked.status.success(), "{}{}", text(&checked.stdout), text(&checked.stderr));
    usual.run();
    other.run();
    let folder = usual.path("outputs/latest/data");
    let mut compared = 0;
    let forms: Vec<String> = table(&built_in(), "form").keys().cloned().collect();
    for entry in fs::read_dir(&folder).expect("data").filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(dataset) = name.strip_suffix(".csv") else { continue };
        let new = if forms.iter().any(|form| form == dataset) { format!("{NEW}{dataset}") } else { dataset.to_owned() };
        let read = |site: &Site, dataset: &str| {
            fs::read_to_string(site.path("outputs/latest/data").join(format!("{dataset}.csv"))).expect("a dataset")
        };
        // Keys of findings are made of what forms and fields are called, so that they differ and nothing else does.
        let told = |text: String| if dataset == "findings" { redacted(&text) } else { text };
        let (one, two) = (told(read(&usual, dataset)), told(read(&other, &new).replace(NEW, "")));
        for (row, (one, two)) in one.lines().zip(two.lines()).enumerate() {
            assert_eq!(two, one, "{dataset} {row}");
        }
        assert_eq!(two.len(), one.len(), "{dataset}");
        compared += 1;
    }
    assert!(compared >= 13, "{compared}");
    for book in ["备选池.xlsx", "备选池_运营版.xlsx", "数据质量报告.xlsx"] {
        let (one, two) = (cells(&usual, book), cells(&other, book));
        assert!(one.len() > 100, "{book}");
        for (one, two) in one.iter().zip(&two) {
            assert_eq!(two, one, "{book}");
        }
        assert_eq!(two.len(), one.len(), "{book}");
    }
}
