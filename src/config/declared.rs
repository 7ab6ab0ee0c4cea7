//! What follows from the declarations of forms and of what each enterprise has.

use super::{Config, FormOptions, GivenOptions, OTHERS, Pick, RightOptions, Taken};
use crate::model::field::PeriodKind;

impl Config {
    /// Whether there is such a column of enterprises by declaration.
    pub fn declares(&self, id: &str) -> bool {
        self.merge.field.contains_key(id) || self.enterprise.contains_key(id)
    }

    /// The form whose records are patents, with what says so of its fields.
    pub fn rights(&self) -> Option<(&String, &FormOptions, &RightOptions)> {
        self.form.iter().find_map(|(id, form)| Some((id, form, form.right.as_ref()?)))
    }

    /// The form of yearly figures.
    pub fn figures(&self) -> Option<(&String, &FormOptions)> {
        self.form.get_key_value(&self.pool.figures)
    }

    /// Whether a value is that of a field in the one record that counts for an enterprise and year.
    pub fn is_counted(&self, given: &GivenOptions) -> bool {
        let of_years = self.form.get(&given.from).is_some_and(|form| form.period == PeriodKind::Year && form.is_one_each());
        let by_year = given.per == PeriodKind::Year || given.pick == Some(Pick::LastYear);
        of_years && by_year && given.only.is_none() && matches!(given.taken(), Some(Taken::Field(_)))
    }

    /// Whether a value is taken of the patents that are credited to an enterprise: the list of them tells where it comes from.
    pub fn is_of_patents(&self, given: &GivenOptions) -> bool {
        let told = matches!(given.taken(), Some(Taken::Count | Taken::Latest(_)));
        told && self.rights().is_some_and(|(form, ..)| *form == given.from)
    }

    /// A list of `[pool]` with the columns that stand for what no list names.
    pub fn listed<'a>(&'a self, list: &'a [String]) -> impl Iterator<Item = &'a String> {
        let named = |id: &String| self.pool.lists().iter().any(|(_, list)| list.contains(id));
        let others: Vec<&String> = self.enterprise.iter().filter(|(id, given)| !given.hidden && !named(id)).map(|(id, _)| id).collect();
        list.iter().flat_map(move |id| if id == OTHERS { others.clone() } else { vec![id] })
    }
}
