//! Tags that a payload cannot have, and habits from Jinja.

use super::super::{
    ast::{Condition, Expression, Node, Operand},
    expression::Fault,
    lexer::Part,
    parser::{Parser, command},
};
use action_triggers_vocabulary::suggest::did_you_mean;

/// Libraries that may be loaded. Their filters are there without it, too.
const LIBRARIES: &[&str] = &["humanize", "i18n", "l10n", "tz"];

/// Libraries of Django's own that need a web application.
const WEB_LIBRARIES: &[&str] = &[
    "admin_list",
    "admin_modify",
    "admin_urls",
    "cache",
    "log",
    "static",
];

/// Tags that need a web application: its requests, addresses, files or cache.
const WEB: &[&str] = &[
    "cache",
    "csrf_token",
    "get_media_prefix",
    "get_static_prefix",
    "static",
    "url",
];

/// Tags that need other templates.
const TEMPLATES: &[&str] = &["block", "extends", "include"];

/// Tags that need a catalogue of translations.
const CATALOGUE: &[&str] = &[
    "blocktrans",
    "blocktranslate",
    "get_available_languages",
    "get_current_language",
    "get_current_language_bidi",
    "get_language_info",
    "get_language_info_list",
    "language",
    "trans",
    "translate",
];

/// Tags that need a database of time zones.
const TIME_ZONES: &[&str] = &["get_current_timezone", "timezone"];

/// What is wrong with a tag of Django's that needs what a payload does not have.
pub(super) fn refused(name: &str, part: Part<'_>) -> Option<Fault> {
    // Only a build without the feature `web` comes here with it.
    if name == "lorem" {
        return Some(Fault::left_out("tag", part));
    }
    let (code, needs, help) = if WEB.contains(&name) {
        ("template_web_tag", "a web application", "")
    } else if TEMPLATES.contains(&name) {
        let help = "write the text where it is needed";
        ("template_unsupported_tag", "other templates", help)
    } else if CATALOGUE.contains(&name) {
        let help = "write the text itself";
        (
            "template_unsupported_tag",
            "a catalogue of translations",
            help,
        )
    } else if TIME_ZONES.contains(&name) {
        let help = "dates are shown in UTC";
        ("template_unsupported_tag", "a database of time zones", help)
    } else {
        return None;
    };
    let message = format!("the tag `{name}` needs {needs}, which a payload does not have");
    let fault = Fault::new(code, part, message);
    Some(if help.is_empty() {
        fault
    } else {
        fault.help(help)
    })
}

/// What Django has in place of a tag of Jinja's.
pub(super) fn habit(tag: Part<'_>) -> Option<String> {
    let (name, rest) = tag.text.split_once(' ').unwrap_or((tag.text, ""));
    Some(match name {
        "set" => match rest.split_once('=') {
            Some((variable, value)) => format!(
                "`set` is Jinja's; Django writes `{{% with {}={} %}}…{{% endwith %}}`",
                variable.trim(),
                value.trim()
            ),
            None => "`set` is Jinja's; Django writes `{% with name=value %}…{% endwith %}`".into(),
        },
        "raw" => "`raw` is Jinja's; Django writes `{% verbatim %}…{% endverbatim %}`".into(),
        "elseif" | "elsif" => "Django writes `{% elif %}`".into(),
        "macro" | "call" | "import" | "from" | "do" => {
            format!("`{name}` is Jinja's; Django has nothing like it")
        }
        _ => return None,
    })
}

impl<'a> Parser<'a> {
    /// `{% load library … %}` or `{% load name … from library %}`; it writes nothing.
    pub(super) fn load(&mut self, arguments: &[Part<'a>]) -> Option<Node> {
        let libraries = match arguments {
            [.., from, library] if from.text == "from" => std::slice::from_ref(library),
            libraries => libraries,
        };
        for library in libraries {
            let name = library.text;
            if LIBRARIES.contains(&name) {
                continue;
            }
            let fault = if WEB_LIBRARIES.contains(&name) {
                let message = format!("the library `{name}` needs a web application");
                Fault::new("template_unknown_library", *library, message)
            } else {
                let message = format!("there is no library `{name}`");
                let fault = Fault::new("template_unknown_library", *library, message);
                fault.help(did_you_mean(name, LIBRARIES))
            };
            self.fault(fault);
        }
        None
    }

    /// `{% localize on %}` and `{% localtime on %}`, which is how it always is here.
    pub(super) fn localized(&mut self, tag: Part<'a>, arguments: &[Part<'a>]) -> Option<Node> {
        let (name, ends): (_, &'static [&'static str]) = match command(tag) {
            "localize" => ("localize", &["endlocalize"]),
            _ => ("localtime", &["endlocaltime"]),
        };
        let is_on = match arguments {
            [] => true,
            [argument] => argument.text == "on",
            _ => false,
        };
        let (body, _) = self.body(tag, ends);
        if !is_on {
            let message = format!("`{name}` can only be `on` here");
            return self.misused(tag, &message);
        }
        let always = Condition::Value(Expression {
            operand: Operand::Variable(vec!["True".into()]),
            filters: Vec::new(),
        });
        Some(Node::If {
            branches: vec![(always, body)],
            otherwise: Vec::new(),
        })
    }
}
