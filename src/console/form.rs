//! A form that was sent: its fields, and the proof that a page of this session sent it.

use actix_web::web::Bytes;
use url::form_urlencoded;

use crate::admin::Problem;

/// The longest form, in bytes.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// The fields of a form.
#[derive(Debug, Default, Clone)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body of a form.
    ///
    /// # Errors
    /// [`Problem::BadRequest`] if it is too long, or was not sent whole.
    pub(super) fn read(body: Result<Bytes, actix_web::Error>) -> Result<Self, Problem> {
        let body = body.map_err(|_| Problem::BadRequest("the form can't be read; send it again".into()))?;
        Ok(Self(form_urlencoded::parse(&body).into_owned().collect()))
    }

    /// The fields of a form that was taken apart already.
    pub(super) fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// The value of a field; empty if it was not sent.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// The values of all fields with this name: of boxes that are ticked.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The names and values of its fields, in their order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
