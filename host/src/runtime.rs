//! Module `runtime`.
