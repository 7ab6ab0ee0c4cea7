//! What each enterprise has, and which fields tell of patents: that all of it is there, and is what it is named for.

use super::Check;
use super::names::{is_of_year, is_value_name};
use crate::config::merge::states;
use crate::config::{FieldOptions, FormOptions, GivenOptions, Links, Options, Pick, SurvivorshipOptions, Taken, list_field};
use crate::model::field::{FieldKind, PeriodKind};

impl Check<'_> {
    /// A field comes from the directory or from forms with one record for each enterprise, and all its sources hold the same
    /// kind of value.
    pub(super) fn survivorship(&mut self, options: &Options, field: &str, rule: &SurvivorshipOptions) {
        let path = format!("merge.field.{field}");
        self.valid(&path, rule);
        if !is_value_name(field) || is_of_year(options, field) {
            self.bad_name(path.clone(), field);
        }
        // A built-in form that a site changes tells so itself.
        let built_in = !states(self.site, &format!("{path}.from"));
        let forms = || options.form.iter().filter(move |(_, form)| built_in || form.period == PeriodKind::None && form.is_one_each());
        let kind = |from: &str| {
            let (form, name) = from.split_once('.')?;
            let (_, form) = forms().find(|(id, _)| *id == form)?;
            form.field.get(name).map(|f| f.kind)
        };
        let first = rule.from.first().and_then(|f| kind(f));
        for from in rule.from.iter().filter(|f| kind(f).is_none() || kind(f) != first) {
            let same = |k: FieldKind| k != FieldKind::Personal && first.is_none_or(|first| first == k);
            let names = forms().flat_map(|(form, f)| f.field.iter().filter(|(_, o)| same(o.kind)).map(move |(n, _)| format!("{form}.{n}")));
            self.add(format!("{path}.from"), from, names.collect());
        }
    }

    /// A value of each enterprise comes from fields of a form whose records find their enterprises, or from other values.
    pub(super) fn given(&mut self, options: &Options, id: &str, given: &GivenOptions) {
        let path = format!("enterprise.{id}");
        self.valid(&path, given);
        self.named(&format!("{path}.label"), &given.label.0);
        if !is_value_name(id) || options.merge.field.contains_key(id) || is_of_year(options, id) {
            self.bad_name(path.clone(), id);
        }
        if given.formula.is_some() {
            return self.formula(&path, given);
        }
        if let Some(kind) = given.kind {
            self.add(format!("{path}.type"), &format!("{kind:?}").to_lowercase(), vec!["formula = \"…\"".into()]);
        }
        let forms = || options.form.iter().filter(|(_, form)| form.links != Links::None);
        let Some((_, form)) = forms().find(|(form, _)| **form == given.from) else {
            return self.add(format!("{path}.from"), &given.from, forms().map(|(form, _)| form.clone()).collect());
        };
        let fields = |fits: fn(&FieldOptions) -> bool| {
            form.field.iter().filter(move |(_, f)| f.kind != FieldKind::Personal && fits(f)).map(|(name, _)| name.clone())
        };
        let single = || fields(|f| f.columns.is_none());
        let figures = || fields(|f| matches!(f.kind, FieldKind::Amount | FieldKind::Number));
        let dates = || fields(|f| f.columns.is_none() && f.kind == FieldKind::Date);
        let fits = match given.taken() {
            None => false,
            Some(Taken::Count) => true,
            Some(Taken::Field(field)) => single().any(|name| name == field),
            Some(Taken::Latest(field)) => dates().any(|name| name == field),
            Some(Taken::Sum(field, range)) => {
                let columns = form.field.get(&field).and_then(|f| f.columns.as_deref()).and_then(list_field::headings);
                figures().any(|name| name == field) && range.is_none_or(|(_, last)| columns.is_some_and(|c| last <= c.len()))
            }
        };
        if !fits {
            let sums = figures().map(|name| format!("sum({name})"));
            let latest = dates().map(|name| format!("latest({name})"));
            self.add(format!("{path}.value"), &given.value, single().chain(sums).chain(latest).chain(["count()".to_owned()]).collect());
        }
        if form.period == PeriodKind::None && given.per == PeriodKind::Year {
            self.add(format!("{path}.per"), "year", vec!["none".into()]);
        }
        if let Some(pick) = given.pick.filter(|_| form.period == PeriodKind::None) {
            let found = if pick == Pick::LatestYear { "latest year" } else { "last year" };
            self.add(format!("{path}.pick"), found, vec![format!("form.{}.period = \"year\"", given.from)]);
        }
    }

    /// A formula stands alone, and gives a figure.
    fn formula(&mut self, path: &str, given: &GivenOptions) {
        let beside = [
            ("from", !given.from.is_empty()),
            ("value", !given.value.is_empty()),
            ("only", given.only.is_some()),
            ("pick", given.pick.is_some()),
            ("per", given.per != PeriodKind::None),
        ];
        if let Some((key, _)) = beside.into_iter().find(|(_, stated)| *stated) {
            self.add(format!("{path}.{key}"), key, vec!["formula = \"…\"".into()]);
        }
        if let Some(kind) = given.kind.filter(|kind| !matches!(kind, FieldKind::Amount | FieldKind::Number)) {
            self.add(format!("{path}.type"), &format!("{kind:?}").to_lowercase(), vec!["number".into(), "amount".into()]);
        }
    }

    /// The fields that say of each patent what it is are there, and only one form has such.
    pub(super) fn right(&mut self, options: &Options, id: &str, form: &FormOptions) {
        let Some(right) = &form.right else { return };
        let path = format!("form.{id}.right");
        if let Some((other, _)) = options.form.iter().find(|(_, form)| form.right.is_some()).filter(|(other, _)| *other != id) {
            return self.add(path, id, vec![format!("form.{other}.right")]);
        }
        if form.links != Links::Holders {
            // Of a built-in form whose links the site changes, that entry tells.
            if states(self.site, &path) {
                self.add(path, "right", vec!["links = \"holders\"".into()]);
            }
            return;
        }
        use FieldKind::{Code, Date, Flag, Names, PatentNumber, Text};
        let kinds = [PatentNumber, Text, Code, Code, Date, Date, Date, Flag, Names];
        // The state of a patent goes by these codes, whatever else a list holds.
        for (key, field, code) in [("kind", &right.kind, "invention"), ("status", &right.status, "in_force")] {
            let list = form.field.get(field).and_then(|f| f.codes.as_ref());
            if list.and_then(|list| options.codes.get(list)).is_some_and(|codes| !codes.contains_key(code)) {
                let fits = options.codes.iter().filter(|(_, codes)| codes.contains_key(code)).map(|(id, _)| format!("codes.{id}"));
                self.add(format!("{path}.{key}"), field, fits.collect());
            }
        }
        for ((key, field), kind) in right.fields().into_iter().zip(kinds) {
            if form.field.get(field).is_none_or(|f| f.kind != kind) && states(self.site, &path) {
                let fits = form.field.iter().filter(|(_, f)| f.kind == kind).map(|(name, _)| name.clone());
                self.add(format!("{path}.{key}"), field, fits.collect());
            }
        }
    }
}
