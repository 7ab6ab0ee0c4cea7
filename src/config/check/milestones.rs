//! The plan's milestones: each in a phase that is there, shown by one thing that can be seen, in days that follow each other.

use super::Check;
use crate::config::{AskedOf, FormOptions, Links, Options};
use crate::model::words::Lang;

impl Check<'_> {
    pub(super) fn milestones(&mut self, options: &Options) {
        for (id, phase) in &options.phase {
            let path = format!("phase.{id}");
            if phase.name.get(Lang::Zh).is_empty() {
                self.lacks(&path, "name");
            }
            if let (Some(from), Some(until)) = (phase.from, phase.until)
                && until < from
            {
                self.add(format!("{path}.until"), &until.0.to_string(), vec![format!("≥ {}", from.0)]);
            }
        }
        let phases: Vec<String> = options.phase.keys().cloned().collect();
        let counts = |form: &FormOptions| !form.disabled;
        for (id, milestone) in options.milestone.iter().filter(|(_, milestone)| !milestone.disabled) {
            let path = format!("milestone.{id}");
            if milestone.name.get(Lang::Zh).is_empty() {
                self.lacks(&path, "name");
            }
            if !phases.contains(&milestone.phase) {
                self.add(format!("{path}.phase"), &milestone.phase, phases.clone());
            }
            let shown_by = milestone.shown_by();
            if let [first, second, ..] = shown_by[..] {
                self.add(format!("{path}.{second}"), second, vec![first.to_owned()]);
            }
            // Whose records are no enterprise's can be asked of none; of whom statistics lack nobody may be told.
            let of_list = milestone.from == AskedOf::List;
            let fits = |form: &FormOptions| counts(form) && !(of_list && (form.links != Links::Own || form.is_statistical()));
            let known: Vec<String> = options.form.iter().filter(|(_, form)| fits(form)).map(|(id, _)| id.clone()).collect();
            for (place, form) in milestone.forms.iter().enumerate().filter(|(_, form)| !known.contains(form)) {
                self.add(format!("{path}.forms[{place}]"), form, known.clone());
            }
        }
    }
}
