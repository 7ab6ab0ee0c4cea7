//! Finding the causes of a change.

use super::cause::{Cause, Named};
use super::follows::Follows;
use super::inputs::{Fate, SaidOtherwise, is_read, said_otherwise};
use super::runs::{Runs, Side, Value};
use super::sent::is_of_another_year;
use super::settings::{Setting, differing};
use super::trace::Untraced;
use crate::config::{Bound, Config, Effect};
use crate::run::compare::rejudged;
use crate::run::record::SETTINGS;
use std::collections::{BTreeSet, HashSet};

/// Causes that are possible are told as many as this of each kind.
const POSSIBLE: usize = 3;

/// Why an enterprise entered the pool or left it: by the criterion that judges it otherwise, or by none where it is listed or
/// no longer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The criterion.
    pub criterion: Option<String>,
    /// Its causes.
    pub causes: Vec<Named>,
}

/// The causes of what differs between two runs.
pub struct Causes<'a> {
    runs: Runs<'a>,
    follows: &'a dyn Fn(&Config, &str) -> Follows,
    settings: Vec<Setting>,
    said: Vec<SaidOtherwise>,
}

/// What makes a criterion judge otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needed {
    /// The figure, whichever of the bounds counts.
    Figure,
    /// The bound, whichever of the figures counts.
    Bound,
    /// Each does, or only both do, or nobody can tell.
    Both,
}

