//! "Did you mean …?"

/// Names that are listed at most.
const MOST_LISTED: usize = 12;

/// Longest name, in characters, for which a near one is searched.
const LONGEST: usize = 256;

/// Fewest characters that are taken for the beginning of a name.
const SHORTEST_BEGINNING: usize = 4;

/// Words a help text that names what was meant, if one of the names is close enough.
pub fn near<'a>(mistaken: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    closest(mistaken, names).map(|meant| format!("did you mean `{meant}`?"))
}

/// The name closest to a mistaken one, if it is close enough to be meant: at
/// most a third of its letters (and at most three) added, removed, changed or
/// swapped with their neighbour, or the beginning of the name alone. Upper and
/// lower case are the same here.
fn closest<'a>(mistaken: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mistaken = mistaken.to_lowercase();
    let length = mistaken.chars().count();
    if length > LONGEST {
        return None;
    }
    let most = (length / 3).clamp(1, 3);
    let distance = |name: &'a str| {
        let name = name.to_lowercase();
        if name.chars().count().abs_diff(length) <= most {
            let distance = strsim::osa_distance(&mistaken, &name);
            if distance <= most {
                return Some(distance);
            }
        }
        (length >= SHORTEST_BEGINNING && name.starts_with(&mistaken)).then_some(most)
    };
    names
        .into_iter()
        .filter_map(|name| Some((distance(name)?, name)))
        .min()
        .map(|(_, name)| name)
}

/// Words a help text for an unknown name: what was meant, or which names are known.
pub fn did_you_mean(mistaken: &str, known: &[&str]) -> String {
    did_you_mean_or(mistaken, known, "there is none to choose from")
}

/// Words a help text as [`did_you_mean`] does, or says this where none is known.
pub fn did_you_mean_or(mistaken: &str, known: &[&str], none_known: &str) -> String {
    if let Some(help) = near(mistaken, known.iter().copied()) {
        return help;
    }
    let listed: Vec<String> = known
        .iter()
        .take(MOST_LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    match (listed.as_slice(), known.len().saturating_sub(MOST_LISTED)) {
        ([], _) => none_known.into(),
        (_, 0) => format!("use one of {}", listed.join(", ")),
        (_, more) => format!("use one of {} and {more} more", listed.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_found_and_far_ones_are_not() {
        let names = ["upper", "lower", "default", "length"];
        assert_eq!(closest("uper", names), Some("upper"));
        assert_eq!(closest("lenght", names), Some("length"));
        assert_eq!(closest("defualt", names), Some("default"));
        assert_eq!(closest("Default", names), Some("default"));
        assert_eq!(closest("capitalize", names), None);
        assert_eq!(closest("timeout", ["timeout_secs"]), Some("timeout_secs"));
        assert_eq!(closest(&"x".repeat(300), names), None);
    }

    #[test]
    fn a_near_miss_is_named_and_a_far_one_gets_the_list() {
        assert_eq!(
            did_you_mean("post_svae", &["pre_save", "post_save"]),
            "did you mean `post_save`?"
        );
        assert_eq!(did_you_mean("xyz", &["a", "bc"]), "use one of `a`, `bc`");
        assert_eq!(did_you_mean("xyz", &[]), "there is none to choose from");
        assert_eq!(
            did_you_mean_or("xyz", &[], "add it to `values`"),
            "add it to `values`"
        );
        let many = ["name"; 40];
        assert!(did_you_mean("other", &many).ends_with("`name` and 28 more"));
    }
}
