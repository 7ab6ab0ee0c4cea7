//! What can be written in `pipeline.toml`, section by section.
//!
//! Every list that a site may want to extend is a table keyed by a short id, so that the site's file states only what
//! differs: `[edit.F1] severity = "explain"` changes that and nothing else.

use super::cost::CostOptions;
use super::criterion::{CriterionOptions, ScreenOptions};
use super::engine::EngineOptions;
use super::form::{FormOptions, Links, Repeats};
use super::given::GivenOptions;
use super::issue::IssueOptions;
use super::largest::LARGEST_FILE_MIB;
use super::milestone::{MilestoneOptions, PhaseOptions};
use super::night::{NoticeOptions, ScheduleOptions};
use super::output::OutputOptions;
use super::pool::PoolOptions;
use super::portal::PortalOptions;
use super::retention::RetentionOptions;
use super::secret::{Address, Secret};
use crate::model::field::{FieldKind, PeriodKind};
use crate::model::scope::Scope;
use crate::model::severity::Severity;
use crate::model::words::{Label, Words};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use validator::Validate;

/// The whole file.
#[derive(Debug, Clone, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct Options {
    /// One run.
    #[validate(nested)]
    pub run: RunOptions,
    /// Where things lie; relative paths resolve against the configuration file.
    #[validate(nested)]
    pub paths: PathOptions,
    /// Limits of the parsing child and of downloads.
    #[validate(nested)]
    pub limits: LimitOptions,
    /// What plans may take of the machine.
    #[validate(nested)]
    pub engine: EngineOptions,
    /// Who sends what, and on what legal basis.
    pub source: IndexMap<String, SourceOptions>,
    /// The tables that bureaus send.
    pub form: IndexMap<String, FormOptions>,
    /// Code lists: canonical value to the spellings that mean it.
    pub codes: IndexMap<String, IndexMap<String, Vec<String>>>,
    /// Edits (审核关系).
    pub edit: IndexMap<String, EditOptions>,
    /// How one value is chosen where several sources give one.
    #[validate(nested)]
    pub merge: MergeOptions,
    /// Values that each enterprise has, given by forms or computed.
    pub enterprise: IndexMap<String, GivenOptions>,
    /// What columns of enterprises mean, and where they are shown.
    #[validate(nested)]
    pub pool: PoolOptions,
    /// Which built-in sets of criteria count.
    #[validate(nested)]
    pub screen: ScreenOptions,
    /// Entry criteria (入库标准) and risk indicators (风控指标).
    pub criterion: IndexMap<String, CriterionOptions>,
    /// The terms of the issue.
    #[validate(nested)]
    pub issue: IssueOptions,
    /// What the issue costs.
    #[validate(nested)]
    pub cost: CostOptions,
    /// The phases of the plan.
    pub phase: IndexMap<String, PhaseOptions>,
    /// What is to be done in them.
    pub milestone: IndexMap<String, MilestoneOptions>,
    /// What is written.
    #[validate(nested)]
    pub output: OutputOptions,
    /// The portal.
    #[validate(nested)]
    pub portal: PortalOptions,
    /// When the portal runs by itself.
    #[validate(nested)]
    pub schedule: ScheduleOptions,
    /// Whom the portal tells.
    #[validate(nested)]
    pub notice: Vec<NoticeOptions>,
    /// How long a portal keeps what nothing refers to any more.
    #[validate(nested)]
    pub retention: RetentionOptions,
}

/// `[run]`
#[derive(Debug, Clone, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct RunOptions {
    /// The reference date: `YYYY-MM-DD`, or `today` in Asia/Shanghai.
    #[validate(length(min = 5, max = 10))]
    pub as_of: String,
    /// Exit with 3 when a run has more error findings than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_above: Option<u64>,
    /// Built-in settings that count beside those that always do: `issuance`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packs: Vec<String>,
    /// Language of everything written: `zh` or `en`.
    pub lang: crate::model::words::Lang,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { as_of: "today".into(), fail_above: None, packs: Vec::new(), lang: crate::model::words::Lang::Zh }
    }
}

/// `[paths]`
#[derive(Debug, Clone, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct PathOptions {
    /// Root below which source patterns are matched.
    #[validate(length(min = 1))]
    pub inputs: String,
    /// Root of everything written.
    #[validate(length(min = 1))]
    pub outputs: String,
    /// Folders outside the inputs into which links may lead.
    pub linked_folders: Vec<String>,
}

impl Default for PathOptions {
    fn default() -> Self {
        Self { inputs: "inputs".into(), outputs: "outputs".into(), linked_folders: Vec::new() }
    }
}

/// `[limits]`
#[derive(Debug, Clone, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct LimitOptions {
    /// Largest file taken in, MiB.
    #[validate(range(min = 1, max = LARGEST_FILE_MIB))]
    pub file_mib: u64,
    /// Address space of one parsing child, MiB.
    #[validate(range(min = 128, max = 65536))]
    pub parser_mib: u64,
    /// CPU seconds of one parsing child.
    #[validate(range(min = 1, max = 3600))]
    pub parser_cpu_s: u64,
    /// Seconds until a parsing child is stopped.
    #[validate(range(min = 1, max = 7200))]
    pub parser_s: u64,
    /// Parsing children at a time; 0 means one per core.
    #[validate(range(max = 256))]
    pub parsers: usize,
    /// Address space of a child that judges an upload, MiB.
    #[validate(range(min = 256, max = 65536))]
    pub check_mib: u64,
    /// CPU seconds of a child that judges an upload.
    #[validate(range(min = 1, max = 3600))]
    pub check_cpu_s: u64,
    /// Seconds until a child that judges an upload is stopped.
    #[validate(range(min = 1, max = 7200))]
    pub check_s: u64,
}

