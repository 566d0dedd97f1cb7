//! `clusters`: the bootstrap strings that may be reached, and how.

use url::Url;

use super::{
    document::Value,
    keys,
    reading::{Field, Reading, Table},
};
use crate::{
    cluster::{Api, Auth, Cluster, Flavor, Format, HttpProxy, Order, Origin, Secret, Tls},
    problem::mask,
};

const APIS: &[(&str, Api)] = &[("v2", Api::V2), ("v3", Api::V3)];
const ORDERS: &[(&str, Order)] = &[("strict", Order::Strict), ("fast", Order::Fast)];
const FORMATS: &[(&str, Format)] = &[("binary", Format::Binary), ("json", Format::Json)];
const FLAVORS: &[(&str, Flavor)] = &[
    ("confluent", Flavor::Confluent),
    ("karapace", Flavor::Karapace),
    ("strimzi", Flavor::Strimzi),
    ("redpanda", Flavor::Redpanda),
];

impl<'a> Reading<'a> {
    pub(super) fn clusters(&mut self, field: &Field<'a>) -> Vec<Cluster> {
        let Some(table) = self.table(field) else {
            return Vec::new();
        };
        let clusters = table
            .fields()
            .filter_map(|(servers, field)| self.cluster(servers, &field));
        clusters.collect()
    }

    fn cluster(&mut self, servers: &str, field: &Field<'a>) -> Option<Cluster> {
        let table = self.table(field)?;
        self.know(&table, &keys::CLUSTER);
        let Some(url) = table.get("rest_url") else {
            let message = format!("cluster `{servers}` has no `rest_url`");
            let help = "add the address of its REST proxy, such as \"http://localhost:8082\"";
            self.error("missing_key", field, message, help);
            return None;
        };
        let mut cluster = Cluster::new(servers, self.url(&url, "rest_url")?);
        self.cluster_basics(&table, &mut cluster);
        self.cluster_bounds(&table, &mut cluster);
        // What only the client can tell: addresses, certificates, flavors.
        if let Some(fault) = self.around.fault(&cluster) {
            let member = match fault.code {
                "invalid_rest_url" => "rest_url",
                "invalid_auth" => "auth",
                "invalid_header" => "headers",
                "invalid_proxy" => "proxy",
                "invalid_tls" => "tls",
                _ => "api",
            };
            let place = table.get(member).unwrap_or_else(|| field.clone());
            self.error(fault.code, &place, fault.message, "");
        }
        Some(cluster)
    }

    fn url(&mut self, field: &Field<'a>, name: &str) -> Option<Url> {
        let text = self.text(field)?;
        let url = Url::parse(text);
        if let Err(error) = &url {
            let help = "write an address such as \"http://localhost:8082\"";
            let message = format!("invalid `{name}`: {error}");
            self.error(&format!("invalid_{name}"), field, message, help);
        }
        url.ok()
    }

    fn cluster_basics(&mut self, table: &Table<'a>, cluster: &mut Cluster) {
        if let Some(api) = table.get("api").and_then(|field| self.choice(&field, APIS)) {
            cluster.api = api;
        }
        if let Some(flavor) = table
            .get("flavor")
            .and_then(|field| self.choice(&field, FLAVORS))
        {
            cluster.flavor = flavor;
        }
        if let Some(format) = table
            .get("format")
            .and_then(|field| self.choice(&field, FORMATS))
        {
            cluster.format = format;
        }
        let cluster_id = table.get("cluster_id");
        cluster.cluster_id = cluster_id
            .and_then(|field| self.text(&field))
            .map(str::to_owned);
        if let Some(auth) = table.get("auth").and_then(|field| self.auth(&field)) {
            cluster.auth = auth;
        }
        if let Some(headers) = table.get("headers") {
            cluster.headers = self.headers(&headers);
        }
        if let Some(proxy) = table.get("proxy") {
            cluster.proxy = self.http_proxy(&proxy);
        }
        if let Some(tls) = table.get("tls").and_then(|field| self.tls(&field)) {
            cluster.tls = tls;
        }
    }