impl<'a> Causes<'a> {
    /// Reads what two runs noted of the enterprises asked for; `follows` tells what a column follows from.
    ///
    /// # Errors
    /// What a run published is not as it was written.
    pub fn between(
        sides: [Side<'a>; 2],
        wanted: &HashSet<String>,
        follows: &'a dyn Fn(&Config, &str) -> Follows,
    ) -> Result<Self, Untraced> {
        let [old, new] = sides;
        let text = |side: &Side<'_>| Ok::<_, Untraced>(String::from_utf8(side.run.read(SETTINGS)?.unwrap_or_default()).unwrap_or_default());
        let (before, after) = (text(&old)?, text(&new)?);
        let settings = if before.is_empty() || after.is_empty() { Vec::new() } else { differing(&before, &after) };
        let said = said_otherwise(old.run.record(), new.run.record());
        Ok(Self { runs: Runs::read(sides, wanted)?, follows, settings, said })
    }

    /// The causes of a value of an enterprise that differs, by its rows in both runs.
    pub fn of_value(&self, column: &str, was: Option<usize>, is: Option<usize>) -> Vec<Named> {
        let value = Value { columns: [column, column], rows: [was, is] };
        let mut found = BTreeSet::new();
        self.direct(value, &mut HashSet::new(), &mut found);
        self.named(found, value)
    }

    /// The causes that an enterprise entered the pool or left it.
    pub fn of_move(&self, was: Option<usize>, is: Option<usize>) -> Vec<Moved> {
        let [old, new] = self.runs.sides;
        let (Some(before), Some(after)) = (was, is) else {
            return vec![Moved { criterion: None, causes: self.of_value("uscc", was, is) }];
        };
        let effect = |side: &Side<'_>, id: &str| side.config.criterion.get(id).map(|criterion| criterion.effect);
        let decides = |id: &String| [&old, &new].iter().any(|side| effect(side, id) == Some(Effect::Hard));
        let judged = rejudged((old.enterprises, before), (new.enterprises, after)).into_iter().map(|judged| judged.criterion);
        let mut criteria: Vec<String> = judged.filter(decides).collect();
        // What no longer decides may be judged as before.
        let otherwise = new.config.criterion.keys().filter(|id| effect(&old, id) != effect(&new, id) && decides(id));
        criteria.extend(otherwise.filter(|id| !criteria.contains(id)).cloned().collect::<Vec<_>>());
        let of = |criterion: String| {
            let causes = self.of_value(&format!("verdict_{criterion}"), was, is);
            Moved { criterion: Some(criterion), causes }
        };
        criteria.into_iter().map(of).collect()
    }

    /// What a value follows from, in both runs.
    fn follows(&self, value: Value<'_>) -> [Follows; 2] {
        [0, 1].map(|side| (self.follows)(self.runs.sides[side].config, value.columns[side]))
    }

    /// Why a value is withheld, in both runs.
    fn why(&self, value: Value<'_>) -> [String; 2] {
        [0, 1].map(|side| self.runs.text(side, &format!("{}_why", value.columns[side]), value.rows[side]))
    }

    /// Whether a value, or what is said of it, differs.
    fn differs(&self, value: Value<'_>) -> bool {
        let texts = [0, 1].map(|side| self.runs.text(side, value.columns[side], value.rows[side]));
        let why = self.why(value);
        texts[0] != texts[1] || why[0] != why[1]
    }

    /// Adds the causes that a value shows itself.
    fn direct(&self, value: Value<'_>, seen: &mut HashSet<String>, found: &mut BTreeSet<Cause>) {
        if !seen.insert(value.columns.join("\t")) {
            return;
        }
        let follows = self.follows(value);
        let mut own = BTreeSet::new();
        if let Some(criterion) = follows[1].criterion.as_ref().or(follows[0].criterion.as_ref())
            && self.waived(criterion, value, &mut own)
        {
            found.append(&mut own);
            return;
        }
        if follows.iter().any(|f| !f.columns.is_empty()) {
            self.composed(value, &follows, seen, &mut own);
        } else {
            self.stated(value, &follows, &mut own);
        }
        // What is stated is as it was: the days alone may have run out, beside what was set otherwise.
        if own.is_empty() && follows.iter().any(|f| f.dated) {
            own.extend(self.time());
        }
        let rules = self.rules(|setting| follows.iter().flat_map(|f| &f.settings).any(|path| setting.is_at(path)));
        match follows[1].criterion.as_ref().map_or(Needed::Both, |criterion| self.needed(criterion, value)) {
            Needed::Figure if !own.is_empty() => {}
            Needed::Bound if !rules.is_empty() => own = rules.into_iter().collect(),
            _ => own.extend(rules),
        }
        if own.is_empty() && follows.iter().any(|f| f.relative) {
            own.insert(Cause::Others);
        }
        found.append(&mut own);
    }

    /// Which of its figure and its bound makes a criterion judge otherwise, by what either alone would have come to.
    fn needed(&self, criterion: &str, value: Value<'_>) -> Needed {
        let options = self.runs.sides.map(|side| side.config.criterion.get(criterion));
        let [Some(before), Some(after)] = options else { return Needed::Both };
        if value.columns[1] != format!("verdict_{criterion}")
            || !before.met.is_empty()
            || !after.met.is_empty()
            || before.when != after.when
        {
            return Needed::Both;
        }
        let units =
            |side: usize, of: &str| Bound::parse(&self.runs.text(side, &format!("{of}_{criterion}"), value.rows[side])).map(Bound::units);
        let most = [before, after].map(|criterion| criterion.at_most.is_some());
        let [Some(old_bound), Some(new_bound)] = [0, 1].map(|side| units(side, "bound")) else { return Needed::Both };
        let figure =
            |side: usize, bound: i128| units(side, "margin").map(|margin| if most[side] { bound - margin } else { bound + margin });
        let (old_figure, new_figure) = (figure(0, old_bound), figure(1, new_bound));
        let meets = |figure: Option<i128>, bound: i128| figure.map(|figure| if most[1] { figure <= bound } else { figure >= bound });
        if most[0] != most[1] {
            return Needed::Both;
        }
        let is = meets(new_figure, new_bound);
        match (meets(new_figure, old_bound) == is, meets(old_figure, new_bound) == is) {
            (true, false) => Needed::Figure,
            (false, true) => Needed::Bound,
            _ => Needed::Both,
        }
    }

    /// Adds the causes of the columns that a value is computed of.
    fn composed(&self, value: Value<'_>, follows: &[Follows; 2], seen: &mut HashSet<String>, found: &mut BTreeSet<Cause>) {
        let [old, new] = follows.each_ref().map(|f| &f.columns);
        let pairs: Vec<(&String, &String)> = if old.len() == new.len() {
            old.iter().zip(new).collect()
        } else {
            old.iter().chain(new.iter().filter(|column| !old.contains(column))).map(|column| (column, column)).collect()
        };
        for (one, other) in pairs {
            let part = Value { columns: [one, other], rows: value.rows };
            if self.differs(part) {
                self.direct(part, seen, found);
                // The same part of another year.
                if one != other {
                    found.extend(self.time());
                }
            }
        }
    }

    /// Adds the causes of a value that inputs state.
    fn stated(&self, value: Value<'_>, follows: &[Follows; 2], found: &mut BTreeSet<Cause>) {
        let sole = follows.iter().all(|f| f.sole);
        let equal = if sole { self.runs.handed_on(value, follows, found) } else { self.runs.counted(value, follows, found) };
        let [old, new] = self.why(value);
        if old != new {
            let edit = |code: String, of: fn(String) -> Cause| Some(code).filter(|code| !code.is_empty()).map(of);
            let path = [&old, &new].map(|code| format!("edit.{code}"));
            found.extend(self.rules(|setting| path.iter().any(|path| path != "edit." && setting.is_at(path))));
            found.extend(edit(old, |edit| Cause::Released { edit }));
            found.extend(edit(new, |edit| Cause::Withheld { edit }));
        }
        // Equal records that come to another number: an edit may withhold what tells them apart.
        if equal && !sole {
            found.extend(self.rules(|setting| self.judges(setting, follows)));
        }
        self.decided(value, follows, found);
        if is_of_another_year(follows) {
            found.extend(self.time());
        }
    }

    /// Whether a setting is of an edit that judges one of the forms.
    fn judges(&self, setting: &Setting, follows: &[Follows; 2]) -> bool {
        let Some(code) = setting.path.strip_prefix("edit.").and_then(|rest| rest.split('.').next()) else { return false };
        let forms = |side: &Side<'_>| side.config.edit.get(code).map(|edit| edit.dataset.clone()).unwrap_or_default();
        let judged: Vec<String> = self.runs.sides.iter().flat_map(forms).collect();
        follows.iter().flat_map(|f| &f.forms).any(|form| judged.contains(form))
    }

    /// Adds the waiver that makes a verdict another; says whether there is one.
    fn waived(&self, criterion: &str, value: Value<'_>, found: &mut BTreeSet<Cause>) -> bool {
        let enterprise = self.runs.enterprise(value);
        let [old, new] = self.runs.sides.map(|side| side.run.record());
        let of = |record: &'a crate::run::record::RunRecord| {
            record.waivers.iter().find(|w| w.enterprise == enterprise && w.criterion == criterion)
        };
        let cause = match (of(old), of(new)) {
            (None, Some(waiver)) => Cause::Waiver { number: waiver.number, granted: true },
            (Some(waiver), None) if waiver.until < new.as_of => Cause::Time { was: old.as_of, is: new.as_of },
            (Some(waiver), None) => Cause::Waiver { number: waiver.number, granted: false },
            _ => return false,
        };
        let verdict = format!("verdict_{criterion}");
        let changes = [0, 1].iter().any(|side| self.runs.text(*side, &verdict, value.rows[*side]) == "waived");
        if changes {
            found.insert(cause);
        }
        changes
    }

