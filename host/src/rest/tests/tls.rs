//! Proxies behind TLS: a private authority, and a client that shows itself.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use super::{
    authority::Authority,
    cluster, message, prepared, publish, record,
    server::{http, read_request, say},
};
use crate::{
    cluster::{Api, Cluster, Flavor, Origin, Secret, Tls},
    publisher::Publisher,
};

/// The host that certificates are for.
const HOST: &str = "127.0.0.1";

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
    serve(server_config(authority, clients)).await
}

/// A proxy that answers what comes over TLS.
async fn serve(config: ServerConfig) -> Server {
    let acceptor = TlsAcceptor::from(Arc::new(config));
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

fn builder() -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
}

fn server_config(authority: &Authority, clients: Option<&Authority>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = builder();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.der()).unwrap();
            builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .unwrap(),
            )
        }
    };
    let (certificate, key) = authority.issue(HOST);
    let chain = vec![CertificateDer::from(certificate)];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    builder.with_single_cert(chain, key).unwrap()
}

fn tls(ca_pem: String, identity_pem: Option<Secret>) -> Tls {
    let mut tls = Tls::default();
    tls.ca_pem = Some(ca_pem.into_bytes());
    tls.identity_pem = identity_pem;
    tls
}

fn over(server: &Server, tls: Tls) -> Cluster {
    cluster(&server.url, Api::V2, Flavor::Confluent).with(|cluster| {
        cluster.tls = tls;
    })
}

async fn verdict(server: &Server, tls: Tls) -> String {
    let cluster = over(server, tls);
    publish(cluster, vec![record("a")]).await[0].to_string()
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_named() {
    let authority = Authority::new();
    let server = start(&authority, None).await;
    assert_eq!(
        verdict(&server, tls(authority.pem(), None)).await,
        "delivered 2@7"
    );
    let stranger = Authority::new();
    assert_eq!(
        verdict(&server, tls(stranger.pem(), None)).await,
        "retriable tls_failed"
    );
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let authority = Authority::new();
    let server = start(&authority, Some(&authority)).await;
    let (certificate, key) = authority.issue(HOST);
    let identity = certificate.pem() + &key.serialize_pem();
    let shown = tls(authority.pem(), Some(identity.into()));
    assert_eq!(verdict(&server, shown).await, "delivered 2@7");
    let hidden = tls(authority.pem(), None);
    // The proxy's alert may be overtaken by the end of the connection.
    let verdict = verdict(&server, hidden).await;
    assert!(
        ["retriable tls_failed", "unknown connection_lost"].contains(&verdict.as_str()),
        "{verdict}"
    );
}

#[tokio::test]
async fn a_client_certificate_that_was_renewed_is_read_again() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = start(&authority, Some(&authority)).await;
    let identity = |issuer: &Authority| {
        let (certificate, key) = issuer.issue(HOST);
        certificate.pem() + &key.serialize_pem()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity.pem");
    let refused = identity(&stranger);
    std::fs::write(&path, &refused).unwrap();
    let secret = Secret::new(&refused, Origin::File(path.clone()));
    let tls = tls(authority.pem(), Some(secret));
    let (publisher, batch) = prepared(over(&server, tls), "sales", vec![record("a")]);
    let publish = async || publisher.publish(&batch).await.remove(0).to_string();
    assert_ne!(publish().await, "delivered 2@7");
    std::fs::write(&path, identity(&authority)).unwrap();
    // It is read at most once a second.
    while publish().await != "delivered 2@7" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A certificate for 127.0.0.1 that nobody else signed, and a server that shows it.
async fn self_signed(is_ca: IsCa) -> (String, Server) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = is_ca;
    let certificate = params.self_signed(&key).unwrap();
    let config = builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (certificate.pem(), serve(config).await)
}

#[tokio::test]
async fn a_certificate_that_signed_itself_is_trusted_or_named_with_its_remedy() {
    let trusting = async |is_ca| {
        let (pem, server) = self_signed(is_ca).await;
        publish(over(&server, tls(pem, None)), vec![record("a")])
            .await
            .remove(0)
    };
    let refused = trusting(IsCa::Ca(BasicConstraints::Unconstrained)).await;
    assert_eq!(refused.to_string(), "retriable tls_failed");
    insta::assert_snapshot!(message(&refused), @"no TLS connection to the proxy: the proxy shows an authority's own certificate (`CA:TRUE`), which is not taken for a server's; give it one that this authority issued, or a self-signed one made with `basicConstraints=CA:FALSE`, and name that as `ca_file` of `tls`");
    // The remedy, followed.
    let trusted = trusting(IsCa::ExplicitNoCa).await;
    assert_eq!(trusted.to_string(), "delivered 2@7");
    let (_, server) = self_signed(IsCa::ExplicitNoCa).await;
    let stranger = publish(over(&server, Tls::default()), vec![record("a")]).await;
    insta::assert_snapshot!(message(&stranger[0]), @"no TLS connection to the proxy: invalid peer certificate: UnknownIssuer; name the authority that issued it as `ca_file` of `tls`");
}

#[tokio::test]
async fn a_certificate_for_another_time_or_name_is_named_with_its_remedy() {
    let authority = Authority::new();
    let trying = async |change: &dyn Fn(&mut CertificateParams)| {
        let (certificate, key) = authority.issue_changed(HOST, change);
        let chain = vec![CertificateDer::from(certificate)];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = builder().with_no_client_auth();
        let server = serve(config.with_single_cert(chain, key).unwrap()).await;
        let tls = tls(authority.pem(), None);
        let verdict = publish(over(&server, tls), vec![record("a")])
            .await
            .remove(0);
        assert_eq!(verdict.to_string(), "retriable tls_failed");
        message(&verdict).to_owned()
    };
    let over = trying(&|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1)).await;
    assert!(over.contains("certificate expired"), "{over}");
    assert!(over.ends_with("; renew it at the proxy, or correct the clock of this machine"));
    let early = trying(&|params| params.not_before = rcgen::date_time_ymd(4000, 1, 1)).await;
    assert!(early.contains("certificate not valid yet"), "{early}");
    assert!(early.ends_with("; correct the clock of this machine, or of who issued it"));
    let other = trying(&|params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("a.example".try_into().unwrap())];
    })
    .await;
    assert!(other.contains("127.0.0.1"), "{other}");
    assert!(other.ends_with(
        "; write a name that it has in `rest_url`, or give the proxy one with this name"
    ));
}

