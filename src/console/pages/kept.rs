//! `/kept/{id}`: a form that was sent when the session had ended, to be sent once more.

use askama::Template;

use crate::{
    admin::Problem,
    console::{
        Answer, Asked,
        frame::{Frame, Kind, Place},
        kept_forms::KeptForm,
    },
};

/// Fields that a page fills in, and nobody types.
const FILLED_IN: [&str; 11] = ["tag", "back", "go", "over", "seen", "job", "place", "product", "from", "to", "group"];

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
}

impl Field {
    fn new(name: String, value: String) -> Self {
        let shape = match value.as_str() {
            _ if FILLED_IN.contains(&name.as_str()) => Shape::Hidden,
            "on" | "yes" => Shape::Tick,
            text if text.contains('\n') || text.len() > 200 => Shape::Text,
            _ => Shape::Line,
        };
        let mut letters = name.replace('_', " ");
        if let Some(first) = letters.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Self { word: letters, shape, name, value }
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
        fields: fields.into_iter().map(|(name, value)| Field::new(name, value)).collect(),
        action,
        page,
        confirms,
        had_secret,
        info: Kind::Info,
    };
    Answer::html(&page)
}