    /// Adds the decisions on the files that a value rests on, or rested on.
    fn decided(&self, value: Value<'_>, follows: &[Follows; 2], found: &mut BTreeSet<Cause>) {
        let enterprise = self.runs.enterprise(value);
        let mut paths = HashSet::new();
        for side in [0, 1] {
            let input = |file: usize| self.runs.sides[side].run.record().inputs.get(file).map(|input| input.path.as_str());
            let cells = self.runs.traces[side].cells(&enterprise, &follows[side].cited).into_iter().map(|cell| cell.file);
            let records = self.runs.traces[side].records(&enterprise, &follows[side].forms, follows[side].year).into_iter().map(|r| r.file);
            paths.extend(cells.chain(records).filter_map(input));
        }
        let forms = || follows.iter().flat_map(|f| &f.forms);
        let years: Vec<i32> = follows.iter().filter_map(|f| f.year).collect();
        let concerns = |said: &&SaidOtherwise| {
            (said.form.is_empty() || forms().any(|form| *form == said.form))
                && said.period.is_none_or(|period| years.is_empty() || years.contains(&period))
                && said.paths.iter().any(|path| paths.contains(path.as_str()))
        };
        found.extend(self.said.iter().filter(concerns).map(decision));
    }

    fn rules(&self, concerns: impl Fn(&Setting) -> bool) -> Vec<Cause> {
        let rule = |s: &Setting| Cause::Rule { setting: s.path.clone(), was: s.was.clone(), is: s.is.clone() };
        self.settings.iter().filter(|setting| concerns(setting)).map(rule).collect()
    }

