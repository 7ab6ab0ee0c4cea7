//! What a source may send, as reading one of its files needs it.

use super::labels::{Labels, index};
use crate::config::FormOptions;
use crate::model::amount::Unit;
use crate::model::field::{FieldKind, PeriodKind};
use indexmap::IndexMap;
use std::collections::HashMap;

/// What a source may send, prepared for reading one of its files.
pub struct Source<'a> {
    /// The file's name, which may tell the year.
    pub file_name: &'a str,
    pub(super) labels: IndexMap<String, Labels>,
    pub(super) periods: HashMap<String, PeriodKind>,
    units: HashMap<(String, String), Unit>,
    field_labels: HashMap<(String, String), String>,
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
        Self { file_name, labels: index(forms), periods, units, field_labels }
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
