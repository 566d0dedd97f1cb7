//! Settings: the values that triggers and brokers may name in placeholders,
//! behind an allow-list.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::Read,
    path::PathBuf,
    sync::Arc,
};

pub use action_triggers_vocabulary::SettingError;
use serde_json::Value;

/// Longest path that is answered, in bytes: what the boundary promises.
const MAX_PATH: usize = 512;

/// Largest value, in bytes of JSON. Values become parts of addresses.
const MAX_VALUE: u64 = 64 * 1024;

/// Reads an environment variable; tests bring their own.
type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;
type Closure = Arc<dyn Fn() -> Result<Value, String> + Send + Sync>;

/// Values by dotted path, of which only those on the allow-list are answered.
///
/// Paths are compared whole and exactly, and everything is denied by default:
/// giving a value does not allow it. `Debug` shows paths, never values.
///
/// ```
/// use action_triggers_host::settings::{SettingError, Settings};
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
    environment: Option<Environment>,
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
            Source::File(file) => Value::from(read(file)?).to_string(),
            Source::Closure(closure) => closure().map_err(SettingError::Failed)?.to_string(),
        };
        if u64::try_from(text.len()).is_ok_and(|length| length <= MAX_VALUE) {
            return Ok(text);
        }
        Err(SettingError::Failed(format!(
            "the value has more than {MAX_VALUE} bytes"
        )))
    }

    fn variable(&self, name: &str) -> Result<String, SettingError> {
        let value = match &self.environment {
            Some(environment) => environment(name),
            None => std::env::var(name).ok(),
        };
        value.ok_or_else(|| {
            SettingError::Failed(format!(
                "the environment variable `{name}` is not set to a text"
            ))
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

/// Reads a bounded text file; the line break that editors add is not part of
/// the value.
fn read(path: &PathBuf) -> Result<String, SettingError> {
    let failed = |what: &dyn fmt::Display| {
        SettingError::Failed(format!("the file `{}` {what}", path.display()))
    };
    let unreadable = |error| failed(&format_args!("cannot be read: {error}"));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_VALUE + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_VALUE {
        return Err(failed(&format_args!("has more than {MAX_VALUE} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| failed(&"is not UTF-8"))?;
    let value = text.strip_suffix('\n').unwrap_or(&text);
    Ok(value.strip_suffix('\r').unwrap_or(value).to_owned())
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

    /// Where environment variables come from, instead of the process.
    pub fn environment(
        mut self,
        reader: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.0.environment = Some(Arc::new(reader));
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

    #[test]
    fn environment_is_read_at_each_use() {
        let settings = Settings::builder()
            .env("v", "TOPIC")
            .env("w", "MISSING")
            .allow("v")
            .allow("w")
            .environment(|name| (name == "TOPIC").then(|| "sales".to_owned()))
            .build();
        assert_eq!(settings.get("v").as_deref(), Ok(r#""sales""#));
        assert!(failed(settings.get("w")).contains("`MISSING`"));
    }

    #[test]
    fn a_file_gives_its_text_without_the_last_line_break() {
        let folder = tempfile::tempdir().unwrap();
        for (content, value) in [("x", "x"), ("x\n", "x"), ("x\r\n", "x"), ("x\n\n", "x\n")] {
            let file = folder.path().join("secret");
            std::fs::write(&file, content).unwrap();
            let settings = Settings::builder().file("v", file).allow("v").build();
            assert_eq!(settings.get("v").unwrap(), Value::from(value).to_string());
        }
    }

    #[test]
    fn a_bad_file_is_a_failure_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let settings = Settings::builder().file("v", &file).allow("v").build();
        assert!(failed(settings.get("v")).contains("cannot be read"));
        std::fs::write(&file, [0xff]).unwrap();
        assert!(failed(settings.get("v")).contains("not UTF-8"));
        std::fs::write(&file, vec![b'x'; 65_537]).unwrap();
        assert!(failed(settings.get("v")).contains("more than 65536 bytes"));
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
