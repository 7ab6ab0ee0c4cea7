//! What a source may send, as reading one of its files needs it.

use super::head::HeadRow;
use super::header;
use super::labels::{Labels, index};
use super::reader::Span;
use crate::config::FormOptions;
use crate::model::amount::Unit;
use crate::model::field::{FieldKind, PeriodKind};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a source may send, prepared for reading one of its files.
pub struct Source<'a> {
    /// The file's name, which may tell the year.
    pub file_name: &'a str,
    pub(super) labels: IndexMap<String, Labels>,
    pub(super) periods: HashMap<String, PeriodKind>,
    units: HashMap<(String, String), Unit>,
    field_labels: HashMap<(String, String), String>,
    /// Header words of forms that other sources send.
    others: IndexMap<String, Labels>,
    /// By the same keys, the title of such a form and who sends it.
    senders: HashMap<String, (String, String)>,
}

/// A form that another source sends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OtherForm {
    /// The form.
    pub form: FormOptions,
    /// The bureau that sends it.
    pub bureau: String,
}

/// A table of another source's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignTable {
    /// First row of its header, 1-based.
    pub row: u32,
    /// The form's title.
    pub title: String,
    /// The bureau that sends it.
    pub bureau: String,
}

impl<'a> Source<'a> {
    /// Prepares the header words of the given forms.
    pub fn new(file_name: &'a str, forms: &IndexMap<String, FormOptions>) -> Self {
        let (mut units, mut field_labels) = (HashMap::new(), HashMap::new());
        for (id, form) in forms {
            for (name, field) in &form.field {
                let place = (id.clone(), name.clone());
                field_labels.insert(place.clone(), field.label.clone());
                if let Some(unit) = field.unit.as_deref().and_then(Unit::find).filter(|_| field.kind == FieldKind::Amount) {
                    units.insert(place, unit);
                }
            }
        }
        let periods = forms.iter().map(|(id, f)| (id.clone(), f.period)).collect();
        Self { file_name, labels: index(forms), periods, units, field_labels, others: IndexMap::new(), senders: HashMap::new() }
    }

    /// Knows the forms that other sources send as well.
    #[must_use]
    pub fn beside(mut self, others: &[OtherForm]) -> Self {
        for (number, other) in others.iter().enumerate() {
            let key = number.to_string();
            self.others.insert(key.clone(), Labels::new(&other.form));
            self.senders.insert(key, (other.form.title.clone(), other.bureau.clone()));
        }
        self
    }

    /// The table of another source's form among rows, if it has more columns of that than `own` is of the source's own forms.
    pub(super) fn foreign(&self, rows: &[HeadRow], merged: Option<&[Span]>, own: usize) -> Option<ForeignTable> {
        if self.others.is_empty() {
            return None;
        }
        let header = header::find(rows, merged, &self.others)?;
        let fields = header.columns.iter().filter(|c| c.field().is_some()).count();
        let (title, bureau) = self.senders.get(&header.form)?.clone();
        (fields > own).then(|| ForeignTable { row: rows[header.top].number, title, bureau })
    }

    /// The file's name without its extension: the one sheet of a text table, and perhaps a year.
    pub(super) fn stem(&self) -> &str {
        self.file_name.rsplit_once('.').map_or(self.file_name, |(stem, _)| stem)
    }

    /// The name of a field in reports.
    pub(super) fn field_label(&self, form: &str, field: &str) -> String {
        self.field_labels.get(&(form.to_owned(), field.to_owned())).cloned().unwrap_or_default()
    }

    /// The unit that a form fixes for a field.
    pub(super) fn unit(&self, form: &str, field: &str) -> Option<Unit> {
        self.units.get(&(form.to_owned(), field.to_owned())).copied()
    }
}
