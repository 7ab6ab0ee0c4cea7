//! `[issue]`: the terms of the issue that the pool is for, to which the proposed asset list (资产清单) is fitted.

use super::criterion::Bound;
use serde::{Deserialize, Serialize};
use validator::Validate;

/// `[issue]`
///
/// A limit that is not stated does not count. Shares are of what is issued.
#[derive(Debug, Clone, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct IssueOptions {
    /// What is to be issued, yuan (发行规模).
    pub scale: Bound,
    /// Amounts are whole multiples of this, yuan.
    pub lot: Bound,
    /// The term of the issue, in months (期限).
    #[validate(range(min = 1, max = 360))]
    pub term_months: u32,
    /// How much longer than the issue a pledged patent must be protected, in months.
    #[validate(range(max = 360))]
    pub margin_months: u32,
    /// The least that one enterprise borrows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firm_least: Option<Bound>,
    /// The most that one enterprise borrows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firm_most: Option<Bound>,
    /// The most that one obligor, with who is related to it, may have of the issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_share: Option<Bound>,
    /// The most that the five largest obligors may have together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_five_share: Option<Bound>,
    /// The least number of unrelated obligors.
    #[validate(range(min = 1, max = 10000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obligors: Option<u32>,
    /// The most that the enterprises of one industry may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry_share: Option<Bound>,
    /// How many characters of the industry code make an industry: 3 of `C3599` are the division `C35`.
    #[validate(range(min = 1, max = 5))]
    pub industry_digits: u32,
    /// The amount that an enterprise asks for: a column of enterprises. It never gets more.
    pub amount: String,
    /// What related enterprises have in common: a column of enterprises. Equal texts are one obligor.
    pub related: String,
    /// Whether an enterprise may be chosen while a criterion of the list cannot be judged: its opinions have not come yet.
    pub pending: bool,
    /// Enterprises of the reserve list.
    #[validate(range(max = 100))]
    pub reserve: u32,
    /// Steps of the search after which the best list so far is taken, with the gap to what could still be.
    #[validate(range(min = 1000, max = 1000000000))]
    pub steps: u64,
}

impl Default for IssueOptions {
    fn default() -> Self {
        let yuan = |text: &str| Bound::parse(text).unwrap_or_default();
        Self {
            scale: yuan("1亿元"),
            lot: yuan("10万元"),
            term_months: 12,
            margin_months: 24,
            firm_least: None,
            firm_most: None,
            largest_share: None,
            top_five_share: None,
            obligors: None,
            industry_share: None,
            industry_digits: 3,
            amount: "need_amount".into(),
            related: "related_group".into(),
            pending: true,
            reserve: 5,
            steps: 20_000,
        }
    }
}
