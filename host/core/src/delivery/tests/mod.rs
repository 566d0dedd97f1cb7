//! The machine by tables, on a plain clock.

mod lanes;
mod pauses;
mod support;
