//! What a criterion says of an enterprise, and what all of them come to.

/// What a criterion says of an enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Met 符合.
    Met,
    /// Not met 不符合.
    NotMet,
    /// Cannot be judged 无法判断: a figure is missing.
    Unjudged,
    /// Waived 豁免: two persons decided that this enterprise need not meet it.
    Waived,
    /// Not applicable 不适用: it is none of the enterprises that the criterion is for.
    NotApplicable,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Verdict; 5] = [Self::Met, Self::NotMet, Self::Unjudged, Self::Waived, Self::NotApplicable];

    /// Its word in data files and addresses.
    pub fn id(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not_met",
            Self::Unjudged => "unjudged",
            Self::Waived => "waived",
            Self::NotApplicable => "not_applicable",
        }
    }

    /// The verdict of a word; what nobody knows says nothing.
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|verdict| verdict.id() == word).unwrap_or(Self::Unjudged)
    }

    /// Whether it lets an enterprise into the pool.
    pub fn lets_in(self) -> bool {
        matches!(self, Self::Met | Self::Waived | Self::NotApplicable)
    }
}

/// What all verdicts on entry together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// All let it in.
    Pooled,
    /// One is not met.
    NotPooled,
    /// None is not met, one cannot be judged.
    Unjudged,
}

impl Conclusion {
    /// All of them.
    pub const ALL: [Conclusion; 3] = [Self::Pooled, Self::NotPooled, Self::Unjudged];

    /// What verdicts come to.
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        verdicts.into_iter().fold(Self::Pooled, Self::with)
    }

    /// What it comes to with one more verdict.
    #[must_use]
    pub fn with(self, verdict: Verdict) -> Self {
        match (self, verdict) {
            (_, Verdict::NotMet) => Self::NotPooled,
            (Self::Pooled, Verdict::Unjudged) => Self::Unjudged,
            (so_far, _) => so_far,
        }
    }

    /// Its word in data files and addresses.
    pub fn id(self) -> &'static str {
        match self {
            Self::Pooled => "pooled",
            Self::NotPooled => "not_pooled",
            Self::Unjudged => "unjudged",
        }
    }

    /// The conclusion of a word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|conclusion| conclusion.id() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_not_met_outweighs_all_else() {
        use Verdict::{Met, NotApplicable, NotMet, Unjudged, Waived};
        assert_eq!(Conclusion::of([Met, Waived, NotApplicable]), Conclusion::Pooled);
        assert_eq!(Conclusion::of([Met, Unjudged, NotMet]), Conclusion::NotPooled);
        assert_eq!(Conclusion::of([NotMet, Unjudged]), Conclusion::NotPooled);
        assert_eq!(Conclusion::of([Unjudged, Met]), Conclusion::Unjudged);
        assert_eq!(Conclusion::of([]), Conclusion::Pooled);
        assert!(Verdict::ALL.into_iter().all(|verdict| Verdict::of(verdict.id()) == verdict));
    }
}
