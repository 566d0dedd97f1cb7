//! The project as its users meet it: the component, the library, the binary
//! and a real Kafka, in one test binary.

mod cli;
mod layering;
