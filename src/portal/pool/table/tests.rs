use super::*;
use crate::config::{Config, load_defaults};
use crate::portal::pool::query::VERDICTS;
use datafusion::arrow::array::{ArrayRef, BooleanArray, Decimal128Array, Int64Array, RecordBatch, StringArray};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// An enterprise of a made-up pool: revenue, need, title, verdict, consent.
type Made = (Option<i64>, Option<i64>, Option<&'static str>, &'static str, bool);

static CONFIG: LazyLock<Config> = LazyLock::new(|| load_defaults(std::path::Path::new(".")).expect("the built-in settings"));

fn pool(made: &[Made]) -> PoolData {
    let amounts = |of: fn(&Made) -> Option<i64>| -> ArrayRef {
        let amounts: Decimal128Array = made.iter().map(|m| of(m).map(|v| i128::from(v) * 10_000)).collect();
        Arc::new(amounts.with_precision_and_scale(28, 4).expect("a scale"))
    };
    let names: Vec<String> = (0..made.len()).map(|i| format!("第{i}企业")).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("enterprise", Arc::new(names.iter().map(|n| Some(format!("N:{n}"))).collect::<StringArray>())),
        ("uscc", Arc::new(names.iter().map(|_| None::<&str>).collect::<StringArray>())),
        ("name", Arc::new(names.iter().map(|n| Some(n.as_str())).collect::<StringArray>())),
        ("title_level", Arc::new(made.iter().map(|m| m.2).collect::<StringArray>())),
        ("revenue_2024", amounts(|m| m.0)),
        ("revenue_2025", amounts(|m| m.0)),
        ("need_amount", amounts(|m| m.1)),
        ("verdict_revenue_stated", Arc::new(made.iter().map(|m| Some(m.3)).collect::<StringArray>())),
        ("pooled", Arc::new(made.iter().map(|m| Some(m.3 == "met")).collect::<BooleanArray>())),
        ("findings", Arc::new(Int64Array::from(vec![0; made.len()]))),
        ("consented", Arc::new(made.iter().map(|m| Some(m.4)).collect::<BooleanArray>())),
    ];
    PoolData::of(&CONFIG, "run", RecordBatch::try_from_iter(columns).expect("a batch"))
}

fn made() -> impl Strategy<Value = Vec<Made>> {
    let amount = || prop_oneof![Just(None), (-50_i64..50).prop_map(Some)];
    let title = prop_oneof![Just(None), Just(Some("srdi")), Just(Some("little_giant"))];
    let verdict = prop_oneof![Just("met"), Just("not_met"), Just("unjudged")];
    prop::collection::vec((amount(), amount(), title, verdict, any::<bool>()), 0..120)
}

fn asked() -> impl Strategy<Value = Query> {
    let sort = prop_oneof![
        Just(""),
        Just("name"),
        Just("conclusion"),
        Just("title_level"),
        Just("revenue_2025"),
        Just("need_amount"),
        Just("no_such")
    ];
    let min = prop_oneof![Just(""), Just("-10"), Just("0.0010"), Just("x")];
    (sort, any::<bool>(), prop_oneof![Just(""), Just("1"), Just("企业")], min).prop_map(|(sort, descending, q, min)| {
        let desc = if descending { "1" } else { "" };
        let pairs = [("sort", sort), ("desc", desc), ("q", q), ("revenue_min", min)];
        Query::of(&pairs.map(|(k, v)| (k.to_owned(), v.to_owned())))
    })
}

/// The ids of all pages, one after another.
fn walked(data: &PoolData, edition: Edition, query: &Query) -> Vec<String> {
    let first = page(data, edition, query);
    let pages = (1..=first.pages).map(|number| page(data, edition, &Query { page: number, ..query.clone() }));
    pages.flat_map(|p| p.rows).map(|r| r.id).collect()
}

fn set(ids: Vec<String>) -> BTreeSet<String> {
    ids.into_iter().collect()
}

proptest! {
    #[test]
    fn pages_one_after_another_are_the_whole(made in made(), query in asked()) {
        let data = pool(&made);
        for edition in [Edition::Closed, Edition::Operator] {
            let all = walked(&data, edition, &query);
            prop_assert_eq!(all.len(), page(&data, edition, &query).matched);
            prop_assert_eq!(set(all.clone()).len(), all.len());
            let large = walked(&data, edition, &Query { size: 100, ..query.clone() });
            prop_assert_eq!(all, large);
        }
    }

    #[test]
    fn what_each_choice_keeps_is_together_what_no_choice_keeps(made in made(), query in asked()) {
        let data = pool(&made);
        let all = set(walked(&data, Edition::Operator, &query));
        let conclusions = Conclusion::ALL.map(|c| query.with(|q| q.conclusion = Some(c)));
        let verdicts = VERDICTS.map(|v| query.with(|q| { q.verdicts.insert("revenue_stated".into(), v.into()); }));
        let titles = ["-", "srdi", "little_giant"].map(|t| query.with(|q| q.title = t.into()));
        for choices in [conclusions.to_vec(), verdicts.to_vec(), titles.to_vec()] {
            let parts: Vec<_> = choices.iter().map(|q| set(walked(&data, Edition::Operator, q))).collect();
            prop_assert_eq!(parts.iter().map(BTreeSet::len).sum::<usize>(), all.len());
            prop_assert_eq!(&parts.concat_all(), &all);
        }
    }

    #[test]
    fn a_figure_that_is_not_shown_changes_nothing(made in made(), query in asked(), others in prop::collection::vec(-50_i64..50, 120)) {
        let hidden = made.iter().zip(others).map(|(m, other)| if m.4 { *m } else { (Some(other), m.1, m.2, m.3, m.4) }).collect::<Vec<_>>();
        let (one, other) = (pool(&made), pool(&hidden));
        let query = Query { size: 100, ..query };
        prop_assert_eq!(page(&one, Edition::Operator, &query), page(&other, Edition::Operator, &query));
    }

    #[test]
    fn orders_ascend_and_blanks_come_last(made in made(), descending in any::<bool>()) {
        let data = pool(&made);
        let query = Query { sort: "need_amount".into(), descending, size: 100, ..Query::default() };
        let shown: Vec<Option<i64>> = walked(&data, Edition::Operator, &query).iter().map(|id| made[data.by_id[id] as usize].1).collect();
        let (stated, blank) = shown.split_at(shown.iter().position(Option::is_none).unwrap_or(shown.len()));
        prop_assert!(blank.iter().all(Option::is_none));
        let ordered = stated.windows(2).all(|w| if descending { w[0] >= w[1] } else { w[0] <= w[1] });
        prop_assert!(ordered);
    }

    #[test]
    fn a_query_survives_its_own_link(query in asked(), page in 1_usize..50, size in prop_oneof![Just(20_usize), Just(50), Just(100)]) {
        let query = Query { page, size, ..query };
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query.link().trim_start_matches('?')).expect("pairs");
        prop_assert_eq!(Query::of(&pairs), query);
    }
}

