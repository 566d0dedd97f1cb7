//! Settings: the values that triggers and brokers may name in placeholders,
//! behind an allow-list.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use action_triggers_vocabulary::SettingError;
use serde_json::Value;

/// Longest path that is answered, in bytes: what the boundary promises.
const MAX_PATH: usize = 512;

/// Largest value, in bytes of JSON. Values become parts of addresses.
pub const MAX_VALUE: usize = 64 * 1024;

/// Where values come from that are not given as such. A host with a process
/// around it reads that one's variables and files.
pub trait Environment: Send + Sync {
    /// The text of an environment variable, if it is set to one.
    fn variable(&self, name: &str) -> Option<String>;

    /// The text of a file: at most [`MAX_VALUE`] bytes of UTF-8, without the
    /// line break at its end.
    ///
    /// # Errors
    ///
    /// Says which file cannot be read, and why; never what is in it.
    fn file(&self, path: &Path) -> Result<String, String>;
}

/// The text of a variable or a file, of which the line break at its end is no part: files
/// and `$(command)` have one that nobody means.
pub fn without_line_break(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

type Closure = Arc<dyn Fn() -> Result<Value, String> + Send + Sync>;

/// Values by dotted path, of which only those on the allow-list are answered.
///
/// Paths are compared whole and exactly, and everything is denied by default:
/// giving a value does not allow it. `Debug` shows paths, never values.
///
/// ```
/// use action_triggers_core::settings::{SettingError, Settings};
///
/// let settings = Settings::builder()
///     .value("myapp.settings.TOPIC", "sales")
///     .value("myapp.settings.SECRET", "hidden")
///     .allow("myapp.settings.TOPIC")
///     .build();
/// assert_eq!(settings.get("myapp.settings.TOPIC").as_deref(), Ok(r#""sales""#));
/// assert_eq!(settings.get("myapp.settings.SECRET"), Err(SettingError::NotAllowed));
/// ```
#[derive(Clone, Default)]
pub struct Settings {
    allowed: BTreeSet<String>,
    sources: BTreeMap<String, Source>,
    environment: Option<Arc<dyn Environment>>,
}

#[derive(Clone)]
enum Source {
    Literal(String),
    Env(String),
    File(PathBuf),
    Closure(Closure),
}

impl Settings {
    /// Starts with no values and nothing allowed.
    pub fn builder() -> SettingsBuilder {
        SettingsBuilder::default()
    }

    /// Whether exactly this path is on the allow-list.
    pub fn allows(&self, path: &str) -> bool {
        path.len() <= MAX_PATH && self.allowed.contains(path)
    }

    /// The allow-list, in order.
    pub fn allowed(&self) -> impl Iterator<Item = &str> {
        self.allowed.iter().map(String::as_str)
    }

    /// The environment variables that values come from.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.sources.values().filter_map(|source| match source {
            Source::Env(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The files that values come from.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.sources.values().filter_map(|source| match source {
            Source::File(path) => Some(path.as_path()),
            _ => None,
        })
    }

    /// The value at exactly this path, as JSON text.
    ///
    /// # Errors
    ///
    /// The path is not allowed, has no value, or its value could not be read.
    pub fn get(&self, path: &str) -> Result<String, SettingError> {
        if !self.allows(path) {
            return Err(SettingError::NotAllowed);
        }
        let text = match self.sources.get(path).ok_or(SettingError::NotFound)? {
            Source::Literal(text) => text.clone(),
            Source::Env(name) => Value::from(self.variable(name)?).to_string(),
            Source::File(path) => Value::from(self.file(path)?).to_string(),
            Source::Closure(closure) => closure().map_err(SettingError::Failed)?.to_string(),
        };
        if text.len() <= MAX_VALUE {
            return Ok(text);
        }
        Err(SettingError::Failed(format!(
            "the value has more than {MAX_VALUE} bytes"
        )))
    }

    /// The same settings, which read variables and files from here unless they
    /// were given an environment before.
    pub fn or_environment(mut self, environment: Arc<dyn Environment>) -> Self {
        self.environment.get_or_insert(environment);
        self
    }

    fn variable(&self, name: &str) -> Result<String, SettingError> {
        let value = self.environment()?.variable(name);
        value.ok_or_else(|| {
            SettingError::Failed(format!(
                "the environment variable `{name}` is not set to a text"
            ))
        })
    }

    fn file(&self, path: &Path) -> Result<String, SettingError> {
        self.environment()?.file(path).map_err(SettingError::Failed)
    }

    fn environment(&self) -> Result<&dyn Environment, SettingError> {
        self.environment.as_deref().ok_or_else(|| {
            SettingError::Failed("this host gives settings no variables and no files".to_owned())
        })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("allowed", &self.allowed)
            .field("values", &self.sources.keys())
            .finish_non_exhaustive()
    }
}

/// Gathers [`Settings`]. Of two sources for one path the later counts.
#[derive(Clone, Debug, Default)]
pub struct SettingsBuilder(Settings);

impl SettingsBuilder {
    /// Gives a path a fixed value.
    pub fn value(self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.source(path, Source::Literal(value.into().to_string()))
    }

    /// Gives a path the value of an environment variable, read at each use.
    pub fn env(self, path: impl Into<String>, variable: impl Into<String>) -> Self {
        self.source(path, Source::Env(variable.into()))
    }

    /// Gives a path the text of a file, read at each use: at most 64 KiB of
    /// UTF-8, without a line break at its end.
    pub fn file(self, path: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        self.source(path, Source::File(file.into()))
    }

    /// Gives a path what a closure returns at each use. The closure runs on a
    /// worker, whose events wait for it: it must be quick and must not block.
    /// Its error's text reaches the sandbox, so it must not hold secrets.
    pub fn closure(
        self,
        path: impl Into<String>,
        closure: impl Fn() -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        self.source(path, Source::Closure(Arc::new(closure)))
    }

    /// Puts exactly this path on the allow-list.
    pub fn allow(mut self, path: impl Into<String>) -> Self {
        self.0.allowed.insert(path.into());
        self
    }

    /// Where variables and files are read, instead of the host's process.
    pub fn environment(mut self, environment: impl Environment + 'static) -> Self {
        self.0.environment = Some(Arc::new(environment));
        self
    }

    /// The settings.
    pub fn build(self) -> Settings {
        self.0
    }

    fn source(mut self, path: impl Into<String>, source: Source) -> Self {
        self.0.sources.insert(path.into(), source);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(result: Result<String, SettingError>) -> String {
        match result {
            Err(SettingError::Failed(message)) => message,
            other => panic!("not a failure: {other:?}"),
        }
    }

    #[test]
    fn a_value_alone_is_not_allowed_and_an_allowed_path_alone_has_no_value() {
        let settings = Settings::builder().value("a.b", 1).allow("a.c").build();
        assert_eq!(settings.get("a.b"), Err(SettingError::NotAllowed));
        assert_eq!(settings.get("a.c"), Err(SettingError::NotFound));
    }

    #[test]
    fn paths_are_compared_whole_and_exactly() {
        let settings = Settings::builder().value("a.b", 1).allow("a.b").build();
        for path in ["a", "a.", "a.b.c", "A.b", " a.b", "a.b ", "", "a.b\0"] {
            assert_eq!(
                settings.get(path),
                Err(SettingError::NotAllowed),
                "{path:?}"
            );
        }
        assert_eq!(settings.get("a.b").as_deref(), Ok("1"));
    }

    #[test]
    fn a_path_longer_than_promised_is_not_allowed() {
        let (longest, longer) = ("p".repeat(MAX_PATH), "p".repeat(MAX_PATH + 1));
        let settings = Settings::builder()
            .value(&longest, 1)
            .allow(&longest)
            .value(&longer, 1)
            .allow(&longer)
            .build();
        assert_eq!(settings.get(&longest).as_deref(), Ok("1"));
        assert_eq!(settings.get(&longer), Err(SettingError::NotAllowed));
    }

    #[test]
    fn values_keep_their_json_type() {
        let value = serde_json::json!({"a": [1, null, "é"]});
        let settings = Settings::builder().value("v", value).allow("v").build();
        assert_eq!(settings.get("v").as_deref(), Ok(r#"{"a":[1,null,"é"]}"#));
    }

    struct Given;

    impl Environment for Given {
        fn variable(&self, name: &str) -> Option<String> {
            (name == "TOPIC").then(|| "sales".to_owned())
        }

        fn file(&self, path: &Path) -> Result<String, String> {
            Err(format!("the file `{}` is locked", path.display()))
        }
    }

    #[test]
    fn variables_and_files_are_the_environments() {
        let settings = Settings::builder()
            .env("v", "TOPIC")
            .env("w", "MISSING")
            .file("f", "secret")
            .allow("v")
            .allow("w")
            .allow("f");
        let alone = settings.clone().build();
        assert!(failed(alone.get("v")).contains("no variables"));
        let settings = settings.environment(Given).build();
        assert_eq!(settings.get("v").as_deref(), Ok(r#""sales""#));
        assert!(failed(settings.get("w")).contains("`MISSING`"));
        assert_eq!(failed(settings.get("f")), "the file `secret` is locked");
    }

    #[test]
    fn closures_answer_and_are_bounded() {
        let settings = Settings::builder()
            .closure("good", || Ok(Value::from(7)))
            .closure("bad", || Err("the vault is sealed".into()))
            .closure("huge", || Ok(Value::from("x".repeat(70_000))))
            .allow("good")
            .allow("bad")
            .allow("huge")
            .build();
        assert_eq!(settings.get("good").as_deref(), Ok("7"));
        assert_eq!(failed(settings.get("bad")), "the vault is sealed");
        assert!(failed(settings.get("huge")).contains("more than 65536 bytes"));
    }

    #[test]
    fn debug_shows_paths_and_no_values() {
        let settings = Settings::builder()
            .value("a.SECRET", "hunter2")
            .allow("a.SECRET")
            .build();
        let shown = format!("{settings:?}");
        assert!(
            shown.contains("a.SECRET") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
