//! A kept run judged anew: as it was, or with other criteria and terms, to see who would enter the pool, who would leave it, and which
//! list would come of it. Nothing is kept, and no file is read but those that the run published.
//!
//! What is asked is never told outside of the closed circle: thresholds tried one after another would find out any figure.

use super::resources;
use crate::config::{Bound, Config, CriterionOptions, Effect, Options};
use crate::engine::{Engine, Scratch};
use crate::error::{Error, ErrorKind};
use crate::model::feasibility::Feasibility;
use crate::model::funnel::Funnel;
use crate::model::milestone::Phase;
use crate::model::proposal::Proposal;
use crate::model::verdict::Verdict;
use crate::run::{Difference, Enterprises, PublishedRun, Rejudged, compare, rejudged};
use crate::stages::compose;
use crate::stages::screen::{self, Waivers};
use bytes::Bytes;
use datafusion::arrow::array::{AsArray, RecordBatch, RecordBatchReader};
use datafusion::arrow::compute::concat_batches;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// What a run proposes, and its settings.
pub struct Proposed {
    /// The settings.
    pub config: Config,
    /// The list.
    pub proposal: Proposal,
}

/// A run under some settings.
pub struct Judged {
    /// The settings.
    pub config: Config,
    /// Its enterprises with their verdicts.
    pub enterprises: RecordBatch,
    /// How criteria narrow them down.
    pub funnel: Funnel,
    /// Enterprises in the pool.
    pub pooled: u64,
    /// The list that comes of it.
    pub proposal: Proposal,
}

/// A run as it was, and as it would be.
pub struct Tried {
    /// Under its own settings.
    pub before: Judged,
    /// Under the others.
    pub after: Judged,
    /// Who would enter the pool.
    pub entered: Vec<Moved>,
    /// Who would leave it.
    pub left: Vec<Moved>,
}

/// An enterprise that would enter or leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its key.
    pub enterprise: String,
    /// Its name.
    pub name: String,
    /// The criteria that would judge it otherwise.
    pub reasons: Vec<Rejudged>,
}

/// A run's settings and its enterprises with their verdicts, as it published them.
///
/// # Errors
/// ERR-096: what it published cannot be read.
pub fn enterprises_of(today: &Config, run: &PublishedRun) -> Result<(Config, Enterprises), Error> {
    Ok((settings(today, run)?, Enterprises::in_one(enterprises(run)?, None)))
}

/// What a run proposes: as it published it, or found anew where it is of a build that published none.
///
/// # Errors
/// ERR-096: what it published cannot be read; ERR-101: a criterion cannot be computed over its enterprises.
pub fn proposed(today: &Config, run: &PublishedRun) -> Result<Proposed, Error> {
    let config = settings(today, run)?;
    if let Some(proposal) = run.proposal().map_err(|flaw| unread(run, flaw.flaw.to_string()))? {
        return Ok(Proposed { config, proposal });
    }
    let Judged { config, proposal, .. } = judge(config, run, &enterprises(run)?)?;
    Ok(Proposed { config, proposal })
}

/// A run's settings and how the plan stood by it.
///
/// # Errors
/// ERR-096: what it published cannot be read.
pub fn phases_of(today: &Config, run: &PublishedRun) -> Result<(Config, Vec<Phase>), Error> {
    Ok((settings(today, run)?, run.phases().map_err(|flaw| unread(run, flaw.flaw.to_string()))?))
}

/// A run's settings and what it says the pilot could carry.
///
/// # Errors
/// ERR-096: what it published cannot be read.
pub fn feasibility_of(today: &Config, run: &PublishedRun) -> Result<(Config, Option<Feasibility>), Error> {
    Ok((settings(today, run)?, run.feasibility().map_err(|flaw| unread(run, flaw.flaw.to_string()))?))
}

/// Judges a run with changes: `criterion=2000万元`, `criterion=off`, `issue.scale=2亿元`, `set.pledge=on`.
///
/// # Errors
/// As [`proposed`]; ERR-098 and ERR-099: a change names nothing that there is, or states nothing that it can be.
pub fn whatif(today: &Config, run: &PublishedRun, changes: &[String]) -> Result<Tried, Error> {
    let config = settings(today, run)?;
    let mut changed = config.clone();
    for change in changes {
        changed = altered(&changed, change)?;
    }
    let stated = enterprises(run)?;
    let (before, after) = (judge(config, run, &stated)?, judge(changed, run, &stated)?);
    let (old, new) = (Enterprises::in_one(before.enterprises.clone(), None), Enterprises::in_one(after.enterprises.clone(), None));
    let (mut entered, mut left) = (Vec::new(), Vec::new());
    let moved = |row: usize| Moved {
        enterprise: new.text("enterprise", row),
        name: new.text("name", row),
        reasons: rejudged((&old, row), (&new, row)),
    };
    // The rows are the same on both sides.
    compare(&old, &new, &[], |difference| match difference {
        Difference::Entered { is, .. } => entered.push(moved(is)),
        Difference::Left { is: Some(is), .. } => left.push(moved(is)),
        Difference::Left { .. } | Difference::Figure { .. } => {}
    });
    Ok(Tried { before, after, entered, left })
}

