//! `[portal]`: where `huichi serve` listens, and how much it takes in.

use serde::{Deserialize, Serialize};
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
    /// Whether a proxy in front speaks TLS to browsers.
    pub behind_proxy: bool,
    /// The address that people open, for notices; the address listened on if not stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Connections at a time.
    #[validate(range(min = 8, max = 10000))]
    pub connections: u32,
    /// Largest upload, MiB.
    #[validate(range(min = 1, max = 1024))]
    pub upload_mib: u64,
    /// Files in one upload.
    #[validate(range(min = 1, max = 100))]
    pub upload_files: usize,
}

impl Default for PortalOptions {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            certificate: None,
            key: None,
            audit_key: None,
            behind_proxy: false,
            public_url: None,
            connections: 512,
            upload_mib: 64,
            upload_files: 20,
        }
    }
}
