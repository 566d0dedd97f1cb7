//! TLS towards a proxy: the system's roots and private ones, and who we are.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use secrecy::ExposeSecret;

use crate::cluster::Tls;

/// The configuration for a proxy reached over https.
///
/// # Errors
///
/// Says which certificate or key cannot be used, and why.
pub(super) fn client_config(tls: &Tls) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = match &tls.ca_pem {
        Some(pem) => certificates(pem).map_err(|problem| format!("`ca` {problem}"))?,
        None => Vec::new(),
    };
    let verifier =
        rustls_platform_verifier::Verifier::new_with_extra_roots(roots, Arc::clone(&provider))
            .map_err(|error| format!("`ca` cannot be trusted: {error}"))?;
    let builder = protocols(provider)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match &tls.identity_pem {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let pem = pem.expose_secret().as_bytes();
            let chain = certificates(pem).map_err(|problem| format!("`identity` {problem}"))?;
            // The parser's error could show a part of the key.
            let key = PrivateKeyDer::from_pem_slice(pem)
                .map_err(|_| "`identity` has no private key in PEM".to_owned())?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("`identity` cannot be used: {error}"))?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The configuration for a proxy reached over plain http: trusts nobody.
///
/// # Errors
///
/// When the cryptography cannot be set up.
pub(super) fn no_tls() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(protocols(provider)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

fn protocols(
    provider: Arc<CryptoProvider>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, String> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| "is not valid PEM".to_owned())?;
    if certificates.is_empty() {
        return Err("has no certificate in PEM".to_owned());
    }
    Ok(certificates)
}