#[tokio::test]
async fn a_port_that_speaks_plain_http_is_said_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        // Answers in plain text, ends the connection, waits for a whole request.
        for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"", b"-"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                assert!(stream.read(&mut [0; 8192]).await.unwrap() > 0);
                if answer == b"-" {
                    std::future::pending::<()>().await;
                }
                stream.write_all(answer).await.ok();
            });
        }
    });
    let mut messages = Vec::new();
    for _ in 0..3 {
        let cluster = cluster(&url, Api::V2, Flavor::Confluent).with(|cluster| {
            cluster.connect_timeout = Duration::from_millis(200);
        });
        let verdicts = publish(cluster, vec![record("a")]).await;
        assert_eq!(verdicts[0].to_string(), "retriable tls_failed");
        messages.push(message(&verdicts[0]).to_owned());
    }
    task.abort();
    insta::assert_snapshot!(messages.join("\n"), @r"
    no TLS connection to the proxy: the port does not speak TLS; if the port speaks plain HTTP, write `http://` in `rest_url`
    no TLS connection to the proxy: tls handshake eof; if the port speaks plain HTTP, write `http://` in `rest_url`
    no TLS connection to the proxy: operation timed out; if the port speaks plain HTTP, write `http://` in `rest_url`
    ");
}

#[tokio::test]
async fn a_server_that_speaks_http_2_only_is_understood() {
    let authority = Authority::new();
    let mut config = server_config(&authority, None);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let stream = acceptor.accept(stream).await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let mut body = respond
                .send_response(http::Response::new(()), false)
                .unwrap();
            let answer = Bytes::from_static(br#"{"offsets":[{"partition":2,"offset":7}]}"#);
            body.send_data(answer, true).unwrap();
        }
    });
    let server = Server { url, task };
    let tls = tls(authority.pem(), None);
    assert_eq!(verdict(&server, tls).await, "delivered 2@7");
}
