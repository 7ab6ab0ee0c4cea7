//! Criteria and the terms of the issue: that each criterion states what it needs, and no two things at once.

use super::Check;
use crate::config::decode::{Problem, ProblemKind, line_of};
use crate::config::{Bound, CriterionOptions, Effect, Options, sets};

impl Check<'_> {
    pub(super) fn criteria(&mut self, options: &Options) {
        let known = sets(&options.criterion);
        for set in options.screen.sets.iter().filter(|set| !known.contains_key(set.as_str())) {
            self.add("screen.sets".into(), set, known.keys().map(|set| (*set).to_owned()).collect());
        }
        for (id, criterion) in &options.criterion {
            let path = format!("criterion.{id}");
            self.valid(&path, criterion);
            self.named(&format!("{path}.name"), &criterion.name.0);
            if !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                self.add(path, id, vec!["a–z 0–9 _".into()]);
                continue;
            }
            self.judged(&path, criterion);
            self.pointed(&path, criterion);
        }
    }

    /// A criterion is judged by a condition, or by a figure and one bound, or says why it cannot be.
    fn judged(&mut self, path: &str, criterion: &CriterionOptions) {
        let bounded = criterion.bound().is_some();
        if criterion.met.is_empty() && !bounded && criterion.unjudged.is_none() {
            self.lacks(path, "met");
        }
        if criterion.figure.is_empty() && (bounded || !criterion.met.is_empty()) {
            self.lacks(path, "figure");
        }
        if criterion.at_least.is_some() && criterion.at_most.is_some() {
            self.add(format!("{path}.at_most"), "at_least, at_most", vec!["at_least".into(), "at_most".into()]);
        }
        if !bounded {
            for (key, stated) in [("variants", !criterion.variants.is_empty()), ("near", criterion.near.is_some())] {
                if stated {
                    self.add(format!("{path}.{key}"), key, vec!["at_least = …".into(), "at_most = …".into()]);
                }
            }
            let names_bound = |sql: &str| sql.contains("{bound}");
            for (key, _) in criterion.expressions().iter().filter(|(_, sql)| names_bound(sql)) {
                self.add(format!("{path}.{key}"), "{bound}", vec!["at_least = …".into(), "at_most = …".into()]);
            }
        }
        if let (Some(from), Some(until)) = (criterion.valid_from, criterion.valid_until)
            && until < from
        {
            self.add(format!("{path}.valid_until"), &until.0.to_string(), vec![format!("≥ {}", from.0)]);
        }
        for (i, variant) in criterion.variants.iter().enumerate() {
            self.named(&format!("{path}.variants[{i}].name"), &variant.name.0);
        }
    }

    /// Points belong to criteria that are scored, and these say how many there are at most.
    fn pointed(&mut self, path: &str, criterion: &CriterionOptions) {
        if criterion.effect == Effect::Scored {
            if criterion.weight.is_none() {
                self.lacks(path, "weight");
            }
            return;
        }
        for (key, stated) in [("weight", criterion.weight.is_some()), ("points", criterion.points.is_some())] {
            if stated {
                self.add(format!("{path}.{key}"), key, vec!["effect = \"scored\"".into()]);
            }
        }
    }

    /// The terms of the issue can be met by somebody: amounts are whole lots, shares are shares.
    pub(super) fn issue(&mut self, options: &Options) {
        let issue = &options.issue;
        let positive = |bound: Bound| bound.units() > 0;
        if !positive(issue.lot) {
            self.add("issue.lot".into(), &issue.lot.plain(), vec!["\"10万元\"".into()]);
            return;
        }
        let whole = |bound: Bound| positive(bound) && bound.units() % issue.lot.units() == 0;
        let amounts = [("scale", Some(issue.scale)), ("firm_least", issue.firm_least), ("firm_most", issue.firm_most)];
        for (key, amount) in amounts.into_iter().filter_map(|(key, amount)| Some((key, amount?))).filter(|(_, amount)| !whole(*amount)) {
            self.add(format!("issue.{key}"), &amount.plain(), vec![format!("{} × 1, 2, 3 …", issue.lot.plain())]);
        }
        if let (Some(least), Some(most)) = (issue.firm_least, issue.firm_most)
            && most < least
        {
            self.add("issue.firm_most".into(), &most.plain(), vec![format!("≥ {}", least.plain())]);
        }
        let shares =
            [("largest_share", issue.largest_share), ("top_five_share", issue.top_five_share), ("industry_share", issue.industry_share)];
        for (key, share) in shares.into_iter().filter_map(|(key, share)| Some((key, share?))) {
            if !(1..=10_000).contains(&share.units()) {
                self.add(format!("issue.{key}"), &share.plain(), vec!["\"1%\" … \"100%\"".into()]);
            }
        }
    }

    pub(super) fn lacks(&mut self, path: &str, key: &str) {
        let line = line_of(self.text, path).unwrap_or(0);
        let path = format!("{path}.{key}");
        self.problems.push(Problem { line, path, kind: ProblemKind::MissingKey, found: String::new(), expected: Vec::new() });
    }
}
