//! What a proxy said, made fit for messages: short, one line, no secrets.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::cluster::Auth;

/// Most bytes of a body we do not understand.
const BODY_PREVIEW: usize = 64;
/// Most bytes of the message in an error that we do understand.
const MESSAGE_PREVIEW: usize = 200;

/// Knows the secrets that a proxy might repeat to us.
pub struct Redactor {
    secrets: Vec<SecretString>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Redactor")
    }
}

impl Redactor {
    /// Knows the secrets of `auth`, and the value of the `Authorization` header.
    pub fn new(auth: &Auth, authorization: Option<&SecretString>) -> Self {
        let mut secrets: Vec<_> = match auth {
            Auth::None => Vec::new(),
            Auth::Basic { password, .. } => vec![password.clone()],
            Auth::Bearer(token) => vec![token.clone()],
        };
        // The credentials behind the scheme: a Basic password in base64.
        secrets.extend(
            authorization
                .and_then(|value| value.expose_secret().split_once(' '))
                .map(|(_, credentials)| credentials.to_owned().into()),
        );
        secrets.retain(|secret| !secret.expose_secret().is_empty());
        Self { secrets }
    }

    /// The start of a body that was not understood.
    pub fn body(&self, body: &[u8]) -> String {
        self.shorten(&String::from_utf8_lossy(body), BODY_PREVIEW)
    }

    /// The message of an error that was.
    pub fn message(&self, message: &str) -> String {
        self.shorten(message, MESSAGE_PREVIEW)
    }

    fn shorten(&self, text: &str, limit: usize) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.expose_secret(), "***");
        }
        let mut short = String::new();
        for character in text.trim().chars() {
            if short.len() + character.len_utf8() > limit {
                short.push('…');
                break;
            }
            short.push(if character.is_control() {
                ' '
            } else {
                character
            });
        }
        short
    }
}
