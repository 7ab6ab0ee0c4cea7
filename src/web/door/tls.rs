//! TLS by rustls, with the certificate and key that pipeline.toml names.

use crate::config::PortalOptions;
use crate::error::{Error, ErrorKind};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// The acceptor of TLS connections; nothing if pipeline.toml names no certificate.
pub fn acceptor(portal: &PortalOptions) -> Result<Option<TlsAcceptor>, Error> {
    let (Some(certificate), Some(key)) = (&portal.certificate, &portal.key) else { return Ok(None) };
    let unread = |path: &str, reason: String| Error::new(ErrorKind::Usage, "ERR-025").with("path", path).with("reason", reason);
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect).map_err(|e| unread(certificate, e.to_string()))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| unread(key, e.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::bug)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|e| unread(certificate, e.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}
