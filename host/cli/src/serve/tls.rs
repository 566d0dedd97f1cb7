//! TLS towards clients: who the service is, and who they must be.

use std::sync::Arc;

use action_triggers_host::ServiceTls;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio_rustls::TlsAcceptor;

/// Takes connections by these certificates.
///
/// # Errors
///
/// Says which certificate or key cannot be used, and why. Never shows a part of the key.
pub(super) fn acceptor(tls: &ServiceTls) -> Result<TlsAcceptor, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match &tls.client_ca_pem {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates("client_ca", pem)? {
                let added = roots.add(certificate);
                added.map_err(|error| format!("`client_ca` cannot be used: {error}"))?;
            }
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            let verifier =
                verifier.map_err(|error| format!("`client_ca` cannot be used: {error}"))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain = certificates("cert", &tls.cert_pem)?;
    // The parser's error could show a part of the key.
    let key = PrivateKeyDer::from_pem_slice(tls.key_pem.expose().as_bytes())
        .map_err(|_| "`key` has no private key in PEM".to_owned())?;
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| format!("`cert` and `key` cannot be used: {error}"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config).into())
}

fn certificates(key: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(format!("`{key}` has no certificate in PEM")),
        Err(_) => Err(format!("`{key}` is not valid PEM")),
    }
}
