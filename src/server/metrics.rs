//! Counters of the portal, in the text format of Prometheus (OpenMetrics 1.0).

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Labels of a request: the route as it is written, never what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Route, such as `/uploads/{id}`.
    pub route: String,
    /// Status code.
    pub status: u16,
}

/// The counters.
pub struct Metrics {
    registry: Registry,
    /// Requests by route and status.
    pub requests: Family<Request, Counter>,
    /// Seconds until the head of the answer.
    pub request_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("huichi");
        let requests = Family::default();
        let request_seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_seconds", "Seconds until the head of the answer", request_seconds.clone());
        Self { registry, requests, request_seconds }
    }
}

impl Metrics {
    /// All counters as text.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
