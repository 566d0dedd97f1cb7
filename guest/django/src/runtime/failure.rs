//! Errors for minijinja's machine.

use minijinja::{Error, ErrorKind};

use crate::Limits;

pub(super) fn failed(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

pub(super) fn out_of_fuel() -> Error {
    Error::from(ErrorKind::OutOfFuel)
}

pub(crate) fn too_large(limits: Limits) -> Error {
    Error::new(
        ErrorKind::WriteFailure,
        format!("more than {} bytes", limits.output_bytes),
    )
}
