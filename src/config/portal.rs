//! `[portal]`: where `huichi serve` listens, and how much it takes in.

use super::largest::LARGEST_FILE_MIB;
use super::secret::Secret;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use validator::Validate;

/// `[portal]`: `huichi serve`.
#[derive(Debug, Clone, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct PortalOptions {
    /// Address and port to listen on.
    #[validate(length(min = 3))]
    pub listen: String,
    /// Certificate chain (PEM); with `key`, the portal speaks TLS itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Private key of the certificate (PEM).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Key with which the anchors of the audit log are signed: a file outside the folder of outputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_key: Option<String>,
    /// Day since which the site has this key, `YYYY-MM-DD`: anchors of earlier days may be unsigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_key_since: Option<String>,
    /// Whether a proxy in front speaks TLS to browsers.
    pub behind_proxy: bool,
    /// Whether others may reach it without TLS: a stated decision, since passwords and figures then pass in clear.
    pub plain_http: bool,
    /// The address that people open, for notices; the address listened on if not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Connections at a time.
    #[validate(range(min = 8, max = 10000))]
    pub connections: u32,
    /// Largest upload, MiB.
    #[validate(range(min = 1, max = LARGEST_FILE_MIB))]
    pub upload_mib: u64,
    /// Files in one upload.
    #[validate(range(min = 1, max = 100))]
    pub upload_files: usize,
    /// Minutes after which somebody who does nothing must sign in again.
    #[validate(range(min = 5, max = 720))]
    pub idle_minutes: u32,
    /// Hours after which everybody must sign in again.
    #[validate(range(min = 1, max = 168))]
    pub session_hours: u32,
    /// Hours for which one-time passwords and the link of a first start count.
    #[validate(range(min = 1, max = 8760))]
    pub one_time_hours: u32,
    /// The word for which `/metrics` gives its counters; without one it gives none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_token: Option<Secret>,
}

impl PortalOptions {
    /// Whether browsers reach the portal by TLS.
    pub fn secure(&self) -> bool {
        self.certificate.is_some() || self.behind_proxy
    }

    /// Whether an address may be listened on: others than this machine come by TLS, unless it is stated that they need not.
    pub fn may_listen(&self, address: SocketAddr) -> bool {
        self.secure() || self.plain_http || address.ip().to_canonical().is_loopback()
    }
}

impl Default for PortalOptions {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            certificate: None,
            key: None,
            audit_key: None,
            audit_key_since: None,
            behind_proxy: false,
            plain_http: false,
            public_url: None,
            connections: 512,
            upload_mib: 64,
            upload_files: 20,
            idle_minutes: 60,
            session_hours: 12,
            one_time_hours: 72,
            metrics_token: None,
        }
    }
}
