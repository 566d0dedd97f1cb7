//! Module `settings`.
