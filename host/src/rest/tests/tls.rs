//! Proxies behind TLS: a private authority, and a client that shows itself.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

use super::{
    cluster, publish, record,
    server::{http, read_request, say},
};
use crate::cluster::{Api, Cluster, Flavor, Tls};

/// A private certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    /// A certificate for 127.0.0.1 and its key.
    fn issue(&self) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }
}

struct Server {
    url: String,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A proxy with a certificate of `authority`, which asks for one of `clients`.
async fn start(authority: &Authority, clients: Option<&Authority>) -> Server {
    let acceptor = TlsAcceptor::from(Arc::new(server_config(authority, clients)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            if read_request(&mut stream).await.is_some() {
                let answer = r#"{"offsets":[{"partition":2,"offset":7}]}"#;
                say(&mut stream, &http(200, "", answer)).await;
            }
        }
    });
    Server { url, task }
}

fn server_config(authority: &Authority, clients: Option<&Authority>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(clients.roots()), provider)
                .build()
                .unwrap(),
        ),
    };
    let (certificate, key) = authority.issue();
    let chain = vec![CertificateDer::from(certificate)];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    builder.with_single_cert(chain, key).unwrap()
}

async fn verdict(server: &Server, tls: Tls) -> String {
    let cluster = Cluster {
        tls,
        ..cluster(&server.url, Api::V2, Flavor::Confluent)
    };
    publish(cluster, vec![record("a")]).await[0].to_string()
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_named() {
    let authority = Authority::new();
    let server = start(&authority, None).await;
    let tls = |ca_pem| Tls {
        ca_pem,
        identity_pem: None,
    };
    assert_eq!(
        verdict(&server, tls(Some(authority.pem()))).await,
        "delivered 2@7"
    );
    let stranger = Authority::new();
    assert_eq!(
        verdict(&server, tls(Some(stranger.pem()))).await,
        "retriable tls_failed"
    );
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let authority = Authority::new();
    let server = start(&authority, Some(&authority)).await;
    let (certificate, key) = authority.issue();
    let identity = certificate.pem() + &key.serialize_pem();
    let shown = Tls {
        ca_pem: Some(authority.pem()),
        identity_pem: Some(identity.into()),
    };
    assert_eq!(verdict(&server, shown).await, "delivered 2@7");
    let hidden = Tls {
        ca_pem: Some(authority.pem()),
        identity_pem: None,
    };
    // The proxy's alert may be overtaken by the end of the connection.
    let verdict = verdict(&server, hidden).await;
    assert!(
        ["retriable tls_failed", "unknown connection_lost"].contains(&verdict.as_str()),
        "{verdict}"
    );
}
