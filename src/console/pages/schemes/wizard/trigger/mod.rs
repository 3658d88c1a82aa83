//! Step 1: id, source and trigger.

mod answers;
pub(in crate::console) mod times;

use askama::Template;
use serde::Deserialize;

use self::{
    answers::{Answers, PLAIN},
    times::Next,
};
use super::{Around, Fault, Kept, Step, address, caveats, frame, may_write};
use crate::{
    admin::{AdminState, Problem},
    console::{
        Answer, Asked,
        form::Form,
        frame::{Choice, Errors, FieldError, Frame},
        pages::source_choices,
    },
    domain::TriggerKind,
};

#[derive(Template)]
#[template(path = "schemes/wizard/trigger.html")]
struct Page {
    frame: Frame,
    around: Around,
    errors: Errors,
    answers: Answers,
    sources: Vec<Choice>,
    kinds: Vec<KindChoice>,
    plain: Vec<Choice>,
    next: Next,
    zone: &'static str,
}

/// A trigger that can be chosen.
struct KindChoice {
    value: &'static str,
    word: &'static str,
    about: &'static str,
    /// Its meaning for the source, or for each of them.
    notes: Vec<String>,
}

/// The number of sources that the page has notes about.
const MANY_SOURCES: usize = 5;

const KINDS: [(TriggerKind, &str, &str); 4] = [
    (
        TriggerKind::OnCreate,
        "When a user is created",
        "usher hears of it by a webhook or the audit log, or when it compares the users with those it knows.",
    ),
    (TriggerKind::OnLogin, "When a user logs in", "As far as the source tells of logins."),
    (TriggerKind::Schedule, "By the clock", "All users of the source are looked at, at these times."),
    (TriggerKind::Manual, "By hand", "All users of the source are looked at when somebody runs it."),
];

/// A trigger as its choice is called.
pub(super) fn kind_in_words(value: &str) -> Option<&'static str> {
    KINDS.iter().find(|(kind, ..)| kind.as_str() == value).map(|(_, word, _)| *word)
}

/// A time of the list as its choice is called.
pub(super) fn time_in_words(value: &str) -> Option<&'static str> {
    PLAIN.iter().find(|(cron, _)| *cron == value).map(|(_, word)| *word)
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asks {
    /// `overview`, if it is where one comes from.
    pub(super) back: String,
}

/// The query of a new draft.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct New {
    source: String,
}

/// `GET /drafts/new`: the first step of a draft that is kept when it is sent.
///
/// # Errors
/// [`Problem::BadQuery`] if a parameter is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn new(asked: Asked) -> Result<Answer, Problem> {
    let New { source } = asked.query()?;
    let kept = Kept::new(&source);
    let answers = Answers::of(&kept.document);
    page(&asked, &kept, answers, false, Errors::default()).await
}

/// `GET /drafts/{id}/trigger`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft; [`Problem::BadQuery`] if a parameter is unknown.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let kept = Kept::of(&asked)?;
    if kept.typed.is_some() {
        return Ok(Answer::see(address(kept.id()).segment("yaml")));
    }
    let answers = Answers::of(&kept.document);
    page(&asked, &kept, answers, asks.back == "overview", Errors::default()).await
}

async fn page(
    asked: &Asked,
    kept: &Kept,
    answers: Answers,
    to_overview: bool,
    errors: Errors,
) -> Result<Answer, Problem> {
    let next = match answers.kind == TriggerKind::Schedule.as_str() {
        true => Next::of(asked, answers.pattern(), &answers.timezone),
        false => Next::default(),
    };
    let kinds = kinds(asked, &answers.source).await?;
    let frame = frame(asked, kept, Step::Trigger, !errors.is_empty());
    let status = frame.status();
    let page = Page {
        around: Around::new(asked, kept, Step::Trigger, to_overview),
        errors,
        answers,
        sources: source_choices(asked),
        kinds,
        plain: PLAIN.map(|(cron, word)| Choice::new(cron, word)).into(),
        next,
        zone: asked.zone().name(),
        frame,
    };
    Answer::with_status(status, &page)
}

