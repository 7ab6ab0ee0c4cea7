//! From text to settings: merge, decode, have them checked, and say what is in force.

use super::check::{Check, is_field_name};
use super::decode::{Problem, ProblemKind, decode};
use super::masked::mask;
use super::secret::{SECRET_FORMS, Secret};
use super::taken_away::take_away;
use super::{FormOptions, GivenOptions, Options, Pick, Taken, field_of, list_field, merge, nature, settings};
use crate::model::date::ReferenceDates;
use crate::model::field::{FieldKind, Role};
use crate::model::words::{Label, Lang, Words};
use chrono::NaiveDate;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Settings in force.
#[derive(Debug, Clone)]
pub struct Config {
    options: Options,
    /// The reference date of this run.
    pub as_of: NaiveDate,
    /// Root below which source patterns are matched.
    pub inputs: PathBuf,
    /// Root of everything written.
    pub outputs: PathBuf,
    /// Folders outside the inputs into which links may lead.
    pub linked_folders: Vec<PathBuf>,
    /// The site's own statements.
    pub site: toml::Table,
    /// What was typed for this command.
    pub typed: toml::Table,
    /// All of it over the defaults.
    pub merged: toml::Table,
    /// Written out once: it takes a city's run as long as a stage.
    fingerprint: OnceLock<String>,
}

impl Deref for Config {
    type Target = Options;

    fn deref(&self) -> &Options {
        &self.options
    }
}

impl Config {
    /// Replaces what the command line states.
    pub fn override_with(&mut self, inputs: Option<PathBuf>, outputs: Option<PathBuf>, as_of: Option<NaiveDate>, lang: Option<Lang>) {
        let path = |p: &PathBuf| toml::Value::String(p.display().to_string());
        let stated = [
            ("paths", "inputs", inputs.as_ref().map(path)),
            ("paths", "outputs", outputs.as_ref().map(path)),
            ("run", "as_of", as_of.map(|d| toml::Value::String(d.to_string()))),
            ("run", "lang", lang.and_then(|l| toml::Value::try_from(l).ok())),
        ];
        for (section, key, value) in stated {
            let section = self.typed.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let (Some(section), Some(value)) = (section.as_table_mut(), value) {
                section.insert(key.to_owned(), value);
            }
        }
        merge::lay(&mut self.merged, self.typed.clone());
        self.fingerprint = OnceLock::new();
        self.inputs = inputs.unwrap_or_else(|| std::mem::take(&mut self.inputs));
        self.outputs = outputs.unwrap_or_else(|| std::mem::take(&mut self.outputs));
        self.as_of = as_of.unwrap_or(self.as_of);
        self.options.run.lang = lang.unwrap_or(self.options.run.lang);
    }

