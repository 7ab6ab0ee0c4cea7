//! Link: the records of every dataset to the enterprises of the registry.
//!
//! Takes: judged datasets by name in the engine, and `names` (single names of cells that hold several).
//! Gives: `registry`, one row per enterprise of the directory; `links_<dataset>`, one row per record or owner;
//! `duplicates`, records that repeat an earlier one; `quarantined`, records without a usable key.
//! Waterfall: unified social credit code, else organisation code, else exact match key of the current or a former name.
//! Invariants: a namesake is never resolved by guess; two valid codes that differ are two enterprises, whatever their
//! names; what is not linked says why (`not_linked`, a catalogue reference), and is `doubtful` where the registry does hold
//! enterprises that answer to it: then the reason names them.

mod apart;
mod subject;
mod walk;

pub use subject::{Subject, links_of};
pub use walk::{Link, Walk};

use crate::config::Links;
use crate::engine::{Engine, EngineError};
use crate::model::field::FieldKind;
use crate::model::place::file_sql;
use apart::Apart;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::DataFusionError;
use std::sync::Arc;

/// Enterprises that a reason names; all are counted.
const NAMED: usize = 5;

/// The registry: an enterprise is its code as given, else `N:` and its name's match key; `first` is the aggregate that
/// picks the record which counts.
fn registry(directory: &Subject<'_>, own: &str, first: &str, apart: Option<&str>) -> String {
    let apart = apart.unwrap_or("CAST(NULL AS VARCHAR)");
    let (code, org, name, key) = (directory.code(), directory.org(), directory.name(), directory.name_key());
    format!(
        "SELECT r.enterprise, r.record, d.uscc, coalesce(uscc_valid(d.uscc), false) AS code_ok, d.org_code, d.name, d.name_key, d.apart
         FROM (SELECT enterprise, {first} AS record
               FROM (SELECT coalesce({code}, 'N:' || {key}) AS enterprise, record FROM {dataset} WHERE {own}) AS k
               WHERE enterprise IS NOT NULL GROUP BY enterprise) AS r
         JOIN (SELECT record, {code} AS uscc, {org} AS org_code, {name} AS name, {key} AS name_key, {apart} AS apart
               FROM {dataset}) AS d ON d.record = r.record
         ORDER BY r.record",
        dataset = directory.dataset
    )
}

/// The aggregate of records of which the latest received counts, else the first; `later` are files with their places in
/// the order of receipt, as far as those are above the least.
fn first(later: &[(usize, u32)]) -> String {
    if later.is_empty() {
        return "min(record)".to_owned();
    }
    let places: String = later.iter().map(|(file, place)| format!(" WHEN {file} THEN -{place}")).collect();
    format!("first_value(record ORDER BY CASE {}{places} ELSE 0 END, record)", file_sql("record"))
}

/// Keys of registry records to what carries each: its enterprise if there is just one, and how many there are.
///
/// Counted over records, which are numbers: minima and distinct counts of texts are an order of magnitude slower.
fn index(keys: &str, flag: &str) -> String {
    format!(
        "SELECT k.key, r.enterprise, k.enterprises, k.{flag} FROM (
            SELECT key, min(record) AS record, count(*) AS enterprises, bool_or({flag}) AS {flag} FROM {keys} GROUP BY key) AS k
         JOIN registry r ON r.record = k.record"
    )
}

/// Each key with each registry record that carries it, once.
fn keys(all: &str, flag: &str) -> String {
    format!("SELECT key, record, bool_or({flag}) AS {flag} FROM ({all}) AS a WHERE key IS NOT NULL GROUP BY key, record")
}

/// Of keys that several enterprises carry: who they are, in words (the arguments of a reference are apart by `|`).
fn claimants(keys: &str, index: &str) -> String {
    format!(
        "SELECT key, CAST(string_agg(label, '、' ORDER BY record) AS VARCHAR) AS claimants FROM (
            SELECT k.key, k.record, row_number() OVER (PARTITION BY k.key ORDER BY k.record) AS place,
                replace(concat(r.name, '（', concat_ws('，', coalesce(r.uscc, r.org_code), r.apart), '）'), '|', '｜') AS label
            FROM {keys} k JOIN {index} i ON i.key = k.key JOIN registry r ON r.record = k.record WHERE i.enterprises > 1) AS c
         WHERE place <= {NAMED} GROUP BY key"
    )
}

/// Names, current and former: the lists of names in the directory's own records.
const NAMES: &str = "
    SELECT name_key AS key, record, code_ok FROM registry
    UNION ALL
    SELECT n.key, r.record, r.code_ok FROM names n JOIN registry r ON r.record = n.record";

