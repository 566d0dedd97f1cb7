//! The components in runtimes that are not ours, by the hosts of tests/hosts and by the
//! packages: each runs the contract's cases, publishes to a REST proxy, and is given
//! hostile templates. A runtime that is not there is skipped with a word.

mod baked;
mod browser;
mod files;
mod hostile;
mod jobs;
mod module;
mod node;
mod python;
mod table;
mod wasi_http;
mod workerd;
