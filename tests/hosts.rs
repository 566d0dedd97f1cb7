//! Hosts other than ours: they know the component's file and `wit/`, and no crate of
//! this project.

mod rust;

use action_triggers_host::EMBEDDED;

#[test]
fn a_host_of_wit_and_the_file_alone_gets_the_records_of_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("engine.wasm");
    std::fs::write(&component, EMBEDDED).unwrap();
    let records = rust::publish_a_sale(&component).unwrap();
    assert_eq!(
        records,
        [r#"sales 7 {"customer":"Alice","price":10.50}"#.to_owned()]
    );
}
