//! What the pieces of the settings say of each other: the checks that one setting cannot make of itself.

mod costs;
mod criteria;
mod enterprises;
mod milestones;
mod names;
mod pool;

pub(super) use names::is_field_name;

use super::decode::{Problem, ProblemKind, line_of, validation_problems};
use super::list_field;
use super::merge::{PACKS, states};
use super::nature::is_nature;
use super::secret::{Address, SECRET_FORMS};
use super::taken_away::NEVER;
use super::{FieldOptions, FormOptions, IdentityPart, Links, NoticeKind, Options, PortalOptions};
use crate::model::amount::Unit;
use crate::model::field::{FieldKind, Role};
use crate::model::url::{self, Unusable};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Utc};
use names::{NAME, OF_RIGHTS, is_form_name};
use std::net::SocketAddr;
use validator::Validate;

/// Month and day of `MM-DD`, if every year has that day.
pub fn month_day(text: &str) -> Option<(u32, u32)> {
    let of_common_year = NaiveDate::parse_from_str(&format!("2001-{text}"), "%Y-%m-%d").ok()?;
    (text.len() == 5).then(|| (of_common_year.month(), of_common_year.day()))
}

/// Today in Asia/Shanghai, which has kept UTC+8 without summer time since 1991.
fn today() -> NaiveDate {
    match FixedOffset::east_opt(8 * 3600) {
        Some(shanghai) => Utc::now().with_timezone(&shanghai).date_naive(),
        None => Utc::now().date_naive(),
    }
}

/// The checks of one site's file, and what they found so far.
pub(super) struct Check<'a> {
    /// The file, for the lines of the problems.
    pub text: &'a str,
    /// What it states.
    pub site: &'a toml::Table,
    /// The built-in forms.
    pub forms: toml::Table,
    pub problems: Vec<Problem>,
}

