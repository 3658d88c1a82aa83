//! `/settings`: how pages look, and the sessions of whoever asks.

use askama::Template;

use crate::{
    admin::Problem,
    console::{
        Answer, Asked,
        addresses::local,
        form::Form,
        frame::{Choice, Frame, Moment, Place, Switch, length, set},
    },
    domain::SourceId,
};

#[derive(Template)]
#[template(path = "settings.html")]
struct Settings {
    frame: Frame,
    themes: Vec<Choice>,
    densities: Vec<Choice>,
    signed_in: Moment,
    ends: Moment,
    idle: String,
    sources: String,
}

/// `GET /settings`.
///
/// # Errors
/// An internal [`Problem`] if the page can't be rendered.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let choices = |switch: Switch| switch.values().iter().map(|(value, word)| Choice::new(value, word)).collect();
    let (session, lifetimes) = (asked.session(), asked.console().lifetimes());
    Answer::html(&Settings {
        frame: asked.frame(Place::Settings, "Settings"),
        themes: choices(Switch::Theme),
        densities: choices(Switch::Density),
        signed_in: asked.moment(session.began),
        ends: asked.moment(session.ends(lifetimes)),
        idle: length(lifetimes.idle),
        sources: sources(&asked),
    })
}

/// The sources that whoever asks sees and acts on, in words.
fn sources(asked: &Asked) -> String {
    match asked.only_sources() {
        None => "all sources".to_owned(),
        Some(only) => only.iter().map(SourceId::as_str).collect::<Vec<_>>().join(", "),
    }
}

/// `POST /settings/appearance`: keeps theme and density in cookies.
///
/// # Errors
/// None.
pub(in crate::console) async fn appearance(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let back = local(form.get("back")).unwrap_or("/settings").to_owned();
    asked.with_response(move |_, response| {
        for switch in Switch::ALL {
            let chosen = form.get(switch.field());
            if !chosen.is_empty() {
                set(switch, chosen, response);
            }
        }
    });
    Ok(Answer::see(back))
}
