//! Outcomes stay with their records, in whatever order and in whatever batches these come.

use super::*;
use crate::config::{EditOptions, FieldOptions, FormOptions};
use crate::engine::expression::TableSchemas;
use crate::engine::{BATCH_ROWS, Engine, Resources, Scratch};
use crate::finding::Expected;
use crate::model::date::ReferenceDates;
use crate::model::field::FieldKind;
use crate::model::scope::Scope;
use crate::model::severity::Severity;
use chrono::NaiveDate;
use datafusion::arrow::array::{ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use indexmap::IndexMap;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

fn schema() -> SchemaRef {
    let money = DataType::Decimal128(28, 4);
    Arc::new(Schema::new(vec![
        Field::new("record", DataType::Int64, false),
        Field::new("revenue", money.clone(), true),
        Field::new("cost", money, true),
        Field::new("name", DataType::Utf8, true),
    ]))
}

/// A record's figures; none is negative but where an error edit is to find it.
type Figures = (Option<i8>, Option<i8>);

fn batch(records: &[(usize, Figures)]) -> RecordBatch {
    let amounts = |of: fn(&Figures) -> Option<i8>| {
        let values: Decimal128Array = records.iter().map(|(_, f)| of(f).map(|v| i128::from(v) * 10_000)).collect();
        Arc::new(values.with_precision_and_scale(28, 4).expect("small amounts")) as ArrayRef
    };
    let numbers = Arc::new(records.iter().map(|(i, _)| *i as i64).collect::<Int64Array>());
    let names = Arc::new(records.iter().map(|(i, _)| Some(format!("甲{i}"))).collect::<StringArray>());
    RecordBatch::try_new(schema(), vec![numbers, amounts(|f| f.0), amounts(|f| f.1), names]).expect("a batch")
}

fn form() -> FormOptions {
    let field = |kind: FieldKind| FieldOptions { label: "x".into(), kind, ..FieldOptions::default() };
    let fields = [("revenue", FieldKind::Amount), ("cost", FieldKind::Amount), ("name", FieldKind::Text)];
    FormOptions { field: fields.map(|(name, kind)| (name.to_owned(), field(kind))).into_iter().collect(), ..FormOptions::default() }
}

fn edits() -> IndexMap<String, EditOptions> {
    let edit = |scope: Scope, severity: Severity, fields: &[&str], holds: &str, expected: Option<&str>| EditOptions {
        dataset: vec!["forms".into()],
        scope,
        severity,
        fields: fields.iter().map(|f| (*f).to_owned()).collect(),
        holds: holds.into(),
        expected: expected.map(str::to_owned),
        ..EditOptions::default()
    };
    [
        ("NEG", edit(Scope::Field, Severity::Error, &["revenue", "cost"], "{f} >= 0", None)),
        ("MORE", edit(Scope::Record, Severity::Explain, &["revenue", "cost"], "Revenue >= \"cost\"", Some("cost + 1"))),
        ("RATE", edit(Scope::Record, Severity::Explain, &["cost", "revenue"], "cost / revenue <= 2.5", Some("revenue * 2"))),
        ("NONE", edit(Scope::Record, Severity::Note, &["name"], "name <> 'revenue as_of()' AND as_of() > DATE '2020-01-01'", None)),
    ]
    .map(|(code, edit)| (code.to_owned(), edit))
    .into_iter()
    .collect()
}

type Outcome = (BTreeSet<(String, i64, String, Option<String>)>, BTreeSet<(String, i64, String, String)>, BTreeMap<String, [u64; 3]>);

/// The edits, and the fields that they may put in doubt; compiled once, as in a run.
static COMPILED: LazyLock<(Vec<Compiled>, BTreeSet<String>)> = LazyLock::new(|| {
    let (engine, form, schema, tables) = (engine(), form(), schema(), TableSchemas::new());
    let dataset = EditedDataset { name: "forms", form: Some(&form), schema: &schema, whole: &schema, tables: &tables };
    let compiled = [Scope::Field, Scope::Record].into_iter().flat_map(|s| compile(&engine, &edits(), s, &dataset).expect("sound edits"));
    (compiled.collect(), doubted(&edits(), Scope::Field, &dataset))
});

fn engine() -> Engine {
    let scratch = Scratch::below(&std::env::temp_dir(), BATCH_ROWS).expect("a folder");
    Engine::new(ReferenceDates::of(NaiveDate::MAX, 0), &Resources::default(), scratch).expect("an engine")
}

/// What is said of each record, and what is left of its values.
fn judged(batches: &[RecordBatch]) -> (Outcome, BTreeMap<i64, String>) {
    let (compiled, whys) = &*COMPILED;
    let stated = schema();
    let mut judge = RecordJudge::new("forms", &stated, compiled, whys);
    let accepted = judge.schema();
    let left: Vec<RecordBatch> = batches.iter().map(|batch| judge.judge(batch).expect("judged")).collect();
    let found = judge.finish();
    let expected = |e: &Option<Expected>| e.as_ref().map(|e| format!("{e:?}"));
    let findings = found.findings.iter().map(|f| (f.code.to_string(), f.record.expect("a record"), f.found.clone(), expected(&f.expected)));
    let unjudged = found.unjudged.iter().map(|u| (u.code.to_string(), u.record, u.field.clone(), u.because.clone()));
    let counts = found.counts.iter().map(|(code, c)| (code.to_string(), [c.held, c.broken, c.unjudged]));
    let outcome = (findings.collect(), unjudged.collect(), counts.collect());
    let all = concat_batches(&accepted, &left).expect("one batch");
    let row = |row: usize| format!("{:?}", all.slice(row, 1).columns().iter().skip(1).collect::<Vec<_>>());
    let records = all.column(0).as_primitive::<Int64Type>();
    (outcome, (0..all.num_rows()).map(|i| (records.value(i), row(i))).collect())
}

proptest! {
    #[test]
    fn outcomes_stay_with_their_records(
        figures in prop::collection::vec((prop::option::of(-2_i8..9), prop::option::of(-2_i8..9)), 1..40),
        order in any::<prop::sample::Index>(),
        cut in 1_usize..9,
    ) {
        let records: Vec<(usize, Figures)> = figures.into_iter().enumerate().collect();
        let mut turned = records.clone();
        turned.rotate_left(order.index(records.len()));
        let pieces: Vec<RecordBatch> = turned.chunks(cut).map(batch).collect();
        prop_assert_eq!(judged(&[batch(&records)]), judged(&pieces));
        let alone: Vec<(Outcome, BTreeMap<i64, String>)> = records.iter().map(|r| judged(&[batch(&[*r])])).collect();
        let whole = judged(&pieces);
        prop_assert_eq!(alone.iter().flat_map(|(o, _)| o.0.clone()).collect::<BTreeSet<_>>(), whole.0.0);
        prop_assert_eq!(alone.into_iter().flat_map(|(_, rows)| rows).collect::<BTreeMap<_, _>>(), whole.1);
    }
}

#[test]
fn a_division_by_zero_is_unjudged_and_an_expectation_is_of_its_own_row() {
    let rows = [(0, (Some(0), Some(1))), (1, (Some(1), Some(3))), (2, (Some(2), Some(3))), (3, (Some(-1), Some(1)))];
    let ((findings, unjudged, counts), left) = judged(&[batch(&rows)]);
    assert_eq!(counts["RATE"], [1, 1, 2]);
    let rate: Vec<_> = findings.iter().filter(|f| f.0 == "RATE").map(|f| (f.1, f.3.as_deref())).collect();
    assert_eq!(rate, [(1, Some("Amount(20000)"))]);
    let withheld = unjudged.iter().map(|u| (u.0.as_str(), u.1, u.2.as_str(), u.3.as_str())).collect::<Vec<_>>();
    assert_eq!(withheld, [("MORE", 3, "revenue", "NEG"), ("RATE", 3, "revenue", "NEG")]);
    assert!(left[&3].contains("NEG") && !left[&2].contains("NEG"));
}
