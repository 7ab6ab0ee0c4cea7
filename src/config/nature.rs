//! Edits that serve many forms: which they judge, and what stands in them for a form's own fields.
//!
//! An edit over the nature of forms names fields by type: `@uscc` among its fields, `{@uscc}` in its expressions and messages.

use super::{EditOptions, FormOptions, Options};
use crate::model::field::{FieldKind, PeriodKind};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use std::borrow::Cow;

/// The field that makes one record of a form whose records are not an enterprise's.
const RECORD: &str = "record";
/// All fields that hold values and are no keys.
const VALUES: &str = "values";
/// In SQL: whether any of what names an enterprise is stated.
const NAMED: &str = "named";

impl EditOptions {
    /// Whether it judges a dataset; `sum_rows` has no form.
    pub fn judges(&self, dataset: &str, form: Option<&FormOptions>) -> bool {
        let fits = |form: &FormOptions| {
            self.period.is_none_or(|period| period == form.period) && self.repeats.is_none_or(|repeats| repeats == form.repeats)
        };
        self.dataset.iter().any(|d| d == dataset) && form.is_none_or(fits)
    }

    /// The edit as it reads over a form; none if it judges nothing of it.
    pub fn over(&self, form: &FormOptions) -> Option<Cow<'_, EditOptions>> {
        let stands_for = |field: &String| field.starts_with('@') || form.lists.contains_key(field);
        let by_nature = self.fields.iter().chain(&self.reads).any(stands_for) || self.holds.contains("{@");
        if !by_nature {
            return Some(Cow::Borrowed(self));
        }
        let mut edit = self.clone();
        edit.fields = self.fields.iter().flat_map(|field| fields(form, field)).collect();
        edit.reads = self.reads.iter().flat_map(|field| fields(form, field)).collect();
        edit.holds = filled(form, &self.holds)?;
        // What cannot be asked of a form limits nothing, and explains nothing.
        edit.when = self.when.as_deref().and_then(|sql| filled(form, sql));
        edit.expected = self.expected.as_deref().and_then(|sql| filled(form, sql));
        (!edit.fields.is_empty() || !edit.each.is_empty()).then_some(Cow::Owned(edit))
    }

    /// An expression without what stands in it for fields, for those who ask only what else it names.
    pub fn unbound(sql: &str) -> String {
        let mut text = String::new();
        let mut rest = sql;
        while let Some((before, after)) = rest.split_once("{@") {
            let (_, behind) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(before);
            text.push('f');
            rest = behind;
        }
        text.push_str(rest);
        text.replace("{f}", "f")
    }
}

/// The fields that stand for an entry of `fields`.
fn fields(form: &FormOptions, entry: &str) -> Vec<String> {
    let Some(nature) = entry.strip_prefix('@') else {
        return form.lists.get(entry).cloned().unwrap_or_else(|| vec![entry.to_owned()]);
    };
    let key = |name: &String| form.key.contains(name);
    let value = |kind: FieldKind| !matches!(kind, FieldKind::Personal | FieldKind::Year);
    match nature {
        VALUES => form.field.iter().filter(|(name, f)| value(f.kind) && !key(name)).map(|(name, _)| name.clone()).collect(),
        _ => form.of_nature(nature).map(str::to_owned).into_iter().collect(),
    }
}

impl FormOptions {
    /// The field of a nature: the first of a type, or the one that makes a record.
    pub fn of_nature(&self, nature: &str) -> Option<&str> {
        if nature == RECORD { self.own_key() } else { self.first_of(kind(nature)?) }
    }
}

/// The type that a word stands for.
fn kind(word: &str) -> Option<FieldKind> {
    let word: StrDeserializer<'_, Error> = word.into_deserializer();
    FieldKind::deserialize(word).ok()
}

/// An expression with a form's fields in it; none if the form lacks one of them.
fn filled(form: &FormOptions, sql: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("{@") {
        let (nature, behind) = after.split_once('}')?;
        text.push_str(before);
        match nature {
            NAMED => text.push_str(&named(form)?),
            _ => text.push_str(form.of_nature(nature)?),
        }
        rest = behind;
    }
    text.push_str(rest);
    Some(text)
}

/// The condition that a record names its enterprise.
fn named(form: &FormOptions) -> Option<String> {
    let kinds = [FieldKind::Uscc, FieldKind::OrgCode, FieldKind::Name];
    let stated = kinds.into_iter().filter_map(|kind| Some(format!("{} IS NOT NULL", form.first_of(kind)?)));
    stated.reduce(|all, next| format!("{all} OR {next}"))
}

/// Whether a word stands for fields of some form.
pub(super) fn is_nature(word: &str) -> bool {
    [RECORD, VALUES].contains(&word) || kind(word).is_some()
}

/// Lets the edits over the nature of forms judge those that a site adds.
pub(super) fn extend(options: &mut Options, built_in: &[String]) {
    for edit in options.edit.values_mut().filter(|edit| !edit.own_forms.is_empty()) {
        let own = options.form.iter().filter(|(id, form)| !built_in.contains(id) && edit.own_forms.contains(&form.links));
        let own = own.filter(|(_, form)| edit.period.is_none_or(|period| period == form.period || period == PeriodKind::None));
        let new: Vec<String> = own.map(|(id, _)| id.clone()).filter(|id| !edit.dataset.contains(id)).collect();
        edit.dataset.extend(new);
    }
}
