//! Who may see what of the pool.

use crate::model::role::{Right, Role};

/// What a role sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Edition {
    /// 封闭版: everything.
    Closed,
    /// 运营版: statistics only of enterprises with consent on record.
    Operator,
}

impl Edition {
    /// The edition of a role.
    pub fn of(role: Role) -> Self {
        if role.may(Right::SeeClosed) { Edition::Closed } else { Edition::Operator }
    }

    /// Its id among the words.
    pub fn id(self) -> &'static str {
        match self {
            Edition::Closed => "closed",
            Edition::Operator => "operator",
        }
    }
}
