//! TLS towards a proxy: the system's roots and private ones, and who we are.

use std::sync::Arc;

use rustls::{
    AlertDescription, CertificateError, ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

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
            let pem = pem.expose().as_bytes();
            let chain = certificates(pem).map_err(|problem| format!("`identity` {problem}"))?;
            // The parser's error could show a part of the key.
            let key = PrivateKeyDer::from_pem_slice(pem)
                .map_err(|_| "`identity` has no private key in PEM".to_owned())?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("`identity` cannot be used: {error}"))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
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

/// What to do when the other side does not speak TLS.
pub(super) const NO_TLS_THERE: &str =
    "if the port speaks plain HTTP, write `http://` in `rest_url`";

/// Why the two sides do not trust each other, and what to do.
pub(super) fn explain(error: &rustls::Error) -> String {
    let remedy = match error {
        rustls::Error::InvalidMessage(_) => {
            return format!("the port does not speak TLS; {NO_TLS_THERE}");
        }
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "name the authority that issued it as `ca_file` of `tls`"
        }
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => "renew it at the proxy, or correct the clock of this machine",
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => "correct the clock of this machine, or of who issued it",
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "write a name that it has in `rest_url`, or give the proxy one with this name",
        // webpki's own error is behind a trait object that shows itself only so.
        rustls::Error::InvalidCertificate(CertificateError::Other(other))
            if format!("{other:?}").contains("CaUsedAsEndEntity") =>
        {
            return "the proxy shows an authority's own certificate (`CA:TRUE`), which is not taken for a server's; give it one that this authority issued, or a self-signed one made with `basicConstraints=CA:FALSE`, and name that as `ca_file` of `tls`".to_owned();
        }
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure,
        ) => "if it asks who we are, give `identity` of `tls`",
        _ => return error.to_string(),
    };
    format!("{error}; {remedy}")
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
