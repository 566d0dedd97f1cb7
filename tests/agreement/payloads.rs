//! Payloads of triggers, right and wrong.

use serde_json::{Value, json};

use super::configurations::NULL;

/// Those that are wrong, or hardly meant.
pub(super) fn short() -> Vec<Value> {
    vec![
        json!("{{ id }}"),
        json!({"a": "{{ id }}", "b": [1, null, "{{ quantity }}"]}),
        json!("text"),
        json!("5"),
        json!("{\"q\": {{ quantity }}}"),
        json!("{{ id|nope }}"),
        json!("{{ id|divisibleby:0 }}"),
        json!({"a": ["{{ id|ljust:'wide' }}"]}),
        json!("{% if id|wordwrap:'x' %}{% endif %}"),
        json!("{% if id %}{{ 'x'|divisibleby:id }}{% else %}{{ 5|first }}{% endif %}"),
        json!("{% if %}"),
        json!(7),
        json!(NULL),
        json!("t".repeat(2_000_000)),
        json!(false),
        json!([]),
        json!(""),
    ]
}

/// Payloads that some clusters do not take: their text, the widths of their filters, or
/// the shortest of their branches may be too long.
pub(super) fn long() -> Vec<Value> {
    let many = "t ".repeat(60);
    let branches =
        format!("{{% if quantity > 2 %}}{many}{{% else %}}{{{{ id }}}}, {many}{{% endif %}}");
    let short = format!("{{% if quantity > 2 %}}{many}{{% endif %}}");
    let members = |last: &str| {
        json!(format!(
            "{{ \"t\" : \"{many} {{{{ id }}}}\" , \"{last}\": 1 }}"
        ))
    };
    let differ = |first: &str, last: &str| {
        json!(format!(
            "{{ {{% if quantity > 2 %}}{first}{{% else %}}{last}{{% endif %}} }}"
        ))
    };
    let spaced = " ".repeat(120);
    vec![
        differ(
            &format!("\"one\": \"{many}\""),
            &format!("\"other\": 1, \"third\": \"{many}\""),
        ),
        differ(&format!("\"one\": \"{many}\""), "\"other\": {{ id }}"),
        json!(format!(
            "[ {{% if quantity > 2 %}}1, \"{many}\"{{% else %}}\"{many}\"{{% endif %}} ]"
        )),
        json!(format!("{{ \"a\": tru{spaced} }}")),
        json!(format!("{{ \"a\": {{{{ id }}}} nul{spaced} }}")),
        json!(format!("{{ \"a\": true{spaced} }}")),
        json!(format!("{{ {{{{ region }}}} : 1{spaced} }}")),
        json!(format!("12{spaced}{{{{ id }}}} 3")),
        json!(format!("of {{{{ id }}}}: {many}")),
        members("t"),
        members("n"),
        json!("{{ id|ljust:120 }}"),
        json!("of {{ id|ljust:120|upper }}"),
        json!({"a": "{{ id|rjust:120 }}"}),
        json!("{\"a\": \"{{ id|rjust:120 }}\"}"),
        json!("{\"a\": {{ id|rjust:120 }}}"),
        json!(["of ", branches.clone()]),
        json!(["of ", short.clone()]),
        json!(format!("{{\"a\": \"{branches}\"}}")),
        json!(format!("{{\"a\": \"{short}\"}}")),
        json!(format!(
            "{{% if quantity > 2 %}}{{\"a\": \"{many}\"}}{{% else %}}[\"{many}\"]{{% endif %}}"
        )),
    ]
}