fn settings(today: &Config, run: &PublishedRun) -> Result<Config, Error> {
    let known = run.known_settings(today).map_err(|flaw| unread(run, flaw.flaw.to_string()))?;
    Ok(known.unwrap_or_else(|| today.clone()))
}

/// The error of what a run published and cannot be read.
pub(super) fn unread(run: &PublishedRun, reason: String) -> Error {
    Error::new(ErrorKind::System, "ERR-096").with("run", run.record().key.clone()).with("reason", reason)
}

/// All that a run published of its enterprises.
fn enterprises(run: &PublishedRun) -> Result<RecordBatch, Error> {
    let content = run.read("data/enterprises.parquet").map_err(|flaw| unread(run, flaw.flaw.to_string()))?;
    let content = content.ok_or_else(|| unread(run, "@diff.no_enterprises".to_owned()))?;
    let read = || -> Result<RecordBatch, Box<dyn std::error::Error + Send + Sync>> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(content))?.build()?;
        let schema = reader.schema();
        Ok(concat_batches(&schema, &reader.collect::<Result<Vec<_>, _>>()?)?)
    };
    read().map_err(|error| unread(run, error.to_string()))
}

fn judge(config: Config, run: &PublishedRun, enterprises: &RecordBatch) -> Result<Judged, Error> {
    let scratch = Scratch::below(&std::env::temp_dir(), config.engine.batch_rows)?;
    let engine = Engine::new(config.reference_dates(), &resources(&config, 0), scratch)?;
    let waivers = Waivers::at(config.as_of, run.record().waivers.iter().cloned());
    let judged = screen::rejudge(&engine, &config, &waivers, enterprises).map_err(|unreadable| {
        Error::new(ErrorKind::Usage, "ERR-101")
            .with("found", unreadable.sql.clone())
            .with("reason", unreadable.refusal.of(&unreadable.sql).to_string())
    })?;
    let proposal = compose::compose(&config, std::iter::once(Ok(judged.clone())))?;
    let (funnel, pooled) = narrowed(&config, &judged);
    Ok(Judged { config, enterprises: judged, funnel, pooled, proposal })
}

/// The funnel of the hard criteria, and how many are in the pool.
fn narrowed(config: &Config, enterprises: &RecordBatch) -> (Funnel, u64) {
    let texts = |name: &str| enterprises.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
    let verdicts: Vec<_> = config.hard_criteria().map(|(id, _)| texts(&format!("verdict_{id}"))).collect();
    let mut funnel = Funnel::new(verdicts.len());
    for row in 0..enterprises.num_rows() {
        let of =
            |words: &Option<&datafusion::arrow::array::StringArray>| words.map_or(Verdict::Unjudged, |words| Verdict::of(words.value(row)));
        funnel.add(&verdicts.iter().map(of).collect::<Vec<_>>());
    }
    let pooled = enterprises.column_by_name("pooled").and_then(|c| c.as_boolean_opt()).map_or(0, |pooled| pooled.true_count() as u64);
    (funnel, pooled)
}

/// What a change may state of a criterion beside a bound.
const EFFECTS: [(&str, Option<Effect>); 5] = [
    ("off", None),
    ("hard", Some(Effect::Hard)),
    ("listed", Some(Effect::Listed)),
    ("scored", Some(Effect::Scored)),
    ("informational", Some(Effect::Informational)),
];