    /// Settings in force that decide what a run's result is, as one text: for hashing, and to be kept with a run.
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| settings::that_count(&self.merged))
    }

    /// The settings of a run from their text and its reference date; what the text leaves open is as in these: where things
    /// lie, the machine's limits, the portal. What a later build asks for and the text lacks has what its type defaults to.
    ///
    /// # Errors
    /// The text is none of settings that this build knows.
    pub fn under(&self, text: &str, as_of: NaiveDate) -> Result<Config, toml::de::Error> {
        let merged: toml::Table = toml::from_str(text)?;
        let mut options: Options = merged.clone().try_into()?;
        let defaults = merge::defaults()?;
        let forms = defaults.get("form").and_then(toml::Value::as_table).into_iter().flatten();
        let built_in: Vec<String> = forms.map(|(id, _)| id.clone()).collect();
        take_away(&mut options, &toml::Table::new());
        complete(&mut options, &built_in);
        let today = self.options.clone();
        let run = super::RunOptions { as_of: as_of.to_string(), fail_above: today.run.fail_above, ..options.run };
        let options = Options {
            run,
            paths: today.paths,
            limits: today.limits,
            engine: today.engine,
            portal: today.portal,
            schedule: today.schedule,
            notice: today.notice,
            retention: today.retention,
            ..options
        };
        Ok(Config {
            options,
            as_of,
            site: toml::Table::new(),
            typed: toml::Table::new(),
            merged,
            fingerprint: OnceLock::new(),
            ..self.clone()
        })
    }

    /// The same settings with some of them changed, to see what would come of it.
    pub fn altered(&self, alter: impl FnOnce(&mut Options)) -> Self {
        let mut options = self.options.clone();
        alter(&mut options);
        Self { options, fingerprint: OnceLock::new(), ..self.clone() }
    }

    /// The days that decide what holds.
    pub fn reference_dates(&self) -> ReferenceDates {
        ReferenceDates::of(self.as_of, self.issue.term_months + self.issue.margin_months)
    }

    /// The form whose records are the enterprises.
    pub fn directory(&self) -> Option<(&String, &FormOptions)> {
        self.form.iter().find(|(_, form)| form.registry)
    }

    /// Whether any of a form is statistics; `sum_rows` hold figures of any form.
    pub fn is_statistical(&self, dataset: &str) -> bool {
        dataset == "sum_rows" || self.form.get(dataset).is_some_and(FormOptions::is_statistical)
    }

    /// The declaration of a column of enterprises that a form gives: `electricity` of `electricity_2025`.
    pub fn given(&self, column: &str) -> Option<&GivenOptions> {
        self.enterprise.get(column).or_else(|| self.enterprise.get(field_of(column)))
    }

    /// The type of what each enterprise has by declaration.
    pub fn kind_of(&self, given: &GivenOptions) -> Option<FieldKind> {
        if given.formula.is_some() {
            return Some(given.kind.unwrap_or(FieldKind::Number));
        }
        let form = self.form.get(&given.from)?;
        let field = match given.taken()? {
            Taken::Count => return Some(FieldKind::Number),
            Taken::Field(field) | Taken::Latest(field) | Taken::Sum(field, _) => field,
        };
        let member = form.lists.get(&field).and_then(|members| members.first());
        form.field.get(member.unwrap_or(&field)).map(|field| field.kind)
    }

    /// Whether the site itself states what stands at a path.
    pub fn states(&self, path: &str) -> bool {
        merge::states(&self.site, path)
    }

    /// The source that holds the population.
    pub fn registry(&self) -> Option<(&String, &super::SourceOptions)> {
        self.source.iter().find(|(_, s)| s.registry && !s.disabled)
    }
}

/// The built-in settings alone, with paths relative to `root`.
pub fn load_defaults(root: &Path) -> Result<Config, Vec<Problem>> {
    load("", root)
}

/// Reads a site's file; `root` is the folder against which its paths resolve.
pub fn load(text: &str, root: &Path) -> Result<Config, Vec<Problem>> {
    match read(text, root) {
        (Some(config), problems) if problems.is_empty() => Ok(config),
        (_, problems) => Err(problems),
    }
}

/// Reads a site's file as far as it goes: beside the problems the settings without the entries that have one, so that the
/// others can be tried as well. With problems, they are good for nothing else. No problem repeats a secret.
pub fn read(text: &str, root: &Path) -> (Option<Config>, Vec<Problem>) {
    let (config, mut problems) = read_in_clear(text, root);
    problems.iter_mut().for_each(mask);
    (config, problems)
}

