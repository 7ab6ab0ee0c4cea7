//! Who acts, and what they may do.

use crate::model::role::{Right, Role};

/// Who acts: a person or a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Name of the account, or label of the token.
    pub name: String,
    /// What pages show.
    pub display: String,
    /// Role.
    pub role: Role,
    /// The source whose returns a clerk sends.
    pub source: Option<String>,
    /// Number of the account; programs have none.
    pub account: Option<i64>,
    /// Whether the password must be changed before anything else.
    pub must_change: bool,
    /// The word that forms of this session carry.
    pub csrf: String,
}

impl Actor {
    /// Whether the role has a right.
    pub fn may(&self, right: Right) -> bool {
        self.role.may(right)
    }

    /// Whether returns of a source are this actor's to see.
    pub fn sees_source(&self, source: &str) -> bool {
        self.may(Right::SeeReturns) && (self.role != Role::Clerk || self.source.as_deref() == Some(source))
    }
}
