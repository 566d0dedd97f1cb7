//! What is decoded.

/// A request's body, and what the request says of it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Body<'a> {
    /// The body itself.
    pub bytes: &'a [u8],
    /// The header `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The query's `format`, which counts more than the content type.
    pub format: Option<&'a str>,
    /// The request's headers, their names in any case. Only those of `CloudEvents` are read.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> Body<'a> {
    /// A body of which nothing more is said.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            content_type: None,
            format: None,
            headers: &[],
        }
    }

    /// With the header `Content-Type`.
    pub fn content_type(mut self, content_type: impl Into<Option<&'a str>>) -> Self {
        self.content_type = content_type.into();
        self
    }

    /// The value of a header, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&'a [u8]> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    /// With the query's `format`.
    pub fn format(mut self, format: impl Into<Option<&'a str>>) -> Self {
        self.format = format.into();
        self
    }

    /// With the request's headers.
    pub fn headers(mut self, headers: &'a [(&'a str, &'a [u8])]) -> Self {
        self.headers = headers;
        self
    }
}
