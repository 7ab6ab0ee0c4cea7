//! What became of a run's inputs in another run, and what was said of them.

use crate::model::standing::Choice;
use crate::run::record::{Input, RunRecord};
use std::collections::{BTreeMap, HashMap};

/// What a file of a run is to another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The other run read the same content.
    Same,
    /// It read another content of that name.
    Changed,
    /// It read nothing of it.
    Only,
}

/// Whether a file was read.
pub fn is_read(input: &Input) -> bool {
    !input.unread && !input.refused && !input.sha256.is_empty()
}

/// What each of a run's files is to another run.
pub fn fates(of: &RunRecord, to: &RunRecord) -> Vec<Fate> {
    let read = || to.inputs.iter().filter(|input| is_read(input));
    let contents: HashMap<(&str, &str), ()> = read().map(|i| ((i.source.as_str(), i.sha256.as_str()), ())).collect();
    let paths: HashMap<&str, ()> = read().map(|i| (i.path.as_str(), ())).collect();
    let fate = |input: &Input| match input {
        _ if contents.contains_key(&(input.source.as_str(), input.sha256.as_str())) => Fate::Same,
        _ if paths.contains_key(input.path.as_str()) => Fate::Changed,
        _ => Fate::Only,
    };
    of.inputs.iter().map(fate).collect()
}

/// Of what a decision speaks: the contents of both files, form and year.
type Pair = (String, String, String, Option<i32>);

/// A decision that one of the runs does not have, or has otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidOtherwise {
    /// The paths of both files, the older first.
    pub paths: [String; 2],
    /// The form; empty for all.
    pub form: String,
    /// The year.
    pub period: Option<i32>,
    /// What counts now.
    pub choice: Option<Choice>,
}

/// The decisions that differ.
pub fn said_otherwise(older: &RunRecord, newer: &RunRecord) -> Vec<SaidOtherwise> {
    let said = |record: &RunRecord| -> BTreeMap<Pair, (Choice, [String; 2])> {
        let one = |decision: &crate::run::Decision| {
            let [one, other] = [decision.older, decision.newer].map(|i| record.inputs.get(i));
            let (one, other) = (one?, other?);
            let pair = (one.sha256.clone(), other.sha256.clone(), decision.form.clone(), decision.period);
            Some((pair, (decision.choice, [one.path.clone(), other.path.clone()])))
        };
        record.decisions.iter().filter_map(one).collect()
    };
    let (was, is) = (said(older), said(newer));
    let told = |(_, _, form, period): &Pair, paths: &[String; 2], choice| SaidOtherwise {
        paths: paths.clone(),
        form: form.clone(),
        period: *period,
        choice,
    };
    let given = is.iter().filter(|(pair, (choice, _))| was.get(*pair).map(|(said, _)| said) != Some(choice));
    let given = given.map(|(pair, (choice, paths))| told(pair, paths, Some(*choice)));
    let taken = was.iter().filter(|(pair, _)| !is.contains_key(*pair)).map(|(pair, (_, paths))| told(pair, paths, None));
    given.chain(taken).collect()
}
