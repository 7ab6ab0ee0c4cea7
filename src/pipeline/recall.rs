//! Judgements kept between runs: what edits of fields and records said of a dataset whose files have not changed. What edits
//! among records say is the answer of plans, which the engine keeps.
//!
//! Kept are findings by the place of their edit among those compiled, since equal settings compile to equal lists; codes,
//! severities and fields come from there. An entry that does not read is as good as none.

use super::datasets::Loaded;
use crate::cache::Cache;
use crate::config::Config;
use crate::error::Error;
use crate::finding::{Counts, Expected, Finding, Judgement, Unjudged};
use crate::model::finding_key::FindingKey;
use crate::stages::validate::Compiled;
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, IntoInnerError};
use std::sync::Arc;

/// The file of an entry.
const FILE: &str = "judgement.json";

/// Where judgements of one dataset are kept.
pub struct Recall {
    cache: Arc<Cache>,
    key: String,
}

impl Recall {
    /// For a dataset, which follows from its files.
    pub fn of(cache: &Arc<Cache>, config: &Config, loaded: &Loaded, dataset: &str) -> Self {
        let files = loaded.keys.get(dataset).map_or("", String::as_str);
        let key = cache.key("judged", &[config.fingerprint(), &config.as_of.to_string(), dataset, files]);
        Self { cache: cache.clone(), key }
    }

    /// What was said, if it is kept.
    pub fn get(&self, dataset: &str, edits: &[Compiled]) -> Option<Judgement> {
        let bytes = self.cache.get(&self.key)?.read(FILE).ok()??;
        serde_json::from_slice::<Kept<'_>>(&bytes).ok()?.judgement(dataset, edits)
    }

    /// Keeps what was said.
    pub fn keep(&self, edits: &[Compiled], judgement: &Judgement) -> Result<(), Error> {
        let Some(kept) = Kept::of(edits, judgement) else { return Ok(()) };
        let folder = self.cache.begin()?;
        let mut file = BufWriter::new(File::create(folder.path().join(FILE))?);
        serde_json::to_writer(&mut file, &kept)?;
        file.into_inner().map_err(IntoInnerError::into_error)?;
        self.cache.keep(&self.key, folder)?;
        Ok(())
    }
}

/// A judgement on disk; what is written lends its texts.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    findings: Vec<KeptFinding<'a>>,
    unjudged: Vec<KeptUnjudged<'a>>,
    /// Code, held, broken, unjudged.
    counts: Vec<(Cow<'a, str>, u64, u64, u64)>,
}

/// Code, record, field and the code that withholds it.
type KeptUnjudged<'a> = (Cow<'a, str>, i64, Cow<'a, str>, Cow<'a, str>);

#[derive(Serialize, Deserialize)]
struct KeptFinding<'a> {
    edit: usize,
    record: i64,
    found: Cow<'a, str>,
    expected: Option<KeptExpected>,
    args: Cow<'a, [(String, String)]>,
    enterprise: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
enum KeptExpected {
    Text(String),
    /// Yuan at scale 4, as text.
    Amount(String),
    Number(i64),
    /// Days since 1970-01-01.
    Date(i64),
    Record(i64),
}

impl<'a> Kept<'a> {
    /// Nothing if a finding is of no edit in the list, or if an edit could not be computed.
    fn of(edits: &[Compiled], judgement: &'a Judgement) -> Option<Self> {
        if !judgement.uncomputed.is_empty() {
            return None;
        }
        let kept = |finding: &'a Finding| {
            Some(KeptFinding {
                edit: edits.iter().position(|e| e.code == finding.code && e.fields == finding.fields)?,
                record: finding.record?,
                found: Cow::Borrowed(finding.found.as_str()),
                expected: finding.expected.as_ref().map(KeptExpected::of),
                args: Cow::Borrowed(finding.args.as_slice()),
                enterprise: finding.enterprise.as_deref().map(Cow::Borrowed),
            })
        };
        let unjudged = judgement.unjudged.iter();
        Some(Self {
            findings: judgement.findings.iter().map(kept).collect::<Option<_>>()?,
            unjudged: unjudged
                .map(|u| (Cow::Borrowed(&*u.code), u.record, Cow::Borrowed(u.field.as_str()), Cow::Borrowed(u.because.as_str())))
                .collect(),
            counts: judgement.counts.iter().map(|(code, c)| (Cow::Borrowed(&**code), c.held, c.broken, c.unjudged)).collect(),
        })
    }

    fn judgement(self, dataset: &str, edits: &[Compiled]) -> Option<Judgement> {
        let dataset: Arc<str> = dataset.into();
        let finding = |kept: KeptFinding<'a>| {
            let edit = edits.get(kept.edit)?;
            Some(Finding {
                code: edit.code.clone(),
                severity: edit.severity,
                dataset: dataset.clone(),
                record: Some(kept.record),
                file: None,
                sheet: None,
                cell: None,
                fields: edit.fields.clone(),
                found: kept.found.into_owned(),
                expected: kept.expected.map(KeptExpected::expected),
                args: kept.args.into_owned(),
                enterprise: kept.enterprise.map(Cow::into_owned),
                key: FindingKey::default(),
                explained: None,
            })
        };
        let unjudged = |(code, record, field, because): KeptUnjudged<'a>| Unjudged {
            code: code.into(),
            record,
            field: field.into_owned(),
            because: because.into_owned(),
        };
        Some(Judgement {
            findings: self.findings.into_iter().map(finding).collect::<Option<_>>()?,
            unjudged: self.unjudged.into_iter().map(unjudged).collect(),
            counts: self
                .counts
                .into_iter()
                .map(|(code, held, broken, unjudged)| (code.into(), Counts { held, broken, unjudged }))
                .collect(),
            uncomputed: BTreeSet::new(),
        })
    }
}

impl KeptExpected {
    fn of(expected: &Expected) -> Self {
        match expected {
            Expected::Text(text) => Self::Text(text.clone()),
            Expected::Amount(amount) => Self::Amount(amount.to_string()),
            Expected::Number(number) => Self::Number(*number),
            Expected::Date(date) => Self::Date((*date - NaiveDate::default()).num_days()),
            Expected::Record(record) => Self::Record(*record),
        }
    }

    fn expected(self) -> Expected {
        match self {
            Self::Text(text) => Expected::Text(text),
            Self::Amount(amount) => Expected::Amount(amount.parse().unwrap_or_default()),
            Self::Number(number) => Expected::Number(number),
            Self::Date(days) => Expected::Date(NaiveDate::default() + TimeDelta::days(days)),
            Self::Record(record) => Expected::Record(record),
        }
    }
}
