//! The terms of the issue, in lots, as the search takes them.

use super::exact::{Lots, Share, Terms, Top};
use crate::config::{Bound, IssueOptions};

/// Obligors whose share together is limited.
pub const TOP: u32 = 5;

/// The terms that are stated.
pub fn terms(issue: &IssueOptions) -> Terms {
    // Ten-thousandths, as the settings have shares.
    let share = |bound: Bound| Share { numerator: u64::try_from(bound.units()).unwrap_or(0), denominator: 10_000 };
    Terms {
        scale: lots(issue, issue.scale.units()),
        firm_minimum: issue.firm_least.map(|least| lots(issue, least.units())),
        firm_maximum: issue.firm_most.map(|most| lots(issue, most.units())),
        least_obligors: issue.obligors,
        largest: issue.largest_share.map(share),
        top: issue.top_five_share.map(|bound| Top { obligors: TOP, share: share(bound) }),
        industry: issue.industry_share.map(share),
    }
}

/// The whole lots in an amount of ten-thousandths of a yuan.
pub fn lots(issue: &IssueOptions, units: i128) -> Lots {
    Lots::try_from((units / issue.lot.units().max(1)).max(0)).unwrap_or(Lots::MAX)
}

/// Lots as ten-thousandths of a yuan.
pub fn units(issue: &IssueOptions, lots: Lots) -> i128 {
    i128::from(lots) * issue.lot.units()
}
