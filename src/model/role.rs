//! Roles of people, and what each may do.

use serde::{Deserialize, Serialize};

/// What a person is to the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sends the returns of one bureau and sees no other's.
    Clerk,
    /// 项目运营管理单位: sees the pool in its own edition, starts runs.
    Operator,
    /// 专班: sees the closed edition, adopts a run.
    Leader,
    /// 人行, 财政, 金融服务中心: reads the operator's edition.
    Member,
    /// Reads everything, the audit log included, and changes nothing.
    Auditor,
    /// Manages accounts; sees no return, no figure and no audit log.
    Administrator,
}

/// Something that a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// Send returns of one's own bureau, explain findings.
    SendReturns,
    /// See returns with their findings: a clerk her own bureau's, an auditor all.
    SeeReturns,
    /// See what is due, received and overdue: a clerk her own bureau's.
    SeeCalendar,
    /// See runs and their counts.
    SeeRuns,
    /// Start and cancel runs.
    StartRuns,
    /// See the pool in the edition of the role.
    SeePool,
    /// See figures of the statistics bureau whether or not the enterprise consented (封闭版).
    SeeClosed,
    /// Adopt a run (定稿).
    Adopt,
    /// Ask for waivers of criteria (豁免).
    AskWaivers,
    /// Grant waivers that somebody else asked for, and withdraw them.
    GrantWaivers,
    /// See data quality in counts.
    SeeQuality,
    /// Manage accounts and tokens.
    ManageAccounts,
    /// Read the audit log.
    SeeAudit,
}

impl Role {
    /// All roles, in the order in which they are listed.
    pub const ALL: [Role; 6] = [Role::Clerk, Role::Operator, Role::Leader, Role::Member, Role::Auditor, Role::Administrator];

    /// The word in the ledger, on the command line and in the API.
    pub fn id(self) -> &'static str {
        match self {
            Role::Clerk => "clerk",
            Role::Operator => "operator",
            Role::Leader => "leader",
            Role::Member => "member",
            Role::Auditor => "auditor",
            Role::Administrator => "administrator",
        }
    }

    /// Parses the word.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.id() == id)
    }

    /// Whether the role has a right.
    pub fn may(self, right: Right) -> bool {
        use Right::*;
        match self {
            Role::Clerk => matches!(right, SendReturns | SeeReturns | SeeCalendar),
            Role::Operator => matches!(right, SeeCalendar | SeeRuns | StartRuns | SeePool | AskWaivers | SeeQuality),
            Role::Leader => matches!(right, SeeCalendar | SeeRuns | SeePool | SeeClosed | Adopt | AskWaivers | GrantWaivers | SeeQuality),
            Role::Member => matches!(right, SeeRuns | SeePool | SeeQuality),
            Role::Auditor => matches!(right, SeeReturns | SeeCalendar | SeeRuns | SeePool | SeeClosed | SeeQuality | SeeAudit),
            Role::Administrator => matches!(right, ManageAccounts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_administrator_manages_and_the_auditor_reads() {
        let all = [Right::SeeReturns, Right::SeePool, Right::SeeClosed, Right::SeeAudit, Right::SeeRuns, Right::SeeCalendar];
        assert!(all.iter().all(|right| !Role::Administrator.may(*right)));
        assert!(Role::ALL.into_iter().all(|role| role.may(Right::SeeAudit) == (role == Role::Auditor)));
        let changes = [Right::SendReturns, Right::StartRuns, Right::Adopt, Right::AskWaivers, Right::GrantWaivers, Right::ManageAccounts];
        assert!(changes.iter().all(|right| !Role::Auditor.may(*right)));
        assert!(Role::ALL.into_iter().all(|role| Role::from_id(role.id()) == Some(role)));
    }
}