/// The settings with one change.
fn altered(config: &Config, change: &str) -> Result<Config, Error> {
    let bad = |code: &'static str, expected: String| Error::new(ErrorKind::Usage, code).with("found", change).with("expected", expected);
    let (name, value) = change
        .split_once('=')
        .map(|(name, value)| (name.trim(), value.trim()))
        .ok_or_else(|| bad("ERR-099", "criterion=2000万元、criterion=off、issue.scale=2亿元、set.pledge=on".to_owned()))?;
    if let Some(set) = name.strip_prefix("set.") {
        let known: Vec<&str> = crate::config::sets(&config.criterion).into_keys().collect();
        if !known.contains(&set) {
            return Err(bad("ERR-098", known.join("、")));
        }
        return match value {
            "on" => Ok(config.altered(|o| {
                if !o.screen.sets.iter().any(|s| s == set) {
                    o.screen.sets.push(set.to_owned())
                }
            })),
            "off" => Ok(config.altered(|o| o.screen.sets.retain(|s| s != set))),
            _ => Err(bad("ERR-099", "on、off".to_owned())),
        };
    }
    if let Some(term) = name.strip_prefix("issue.") {
        return of_issue(config, term, value).ok_or_else(|| bad("ERR-099", TERMS.join("、")));
    }
    let Some(criterion) = config.criterion.get(name) else {
        return Err(bad("ERR-098", config.criterion.keys().cloned().collect::<Vec<_>>().join("、")));
    };
    if let Some((_, effect)) = EFFECTS.iter().find(|(word, _)| *word == value) {
        return Ok(config.altered(|o| {
            if let Some(c) = o.criterion.get_mut(name) {
                *c = with_effect(criterion, *effect)
            }
        }));
    }
    match Bound::parse(value).filter(|_| criterion.bound().is_some()) {
        Some(bound) => Ok(config.altered(|o| {
            if let Some(c) = o.criterion.get_mut(name) {
                *c = counted(criterion.with_bound(bound))
            }
        })),
        None if criterion.bound().is_some() => Err(bad("ERR-099", "2000、2000万元、50%、off、hard、informational".to_owned())),
        None => Err(bad("ERR-099", "off、hard、informational".to_owned())),
    }
}

/// A criterion that counts whichever sets do.
fn counted(criterion: CriterionOptions) -> CriterionOptions {
    CriterionOptions { set: String::new(), disabled: false, ..criterion }
}

fn with_effect(criterion: &CriterionOptions, effect: Option<Effect>) -> CriterionOptions {
    match effect {
        None => CriterionOptions { disabled: true, ..criterion.clone() },
        Some(effect) => {
            counted(CriterionOptions { effect, weight: criterion.weight.filter(|_| effect == Effect::Scored), ..criterion.clone() })
        }
    }
}

/// Terms of the issue that can be changed.
const TERMS: [&str; 7] = ["scale", "firm_least", "firm_most", "largest_share", "top_five_share", "obligors", "industry_share"];

fn of_issue(config: &Config, term: &str, value: &str) -> Option<Config> {
    let lot = config.issue.lot.units();
    let bound = if value == "off" { None } else { Some(Bound::parse(value).filter(|bound| bound.units() > 0)?) };
    let whole = bound.is_none_or(|bound| bound.units() % lot == 0);
    let share = bound.is_none_or(|bound| bound.units() <= 10_000);
    let set = |set: &dyn Fn(&mut Options)| Some(config.altered(|options| set(options)));
    match term {
        "scale" if whole => bound.and_then(|scale| set(&|o| o.issue.scale = scale)),
        "firm_least" if whole => set(&|o| o.issue.firm_least = bound),
        "firm_most" if whole => set(&|o| o.issue.firm_most = bound),
        "largest_share" if share => set(&|o| o.issue.largest_share = bound),
        "top_five_share" if share => set(&|o| o.issue.top_five_share = bound),
        "industry_share" if share => set(&|o| o.issue.industry_share = bound),
        "obligors" => {
            let number = match value {
                "off" => None,
                value => Some(value.parse().ok().filter(|n| *n > 0)?),
            };
            set(&|o| o.issue.obligors = number)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_and_what_is_none_is_told() {
        let config = crate::config::load_defaults(std::path::Path::new(".")).expect("the built-in settings");
        let of = |change: &str| altered(&config, change);
        let patents = of("patent_free = 3").expect("a bound");
        assert_eq!(patents.criterion["patent_free"].bound(), Bound::parse("3"));
        assert!(of("title_valid=off").expect("off").criteria().all(|(id, _)| id != "title_valid"));
        assert_eq!(
            of("nanjing_leverage=60%").expect("a set that does not count").hard_criteria().count(),
            config.hard_criteria().count() + 1
        );
        assert!(of("set.pledge=on").expect("a set").criteria().count() > config.criteria().count());
        assert_eq!(of("issue.scale=2亿元").expect("a term").issue.scale, Bound::parse("200000000").expect("a number"));
        assert_eq!(of("issue.obligors=off").expect("a term").issue.obligors, None);
        for (change, code) in [
            ("patent_free", "ERR-099"),
            ("patent_free=viel", "ERR-099"),
            ("title_valid=3", "ERR-099"),
            ("title=3", "ERR-098"),
            ("set.none=on", "ERR-098"),
            ("set.pledge=3", "ERR-099"),
            ("issue.scale=0", "ERR-099"),
            ("issue.scale=100005", "ERR-099"),
            ("issue.largest_share=120%", "ERR-099"),
            ("issue.colour=1", "ERR-099"),
        ] {
            assert_eq!(of(change).err().map(|e| e.code), Some(code), "{change}");
        }
    }
}
