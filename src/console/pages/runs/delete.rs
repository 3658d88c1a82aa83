//! `/runs/delete`: what a deletion from the run log would take away, what stays, and the form for it.

use askama::Template;
use serde::Deserialize;

use super::{
    super::{
        filters::{Filters, time},
        parsed, source_choices, word_of,
    },
    list::{kind_choices, kind_of, mode_choices, state_choices, state_of, test_mode_of},
};
use crate::{
    admin::{
        AdminState, Deleted, Left, Problem, checked_reason, delete_runs,
        identity::{About, Permission},
    },
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        form::Form,
        frame::{Choice, Errors, Frame, Place, counted},
    },
    domain::{Matching, RunSelection, SourceId},
    views::{Deletable, RunKind, RunState},
};

#[derive(Template)]
#[template(path = "runs/delete.html")]
struct Page {
    frame: Frame,
    chosen: Asks,
    sources: Vec<Choice>,
    states: Vec<Choice>,
    kinds: Vec<Choice>,
    modes: Vec<Choice>,
    found: Option<Found>,
    errors: Errors,
    reason: String,
    forbidden: Option<String>,
}

/// The effect that a deletion would have now.
struct Found {
    about: String,
    deleted: u64,
    word: String,
    /// Numbers of runs that stay, with why.
    left: Vec<(u64, &'static str)>,
    /// The filters as hidden fields of the form.
    kept: Vec<Choice>,
}

/// The filters in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    before: String,
    scheme: String,
    source: String,
    kind: String,
    state: String,
    mode: String,
}

impl Asks {
    fn of(form: &Form) -> Self {
        let field = |name| form.get(name).to_owned();
        Self {
            before: field("before"),
            scheme: field("scheme"),
            source: field("source"),
            kind: field("kind"),
            state: field("state"),
            mode: field("mode"),
        }
    }

    /// The runs; none if nobody has said until when.
    fn matching(&self, asked: &Asked) -> Result<Option<Matching>, Problem> {
        let Some(before) = parsed("before", &self.before, |text| time(asked, text))? else { return Ok(None) };
        Ok(Some(Matching {
            before,
            scheme: parsed("scheme", &self.scheme, |text| text.parse().ok())?,
            source: parsed("source", &self.source, |text| text.parse().ok())?,
            kind: parsed("kind", &self.kind, kind_of)?.map(RunKind::as_str).map(str::to_owned),
            state: parsed("state", &self.state, state_of)?.map(RunState::as_str).map(str::to_owned),
            test_mode: parsed("mode", &self.mode, test_mode_of)?,
        }))
    }

    fn filters(&self) -> Filters<'_> {
        let all = vec![
            ("before", self.before.as_str()),
            ("scheme", &self.scheme),
            ("source", &self.source),
            ("kind", &self.kind),
            ("state", &self.state),
            ("mode", &self.mode),
        ];
        Filters { path: "/runs/delete", all }
    }

    /// The chosen runs in words.
    fn about(&self, asked: &Asked, matching: &Matching) -> String {
        let sources = source_choices(asked);
        let named = [
            ("of the scheme ", self.scheme.clone()),
            ("in ", word_of(&sources, &self.source)),
            ("", word_of(&kind_choices(), &self.kind)),
            ("", word_of(&state_choices(), &self.state)),
            ("", word_of(&mode_choices(), &self.mode)),
        ];
        let named = named.iter().filter(|(_, word)| !word.is_empty());
        let named: Vec<_> = named.map(|(before, word)| format!("{before}{word}")).collect();
        let which = if named.is_empty() { "All runs".to_owned() } else { format!("Runs: {}", named.join(", ")) };
        format!("{which}, started before {}", asked.moment(matching.before).shown)
    }
}

/// The object of the deletion: one source, or all of them.
fn about(source: Option<&SourceId>) -> About<'_> {
    source.map_or(About::Everything, About::Source)
}

/// `GET /runs/delete`.
///
/// # Errors
/// [`Problem::BadQuery`] if a filter is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let chosen: Asks = asked.query()?;
    page(&asked, chosen, Errors::default(), "").await
}

async fn page(asked: &Asked, chosen: Asks, errors: Errors, reason: &str) -> Result<Answer, Problem> {
    let matching = chosen.matching(asked)?;
    let source = parsed("source", &chosen.source, |text| text.parse().ok())?;
    let forbidden = asked.why_not(Permission::DeleteLogs, about(source.as_ref()));
    let found = match matching.filter(|_| forbidden.is_none()) {
        None => None,
        Some(matching) => Some(found(asked, &chosen, matching).await?),
    };
    let mut frame = asked.frame(Place::Runs, "Delete from the run log");
    frame.refused = !errors.is_empty();
    let status = frame.status();
    let page = Page {
        frame,
        sources: source_choices(asked),
        states: state_choices(),
        kinds: kind_choices(),
        modes: mode_choices(),
        found,
        errors,
        reason: reason.to_owned(),
        forbidden,
        chosen,
    };
    Answer::with_status(status, &page)
}

async fn found(asked: &Asked, chosen: &Asks, matching: Matching) -> Result<Found, Problem> {
    let about = chosen.about(asked, &matching);
    let selection = RunSelection::All(matching);
    let read = move |state: &AdminState| state.views().deletable(&selection).map_err(|error| Problem::internal(&error));
    let Deletable { deleted, held, running, undoing, missing: _ } = asked.read(read).await?;
    let left = [(held, "held: they wait for a person"), (running, "running"), (undoing.len() as u64, "being undone")];
    Ok(Found {
        about,
        deleted,
        word: format!("Delete {} from the run log", counted(deleted, "run")),
        left: left.into_iter().filter(|(count, _)| *count > 0).collect(),
        kept: chosen.filters().kept(&[]),
    })
}

/// `POST /runs/delete`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not, or signed in too long ago; those of the same request to the API.
pub(in crate::console) async fn delete(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let chosen = Asks::of(&form);
    let matching = chosen.matching(&asked)?;
    let matching = matching.ok_or_else(|| Problem::BadRequest("say until when the runs began".into()))?;
    asked.may(Permission::DeleteLogs, about(matching.source.as_ref()))?;
    let typed = form.get("reason").to_owned();
    let wrong = match checked_reason(Some(typed.clone())) {
        Ok(Some(reason)) => {
            let runs = RunSelection::All(matching);
            let Deleted { deleted, left } = delete_runs(asked.state(), asked.principal(), runs, reason).await?;
            let Left { held, running, undoing, missing: _ } = left;
            let to = Address::new("/runs").with("deleted", &deleted.to_string());
            return Ok(Answer::see(to.with("left", &(held + running + undoing).to_string())));
        }
        Ok(None) => "Write why the runs are deleted.".to_owned(),
        Err(problem) => sentence(&problem.to_string()),
    };
    page(&asked, chosen, Errors::one("Nothing was deleted", "reason", wrong), &typed).await
}
