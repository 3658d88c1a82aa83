//! `/kept/{id}`: a form that was sent when the session had ended, to be sent once more.

mod labels;

use askama::Template;

use self::labels::label;
use crate::{
    admin::Problem,
    console::{
        Answer, Asked,
        frame::{Frame, Kind, Place},
        kept_forms::KeptForm,
        pages::schemes::wizard::choice_in_words,
    },
};

#[derive(Template)]
#[template(path = "kept.html")]
struct Page {
    frame: Frame,
    action: String,
    page: String,
    id: String,
    confirms: bool,
    had_secret: bool,
    fields: Vec<Field>,
    info: Kind,
}

struct Field {
    name: String,
    word: String,
    value: String,
    shape: Shape,
}

enum Shape {
    Hidden,
    Tick,
    Line,
    Text,
    /// One of several answers, in its words.
    Choice(&'static str),
}

impl Field {
    fn new(action: &str, name: String, value: String) -> Self {
        let label = label(action, &name);
        let chosen = if action.starts_with("/drafts/") { choice_in_words(&name, &value) } else { None };
        let shape = match (&label, chosen, value.as_str()) {
            (None, ..) => Shape::Hidden,
            (_, Some(word), _) => Shape::Choice(word),
            (_, None, "on" | "yes") => Shape::Tick,
            (_, None, text) if text.contains('\n') || text.len() > 200 => Shape::Text,
            _ => Shape::Line,
        };
        Self { word: label.unwrap_or_default(), shape, name, value }
    }
}

/// `GET /kept/{id}`.
///
/// # Errors
/// [`Problem::NotFound`] if no such form is kept for whoever asks.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let (forms, id) = (&asked.console().kept_forms, asked.id());
    let kept = forms.get(id, asked.session().whose(), asked.now());
    let kept = kept.ok_or_else(|| Problem::NotFound { kind: "form", id: id.to_owned() })?;
    let KeptForm { action, page, fields, confirms, had_secret } = (*kept).clone();
    let page = Page {
        frame: asked.frame(Place::Nowhere, "Your form is still here"),
        id: id.to_owned(),
        fields: fields.into_iter().map(|(name, value)| Field::new(&action, name, value)).collect(),
        action,
        page,
        confirms,
        had_secret,
        info: Kind::Info,
    };
    Answer::html(&page)
}