/// Organisation codes, and whether one is stated as such or stands inside a valid unified code.
const ORG_CODES: &str = "
    SELECT substr(uscc, 9, 9) AS key, record, false AS stated FROM registry WHERE code_ok
    UNION ALL SELECT uscc AS key, record, true AS stated FROM registry WHERE length(uscc) = 9
    UNION ALL SELECT org_code AS key, record, true AS stated FROM registry WHERE org_code IS NOT NULL";

/// The organisation code of a subject, whether it is stated as such, and whether the unified code is valid.
///
/// Two valid unified codes that differ are two enterprises, so one organisation code at least must be stated as such.
fn with_org(subjects: &str) -> String {
    format!(
        "SELECT record, number, uscc, code_ok, name, key, coalesce(org, CASE WHEN code_ok THEN substr(uscc, 9, 9) END) AS org,
            org IS NOT NULL AS org_stated
         FROM (SELECT *, coalesce(uscc_valid(uscc), false) AS code_ok FROM ({subjects}) AS c) AS o"
    )
}

/// The waterfall over subjects.
fn waterfall(subjects: &str) -> String {
    format!(
        "SELECT w.record, w.number, CASE WHEN w.enterprise IS NULL THEN w.name END AS name, w.enterprise, w.linked_by,
            CASE WHEN w.enterprise IS NOT NULL THEN NULL
                 WHEN w.uscc IS NULL AND w.key IS NULL AND w.org IS NULL THEN '@link.no_key'
                 WHEN w.namesakes > 1 THEN concat(CASE WHEN w.code_ok THEN '@link.namesakes_other_code' ELSE '@link.namesakes' END,
                    '|', CAST(w.namesakes AS VARCHAR), '|', nc.claimants, '|', replace(w.name, '|', '｜'))
                 WHEN w.by_name IS NOT NULL THEN '@link.other_code|' || w.by_name
                 WHEN w.sharers > 1 THEN concat('@link.shared_org_code|', CAST(w.sharers AS VARCHAR), '|', oc.claimants, '|', w.org)
                 ELSE '@link.unknown' END AS not_linked,
            w.enterprise IS NULL AND coalesce(w.namesakes > 1 OR w.by_name IS NOT NULL OR w.sharers > 1, false) AS doubtful,
            CASE WHEN w.enterprise IS NOT NULL AND w.key IS NOT NULL THEN c.key IS NOT NULL END AS name_agrees
         FROM (
            SELECT s.record, s.number, s.name, s.uscc, s.code_ok, s.key, s.org, n.enterprise AS by_name, n.enterprises AS namesakes,
                o.enterprises AS sharers,
                CASE WHEN u.enterprise IS NOT NULL THEN u.enterprise
                     WHEN o.enterprises = 1 THEN o.enterprise
                     WHEN n.enterprises = 1 AND NOT (s.code_ok AND n.code_ok) THEN n.enterprise END AS enterprise,
                CASE WHEN u.enterprise IS NOT NULL THEN 'uscc'
                     WHEN o.enterprises = 1 THEN 'org_code'
                     WHEN n.enterprises = 1 AND NOT (s.code_ok AND n.code_ok) THEN 'name' END AS linked_by
            FROM ({}) AS s
            LEFT JOIN registry u ON u.enterprise = s.uscc
            LEFT JOIN org_index o ON o.key = s.org AND (s.org_stated OR o.stated)
            LEFT JOIN name_index n ON n.key = s.key) AS w
         LEFT JOIN carried c ON c.key = w.key AND c.enterprise = w.enterprise
         LEFT JOIN name_claimants nc ON nc.key = w.key
         LEFT JOIN org_claimants oc ON oc.key = w.org
         ORDER BY w.record, w.number",
        with_org(subjects)
    )
}

/// What a dataset is linked by; all of it goes when the links are made.
async fn indexes(engine: &Engine) -> Result<(), EngineError> {
    for (keyed, indexed, claimed, all, flag) in
        [("name_keys", "name_index", "name_claimants", NAMES, "code_ok"), ("org_keys", "org_index", "org_claimants", ORG_CODES, "stated")]
    {
        engine.derive(keyed, &keys(all, flag)).await?;
        engine.derive(indexed, &index(keyed, flag)).await?;
        engine.derive(claimed, &claimants(keyed, indexed)).await?;
    }
    let carried = "SELECT k.key, r.enterprise FROM name_keys k JOIN registry r ON r.record = k.record";
    engine.derive("carried", carried).await.map(|_| ())
}

/// The tables of [`indexes`] and what they are made of.
const INDEXES: [&str; 8] = ["name_keys", "name_index", "name_claimants", "org_keys", "org_index", "org_claimants", "carried", "names"];

