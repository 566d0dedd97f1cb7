//! A service behind TLS.

use std::sync::Arc;

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring,
    pki_types::PrivateKeyDer,
};
use serde_json::json;

use super::client::{Answer, Service, read, send, serving};
use crate::cli::{
    authority::Authority,
    support::{NOWHERE, Place, sale},
};

const HOST: &str = "127.0.0.1";

/// Puts a certificate of an authority where the service has its own.
fn certify(place: &Place, authority: &Authority) {
    let (certificate, key) = authority.issue(HOST);
    place.write("cert.pem", certificate.pem());
    place.write("key.pem", key.serialize_pem());
}

/// Posts an event as a client that trusts this authority and shows a certificate of
/// another one; the answer's status is 0 where the connection is refused.
fn post(service: &Service, trusted: &Authority, shown: Option<&Authority>) -> Answer {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let config = match shown {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let (certificate, key) = authority.issue(HOST);
            let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
            let chain = vec![certificate.der().clone()];
            config.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let name = HOST.try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, service.connect());
    let json = [("Content-Type", "application/json")];
    send(&mut stream, ("POST", "/v1/events"), &json, sale("1"));
    read(stream)
}

#[test]
fn a_service_with_a_certificate_speaks_tls_and_nothing_else() {
    let mut config = serving(NOWHERE);
    config["serve"]["tls"] = json!({"cert": "cert.pem", "key": {"file": "key.pem"}});
    let place = Place::new(&config);
    let (own, other) = (Authority::new(), Authority::new());
    certify(&place, &own);
    let service = Service::start_in(place);
    assert!(service.url().starts_with("https://"), "{}", service.url());
    assert_eq!(post(&service, &own, None).statuses(), ["accepted"]);
    assert_eq!(post(&service, &other, None).status, 0);
    assert_eq!(service.post("/v1/events", &sale("1")).status, 0);

    // A certificate that is renewed is used without a new start.
    certify(&service.place, &other);
    service.running.signal("-HUP");
    service.running.says("read again");
    assert_eq!(post(&service, &other, None).statuses(), ["duplicate"]);
    assert_eq!(post(&service, &own, None).status, 0);
}

#[test]
fn with_a_client_ca_only_clients_with_a_certificate_of_it_are_served() {
    let (own, clients) = (Authority::new(), Authority::new());
    let mut config = serving(NOWHERE);
    config["serve"]["tls"] =
        json!({"cert": "cert.pem", "key": {"file": "key.pem"}, "client_ca": "clients.pem"});
    let place = Place::new(&config);
    certify(&place, &own);
    place.write("clients.pem", clients.pem());
    let service = Service::start_in(place);
    assert_eq!(post(&service, &own, None).status, 0);
    assert_eq!(post(&service, &own, Some(&own)).status, 0);
    assert_eq!(
        post(&service, &own, Some(&clients)).statuses(),
        ["accepted"]
    );
}

#[test]
fn a_key_that_cannot_be_used_is_said_and_not_shown() {
    let mut config = serving(NOWHERE);
    config["serve"]["tls"] = json!({"cert": "cert.pem", "key": {"file": "key.pem"}});
    let place = Place::new(&config);
    let authority = Authority::new();
    certify(&place, &authority);
    place.write("key.pem", authority.issue(HOST).1.serialize_pem());
    let output = place.command("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("`cert` and `key` cannot be used"), "{said}");
    let key = std::fs::read_to_string(place.path("key.pem")).unwrap();
    for line in key.lines().filter(|line| !line.starts_with("-----")) {
        assert!(!said.contains(line), "{said}");
    }
}