/// The triggers, each with what it means for `chosen`; for each source if none is chosen and they are few.
async fn kinds(asked: &Asked, chosen: &str) -> Result<Vec<KindChoice>, Problem> {
    let all = asked.state().sources();
    let seen = || all.iter().filter(|row| asked.principal().sees(row.id()));
    let mut sources: Vec<_> = seen().filter(|row| row.id().as_str() == chosen).cloned().collect();
    if sources.is_empty() {
        sources = seen().cloned().collect();
    }
    if sources.len() > MANY_SOURCES {
        sources.clear();
    }
    let of = sources.clone();
    let told =
        move |state: &AdminState| Ok(of.iter().map(|row| state.views().login_coverage(row.id())).collect::<Vec<_>>());
    let told = asked.read(told).await?;
    let notes = |kind| {
        let of_logins = sources.iter().zip(&told).map(|(row, told)| {
            let name = row.name();
            match told {
                Some(coverage) => {
                    let (since, last) = (asked.moment(coverage.since), asked.moment(coverage.last));
                    format!("{name} has told of logins since {}, last {}.", since.shown, last.ago)
                }
                None => {
                    format!("{name} has told of no login yet: a scheme on logins does nothing there until it does.")
                }
            }
        });
        let of_logins: Vec<_> = if kind == TriggerKind::OnLogin { of_logins.collect() } else { Vec::new() };
        of_logins.into_iter().chain(sources.iter().filter_map(|row| caveats::of_trigger(kind, row))).collect()
    };
    let choice =
        |(kind, word, about): (TriggerKind, _, _)| KindChoice { value: kind.as_str(), word, about, notes: notes(kind) };
    Ok(KINDS.map(choice).into())
}

/// `POST /drafts/new`: keeps the draft.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not write schemes; those of keeping a draft by the API.
pub(in crate::console) async fn create(asked: Asked, form: Form) -> Result<Answer, Problem> {
    may_write(&asked)?;
    take(&asked, Kept::new(""), &form).await
}

/// `POST /drafts/{id}/trigger`.
///
/// # Errors
/// As [`create`]; [`Problem::NotFound`] if they have no such draft.
pub(in crate::console) async fn save(asked: Asked, form: Form) -> Result<Answer, Problem> {
    may_write(&asked)?;
    take(&asked, Kept::of(&asked)?, &form).await
}

async fn take(asked: &Asked, mut kept: Kept, form: &Form) -> Result<Answer, Problem> {
    let to_overview = form.get("back") == "overview";
    let was_other = Answers::of(&kept.document).is_other;
    let mut answers = Answers::sent(form, was_other);
    if let Some(based_on) = kept.based_on() {
        answers.id = based_on.id.to_string(); // a change never renames
    }
    answers.put_into(&mut kept.document);
    if !kept.is_seen(form) {
        return page(asked, &kept, answers, to_overview, changed_elsewhere()).await;
    }
    let mut items = answers.missing();
    let faults = kept.checked(asked).await?.scheme.err().unwrap_or_default();
    let of_trigger = faults.into_iter().filter(|fault| fault.step == Step::Trigger).map(Fault::on_field);
    items.extend(of_trigger.filter(|fault| !answers.is_about_missing(fault)));
    if let (true, Ok(id)) = (kept.based_on().is_none(), answers.id.parse())
        && asked.state().settings().get(&id).is_some()
    {
        let text = format!("There is a scheme `{id}` already. Choose another id, or edit that one.");
        items.push(FieldError { field: "id", text });
    }
    let looks = form.get("go") == "look";
    // An empty form is worth no draft.
    if looks || !kept.is_new() || !kept.yaml().is_empty() {
        kept.keep(asked, Step::Trigger).await?;
    }
    if looks {
        return Ok(Answer::see(address(kept.id()).segment("trigger").with("back", form.get("back"))));
    }
    if !items.is_empty() {
        let errors = Errors { title: "The trigger is not complete yet", items };
        return page(asked, &kept, answers, to_overview, errors).await;
    }
    let next = if to_overview { Step::Overview } else { Step::Trigger.next() };
    Ok(Answer::see(address(kept.id()).segment(next.path())))
}

/// The errors of a form that was sent from a page of an earlier state of the draft.
pub(super) fn changed_elsewhere() -> Errors {
    let text = "The draft was changed in another window since you opened this page. What you typed here is below, and the \
                rest is as it is now. Send it once more to keep it.";
    Errors::one("Nothing was kept", "", text)
}
