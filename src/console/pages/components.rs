//! `/settings/components`: every component in all of its states, for those who build pages.

use std::time::Duration;

use askama::Template;

use crate::{
    admin::Problem,
    console::{
        Answer, Asked,
        frame::{Chip, Choice, Errors, Frame, Kind, Moment, Number, Pages, Place, Switcher},
    },
};

#[derive(Template)]
#[template(path = "components_page.html")]
struct Components {
    frame: Frame,
    kinds: Vec<(Kind, &'static str)>,
    at: Moment,
    none: Option<Moment>,
    choices: Vec<Choice>,
    chosen: String,
    chips: Vec<Chip>,
    pages: Pages,
    numbers: Vec<Number>,
    errors: Errors,
    forbidden: Option<&'static str>,
    allowed: Option<&'static str>,
    hostile: &'static str,
}

/// A name as nobody should have it.
const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202e}txt.exe";

/// `GET /settings/components`.
///
/// # Errors
/// An internal [`Problem`] if the page can't be rendered.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let chip = Chip { name: "State", value: "Held".into(), without: "/settings/components".into() };
    let number = |class, value, word| Number { class, value, word, path: "/settings/components".to_owned() };
    let words = ["Done", "Note", "Running", "Held", "Warning", "Failed", "Test", "Off"];
    let mut frame = asked.frame(Place::Settings, "Components");
    let choices = super::source_choices(&asked);
    let chosen = choices.first().map(|choice| choice.value.clone()).unwrap_or_default();
    frame.switcher = Some(Switcher { action: "/settings/components", choices, chosen, kept: Vec::new() });
    Answer::html(&Components {
        frame,
        kinds: Kind::ALL.into_iter().zip(words).collect(),
        at: asked.moment(asked.now().minus(Duration::from_mins(5))),
        none: None,
        choices: vec![Choice::new("acme", "Acme Jira"), Choice::new("globex", HOSTILE)],
        chosen: "globex".to_owned(),
        chips: vec![chip],
        pages: Pages { first: Some("/settings/components".into()), older: Some("/settings/components".into()) },
        numbers: vec![number("", 412, "steps done"), number("test", 17, "in test mode"), number("danger", 1, "failed")],
        errors: Errors::one("The run was not released", "example-number", "Type 412 to release this run."),
        forbidden: Some("Only an administrator can release a held run."),
        allowed: None,
        hostile: HOSTILE,
    })
}
