//! Lays the site's file over the built-in defaults.
//!
//! Tables merge key by key. Lists of words (header aliases, words to skip, spellings of code lists) add up, so that a
//! site that adds one loses none; everything else is replaced. The result knows for each key who stated it.

use super::Options;
use super::masked::masked;
use toml::{Table, Value};

/// The built-in settings, in the order in which they are laid.
pub(super) const DEFAULTS: [(&str, &str); 5] = [
    ("defaults.toml", include_str!("defaults.toml")),
    ("criteria.toml", include_str!("criteria.toml")),
    ("packs/codes.toml", include_str!("../stages/validate/packs/codes.toml")),
    ("packs/returns.toml", include_str!("../stages/validate/packs/returns.toml")),
    ("packs/patents.toml", include_str!("../stages/validate/packs/patents.toml")),
];

/// Built-in settings that count where a site takes them in (`packs` of `[run]`), by name.
pub(super) const PACKS: [(&str, &str); 1] = [("issuance", include_str!("issuance.toml"))];

/// Where a setting in force comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// Stated by the site.
    Site,
    /// Typed for this command.
    Command,
}

/// The built-in settings as one table: what every type defaults to, then the built-in files.
pub(super) fn defaults() -> Result<Table, toml::de::Error> {
    let mut all = Table::try_from(Options::default()).map_err(serde::de::Error::custom)?;
    for (_, text) in DEFAULTS {
        lay(&mut all, toml::from_str(text)?);
    }
    Ok(all)
}

/// Lays the packs that a site takes in on the built-in settings; names of none are passed over.
pub(super) fn lay_packs(base: &mut Table, site: &Table) -> Result<(), toml::de::Error> {
    let named = site.get("run").and_then(|run| run.get("packs")).and_then(Value::as_array).into_iter().flatten();
    for name in named.filter_map(Value::as_str) {
        if let Some((_, text)) = PACKS.iter().find(|(pack, _)| *pack == name) {
            lay(base, toml::from_str(text)?);
        }
    }
    Ok(())
}

/// Lays `over` on `base`: tables merge, lists of words add up, all else is replaced.
pub(super) fn lay(base: &mut Table, over: Table) {
    lay_at("", base, over);
}

fn lay_at(path: &str, base: &mut Table, over: Table) {
    for (key, value) in over {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (base.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) if !replaces(&here, &above) => lay_at(&here, below, above),
            (Some(Value::Array(below)), Value::Array(above)) if adds_up(&here) => {
                let new: Vec<Value> = above.into_iter().filter(|v| !below.contains(v)).collect();
                below.extend(new);
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Whether a value of enterprises is declared anew: what it comes from belongs together, and is not laid piece by piece.
fn replaces(path: &str, above: &Table) -> bool {
    path.strip_prefix("enterprise.").is_some_and(|id| !id.contains('.'))
        && ["from", "value", "formula"].iter().any(|k| above.contains_key(*k))
}

/// Whether a list holds words that mean something, so that further ones join it.
fn adds_up(path: &str) -> bool {
    path.starts_with("codes.") || (path.starts_with("form.") && (path.ends_with(".aliases") || path.ends_with(".skip")))
}

/// The settings in force as `key = value` lines with their origin, in the order of the file.
pub fn layered(typed: &Table, site: &Table, merged: &Table) -> Vec<(String, String, Origin)> {
    let mut lines = Vec::new();
    walk("", merged, [Some(typed), Some(site)], &mut lines);
    lines
}

fn walk(path: &str, table: &Table, layers: [Option<&Table>; 2], lines: &mut Vec<(String, String, Origin)>) {
    for (key, value) in table {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let stated = layers.map(|l| l.and_then(|l| l.get(key)));
        match value {
            Value::Table(inner) => walk(&here, inner, stated.map(|v| v.and_then(Value::as_table)), lines),
            other => {
                let origin = match stated {
                    [Some(_), _] => Origin::Command,
                    [_, Some(_)] => Origin::Site,
                    _ => Origin::Default,
                };
                let shown = masked(&here, other).to_string();
                lines.push((here, shown, origin));
            }
        }
    }
}

/// Whether a table states what stands at a path such as `form.returns.links`.
pub fn states(table: &toml::Table, path: &str) -> bool {
    let mut keys = path.split('.');
    let first = keys.next().and_then(|key| table.get(key));
    keys.try_fold(first, |value, key| value.map(|v| v.get(key))).flatten().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_service_may_know_is_not_listed() -> Result<(), toml::de::Error> {
        let site: Table = toml::from_str("[[notice]]\nkind = 'wecom'\nurl = 'https://a/send?key=k1'\nsecret = 's1'")?;
        let lines = layered(&Table::new(), &site, &site);
        assert!(lines.iter().all(|(_, value, _)| !value.contains("k1") && !value.contains("s1")), "{lines:?}");
        Ok(())
    }

    #[test]
    fn tables_merge_words_add_up_and_values_are_replaced() -> Result<(), toml::de::Error> {
        let mut base: Table = toml::from_str("[a]\nx = 1\ny = [1, 2]")?;
        let site: Table = toml::from_str("[a]\ny = [3]\n[b]\nz = true")?;
        lay(&mut base, site.clone());
        assert_eq!(base, toml::from_str("[a]\nx = 1\ny = [3]\n[b]\nz = true")?);
        let origins: Vec<_> = layered(&Table::new(), &site, &base).into_iter().map(|(k, _, o)| (k, o)).collect();
        let mut words: Table = toml::from_str("[form.a.field.b]\naliases = ['甲', '乙']")?;
        lay(&mut words, toml::from_str("[form.a.field.b]\naliases = ['丙', '甲']")?);
        assert_eq!(words, toml::from_str("[form.a.field.b]\naliases = ['甲', '乙', '丙']")?);
        assert_eq!(origins, [("a.x".into(), Origin::Default), ("a.y".into(), Origin::Site), ("b.z".into(), Origin::Site)]);
        Ok(())
    }
}
