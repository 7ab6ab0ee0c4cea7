//! `pipeline.toml`: what a site states, laid over the built-in defaults.
//!
//! Owns: the shape of every setting, the merge of site over defaults, and the checks that need no data.
//! Takes: the site's text. Gives: a [`Config`] or every problem at once, each with its line.
//! Invariants: unknown keys are refused; nothing here reads a bureau's file or the clock; secrets are read when they are
//! used, and no setting, problem or debug text holds one.

mod check;
mod cost;
mod criterion;
mod declared;
mod decode;
mod engine;
mod form;
mod given;
mod issue;
mod largest;
mod list_field;
mod masked;
mod merge;
mod milestone;
mod nature;
mod night;
mod options;
mod output;
mod pool;
mod portal;
mod resolve;
mod retention;
mod secret;
mod settings;
mod taken_away;

pub use check::month_day;
pub use cost::{CostItemOptions, CostOptions, Exact, Span};
pub use criterion::{Bound, CriterionOptions, Effect, Nearness, Part, ScreenOptions, VariantOptions, sets};
pub use decode::{Problem, ProblemKind, line_of, nearest};
pub use engine::{EngineOptions, Memory};
pub use form::*;
pub use given::{GivenOptions, Pick, Taken, YearOf, field_of};
pub use issue::IssueOptions;
pub use largest::LARGEST_FILE_MIB;
pub use list_field::member;
pub use masked::{is_secret, masked_line};
pub use merge::{Origin, layered};
pub use milestone::{AskedOf, MilestoneOptions, PhaseOptions};
pub use night::{NoticeEvent, NoticeKind, NoticeOptions, ScheduleOptions, Times};
pub use options::*;
pub use output::*;
pub use pool::{IN_FORCE, OTHERS, PoolOptions, RightOptions};
pub use portal::PortalOptions;
pub use resolve::{Config, load, load_defaults, read};
pub use retention::RetentionOptions;
pub use secret::{Address, SECRET_FORMS, Secret, Unread};