fn read_in_clear(text: &str, root: &Path) -> (Option<Config>, Vec<Problem>) {
    let (_, mut problems) = decode::<Options>(text);
    let broken = |error: toml::de::Error| Problem {
        line: 0,
        path: String::new(),
        kind: ProblemKind::BadValue,
        found: error.message().to_owned(),
        expected: Vec::new(),
    };
    // A syntax error may stand alone; everything else is cut out, so that the rest is checked as well.
    let Ok(mut site) = toml::from_str::<toml::Table>(text) else {
        return (None, problems);
    };
    problems.iter().for_each(|p| cut(&mut site, &p.path));
    let mut merged = match merge::defaults() {
        Ok(defaults) => defaults,
        Err(error) => return (None, vec![broken(error)]),
    };
    let forms = merged.get("form").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    let built_in: Vec<String> = forms.keys().cloned().collect();
    if let Err(error) = merge::lay_packs(&mut merged, &site) {
        return (None, vec![broken(error)]);
    }
    merge::lay(&mut merged, site.clone());
    let Ok(mut options) = merged.clone().try_into::<Options>() else {
        return (None, problems);
    };
    take_away(&mut options, &site);
    let mut check = Check { text, site: &site, forms, problems: Vec::new() };
    check.sections(&options);
    let wrong = |id: &String| check.problems.iter().any(|p| p.path == format!("form.{id}"));
    options.form.retain(|id, _| !wrong(id));
    complete(&mut options, &built_in);
    options.form.values_mut().for_each(|form| form.field.retain(|name, _| is_field_name(name)));
    let wrong = |name: &str| check.problems.iter().any(|p| p.path.split('.').take(3).eq(["merge", "field", name]));
    options.merge.field.retain(|name, _| !wrong(name));
    let wrong = |id: &str| check.problems.iter().any(|p| p.path.split('.').take(2).eq(["enterprise", id]));
    options.enterprise.retain(|id, _| !wrong(id));
    let as_of = check.as_of(&options.run.as_of);
    check.portal(&options.portal);
    check.addresses(&options);
    problems.append(&mut check.problems);
    problems.iter_mut().for_each(in_clear);
    problems.sort_by_key(|p| p.line);
    for path in [&mut options.portal.certificate, &mut options.portal.key, &mut options.portal.audit_key].into_iter().flatten() {
        *path = root.join(&*path).display().to_string();
    }
    secrets(&mut options).for_each(|secret| secret.below(root));
    let config = Config {
        inputs: root.join(&options.paths.inputs),
        outputs: root.join(&options.paths.outputs),
        linked_folders: options.paths.linked_folders.iter().map(|folder| root.join(folder)).collect(),
        as_of,
        options,
        site,
        typed: toml::Table::new(),
        merged,
        fingerprint: OnceLock::new(),
    };
    (Some(config), problems)
}

/// Adds what follows from what is stated: further figures, the fields of many columns, the edits over forms of a site's own.
fn complete(options: &mut Options, built_in: &[String]) {
    further_figures(options);
    options.form.values_mut().for_each(list_field::expand);
    nature::extend(options, built_in);
}

/// Lets figures of the yearly form that nothing takes give their value of the last year: criteria can name them.
fn further_figures(options: &mut Options) {
    let Some((id, form)) = options.form.get_key_value(&options.pool.figures) else { return };
    let is_number = |kind: FieldKind| matches!(kind, FieldKind::Amount | FieldKind::Number);
    let figures = form.field.iter().filter(|(_, f)| is_number(f.kind) && f.role() == Role::Figure && f.columns.is_none());
    let taken = |name: &String| options.enterprise.contains_key(name) || options.merge.field.contains_key(name);
    let further = figures.filter(|(name, _)| !taken(name)).map(|(name, field)| {
        let label = Label(Words { zh: field.label.clone(), en: String::new() });
        (
            name.clone(),
            GivenOptions { label, from: id.clone(), value: name.clone(), pick: Some(Pick::LastYear), hidden: true, ..Default::default() },
        )
    });
    let further: Vec<_> = further.collect();
    options.enterprise.extend(further);
}

/// All that stands elsewhere.
fn secrets(options: &mut Options) -> impl Iterator<Item = &mut Secret> {
    let sources = options.source.values_mut().flat_map(|s| &mut s.http).flat_map(|h| h.url.secret_mut().into_iter().chain(&mut h.password));
    let notices = options.notice.iter_mut().flat_map(|n| n.url.secret_mut().into_iter().chain(&mut n.secret));
    sources.chain(notices).chain(&mut options.portal.metrics_token)
}

/// A text where only the place of a secret may stand is a secret in clear.
fn in_clear(problem: &mut Problem) {
    if problem.kind == ProblemKind::WrongType && problem.expected == [SECRET_FORMS.join(" / ")] {
        problem.kind = ProblemKind::SecretInClear;
    }
}

/// Removes the entry of a path such as `edit.F1.severity`; of a list, the whole list.
fn cut(table: &mut toml::Table, path: &str) {
    let path = path.split('[').next().unwrap_or_default();
    match path.split_once('.') {
        None => _ = table.remove(path),
        Some((first, rest)) => {
            // A key may hold dots itself, if it was quoted; then nothing is cut.
            if let Some(toml::Value::Table(inner)) = table.get_mut(first) {
                cut(inner, rest);
            }
        }
    }
}
