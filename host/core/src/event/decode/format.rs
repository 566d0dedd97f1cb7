//! The forms of events.

/// The form of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Our own.
    Own,
    /// `CloudEvents` 1.0.
    CloudEvents,
    /// Debezium's change events.
    Debezium,
    /// What Hasura's event triggers send.
    Hasura,
    /// What Supabase's database webhooks send.
    Supabase,
}

/// What `?format=` may be.
const FORMATS: &[(&str, Format)] = &[
    ("json", Format::Own),
    (NDJSON, Format::Own),
    ("cloudevents", Format::CloudEvents),
    ("debezium", Format::Debezium),
    ("hasura", Format::Hasura),
    ("supabase", Format::Supabase),
];

/// The only name that says how events are laid out too.
pub(super) const NDJSON: &str = "ndjson";

impl Format {
    /// The names that `?format=` takes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FORMATS.iter().map(|(name, _)| *name)
    }

    /// The format of this name, as `?format=` gives it.
    pub fn from_name(name: &str) -> Option<Self> {
        let known = FORMATS.iter().find(|(known, _)| *known == name);
        known.map(|(_, format)| *format)
    }

    /// Its name in `?format=`.
    pub fn name(self) -> &'static str {
        let known = FORMATS.iter().find(|(_, format)| *format == self);
        known.map_or("", |(name, _)| *name)
    }
}