impl Check<'_> {
    fn add(&mut self, path: String, found: &str, expected: Vec<String>) {
        let line = line_of(self.text, &path).unwrap_or(0);
        self.problems.push(Problem { line, path, kind: ProblemKind::BadValue, found: found.to_owned(), expected });
    }

    /// A name that cannot be used.
    fn bad_name(&mut self, path: String, name: &str) {
        let line = line_of(self.text, &path).unwrap_or(0);
        self.problems.push(Problem { line, path, kind: ProblemKind::BadName, found: name.to_owned(), expected: Vec::new() });
    }

    fn valid(&mut self, prefix: &str, value: &impl Validate) {
        if let Err(errors) = value.validate() {
            self.problems.extend(validation_problems(self.text, prefix, &errors));
        }
    }

    pub fn as_of(&mut self, text: &str) -> NaiveDate {
        if text == "today" {
            return today();
        }
        text.parse().unwrap_or_else(|_| {
            self.add("run.as_of".into(), text, vec!["today".into(), "YYYY-MM-DD".into()]);
            today()
        })
    }

    pub fn sections(&mut self, options: &Options) {
        self.valid("", options);
        self.packs(options);
        self.sources(options);
        self.forms(options);
        self.directory(options);
        self.edits(options);
        self.criteria(options);
        self.issue(options);
        self.costs(options);
        self.milestones(options);
        for (field, rule) in &options.merge.field {
            self.survivorship(options, field, rule);
        }
        // Without any directory that is what is told.
        if !options.merge.field.contains_key(NAME) && options.form.values().any(|form| form.registry) {
            self.problem(format!("merge.field.{NAME}"), ProblemKind::MissingKey, Vec::new());
        }
        for (id, given) in &options.enterprise {
            self.given(options, id, given);
        }
        self.pool(options);
        self.output(options);
        self.night(options);
    }

    /// Packs are there.
    fn packs(&mut self, options: &Options) {
        let known = PACKS.map(|(name, _)| name.to_owned());
        for (place, pack) in options.run.packs.iter().enumerate().filter(|(_, pack)| !known.contains(pack)) {
            self.add(format!("run.packs[{place}]"), pack, known.to_vec());
        }
    }

    /// When runs begin must be a time that comes.
    fn night(&mut self, options: &Options) {
        let now = DateTime::UNIX_EPOCH.fixed_offset();
        let comes = options.schedule.times().map(|times| times.is_none_or(|times| times.after(&now).is_some()));
        if !comes.unwrap_or(false) {
            self.add("schedule.cron".into(), &options.schedule.cron, vec!["0 2 * * *".into(), "30 1 * * 1-5".into()]);
        }
    }

    /// Addresses are those of the web, and hold no password; those of 企业微信 and 钉钉 are keys as a whole.
    pub fn addresses(&mut self, options: &Options) {
        let plain = |address: &Address| match address {
            Address::Plain(text) => Some(text.clone()),
            Address::Secret(_) => None,
        };
        for (id, source) in &options.source {
            for (i, http) in source.http.iter().enumerate() {
                if let Some(address) = plain(&http.url) {
                    self.address(format!("source.{id}.http[{i}].url"), &address, &["user = \"…\"", "password = { env = \"NAME\" }"]);
                }
                if http.user.is_none() && http.password.is_some() {
                    let path = format!("source.{id}.http[{i}]");
                    let line = line_of(self.text, &path).unwrap_or(0);
                    let path = format!("{path}.user");
                    self.problems.push(Problem { line, path, kind: ProblemKind::MissingKey, found: String::new(), expected: Vec::new() });
                }
            }
        }
        for (i, notice) in options.notice.iter().enumerate() {
            let Some(address) = plain(&notice.url) else { continue };
            let path = format!("notice[{i}].url");
            let held = self.problems.len();
            self.address(path.clone(), &address, &SECRET_FORMS);
            if self.problems.len() == held && notice.kind != NoticeKind::Generic && url::has_query(&address) {
                self.problem(path, ProblemKind::SecretInClear, SECRET_FORMS.map(str::to_owned).to_vec());
            }
        }
        if let Some(address) = &options.portal.public_url {
            self.address("portal.public_url".into(), address, &["https://huichi.example.gov.cn"]);
        }
    }

    fn address(&mut self, path: String, address: &str, instead: &[&str]) {
        match url::usable(address) {
            Ok(()) => {}
            Err(Unusable::NoWebAddress) => self.add(path, address, vec!["https://…".into()]),
            Err(Unusable::HoldsPassword) => {
                self.problem(path, ProblemKind::PasswordInAddress, instead.iter().map(|i| (*i).to_owned()).collect());
            }
        }
    }

    fn problem(&mut self, path: String, kind: ProblemKind, expected: Vec<String>) {
        let line = line_of(self.text, &path).unwrap_or(0);
        self.problems.push(Problem { line, path, kind, found: String::new(), expected });
    }

    fn output(&mut self, options: &Options) {
        let output = &options.output;
        let data: Vec<&str> = super::DATASETS.iter().copied().chain(options.form.keys().map(String::as_str)).collect();
        let lists: [(&str, &[String], &[&str]); 3] = [
            ("output.data", &output.data, &data),
            ("output.pool_sheets", &output.pool_sheets, &super::POOL_SHEETS),
            ("output.quality_sheets", &output.quality_sheets, &super::QUALITY_SHEETS),
        ];
        for (path, names, known) in lists {
            for name in names.iter().filter(|n| !known.contains(&n.as_str())) {
                self.add(path.into(), name, known.iter().map(|k| (*k).to_owned()).collect());
            }
        }
    }

    fn sources(&mut self, options: &Options) {
        let ids: Vec<String> = options.form.keys().cloned().collect();
        for (id, source) in &options.source {
            let path = format!("source.{id}");
            self.valid(&path, source);
            for pattern in &source.files {
                if globset::Glob::new(pattern).is_err() || pattern.starts_with('/') || pattern.contains("..") {
                    self.add(format!("{path}.files"), pattern, vec!["统计局/**".into()]);
                }
            }
            for form in source.forms.iter().filter(|f| !options.form.contains_key(*f)) {
                self.add(format!("{path}.forms"), form, ids.clone());
            }
            for (form, day) in &source.due {
                let path = format!("{path}.due.{form}");
                if !source.forms.contains(form) {
                    self.add(path, form, source.forms.clone());
                } else if month_day(day).is_none() {
                    self.add(path, day, vec!["03-31".into(), NEVER.into()]);
                }
            }
        }
        let registries = options.source.values().filter(|s| s.registry && !s.disabled).count();
        if registries != 1 {
            let line = line_of(self.text, "source").unwrap_or(0);
            let found = registries.to_string();
            self.problems.push(Problem { line, path: "source".into(), kind: ProblemKind::Registry, found, expected: Vec::new() });
        }
    }

    fn forms(&mut self, options: &Options) {
        for (id, form) in &options.form {
            let path = format!("form.{id}");
            if !is_form_name(id) {
                self.bad_name(path, id);
                continue;
            }
            self.valid(&path, form);
            let names: Vec<String> = form.field.keys().cloned().collect();
            self.nature(&path, form, &names);
            self.right(options, id, form);
            self.built_in_nature(id);
            for key in form.key.iter().filter(|k| !form.field.contains_key(*k)) {
                self.add(format!("{path}.key"), key, names.clone());
            }
            for (name, field) in &form.field {
                let path = format!("{path}.field.{name}");
                self.valid(&path, field);
                // Figures of the yearly form give each enterprise a value under their own name.
                let number = matches!(field.kind, FieldKind::Amount | FieldKind::Number);
                if field.role == Some(Role::Figure) && !number {
                    self.add(format!("{path}.role"), "figure", vec!["identifier".into(), "attribute".into()]);
                }
                let figure = *id == options.pool.figures && number && field.role() == Role::Figure;
                let taken = figure && options.merge.field.contains_key(name) || form.right.is_some() && OF_RIGHTS.contains(&name.as_str());
                if !is_field_name(name) || taken {
                    self.bad_name(path.clone(), name);
                }
                if field.kind == FieldKind::Code {
                    let list = field.codes.clone().unwrap_or_default();
                    if !options.codes.contains_key(&list) {
                        self.add(format!("{path}.codes"), &list, options.codes.keys().cloned().collect());
                    }
                }
                if let Some(columns) = field.columns.as_deref().filter(|c| list_field::headings(c).is_none()) {
                    self.add(format!("{path}.columns"), columns, vec!["1月..12月".into()]);
                }
                let members = field.columns.as_deref().and_then(list_field::headings).map_or(0, |h| h.len());
                if let Some(taken) = (1..=members).map(|n| list_field::member(name, n)).find(|m| form.field.contains_key(m)) {
                    self.bad_name(format!("form.{id}.field.{taken}"), &taken);
                }
                if let Some(unit) = field.unit.as_deref().filter(|u| Unit::find(u).is_none()) {
                    self.add(format!("{path}.unit"), unit, vec!["元".into(), "千元".into(), "万元".into(), "亿元".into()]);
                }
                if let Some(prior) = field.prior_of.as_deref().filter(|p| !form.field.contains_key(*p)) {
                    self.add(format!("{path}.prior_of"), prior, names.clone());
                }
            }
        }
    }

    /// What makes one record of a form, by what it finds its enterprise, and the amount that is accounted for.
    fn nature(&mut self, path: &str, form: &FormOptions, names: &[String]) {
        let words = [IdentityPart::ENTERPRISE, IdentityPart::YEAR];
        // Persons' data are not kept, many columns are no one value, and what names a record by itself is a text.
        let by_itself = !form.record.is_empty() && !form.record.iter().any(|part| part == IdentityPart::ENTERPRISE);
        let is_text = |kind: FieldKind| {
            use FieldKind::{Code, Name, OrgCode, PatentNumber, Text, Uscc};
            matches!(kind, Uscc | OrgCode | PatentNumber | Name | Text | Code)
        };
        let tells = |f: &FieldOptions| f.kind != FieldKind::Personal && f.columns.is_none() && (!by_itself || is_text(f.kind));
        let serves = |part: &String| words.contains(&part.as_str()) || form.field.get(part).is_some_and(tells);
        for part in form.record.iter().filter(|part| !serves(part)) {
            let all = words.iter().map(|w| (*w).to_owned()).chain(names.iter().filter(|name| serves(name)).cloned());
            self.add(format!("{path}.record"), part, all.collect());
        }
        if let Some(apart) = form.apart.as_ref().filter(|name| !form.field.contains_key(*name)) {
            self.add(format!("{path}.apart"), apart, names.to_vec());
        }
        let stated = states(self.site, &format!("{path}.accounted"));
        let amounts = || form.field.iter().filter(|(_, f)| f.kind == FieldKind::Amount).map(|(name, _)| name.clone());
        // Of a field that became something else than it is built in as, its own entry tells.
        let is_amount = |name: &String| amounts().any(|amount| amount == *name) || form.field.contains_key(name) && !stated;
        if let Some(accounted) = form.accounted.as_ref().filter(|name| !is_amount(name)) {
            self.add(format!("{path}.accounted"), accounted, amounts().collect());
        }
        let wanted: &[FieldKind] = match form.links {
            Links::Own => &[FieldKind::Uscc, FieldKind::OrgCode, FieldKind::Name],
            Links::Holders => &[FieldKind::Names],
            Links::None => return,
        };
        if !wanted.iter().any(|kind| form.first_of(*kind).is_some()) {
            let found = if form.links == Links::Own { "own" } else { "holders" };
            let expected = if form.links == Links::Own { "type = \"uscc\" / \"org_code\" / \"name\"" } else { "type = \"names\"" };
            self.add(format!("{path}.links"), found, vec![expected.to_owned(), "links = \"none\"".to_owned()]);
        }
    }

    /// What makes the records of a built-in form, and whose they are, the pool is made from: it stays as it is.
    fn built_in_nature(&mut self, id: &str) {
        let Some(built_in) = self.forms.get(id).cloned() else { return };
        for (key, usual) in [("registry", "false"), ("links", "\"own\""), ("record", "[]")] {
            let path = format!("form.{id}.{key}");
            if states(self.site, &path) {
                let line = line_of(self.text, &path).unwrap_or(0);
                let is = built_in.get(key).map_or_else(|| usual.to_owned(), ToString::to_string);
                self.problems.push(Problem { line, path, kind: ProblemKind::BadValue, found: key.to_owned(), expected: vec![is] });
            }
        }
    }

    /// Exactly one form holds the enterprises.
    fn directory(&mut self, options: &Options) {
        let directories: Vec<&String> = options.form.iter().filter(|(_, form)| form.registry).map(|(id, _)| id).collect();
        for id in directories.iter().skip(1) {
            let path = format!("form.{id}.registry");
            self.add(path, "true", vec!["false".into()]);
        }
        if directories.is_empty() {
            self.add("form".into(), "registry", vec!["registry = true".into()]);
        }
    }

    /// A portal needs an address that can be listened on, and of certificate and key both or none.
    pub fn portal(&mut self, portal: &PortalOptions) {
        match portal.listen.parse::<SocketAddr>() {
            Err(_) => self.add("portal.listen".into(), &portal.listen, vec!["127.0.0.1:8080".into(), "0.0.0.0:8080".into()]),
            Ok(address) if !portal.may_listen(address) => {
                let line = line_of(self.text, "portal.listen").unwrap_or(0);
                let (path, found) = ("portal.listen".to_owned(), portal.listen.clone());
                self.problems.push(Problem { line, path, kind: ProblemKind::WithoutTls, found, expected: Vec::new() });
            }
            Ok(_) => {}
        }
        if let Some(since) = portal.audit_key_since.as_ref().filter(|since| NaiveDate::parse_from_str(since, "%Y-%m-%d").is_err()) {
            self.add("portal.audit_key_since".into(), since, vec!["YYYY-MM-DD".into()]);
        }
        let missing = match (&portal.certificate, &portal.key) {
            (Some(_), None) => "key",
            (None, Some(_)) => "certificate",
            _ => return,
        };
        let (line, path) = (line_of(self.text, "portal").unwrap_or(0), format!("portal.{missing}"));
        self.problems.push(Problem { line, path, kind: ProblemKind::MissingKey, found: String::new(), expected: Vec::new() });
    }

    /// What people read must say something in one language at least.
    fn named(&mut self, path: &str, words: &crate::model::words::Words) {
        if words.get(crate::model::words::Lang::Zh).trim().is_empty() {
            let line = line_of(self.text, path.rsplit_once('.').map_or(path, |(section, _)| section)).unwrap_or(0);
            self.problems.push(Problem {
                line,
                path: path.to_owned(),
                kind: ProblemKind::MissingKey,
                found: String::new(),
                expected: Vec::new(),
            });
        }
    }

    fn edits(&mut self, options: &Options) {
        for (code, edit) in &options.edit {
            let path = format!("edit.{code}");
            self.valid(&path, edit);
            self.named(&format!("{path}.name"), &edit.name);
            self.named(&format!("{path}.message"), &edit.message);
            for dataset in edit.dataset.iter().filter(|d| *d != "sum_rows") {
                match options.form.get(dataset) {
                    None => self.add(format!("{path}.dataset"), dataset, options.form.keys().cloned().collect()),
                    Some(form) => {
                        // An edit may serve several datasets; a field must exist in one of them at least.
                        let known =
                            |field: &String| edit.dataset.iter().filter_map(|d| options.form.get(d)).any(|f| f.field.contains_key(field));
                        let nature = |field: &str| field.strip_prefix('@').is_some_and(is_nature);
                        for field in edit.fields.iter().filter(|f| !nature(f) && !known(f)) {
                            self.add(format!("{path}.fields"), field, form.field.keys().cloned().collect());
                        }
                    }
                }
            }
            if edit.dataset.is_empty() && edit.own_forms.is_empty() {
                self.add(format!("{path}.dataset"), "[]", options.form.keys().cloned().collect());
            }
            if edit.fields.is_empty() == edit.each.is_empty() {
                let line = line_of(self.text, &path).unwrap_or(0);
                self.problems.push(Problem { line, path, kind: ProblemKind::FieldsOrEach, found: String::new(), expected: Vec::new() });
            }
        }
    }
}