impl LimitOptions {
    /// Children at a time: as many as wanted, but no more than there are cores.
    pub fn children(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        if self.parsers == 0 { cores } else { self.parsers.min(cores) }
    }
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            file_mib: 256,
            parser_mib: 1024,
            parser_cpu_s: 120,
            parser_s: 180,
            parsers: 0,
            check_mib: 3072,
            check_cpu_s: 300,
            check_s: 600,
        }
    }
}

/// `[source.<id>]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct SourceOptions {
    /// The bureau's name as reports show it.
    #[validate(length(min = 1))]
    pub bureau: String,
    /// Patterns below the inputs root, e.g. `统计局/**`.
    pub files: Vec<String>,
    /// HTTP(S) addresses to fetch.
    #[validate(nested)]
    pub http: Vec<HttpOptions>,
    /// The forms that this source may send.
    #[validate(length(min = 1))]
    pub forms: Vec<String>,
    /// By form the month and day on which it is due each year, `MM-DD`.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub due: IndexMap<String, String>,
    /// The population: enterprises are those of this source's directory.
    pub registry: bool,
    /// Legal basis of the processing.
    #[validate(length(min = 1))]
    pub legal_basis: String,
    /// Purpose of the processing.
    #[validate(length(min = 1))]
    pub purpose: String,
    /// Item of the government data catalogue.
    #[validate(length(min = 1))]
    pub catalogue_item: String,
    /// A disabled source is not read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// `[[source.<id>.http]]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct HttpOptions {
    /// The address.
    pub url: Address,
    /// The name by which the other side lets us in (HTTP Basic).
    #[validate(length(min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The password that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// The file name that reports show.
    #[validate(length(min = 1, max = 120))]
    pub name: String,
    /// Expected SHA-256 in hexadecimal, if the sender publishes one.
    #[validate(length(min = 64, max = 64))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Seconds for one try.
    #[validate(range(min = 1, max = 600))]
    pub timeout_s: Option<u64>,
    /// Tries in all.
    #[validate(range(min = 1, max = 10))]
    pub tries: Option<u32>,
}

/// `[edit.<code>]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct EditOptions {
    /// The dataset that it judges: a form's id, or `sum_rows`.
    pub dataset: Vec<String>,
    /// Beside those every form that a site adds whose records are linked in one of these ways.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own_forms: Vec<Links>,
    /// Only forms of this span of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<PeriodKind>,
    /// Only forms in which repetitions mean this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
    /// When it is judged.
    pub scope: Scope,
    /// What a broken edit means.
    pub severity: Severity,
    /// The fields that it judges; a finding's cell is the first. `@uscc` is the form's first field of that type, so for every
    /// type, `@record` the field that makes one record, `@values` all fields that are no keys; in SQL `{@uscc}`.
    pub fields: Vec<String>,
    /// Instead of `fields`: once for each field of these types; `{f}` in `holds` is the field.
    pub each: Vec<FieldKind>,
    /// Further fields that it reads but does not judge.
    pub reads: Vec<String>,
    /// Columns by which records are grouped for `with`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub per: Vec<String>,
    /// Aggregates over each group, by the name that `holds` and `expected` use.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub with: IndexMap<String, String>,
    /// SQL over the dataset's fields: true holds, false is broken, null is unjudged.
    #[validate(length(min = 1))]
    pub holds: String,
    /// SQL that gives what was expected, for the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Only records for which this SQL is true are judged at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// A disabled edit is not judged.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Whether a broken error edit withholds what it judges (the rule) or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withholds: Option<Withholds>,
    /// SQL that names the edit which withholds an operand in another record, for outcomes without a judgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Short name of the wrong.
    pub name: Words,
    /// One sentence with `{found}`, `{expected}` and `{field}`.
    pub message: Words,
    /// What to do.
    pub help: Words,
    /// Why it is asked.
    pub explain: Words,
}

/// What a broken error edit takes out of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Withholds {
    /// The values that it judges.
    Values,
    /// All figures of the record (for keys and periods).
    Figures,
    /// Nothing.
    Nothing,
}

/// `[merge]`
#[derive(Debug, Clone, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct MergeOptions {
    /// Years shown, the latest counted.
    #[validate(range(min = 1, max = 10))]
    pub years: u32,
    /// Per field of the enterprise record: the survivorship rule.
    pub field: IndexMap<String, SurvivorshipOptions>,
}

impl Default for MergeOptions {
    fn default() -> Self {
        Self { years: 3, field: IndexMap::new() }
    }
}

/// `[merge.field.<field>]`: the survivorship rule of a field.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct SurvivorshipOptions {
    /// Where the value may come from, best first: `form.field` of the directory and of forms with one record for each
    /// enterprise; the first that states one wins.
    #[validate(length(min = 1))]
    pub from: Vec<String>,
    /// Its name in reports; that of the first source's field if not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// Its name below the heading of its group, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<Label>,
    /// The heading that it shares in sheets with the columns beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Label>,
    /// The unit of a number, as people read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Label>,
}

impl SurvivorshipOptions {
    /// Forms and fields that the value may come from, best first.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.from.iter().filter_map(|from| from.split_once('.'))
    }
}
