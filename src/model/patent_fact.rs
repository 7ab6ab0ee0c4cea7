//! Facts of a patent that GB/T 42748-2023 (专利评估指引) looks at and bureaus' data tell, as columns beside what its record states.
//!
//! They are facts and never a value, which is the appraiser's to find. Kind, pledge and state are columns already; what no form
//! states is not made up.

/// A fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatentFact {
    /// The column of its figure, in whole months; none of what no form states.
    pub figure: Option<&'static str>,
    /// The column that says whether it is `computed`, `unjudged` or `not_applicable`.
    pub state: &'static str,
}

impl PatentFact {
    /// What it is called by.
    pub fn id(&self) -> &'static str {
        self.figure.unwrap_or(self.state)
    }
}

/// How long the law still protects it.
pub const REMAINING: PatentFact = PatentFact { figure: Some("remaining_months"), state: "remaining_months_state" };
/// How long it has been in force since its grant.
pub const MAINTAINED: PatentFact = PatentFact { figure: Some("maintained_months"), state: "maintained_months_state" };
/// Whether it was licensed or transferred.
pub const TRADE: PatentFact = PatentFact { figure: None, state: "trade_state" };
/// All of them, in the order in which they are shown.
pub const FACTS: [PatentFact; 3] = [REMAINING, MAINTAINED, TRADE];

/// Their columns, each figure before its state.
pub fn columns<'a>() -> impl Iterator<Item = &'a str> {
    FACTS.iter().flat_map(|fact| fact.figure.into_iter().chain([fact.state]))
}