/// Sets brought together.
trait ConcatAll {
    fn concat_all(&self) -> BTreeSet<String>;
}

impl ConcatAll for Vec<BTreeSet<String>> {
    fn concat_all(&self) -> BTreeSet<String> {
        self.iter().flatten().cloned().collect()
    }
}

#[test]
fn the_operator_reads_verdicts_in_place_of_figures() {
    let data = pool(&[(Some(1_234_567), Some(50_000), None, "met", false), (Some(7), None, None, "not_met", true)]);
    let cells = |edition| {
        let found = page(&data, edition, &Query::default());
        let at = |id: &str| found.columns.iter().position(|c| c.id == id).expect("the column");
        let places = [at("revenue_2025"), at("revenue_2024"), at("need_amount")];
        found.rows.into_iter().map(|r| places.map(|p| r.cells[p].text.clone())).collect::<Vec<_>>()
    };
    assert_eq!(cells(Edition::Closed), [["123.46", "123.46", "5.00"], ["0.00", "0.00", ""]]);
    assert_eq!(cells(Edition::Operator), [["已达标", "授权后可见", "5.00"], ["0.00", "0.00", ""]]);
}

#[test]
fn a_run_that_does_not_say_who_consented_shows_nobody() {
    let data = pool(&[(Some(1), None, None, "met", true)]);
    let without: Vec<usize> = (0..data.enterprises.num_columns() - 1).collect();
    let older = PoolData::of(&CONFIG, "run", data.enterprises.project(&without).expect("a projection"));
    assert!(data.discloses(Edition::Operator, 0));
    assert!(!older.discloses(Edition::Operator, 0));
}

#[test]
fn names_are_found_in_any_width_and_case() {
    let data = pool(&[(None, None, None, "met", true), (None, None, None, "met", true)]);
    let find = |q: &str| page(&data, Edition::Operator, &Query { q: q.into(), ..Query::default() }).matched;
    assert_eq!([find("第１企业"), find(" 第 1 "), find("企业"), find("没有")], [1, 1, 2, 0]);
}

#[test]
fn findings_are_counted_and_ordered_by_as_the_edition_may() {
    let data = pool(&[(None, None, None, "met", false), (None, None, None, "met", true), (None, None, None, "met", false)]);
    let with = |all: [i64; 3], open: [i64; 3]| {
        let mut columns: Vec<(String, ArrayRef)> = Vec::new();
        for (field, column) in data.enterprises.schema().fields().iter().zip(data.enterprises.columns()) {
            let counts: ArrayRef = Arc::new(Int64Array::from(all.to_vec()));
            columns.push((field.name().clone(), if field.name() == "findings" { counts } else { column.clone() }));
        }
        columns.push(("findings_open".into(), Arc::new(Int64Array::from(open.to_vec()))));
        PoolData::of(&CONFIG, "run", RecordBatch::try_from_iter(columns).expect("a batch"))
    };
    let seen = |data: &PoolData, edition: Edition| {
        let found = page(data, edition, &Query { sort: "findings".into(), descending: true, ..Query::default() });
        let at = found.columns.iter().position(|c| c.id == "findings").expect("the column");
        found.rows.iter().map(|r| (data.text("name", data.by_id[&r.id] as usize).to_owned(), r.cells[at].text.clone())).collect::<Vec<_>>()
    };
    let named = |rows: [(&str, &str); 3]| rows.map(|(name, count)| (name.to_owned(), count.to_owned())).to_vec();
    let one = with([9, 3, 2], [1, 0, 2]);
    assert_eq!(seen(&one, Edition::Closed), named([("第0企业", "9"), ("第1企业", "3"), ("第2企业", "2")]));
    assert_eq!(seen(&one, Edition::Operator), named([("第1企业", "3"), ("第2企业", "2"), ("第0企业", "1")]));
    assert_eq!(seen(&one, Edition::Operator), seen(&with([1, 3, 77], [1, 0, 2]), Edition::Operator), "what is not counted changes nothing");
    // A run that did not tell them apart shows no count without consent, and orders by none.
    assert_eq!(seen(&data, Edition::Operator), named([("第1企业", "0"), ("第0企业", "授权后可见"), ("第2企业", "授权后可见")]));
}
