//! The words and rules that both halves of action-triggers share: one home for
//! each, so that the guest and the host never differ.
//!
//! The WIT is the contract between the halves. This crate is its dictionary:
//!
//! | module | what it says |
//! |---|---|
//! | [`signal`] | the four model signals |
//! | [`content_type`] | what `app_label.model` is, and when two are the same |
//! | [`members`] | how the members of a trigger and its queues are spelled |
//! | [`place`] | where in a JSON document something stands, such as `$[0].payload` |
//! | [`placeholder`] | where in a text a `{{ dotted.path }}` stands |
//! | [`setting`] | how a setting becomes part of a text, and why it cannot |
//! | [`kind`] | what kind of JSON value something is, in words |
//! | [`limits`] | what triggers may use, unless somebody says otherwise |
//! | [`known`] | what is known of records before there is an event |
//! | [`publish`] | why the host does not take a record |
//! | [`topic`] | what is a topic, and which ones a broker allows |
//! | [`suggest`] | "did you mean …?" |
//! | [`calendar`] | which day of the year a count of days is, and back |
//! | [`quote`] | strings of JSON, written and read |
//! | [`codes`] | every stable code, with its meaning and its remedy |
//!
//! It needs nothing but the standard library and `strsim`, and knows neither
//! templates nor WebAssembly nor HTTP.

pub mod calendar;
pub mod codes;
pub mod content_type;
pub mod kind;
pub mod known;
pub mod limits;
pub mod members;
pub mod place;
pub mod placeholder;
pub mod publish;
pub mod quote;
pub mod setting;
pub mod signal;
pub mod suggest;
pub mod topic;

pub use self::{place::Place, publish::PublishError, setting::SettingError, signal::Signal};
