//! Counters of the portal, in the text format of Prometheus (OpenMetrics 1.0).

use crate::ledger::Tallies;
use chrono::DateTime;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Labels of a request: the route as it is written, never what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// Method.
    pub method: String,
    /// Route, such as `/uploads/{id}`.
    pub route: String,
    /// Status code.
    pub status: u16,
}

/// Labels of what was refused before it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusedLabels {
    /// `connection` (too many from one address), `stalled` (the other end kept us waiting), `sign_in`, `upload`, `program`.
    pub kind: String,
}

/// Labels of counts that the ledger keeps.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct KeptLabels {
    /// Verdict of an upload, or outcome of a run.
    pub outcome: String,
}

/// The counters.
///
/// What survives a restart (uploads, runs, the size of the ledger) is asked of the ledger when the counters are read, so
/// no room has to count it.
pub struct Metrics {
    registry: Registry,
    /// Connections at the moment.
    pub connections: Gauge,
    /// What was refused before it was looked at.
    pub refused: Family<RefusedLabels, Counter>,
    /// Seconds from an upload's receipt to its verdict; whoever checks observes.
    pub check_seconds: Histogram,
    /// Uploads by verdict, `waiting` while they are checked; from the ledger.
    pub uploads: Family<KeptLabels, Gauge>,
    /// Runs that the portal started by outcome, `running` while there is none; from the ledger.
    pub runs: Family<KeptLabels, Gauge>,
    /// When the last run that published anything ended, in seconds since 1970; 0 before the first.
    pub last_success: Gauge,
    /// Bytes of the ledger on disk.
    pub ledger_bytes: Gauge,
    /// Requests by route and status.
    pub requests: Family<RequestLabels, Counter>,
    /// Seconds until the head of the answer.
    pub request_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("huichi"),
            connections: Gauge::default(),
            refused: Family::default(),
            check_seconds: Histogram::new(exponential_buckets(0.125, 2.0, 10)),
            uploads: Family::default(),
            runs: Family::default(),
            last_success: Gauge::default(),
            ledger_bytes: Gauge::default(),
            requests: Family::default(),
            request_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let r = &mut self.registry;
        r.register("http_requests", "Requests answered", self.requests.clone());
        r.register("http_request_seconds", "Seconds until the head of the answer", self.request_seconds.clone());
        r.register("connections", "Connections at the moment", self.connections.clone());
        r.register("refused", "Refused before it was looked at", self.refused.clone());
        r.register("check_seconds", "Seconds from receipt to verdict", self.check_seconds.clone());
        r.register("uploads", "Uploads by verdict", self.uploads.clone());
        r.register("runs", "Runs by outcome", self.runs.clone());
        r.register("last_success_seconds", "End of the last run that published, since 1970", self.last_success.clone());
        r.register("ledger_bytes", "Bytes of the ledger", self.ledger_bytes.clone());
        self
    }

    /// Takes over what the ledger counts.
    pub fn take_over(&self, tallies: &Tallies, ledger_bytes: u64) {
        let set = |family: &Family<KeptLabels, Gauge>, counts: &[(String, u64)]| {
            family.clear();
            for (outcome, count) in counts {
                family.get_or_create(&KeptLabels { outcome: outcome.clone() }).set(i64::try_from(*count).unwrap_or(i64::MAX));
            }
        };
        set(&self.uploads, &tallies.uploads);
        set(&self.runs, &tallies.attempts);
        let ended = tallies.last_run.as_deref().and_then(|t| DateTime::parse_from_str(t, "%Y-%m-%dT%H:%M:%S%z").ok());
        self.last_success.set(ended.map_or(0, |t| t.timestamp()));
        self.ledger_bytes.set(i64::try_from(ledger_bytes).unwrap_or(i64::MAX));
    }

    /// All counters as text.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
