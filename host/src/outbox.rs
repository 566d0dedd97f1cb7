//! Module `outbox`.
