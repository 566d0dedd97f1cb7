//! The keys of the service that `action-triggers serve` is.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use super::{
    document::Value,
    keys,
    reading::{Field, Reading, Table},
};
use crate::cluster::Secret;

/// What a configuration says of the service that takes events over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Service {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What callers must show as `Authorization: Bearer`; none asks nobody.
    pub token: Option<Secret>,
    /// Its certificate; none for plain HTTP.
    pub tls: Option<ServiceTls>,
    /// Largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// Most connections that are served at once.
    pub max_connections: usize,
    /// How long a client may take for the head of a request, for its body, and for taking
    /// the answer.
    pub client_timeout: Duration,
    /// How long requests and records under way have to end when it is asked to stop.
    pub shutdown_grace: Duration,
}

/// Who the service is to its clients, and who they must be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceTls {
    /// Its certificate chain, PEM.
    pub cert_pem: Vec<u8>,
    /// The private key of its certificate, PEM.
    pub key_pem: Secret,
    /// Certificates of the authorities that its clients' certificates come from, PEM;
    /// none where clients need no certificate.
    pub client_ca_pem: Option<Vec<u8>>,
}

impl Default for Service {
    /// On port 8090 of this machine alone, without token and TLS: bodies of 8 MiB, 1,024
    /// connections, 30 s for a client, 25 s to end.
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8090).into(),
            token: None,
            tls: None,
            max_body_bytes: 8 << 20,
            max_connections: 1_024,
            client_timeout: Duration::from_secs(30),
            // Less than the 30 s after which Kubernetes kills.
            shutdown_grace: Duration::from_secs(25),
        }
    }
}

impl<'a> Reading<'a> {
    pub(super) fn service(&mut self, root: &Table<'a>) -> Service {
        let mut service = Service::default();
        let Some(table) = root.get("serve").and_then(|field| self.table(&field)) else {
            return service;
        };
        self.know(&table, &keys::SERVE);
        let listen = table.get("listen");
        if let Some(address) = listen.as_ref().and_then(|field| self.address(field)) {
            service.listen = address;
        }
        if let Some(token) = table.get("token") {
            service.token = self.token(&token);
        }
        let tls = table.get("tls");
        if let Some(tls) = &tls {
            service.tls = self.service_tls(tls);
        }
        for (name, bound) in [
            ("max_body_bytes", &mut service.max_body_bytes),
            ("max_connections", &mut service.max_connections),
        ] {
            if let Some(given) = table.get(name).and_then(|field| self.count(&field)) {
                *bound = given;
            }
        }
        let given = table.get("client_timeout_secs");
        if let Some(given) = given.and_then(|field| self.duration(&field, 1.0)) {
            service.client_timeout = given;
        }
        let given = table.get("shutdown_grace_secs");
        if let Some(given) = given.and_then(|field| self.pause(&field, 1.0)) {
            service.shutdown_grace = given;
        }
        // A certificate says who the service is, and only a `client_ca` who its clients are.
        let has_client_ca = tls.is_some_and(
            |tls| matches!(&tls.node.value, Value::Table(tls) if tls.first("client_ca").is_some()),
        );
        if let Some(listen) = listen
            && !service.listen.ip().is_loopback()
            && !table.has("token")
            && !has_client_ca
        {
            let message = format!("whoever reaches `{}` can publish", service.listen);
            let help = "add a `token`, or `tls` with a `client_ca`, or listen on 127.0.0.1";
            self.warning("unprotected_service", &listen, message, help);
        }
        service
    }

    fn address(&mut self, field: &Field<'a>) -> Option<SocketAddr> {
        let text = self.text(field)?;
        let address = text.parse().ok();
        if address.is_none() {
            let message = format!("invalid address `{text}`: expected an IP address and a port");
            let help = "write one such as \"127.0.0.1:8090\", or \"0.0.0.0:8090\" for all";
            self.error("invalid_listen", field, message, help);
        }
        address
    }

    fn token(&mut self, field: &Field<'a>) -> Option<Secret> {
        let token = self.secret(field)?;
        let is_sendable = |byte: u8| byte.is_ascii_graphic();
        if token.expose().is_empty() || !token.expose().bytes().all(is_sendable) {
            let message = "the token cannot be sent in a header".to_owned();
            let help = "use ASCII letters, digits and signs, without spaces";
            self.error("invalid_token", field, message, help);
            return None;
        }
        Some(token)
    }

    fn service_tls(&mut self, field: &Field<'a>) -> Option<ServiceTls> {
        let table = self.table(field)?;
        self.know(&table, &keys::SERVE_TLS);
        let (Some(cert), Some(key)) = (table.get("cert"), table.get("key")) else {
            let message = "`tls` needs `cert` and `key`".to_owned();
            self.error("missing_key", field, message, "give both");
            return None;
        };
        let cert_pem = self.pem(&cert);
        let key_pem = match &key.node.value {
            Value::Text(path) if !path.contains("-----BEGIN") => {
                let path = self.directory.join(&**path);
                self.secret_file(&key, path)
            }
            _ => self.secret(&key),
        };
        let client_ca_pem = match table.get("client_ca") {
            Some(client_ca) => Some(self.pem(&client_ca)?),
            None => None,
        };
        Some(ServiceTls {
            cert_pem: cert_pem?,
            key_pem: key_pem?,
            client_ca_pem,
        })
    }
}
