//! Values that must not be seen.

use std::{fmt, sync::Arc};

use subtle::ConstantTimeEq;

/// A secret. Can't be printed or serialized; [`Secret::reveal`] marks each place that uses it.
#[derive(Clone)]
pub struct Secret {
    value: String,
    kept_in: Option<KeptIn>,
}

/// The place that holds a secret. It is no secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptIn {
    /// The environment variable of this name.
    Env(Arc<str>),
    /// The file at this path, as it is written.
    File(Arc<str>),
    /// The log, where usher keeps it sealed under this name.
    Sealed(Arc<str>),
}

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), kept_in: None }
    }

    /// The same, kept in `place`.
    #[must_use]
    pub fn kept_in(self, place: KeptIn) -> Self {
        Self { kept_in: Some(place), ..self }
    }

    /// The variable or the file that holds it, or what usher keeps it under: its name for people. None if it stands in
    /// the configuration itself.
    pub fn name(&self) -> Option<Arc<str>> {
        let (KeptIn::Env(name) | KeptIn::File(name) | KeptIn::Sealed(name)) = self.kept_in.as_ref()?;
        Some(Arc::clone(name))
    }

    /// The place that holds it; none if it stands in the configuration itself.
    pub fn place(&self) -> Option<&KeptIn> {
        self.kept_in.as_ref()
    }

    /// The value, for the one call that needs it.
    pub fn reveal(&self) -> &str {
        &self.value
    }

    /// Compares in constant time.
    pub fn matches(&self, candidate: &[u8]) -> bool {
        self.value.as_bytes().ct_eq(candidate).into()
    }
}

/// Compares the values in constant time.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.value.as_bytes())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed_and_matches_only_itself() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert!(secret.matches(b"hunter2"));
        assert!(!secret.matches(b"hunter") && !secret.matches(b"") && !secret.matches(b"hunter22"));
    }
}
