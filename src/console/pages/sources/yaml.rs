//! `/sources/{id}/yaml`: a source as it could stand in the configuration, without secrets.

use askama::Template;

use super::{address, named};
use crate::{
    admin::Problem,
    console::{
        Answer, Asked,
        frame::{Frame, Place},
    },
};

#[derive(Template)]
#[template(path = "sources/yaml.html")]
struct Yaml {
    frame: Frame,
    path: String,
    text: String,
}

/// `GET /sources/{id}/yaml`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source among those of whoever asks.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let row = named(&asked)?;
    let frame = asked.frame(Place::Sources, format!("{} as YAML", row.name()));
    Answer::html(&Yaml { frame, path: address(row.id()).to_string(), text: row.yaml().to_owned() })
}
