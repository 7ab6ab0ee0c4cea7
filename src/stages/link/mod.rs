//! Link: returns, needs and patents to the enterprises of the registry.
//!
//! Takes: judged datasets by name in the engine, and `names` (single names of cells that hold several).
//! Gives: `registry`, one row per enterprise of the directory, and `links_<dataset>`, one row per record or owner.
//! Waterfall: unified social credit code, else organisation code, else exact match key of the current or a former name.
//! Invariants: a namesake is never resolved by guess; two valid codes that differ are two enterprises, whatever their
//! names; what is not linked says why (`not_linked`, a catalogue reference).

use crate::engine::{Engine, EngineError};

/// The registry: an enterprise is its code as given, else `N:` and its name's match key.
const REGISTRY: &str = "
    SELECT r.enterprise, r.record, d.uscc, coalesce(uscc_valid(d.uscc), false) AS code_ok, d.org_code, d.name, d.name_key
    FROM (SELECT enterprise, min(record) AS record
          FROM (SELECT coalesce(uscc, 'N:' || name_key) AS enterprise, record FROM directory) AS k
          WHERE enterprise IS NOT NULL GROUP BY enterprise) AS r
    JOIN directory d ON d.record = r.record
    ORDER BY r.record";

/// Names, current and former, with the number of enterprises that carry them.
const NAME_INDEX: &str = "
    SELECT key, min(enterprise) AS enterprise, count(DISTINCT enterprise) AS enterprises, bool_or(code_ok) AS code_ok
    FROM (SELECT name_key AS key, enterprise, code_ok FROM registry WHERE name_key IS NOT NULL
          UNION ALL
          SELECT n.key, r.enterprise, r.code_ok FROM names n JOIN registry r ON r.record = n.record
          WHERE n.field = 'former_names') AS k
    GROUP BY key";

/// Organisation codes, stated or inside a valid code.
const ORG_INDEX: &str = "
    SELECT org, min(enterprise) AS enterprise, count(DISTINCT enterprise) AS enterprises
    FROM (SELECT substr(uscc, 9, 9) AS org, enterprise FROM registry WHERE code_ok
          UNION ALL
          SELECT org_code AS org, enterprise FROM registry WHERE org_code IS NOT NULL) AS k
    GROUP BY org";

/// What is to be linked of a dataset with one enterprise a record.
fn subjects(dataset: &str, has_org: bool) -> String {
    let org = if has_org { "org_code" } else { "CAST(NULL AS VARCHAR)" };
    format!(
        "SELECT record, 1 AS number, uscc, coalesce({org}, CASE WHEN length(uscc) = 9 THEN uscc END) AS org, name, name_key AS key
         FROM {dataset}"
    )
}

/// Owners of patents: the code column speaks for the first of them.
const OWNERS: &str = "
    SELECT n.record, n.number, CASE WHEN n.number = 1 THEN p.uscc END AS uscc,
           CASE WHEN n.number = 1 AND length(p.uscc) = 9 THEN p.uscc END AS org, n.name, n.key
    FROM (SELECT * FROM names WHERE field = 'holders') AS n JOIN patents p ON p.record = n.record
    UNION ALL
    SELECT record, 1 AS number, uscc, CASE WHEN length(uscc) = 9 THEN uscc END AS org,
           CAST(NULL AS VARCHAR) AS name, CAST(NULL AS VARCHAR) AS key
    FROM patents WHERE holders IS NULL";

/// The waterfall over subjects.
fn waterfall(subjects: &str) -> String {
    format!(
        "SELECT record, number, name, enterprise, linked_by,
            CASE WHEN enterprise IS NOT NULL THEN NULL
                 WHEN uscc IS NULL AND key IS NULL THEN '@link.no_key'
                 WHEN enterprises > 1 THEN '@link.namesake|' || CAST(enterprises AS VARCHAR)
                 WHEN by_name IS NOT NULL THEN '@link.other_code|' || by_name
                 ELSE '@link.unknown' END AS not_linked,
            CASE WHEN enterprise IS NULL OR key IS NULL THEN NULL
                 ELSE key = own_key OR coalesce(by_name = enterprise, false) END AS name_agrees
         FROM (SELECT m.*, r.name_key AS own_key FROM (
            SELECT s.record, s.number, s.name, s.uscc, s.key, n.enterprise AS by_name, n.enterprises,
                CASE WHEN u.enterprise IS NOT NULL THEN u.enterprise
                     WHEN o.enterprises = 1 THEN o.enterprise
                     WHEN n.enterprises = 1 AND NOT (coalesce(uscc_valid(s.uscc), false) AND n.code_ok) THEN n.enterprise END AS enterprise,
                CASE WHEN u.enterprise IS NOT NULL THEN 'uscc'
                     WHEN o.enterprises = 1 THEN 'org_code'
                     WHEN n.enterprises = 1 AND NOT (coalesce(uscc_valid(s.uscc), false) AND n.code_ok) THEN 'name' END AS linked_by
            FROM ({subjects}) AS s
            LEFT JOIN registry u ON u.enterprise = s.uscc
            LEFT JOIN org_index o ON o.org = s.org
            LEFT JOIN name_index n ON n.key = s.key) AS m
         LEFT JOIN registry r ON r.enterprise = m.enterprise) AS w
         ORDER BY record, number"
    )
}

