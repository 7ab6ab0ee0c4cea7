//! `[retention]`: how long a portal keeps what nothing refers to any more. The audit log is kept for ever.

use serde::{Deserialize, Serialize};
use validator::Validate;

/// `[retention]`; what is not stated is kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionOptions {
    /// Days for which originals are kept that no kept run and no standing upload refers to; the law asks for two years.
    #[validate(range(min = 730, max = 36500))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originals_days: Option<u32>,
    /// Days for which runs are kept; the latest and those adopted stay.
    #[validate(range(min = 1, max = 36500))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs_days: Option<u32>,
    /// Runs that are kept however old they are.
    #[validate(range(min = 1, max = 10000))]
    pub runs_kept: usize,
}

impl Default for RetentionOptions {
    fn default() -> Self {
        Self { originals_days: None, runs_days: None, runs_kept: 30 }
    }
}
