//! The pool as a funnel: how many enterprises each criterion on entry lets in, alone, together with those before it, and how many
//! only it keeps out.

use super::verdict::Verdict;

/// What one criterion does to all enterprises.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunnelStep {
    /// By verdict, in the order of [`Verdict::ALL`], how many enterprises have it.
    pub verdicts: [u64; 5],
    /// Let in by this criterion and all before it.
    pub remaining: u64,
    /// Kept out by this criterion alone: not met or not judged, all others let them in.
    pub alone: u64,
}

/// All steps, in the order of the criteria.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Funnel {
    /// Enterprises in all.
    pub total: u64,
    /// The steps.
    pub steps: Vec<FunnelStep>,
}

impl Funnel {
    /// Of so many criteria, and nobody yet.
    pub fn new(criteria: usize) -> Self {
        Self { total: 0, steps: vec![FunnelStep::default(); criteria] }
    }

    /// Takes in the verdicts of an enterprise; gives the one criterion that keeps it out, if it is one.
    pub fn add(&mut self, verdicts: &[Verdict]) -> Option<usize> {
        self.total += 1;
        let mut so_far = true;
        for (step, verdict) in self.steps.iter_mut().zip(verdicts) {
            let place = Verdict::ALL.iter().position(|v| v == verdict).unwrap_or_default();
            step.verdicts[place] += 1;
            so_far &= verdict.lets_in();
            step.remaining += u64::from(so_far);
        }
        let mut keeping = verdicts.iter().enumerate().filter(|(_, verdict)| !verdict.lets_in()).map(|(place, _)| place);
        let only = keeping.next().filter(|_| keeping.next().is_none());
        if let Some(step) = only.and_then(|only| self.steps.get_mut(only)) {
            step.alone += 1;
        }
        only
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Met, NotMet, Unjudged, Waived};

    #[test]
    fn who_fails_one_criterion_alone_is_counted_there() {
        let mut funnel = Funnel::new(3);
        assert_eq!(funnel.add(&[Met, Met, Waived]), None);
        assert_eq!(funnel.add(&[NotMet, Met, Met]), Some(0));
        assert_eq!(funnel.add(&[NotMet, Met, Unjudged]), None);
        assert_eq!(funnel.add(&[Met, Met, Unjudged]), Some(2));
        let told: Vec<(u64, u64)> = funnel.steps.iter().map(|step| (step.remaining, step.alone)).collect();
        assert_eq!((funnel.total, told), (4, vec![(2, 1), (2, 0), (1, 1)]));
        assert_eq!(funnel.steps[2].verdicts, [1, 0, 2, 1, 0]);
    }
}
