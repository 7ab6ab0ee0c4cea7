//! Lays the site's file over the built-in defaults.
//!
//! Tables merge key by key, everything else is replaced. The result knows for each key whether the site stated it.

use toml::{Table, Value};

/// The built-in settings, in the order in which they are laid.
pub(super) const DEFAULTS: [(&str, &str); 4] = [
    ("defaults.toml", include_str!("defaults.toml")),
    ("packs/codes.toml", include_str!("../stages/validate/packs/codes.toml")),
    ("packs/returns.toml", include_str!("../stages/validate/packs/returns.toml")),
    ("packs/patents.toml", include_str!("../stages/validate/packs/patents.toml")),
];

/// Where a setting in force comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// Stated by the site.
    Site,
}

/// The built-in settings as one table.
pub(super) fn defaults() -> Result<Table, toml::de::Error> {
    let mut all = Table::new();
    for (_, text) in DEFAULTS {
        lay(&mut all, toml::from_str(text)?);
    }
    Ok(all)
}

/// Lays `over` on `base`: tables merge, all else is replaced.
pub(super) fn lay(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// The settings in force as `key = value` lines with their origin, in the order of the file.
pub fn layered(site: &Table, merged: &Table) -> Vec<(String, String, Origin)> {
    let mut lines = Vec::new();
    walk("", merged, Some(site), &mut lines);
    lines
}

fn walk(path: &str, table: &Table, site: Option<&Table>, lines: &mut Vec<(String, String, Origin)>) {
    for (key, value) in table {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let stated = site.and_then(|s| s.get(key));
        match value {
            Value::Table(inner) => walk(&here, inner, stated.and_then(Value::as_table), lines),
            other => {
                let origin = if stated.is_some() { Origin::Site } else { Origin::Default };
                lines.push((here, other.to_string(), origin));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_merge_and_values_are_replaced() -> Result<(), toml::de::Error> {
        let mut base: Table = toml::from_str("[a]\nx = 1\ny = [1, 2]")?;
        let site: Table = toml::from_str("[a]\ny = [3]\n[b]\nz = true")?;
        lay(&mut base, site.clone());
        assert_eq!(base, toml::from_str("[a]\nx = 1\ny = [3]\n[b]\nz = true")?);
        let origins: Vec<_> = layered(&site, &base).into_iter().map(|(k, _, o)| (k, o)).collect();
        assert_eq!(origins, [("a.x".into(), Origin::Default), ("a.y".into(), Origin::Site), ("b.z".into(), Origin::Site)]);
        Ok(())
    }
}