    fn time(&self) -> Option<Cause> {
        let [was, is] = self.runs.sides.map(|side| side.run.record().as_of);
        (was != is).then_some(Cause::Time { was, is })
    }

    /// All forms that a value rests on, through what it is computed of.
    fn forms(&self, value: Value<'_>) -> BTreeSet<String> {
        let (mut forms, mut seen) = (BTreeSet::new(), HashSet::new());
        for side in [0, 1] {
            let mut open = vec![value.columns[side].to_owned()];
            while let Some(column) = open.pop().filter(|_| seen.len() < 1000) {
                if seen.insert((side, column.clone())) {
                    let follows = (self.follows)(self.runs.sides[side].config, &column);
                    forms.extend(follows.forms);
                    open.extend(follows.columns);
                }
            }
        }
        forms
    }

    /// The causes found, or all that may be one.
    fn named(&self, found: BTreeSet<Cause>, value: Value<'_>) -> Vec<Named> {
        if !found.is_empty() {
            return once_each(found).into_iter().map(|cause| Named { cause, certain: true }).collect();
        }
        let possible = self.possible(value);
        let certain = possible.len() == 1;
        possible.into_iter().map(|cause| Named { cause, certain }).collect()
    }

    /// All that differs between the runs and may be the cause of a value that shows none.
    fn possible(&self, value: Value<'_>) -> Vec<Cause> {
        let mut found = self.runs.registered(value);
        if found.is_empty() {
            found = self.sent(&self.forms(value));
        }
        found.extend(self.rules(|_| true).into_iter().take(POSSIBLE));
        found.extend(self.said.iter().map(decision).take(POSSIBLE));
        found.extend(self.time());
        let [was, is] = self.runs.sides.map(|side| side.build);
        if found.is_empty() && !was.is_empty() && !is.is_empty() && was != is {
            found.push(Cause::Build { was: was.to_owned(), is: is.to_owned() });
        }
        if found.is_empty() {
            found.push(Cause::Unknown);
        }
        found
    }

    /// Files of forms that are new, others or gone.
    fn sent(&self, forms: &BTreeSet<String>) -> Vec<Cause> {
        let sends = |side: &Side<'_>, source: &str| {
            side.config.source.get(source).is_none_or(|source| source.forms.iter().any(|form| forms.contains(form)))
        };
        let of = |side: usize| {
            let inputs = self.runs.sides[side].run.record().inputs.iter().zip(&self.runs.fates[side]);
            inputs.filter(move |(input, _)| is_read(input) && sends(&self.runs.sides[side], &input.source))
        };
        let (file, none) = (|path: &str| path.to_owned(), String::new);
        let news = of(1).filter_map(|(input, fate)| match fate {
            Fate::Only => Some(Cause::NewReturn { file: file(&input.path), cell: none() }),
            Fate::Changed => Some(Cause::Correction { file: file(&input.path), cell: none(), before: none() }),
            Fate::Same => None,
        });
        let gone = of(0).filter(|(_, fate)| **fate == Fate::Only);
        let gone = gone.map(|(input, _)| Cause::Gone { file: file(&input.path), cell: none() });
        news.take(POSSIBLE).chain(gone.take(POSSIBLE)).collect()
    }
}

fn decision(said: &SaidOtherwise) -> Cause {
    let [older, newer] = said.paths.clone();
    Cause::Decision { older, newer, choice: said.choice }
}

/// Of the cells of a file the first.
fn once_each(found: BTreeSet<Cause>) -> Vec<Cause> {
    let mut files = HashSet::new();
    let mut first = |cause: &Cause| match cause {
        Cause::NewReturn { file, .. } | Cause::Correction { file, .. } | Cause::Gone { file, .. } => {
            files.insert((cause.kind(), file.clone()))
        }
        _ => true,
    };
    found.into_iter().filter(|cause| first(cause)).collect()
}
