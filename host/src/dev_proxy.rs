//! Module `dev_proxy`.
