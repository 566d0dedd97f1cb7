//! The machine by tables and by simulation, on a plain clock.

mod lanes;
mod pauses;
mod simulation;
mod support;
