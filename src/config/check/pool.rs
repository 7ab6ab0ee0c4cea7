//! What `[pool]` names is there, and is what it is named for.

use super::Check;
use super::names::NAME;
use crate::config::merge::states;
use crate::config::{FormOptions, GivenOptions, IN_FORCE, OTHERS, Options, SurvivorshipOptions, Taken};
use crate::model::field::{FieldKind, PeriodKind};

/// The columns of enterprises, by what they hold.
struct Columns<'a>(&'a Options);

impl Columns<'_> {
    /// Columns of rules whose sources all serve.
    fn merged(&self, serves: impl Fn(&FormOptions, FieldKind) -> bool) -> Vec<String> {
        let source = |from: &String| {
            let (form, field) = from.split_once('.')?;
            let form = self.0.form.get(form)?;
            Some(serves(form, form.field.get(field)?.kind))
        };
        let rule = |rule: &SurvivorshipOptions| rule.from.iter().all(|from| source(from) == Some(true));
        self.0.merge.field.iter().filter(|(_, r)| rule(r)).map(|(id, _)| id.clone()).collect()
    }

    /// Columns that the settings give, or compute.
    fn given(&self, serves: impl Fn(&GivenOptions) -> bool) -> Vec<String> {
        self.0.enterprise.iter().filter(|(_, given)| serves(given)).map(|(id, _)| id.clone()).collect()
    }

    fn all(&self) -> Vec<String> {
        [self.merged(|_, _| true), self.given(|_| true)].concat()
    }

    /// Columns with one value for each enterprise.
    fn single(&self) -> Vec<String> {
        [self.merged(|_, _| true), self.given(|given| given.per == PeriodKind::None)].concat()
    }

    fn amounts(&self) -> Vec<String> {
        let of_field =
            |given: &GivenOptions, field: &str| self.0.form.get(&given.from).and_then(|form| form.field.get(field)).map(|f| f.kind);
        let given = self.given(|given| match given.taken() {
            _ if given.formula.is_some() => given.kind == Some(FieldKind::Amount),
            Some(Taken::Field(field) | Taken::Sum(field, _)) => of_field(given, &field) == Some(FieldKind::Amount),
            _ => false,
        });
        [self.merged(|_, kind| kind == FieldKind::Amount), given].concat()
    }

    /// Numbers of patents: those need no consent.
    fn counts_of_patents(&self) -> Vec<String> {
        let rights = self.0.form.iter().find(|(_, form)| form.right.is_some() && !form.is_statistical()).map(|(id, _)| id);
        self.given(|given| Some(&given.from) == rights && given.taken() == Some(Taken::Count))
    }

    /// What enterprises are chosen and found by, which needs no consent either.
    fn open(&self, kinds: &[FieldKind]) -> Vec<String> {
        self.merged(|form, kind| kinds.contains(&kind) && !form.is_statistical())
    }
}

impl Check<'_> {
    pub(super) fn pool(&mut self, options: &Options) {
        use FieldKind::{Code, Date, Flag, Name, Names, Text};
        let (pool, columns) = (&options.pool, Columns(options));
        let own: [&[&str]; 4] =
            [&["uscc", "findings", OTHERS], &["uscc", "conclusion", "consented", "findings", OTHERS], &["uscc", OTHERS], &[]];
        for ((key, list), own) in pool.lists().into_iter().zip(own) {
            let own = own.iter().map(|word| (*word).to_owned());
            self.among(&format!("pool.{key}"), list, &own.chain(columns.all()).collect::<Vec<_>>());
        }
        // Who an enterprise is stands in every row.
        let sheet = ["uscc", NAME].map(str::to_owned);
        if sheet.iter().any(|column| !pool.sheet.contains(column)) && states(self.site, "pool.sheet") {
            self.add("pool.sheet".into(), &pool.sheet.join(", "), sheet.to_vec());
        }
        let single = columns.single();
        self.among("pool.needs", &pool.needs, &single);
        if let Some(first) = pool.needs.first().filter(|first| single.contains(first)) {
            self.is_among("pool.needs", first, &columns.amounts());
        }
        let counts = columns.counts_of_patents();
        self.among("pool.in_force", &pool.in_force, &counts);
        if ![0, IN_FORCE].contains(&pool.in_force.len()) && states(self.site, "pool.in_force") {
            self.add("pool.in_force".into(), &pool.in_force.len().to_string(), vec![IN_FORCE.to_string()]);
        }
        for (key, column) in pool.roles().into_iter().filter(|(_, column)| !column.is_empty()) {
            let known = match key {
                "consent" => columns.merged(|_, kind| kind == Flag),
                "consent_on" | "consent_until" => columns.merged(|_, kind| kind == Date),
                "title" => columns.open(&[Code]),
                "patents" => counts.clone(),
                _ => columns.open(&[Text, Code, Name, Names]),
            };
            self.is_among(&format!("pool.{key}"), column, &known);
        }
        for (word, column) in &pool.ranges {
            self.is_among(&format!("pool.ranges.{word}"), column, &columns.amounts());
        }
        let issue = &options.issue;
        for (key, column, known) in
            [("amount", &issue.amount, columns.amounts()), ("related", &issue.related, columns.open(&[Text, Code, Name]))]
        {
            if !column.is_empty() {
                self.is_among(&format!("issue.{key}"), column, &known);
            }
        }
        self.figures(options);
    }

    /// The form of yearly figures and its amounts.
    fn figures(&mut self, options: &Options) {
        let pool = &options.pool;
        if !pool.figures.is_empty() {
            let of_years = options.form.iter().filter(|(_, form)| form.period == PeriodKind::Year);
            self.is_among("pool.figures", &pool.figures, &of_years.map(|(id, _)| id.clone()).collect::<Vec<_>>());
        }
        let fields = options.form.get(&pool.figures).into_iter().flat_map(|form| &form.field);
        let amounts: Vec<String> = fields.filter(|(_, f)| f.kind == FieldKind::Amount).map(|(name, _)| name.clone()).collect();
        for (place, name) in pool.finances.iter().enumerate().filter(|(place, name)| pool.finances[..*place].contains(name)) {
            let others = amounts.iter().filter(|amount| !pool.finances[..=place].contains(amount));
            self.add("pool.finances".into(), name, others.cloned().collect());
        }
        self.among("pool.finances", &pool.finances, &amounts);
        self.among("pool.drawn", &pool.drawn, &amounts);
    }

    fn among(&mut self, path: &str, stated: &[String], known: &[String]) {
        stated.iter().for_each(|name| self.is_among(path, name, known));
    }

    fn is_among(&mut self, path: &str, name: &str, known: &[String]) {
        // Of built-in lists that a site's own changes leave behind, those changes tell.
        if !known.iter().any(|k| k == name) && states(self.site, path) {
            self.add(path.to_owned(), name, known.to_vec());
        }
    }
}