    fn cluster_bounds(&mut self, table: &Table<'a>, cluster: &mut Cluster) {
        let seconds = [
            ("connect_timeout_secs", &mut cluster.connect_timeout),
            ("connection_max_age_secs", &mut cluster.connection_max_age),
            ("request_timeout_secs", &mut cluster.request_timeout),
            ("time_to_live_secs", &mut cluster.time_to_live),
            ("max_retry_after_secs", &mut cluster.max_retry_after),
        ];
        for (name, bound) in seconds {
            if let Some(given) = table.get(name).and_then(|field| self.duration(&field, 1.0)) {
                *bound = given;
            }
        }
        if let Some(given) = table
            .get("linger_ms")
            .and_then(|field| self.pause(&field, 0.001))
        {
            cluster.linger = given;
        }
        if let Some(given) = table
            .get("auth_retry_secs")
            .and_then(|field| self.pause(&field, 1.0))
        {
            cluster.auth_retry = given;
        }
        if let Some(order) = table
            .get("order")
            .and_then(|field| self.choice(&field, ORDERS))
        {
            cluster.order = order;
        }
        let counts = [
            ("max_batch_records", &mut cluster.max_batch_records),
            ("max_batch_bytes", &mut cluster.max_batch_bytes),
            ("max_record_bytes", &mut cluster.max_record_bytes),
            ("max_in_flight", &mut cluster.max_in_flight),
        ];
        for (name, bound) in counts {
            if let Some(given) = table.get(name).and_then(|field| self.count(&field)) {
                *bound = given;
            }
        }
        let topics = table.get("topic_max_record_bytes");
        if let Some(topics) = topics.and_then(|field| self.table(&field)) {
            for (topic, field) in topics.fields() {
                if let Some(bytes) = self.count(&field) {
                    cluster
                        .topic_max_record_bytes
                        .insert(topic.to_owned(), bytes);
                }
            }
        }
    }

    fn auth(&mut self, field: &Field<'a>) -> Option<Auth> {
        let table = self.table(field)?;
        self.know(&table, &keys::AUTH);
        match (table.get("basic"), table.get("bearer")) {
            (None, Some(bearer)) => self.secret(&bearer).map(Auth::Bearer),
            (Some(basic), None) => {
                let (username, password) = self.basic(&basic)?;
                Some(Auth::Basic { username, password })
            }
            _ => {
                let message = "exactly one of `basic` and `bearer` is needed".to_owned();
                self.error("missing_key", field, message, "leave `auth` out for none");
                None
            }
        }
    }

    fn basic(&mut self, field: &Field<'a>) -> Option<(String, Secret)> {
        let table = self.table(field)?;
        self.know(&table, &keys::BASIC);
        let (Some(username), Some(password)) = (table.get("username"), table.get("password"))
        else {
            let message = "`basic` needs `username` and `password`".to_owned();
            self.error("missing_key", field, message, "give both");
            return None;
        };
        let username = self.text(&username).map(str::to_owned);
        let password = self.secret(&password);
        Some((username?, password?))
    }

    /// Headers of one's own: a value is written, or a secret named.
    fn headers(&mut self, field: &Field<'a>) -> Vec<(String, Secret)> {
        let Some(table) = self.table(field) else {
            return Vec::new();
        };
        let headers = table.fields().filter_map(|(name, field)| {
            let value = match &field.node.value {
                Value::Text(text) if !mask::names_secret(name) => {
                    Some(Secret::new(text, Origin::Given))
                }
                _ => self.secret(&field),
            };
            Some((name.to_owned(), value?))
        });
        headers.collect()
    }

    /// An address, or one with a user name and password.
    fn http_proxy(&mut self, field: &Field<'a>) -> Option<HttpProxy> {
        if matches!(field.node.value, Value::Text(_)) {
            let url = self.url(field, "proxy")?;
            return Some(HttpProxy::new(url));
        }
        let table = self.table(field)?;
        self.know(&table, &keys::PROXY);
        let Some(url) = table.get("url") else {
            let message = "`proxy` has no `url`".to_owned();
            let help = "add its address, such as \"http://proxy.example:3128\"";
            self.error("missing_key", field, message, help);
            return None;
        };
        let url = self.url(&url, "proxy")?;
        let basic = match table.get("basic") {
            Some(basic) => Some(self.basic(&basic)?),
            None => None,
        };
        let mut proxy = HttpProxy::new(url);
        proxy.basic = basic;
        Some(proxy)
    }

    fn tls(&mut self, field: &Field<'a>) -> Option<Tls> {
        let table = self.table(field)?;
        self.know(&table, &keys::TLS);
        let mut tls = Tls::default();
        if let Some(file) = table.get("ca_file") {
            tls.ca_pem = Some(self.pem(&file)?);
        }
        if let Some(identity) = table.get("identity") {
            tls.identity_pem = Some(self.secret(&identity)?);
        }
        Some(tls)
    }
}
