//! Module `broker`.