/// Links every dataset at hand to the registry.
///
/// `datasets` are the names, besides `directory` and `names`, that the engine knows, each with whether it has
/// organisation codes.
pub async fn link(engine: &Engine, datasets: &[(&str, bool)]) -> Result<(), EngineError> {
    engine.derive("registry", REGISTRY).await?;
    engine.derive("name_index", NAME_INDEX).await?;
    engine.derive("org_index", ORG_INDEX).await?;
    for (dataset, has_org) in datasets {
        let subjects = if *dataset == "patents" { OWNERS.to_owned() } else { subjects(dataset, *has_org) };
        engine.derive(&format!("links_{dataset}"), &waterfall(&subjects)).await?;
    }
    engine.forget("name_index");
    engine.forget("org_index");
    Ok(())
}

/// A query that gives a directory of the enterprises that datasets name themselves, for checking them without one.
///
/// A record without a code is its namesake's with one, if there is exactly that.
pub fn stand_in(datasets: &[(&str, bool)]) -> String {
    let named: Vec<String> = datasets
        .iter()
        .filter(|(dataset, _)| *dataset != "patents")
        .map(|(dataset, has_org)| {
            let org = if *has_org { "org_code" } else { "CAST(NULL AS VARCHAR)" };
            format!("SELECT record, uscc, {org} AS org_code, name, name_key FROM {dataset}")
        })
        .collect();
    if named.is_empty() {
        let none = ["uscc", "org_code", "name", "name_key"].map(|c| format!("CAST(NULL AS VARCHAR) AS {c}")).join(", ");
        return format!("SELECT CAST(0 AS BIGINT) AS record, {none} WHERE false");
    }
    let all = named.join(" UNION ALL ");
    format!(
        "SELECT * FROM ({all}) AS a WHERE uscc IS NOT NULL
            OR name_key NOT IN (SELECT name_key FROM ({all}) AS b WHERE uscc IS NOT NULL AND name_key IS NOT NULL)
         ORDER BY record"
    )
}

/// A query that gives a dataset with its links, for edits of population and history scope.
pub fn linked(dataset: &str) -> String {
    match dataset {
        "directory" => "SELECT *, coalesce(uscc, 'N:' || name_key) AS enterprise, coalesce(uscc, 'N:' || name_key) AS identity,
            coalesce(period, 0) AS period_key FROM directory"
            .to_owned(),
        "patents" => "SELECT p.*, o.owners_linked, o.enterprise, o.not_linked FROM patents p LEFT JOIN (
                SELECT record, count(enterprise) AS owners_linked, max(CASE WHEN number = 1 THEN enterprise END) AS enterprise,
                    max(CASE WHEN number = 1 THEN not_linked END) AS not_linked
                FROM links_patents GROUP BY record) AS o ON o.record = p.record"
            .to_owned(),
        other => format!(
            "SELECT d.*, l.enterprise, l.not_linked, l.name_agrees, r.name AS enterprise_name,
                coalesce(l.enterprise, d.uscc, d.name_key) AS identity, coalesce(d.period, 0) AS period_key
             FROM {other} d LEFT JOIN links_{other} l ON l.record = d.record
             LEFT JOIN registry r ON r.enterprise = l.enterprise"
        ),
    }
}

/// Columns that [`linked`] adds to a dataset, for the compilation of edits.
pub const LINK_COLUMNS: [&str; 7] =
    ["enterprise", "identity", "period_key", "owners_linked", "not_linked", "name_agrees", "enterprise_name"];

/// Those of them that say something only if the registry is the city's directory.
pub const REGISTRY_COLUMNS: [&str; 4] = ["owners_linked", "not_linked", "name_agrees", "enterprise_name"];
