//! What the stages hand over to be published.

use crate::config::Config;
use crate::engine::Engine;
use crate::finding::{Catalogue, Finding, Judgement, Renderer};
use crate::model::account::{Account, Whose};
use crate::model::feasibility::Feasibility;
use crate::model::merged::{Conflict, Merged};
use crate::model::milestone::Phase;
use crate::model::place::Places;
use crate::model::proposal::Proposal;
use crate::model::waiver::Waiver;
use crate::run::{Adopted, Decision, Explained, HeldBack, Input};

/// Everything that is published.
pub struct Publication<'a> {
    /// Settings in force.
    pub config: &'a Config,
    /// Texts of codes.
    pub catalogue: &'a Catalogue,
    /// Holds `enterprises`, `verdicts`, the judged datasets and links.
    pub engine: &'a Engine,
    /// Files and tables.
    pub places: &'a Places,
    /// Inputs in order.
    pub inputs: &'a [Input],
    /// What was said of pairs of them.
    pub decisions: Vec<Decision>,
    /// Findings of theirs that were explained.
    pub explained: Vec<Explained>,
    /// The proposed asset list.
    pub proposal: &'a Proposal,
    /// What the pilot could carry.
    pub feasibility: &'a Feasibility,
    /// How the plan stands.
    pub phases: &'a [Phase],
    /// Criteria that are waived.
    pub waivers: Vec<Waiver>,
    /// Datasets at hand.
    pub datasets: &'a [String],
    /// Columns of `enterprises` and years.
    pub merged: &'a Merged,
    /// Findings in order.
    pub findings: &'a [Finding],
    /// Outcomes of edits.
    pub judgement: &'a Judgement,
    /// Sources that disagree.
    pub conflicts: &'a [Conflict],
    /// What came in and what became of it.
    pub accounts: &'a [Account],
    /// Whose records those of statistics are.
    pub whose: &'a Whose,
    /// First characters of the hash of inputs and settings.
    pub key: &'a str,
    /// What the run before told of counts of statistics, and held back.
    pub told: Option<HeldBack>,
    /// The run that was adopted last, and what has changed since.
    pub adopted: Option<Adopted>,
}

impl Publication<'_> {
    /// A renderer in the language of the run.
    pub fn renderer(&self) -> Renderer<'_> {
        Renderer { catalogue: self.catalogue, config: self.config, places: self.places, lang: self.config.run.lang }
    }

    /// Whether a dataset was read.
    pub fn has(&self, dataset: &str) -> bool {
        self.datasets.iter().any(|d| d == dataset)
    }
}
