//! Another configuration while a service goes on.

use std::{fs, os::unix::fs::symlink};

use serde_json::json;

use super::client::{Service, serving};
use crate::cli::support::{NOWHERE, Place, sale, until};

/// Waits until the service has read its configuration again so often, with this result.
fn reloaded(service: &Service, result: &str, times: u64) {
    service.counts_up_to(&format!("reloads_total{{result=\"{result}\"}}"), times);
}

/// The topic that an event's record goes to.
fn topic(service: &Service) -> String {
    let answer = service.post("/v1/render", &sale("1"));
    let topic = &answer.json()["events"][0]["records"][0]["topic"];
    topic.as_str().unwrap().to_owned()
}

#[test]
fn a_hangup_reloads_and_a_configuration_with_a_fault_changes_nothing() {
    let mut config = serving(NOWHERE);
    let service = Service::start(&config);
    assert_eq!(topic(&service), "sales");
    config["ACTION_TRIGGERS"]["brokers"]["kafka_1"]["params"]["topic"] = json!("orders");
    service.place.write("config.json", config.to_string());
    service.running.signal("-HUP");
    reloaded(&service, "used", 1);
    assert_eq!(topic(&service), "orders");
    config["triggers"][0]["payload"] = json!("{{ id|uper }}");
    service.place.write("config.json", config.to_string());
    service.running.signal("-HUP");
    service.running.says("template_unknown_filter");
    service.running.says("everything goes on as before");
    reloaded(&service, "refused", 1);
    assert_eq!(topic(&service), "orders");
}

#[test]
fn what_is_at_the_end_of_a_symbolic_link_is_followed() {
    let mut config = serving(NOWHERE);
    config["triggers"] = json!("current/triggers.json");
    config["serve"]["token"] = json!({"file": "current/token"});
    let place = Place::new(&config);
    // As Kubernetes mounts a ConfigMap: a link to a folder, which is put in its place.
    let trigger = crate::cli::support::trigger();
    for (folder, token) in [("one", "first"), ("two", "second")] {
        fs::create_dir(place.path(folder)).unwrap();
        place.write(
            &format!("{folder}/triggers.json"),
            json!([trigger]).to_string(),
        );
        place.write(&format!("{folder}/token"), token);
    }
    symlink("one", place.path("current")).unwrap();
    let service = Service::start_in(place);
    let status = |token: &str| {
        let shown = format!("Bearer {token}");
        service
            .request("GET", "/metrics", &[("Authorization", &shown)], "")
            .status
    };
    assert_eq!((status("first"), status("second")), (200, 401));
    symlink("two", service.place.path("next")).unwrap();
    fs::rename(service.place.path("next"), service.place.path("current")).unwrap();
    // Nobody told it.
    until(|| status("second") == 200);
    assert_eq!(status("first"), 401);
}