/// Derives the registry; `own` is SQL that is true of its records of the directory, `later` are files that came after
/// others, each with its place in that order.
pub async fn register(engine: &Engine, directory: &Subject<'_>, own: &str, later: &[(usize, u32)]) -> Result<(), EngineError> {
    let schema = engine.dataset(directory.dataset).schema().clone();
    let apart = directory.form.apart.as_deref().filter(|field| schema.column_with_name(field).is_some());
    engine.derive("registry", &registry(directory, own, &first(later), apart)).await.map(|_| ())
}

/// Links datasets to the registry, as `links_<dataset>`; those that are linked by nothing get no links.
///
/// `datasets` are known to the engine; `own` is SQL that is true of the registry's records of the directory. The engine
/// knows `registry` and `names`.
pub async fn link(engine: &Engine, datasets: &[Subject<'_>], own: &str) -> Result<(), EngineError> {
    indexes(engine).await?;
    let mut tasks = Vec::new();
    for subject in datasets {
        let sql = if subject.form.registry { directory(subject, own) } else { waterfall(&subject.query()) };
        // No row fits, so that the table is there and its columns are those of all links.
        let sql = if subject.links() == Links::None { format!("SELECT * FROM ({sql}) AS none WHERE false") } else { sql };
        let (engine, name) = (engine.clone(), links_of(subject.dataset));
        tasks.push((name.clone(), tokio::spawn(async move { engine.derive(&name, &sql).await })));
    }
    for (name, task) in tasks {
        task.await.map_err(|e| EngineError::of(name, e))??;
    }
    INDEXES.iter().for_each(|table| engine.forget(table));
    Ok(())
}

/// Makes the tables of [`register`], [`link()`] and [`set_apart`] known as they are where nothing was sent: what is tried over
/// nothing needs no plans for them.
pub fn nothing(engine: &Engine, datasets: &[Subject<'_>]) -> Result<(), EngineError> {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let flag = |name: &str| Field::new(name, DataType::Boolean, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    let empty = |name: &str, columns: Vec<Field>| engine.table(name, Arc::new(Schema::new(columns)), &[]);
    let keys = [text("org_code"), text("name"), text("name_key"), text("apart")];
    empty("registry", [text("enterprise"), number("record"), text("uscc"), flag("code_ok")].into_iter().chain(keys).collect())?;
    for subject in datasets {
        let found = [text("name"), text("enterprise"), text("linked_by"), text("not_linked"), flag("doubtful"), flag("name_agrees")];
        empty(&links_of(subject.dataset), [number("record"), number("number")].into_iter().chain(found).collect())?;
    }
    set_apart(engine, &[], i64::min)
}

/// Tells which records of linked datasets repeat another (`duplicates`) or have no usable key (`quarantined`); `counts`
/// tells which of two records counts.
///
/// No plan: what it would cost to plan at the scale of a city is more than all of the work at a province's.
pub fn set_apart(engine: &Engine, datasets: &[Subject<'_>], counts: impl Fn(i64, i64) -> i64) -> Result<(), EngineError> {
    let mut apart = Apart::default();
    let looked = datasets.iter().try_for_each(|subject| {
        apart.look_at(subject, &engine.dataset(subject.dataset), &engine.dataset(&links_of(subject.dataset)), &counts)
    });
    looked?;
    let failed = |e| EngineError { what: "duplicates".to_owned(), source: Box::new(DataFusionError::from(e)) };
    let (quarantined, duplicates) = apart.tables().map_err(failed)?;
    engine.table("quarantined", quarantined.schema(), &[quarantined])?;
    engine.table("duplicates", duplicates.schema(), &[duplicates])
}

/// The registry's own records are its enterprises; those of other directories are linked like any table.
fn directory(subject: &Subject<'_>, own: &str) -> String {
    let registered = registered(subject);
    if own == "true" {
        return format!("{registered} ORDER BY record");
    }
    let others = format!("SELECT * FROM ({}) AS a WHERE NOT {own}", subject.query());
    format!("{registered} WHERE {own} UNION ALL SELECT * FROM ({}) AS o ORDER BY record", waterfall(&others))
}

/// The links of the registry's own records.
fn registered(directory: &Subject<'_>) -> String {
    let (code, key) = (directory.code(), directory.name_key());
    format!(
        "SELECT record, 1 AS number, CAST(NULL AS VARCHAR) AS name, coalesce({code}, 'N:' || {key}) AS enterprise, 'registry' AS linked_by,
            CASE WHEN {code} IS NULL AND {key} IS NULL THEN '@link.no_key' END AS not_linked, false AS doubtful,
            CAST(NULL AS BOOLEAN) AS name_agrees
         FROM {}",
        directory.dataset
    )
}

/// A query that gives a directory of the enterprises that datasets name themselves, for checking them without one.
///
/// A record without a code is its namesake's with one, if there is exactly that.
pub fn stand_in(directory: &Subject<'_>, datasets: &[Subject<'_>]) -> String {
    let columns = [
        (FieldKind::Uscc, "", "uscc"),
        (FieldKind::OrgCode, "", "org_code"),
        (FieldKind::Name, "", "name"),
        (FieldKind::Name, "_key", "name_key"),
    ];
    let columns =
        columns.into_iter().filter_map(|(kind, beside, column)| Some((format!("{}{beside}", directory.form.first_of(kind)?), column)));
    let columns: Vec<String> = columns.map(|(name, column)| format!("{column} AS \"{name}\"")).collect();
    let columns = columns.join(", ");
    let named: Vec<String> = datasets
        .iter()
        .filter(|subject| subject.links() == Links::Own)
        .map(|s| {
            let (code, org, name, key) = (s.code(), s.org(), s.name(), s.name_key());
            format!("SELECT record, {code} AS uscc, {org} AS org_code, {name} AS name, {key} AS name_key FROM {}", s.dataset)
        })
        .collect();
    if named.is_empty() {
        let none = ["uscc", "org_code", "name", "name_key"].map(|c| format!("CAST(NULL AS VARCHAR) AS {c}")).join(", ");
        return format!("SELECT record, {columns} FROM (SELECT CAST(0 AS BIGINT) AS record, {none}) AS a WHERE false");
    }
    let all = named.join(" UNION ALL ");
    format!(
        "SELECT record, {columns} FROM ({all}) AS a WHERE uscc IS NOT NULL
            OR name_key NOT IN (SELECT name_key FROM ({all}) AS b WHERE uscc IS NOT NULL AND name_key IS NOT NULL)
         ORDER BY record"
    )
}

/// A query that gives a dataset with its links, for edits of population and history scope.
///
/// `rivals` says of a record, or of each owner of one (apart by U+001E), which enterprises answer to it if that leaves
/// it open whose it is. Only the given columns of the dataset come with it: planning grows with the square of their number.
pub fn linked(dataset: &str, links: Links, columns: &[String]) -> String {
    let links = match links {
        Links::Holders => format!(
            "SELECT a.record, n.owners AS owners_linked, a.enterprise, a.not_linked, q.rivals, a.name_agrees
             FROM (SELECT * FROM links_{dataset} WHERE number = 1) AS a
             JOIN (SELECT record, count(enterprise) AS owners FROM links_{dataset} GROUP BY record) AS n ON n.record = a.record
             LEFT JOIN (SELECT record, CAST(string_agg(not_linked, chr(30) ORDER BY number) AS VARCHAR) AS rivals
                        FROM links_{dataset} WHERE doubtful GROUP BY record) AS q ON q.record = a.record"
        ),
        Links::Own | Links::None => format!(
            "SELECT record, CASE WHEN enterprise IS NULL THEN 0 ELSE 1 END AS owners_linked, enterprise, not_linked,
                CASE WHEN doubtful THEN not_linked END AS rivals, name_agrees
             FROM links_{dataset}"
        ),
    };
    let own: String = columns.iter().map(|c| format!("d.\"{c}\", ")).collect();
    format!(
        "SELECT {own}l.owners_linked, l.enterprise, l.not_linked, l.rivals, l.name_agrees, r.name AS enterprise_name, f.first_record,
            coalesce(f.conflicting, false) AS conflicting
         FROM {dataset} d LEFT JOIN ({links}) AS l ON l.record = d.record
         LEFT JOIN registry r ON r.enterprise = l.enterprise
         LEFT JOIN duplicates f ON f.record = d.record"
    )
}

/// Columns that [`linked`] adds to a dataset.
pub fn link_columns() -> [Field; 8] {
    let column = |name: &str, data_type: DataType| Field::new(name, data_type, true);
    [
        column("enterprise", DataType::Utf8),
        column("owners_linked", DataType::Int64),
        column("not_linked", DataType::Utf8),
        column("rivals", DataType::Utf8),
        column("name_agrees", DataType::Boolean),
        column("enterprise_name", DataType::Utf8),
        column("first_record", DataType::Int64),
        column("conflicting", DataType::Boolean),
    ]
}

/// Those of them that say something only if the registry is the city's directory.
pub const REGISTRY_COLUMNS: [&str; 5] = ["owners_linked", "not_linked", "rivals", "name_agrees", "enterprise_name"];
