//! `/schemes/{id}/live`: test mode off. The last test run stands beside what a run would do now, and the number of users
//! is typed.

use std::collections::HashSet;

use actix_web::http::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};
use askama::Template;
use serde::Deserialize;

use super::{
    act::{as_json, may, may_switch_on, readable},
    address, scheme,
    wizard::preview::{Looking, begin, file, job, result},
};
use crate::{
    admin::{
        AdminState, Problem, changeable,
        identity::{About, Permission},
        replace_scheme,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        form::Form,
        frame::{Errors, Frame, Moment, Place, users},
    },
    domain::{Scheme, UserId},
    explain::Preview,
    settings::{IfMatch, SchemeView},
    views::{EntryFilter, Filter, Limit, Paging, Run},
};

/// The number of users of a test run that are compared: more take too long for a page.
const MAX_COMPARED: usize = 20_000;
/// The number of users that are named.
const NAMED: usize = 20;

#[derive(Template)]
#[template(path = "schemes/live.html")]
struct Live {
    frame: Frame,
    name: String,
    back: String,
    path: String,
    tag: String,
    job: String,
    errors: Errors,
    typed: String,
    tested: Option<Tested>,
    looking: Option<Looking>,
    compared: Option<Compared>,
    number: Option<u64>,
    word: String,
    is_sweep: bool,
    why_not: Option<String>,
    no_look: Option<String>,
}

/// The last test run.
struct Tested {
    path: String,
    at: Moment,
    words: String,
    /// Those for whom nothing was to be done: they have no step to compare.
    already_so: u64,
    /// Whether the scheme was changed since.
    is_old: bool,
}

/// Those whom the last test run and the preview select.
struct Compared {
    same: usize,
    new: Vec<String>,
    more_new: usize,
    gone: Vec<String>,
    more_gone: usize,
    /// Whether not all of them were compared.
    is_cut: bool,
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    job: String,
    page: usize,
    part: String,
}

/// The last test run with its users.
struct Found {
    run: Run,
    users: HashSet<UserId>,
    is_cut: bool,
}

impl Found {
    /// Reads it; waits for the disk.
    fn read(state: &AdminState, listed: &SchemeView) -> Result<Option<Self>, Problem> {
        let failed = |error| Problem::internal(&error);
        let filter = Filter { scheme: Some(listed.id.clone()), test_mode: Some(true), ..Filter::default() };
        let latest = state.views().runs(&filter, &Paging { limit: Limit::ONE, cursor: None }).map_err(failed)?;
        let Some(run) = latest.items.into_iter().next() else { return Ok(None) };
        let (mut users, mut cursor, mut is_cut) = (HashSet::new(), None, false);
        if run.sweep.is_some() {
            loop {
                let paging = Paging { limit: Limit::MAX, cursor: cursor.take() };
                let page = state.views().entries(&run.id, &EntryFilter::default(), &paging).map_err(failed)?;
                let Some(page) = page else { break };
                // `select`: it is not known whether the user is selected.
                let with_step = page.items.into_iter().filter(|entry| entry.action != "select");
                users.extend(with_step.map(|entry| UserId::new(entry.user)));
                match page.next {
                    Some(_) if users.len() >= MAX_COMPARED => {
                        is_cut = true;
                        break;
                    }
                    Some(next) => cursor = Some(next),
                    None => break,
                }
            }
        }
        Ok(Some(Self { run, users, is_cut }))
    }
}

impl Compared {
    fn new(found: &Found, preview: &Preview) -> Self {
        let with_steps = preview.users.iter().filter(|one| !one.steps.is_empty());
        let now: HashSet<_> = with_steps.map(|one| one.user.clone()).collect();
        let name = |user: &UserId| {
            let known = preview.users.iter().find(|one| one.user == *user).and_then(|one| one.user_name.clone());
            known.unwrap_or_else(|| user.to_string())
        };
        let named = |some: Vec<&UserId>| {
            let mut names: Vec<_> = some.iter().take(NAMED).map(|user| name(user)).collect();
            names.sort();
            (names, some.len().saturating_sub(NAMED))
        };
        let (new, more_new) = named(now.difference(&found.users).collect());
        let (gone, more_gone) = named(found.users.difference(&now).collect());
        let is_cut = found.is_cut || preview.users.len() as u64 != preview.selected;
        Self { same: now.intersection(&found.users).count(), new, more_new, gone, more_gone, is_cut }
    }
}

/// The scheme of the path, if it can be read.
fn of(asked: &Asked) -> Result<(SchemeView, Scheme), Problem> {
    let listed = scheme(asked)?;
    let Some(scheme) = readable(&listed).cloned() else {
        return Err(Problem::Conflict("this version of usher can't read the scheme; write it anew".into()));
    };
    Ok((listed, scheme))
}

/// `GET /schemes/{id}/live`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such scheme among the sources of whoever asks, [`Problem::Conflict`] if it can't
/// be read; [`Problem::BadQuery`] if a parameter is unknown.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let (listed, scheme) = of(&asked)?;
    if asks.part == "looking"
        && asked.is_partial()
        && let Some(looking) = looking(&asked, &scheme, &asks.job, asks.page)
    {
        if !looking.running {
            // The rest of the page says more now.
            let page = HeaderValue::from_str(&here(&scheme).with("job", &asks.job).to_string());
            asked.with_response(move |_, response| {
                if let Ok(page) = page {
                    response.headers_mut().insert(HeaderName::from_static("hx-redirect"), page);
                }
            });
        }
        return Answer::html(&looking);
    }
    page(&asked, &listed, &scheme, asks, StatusCode::OK, Errors::default(), "").await
}

fn here(scheme: &Scheme) -> Address {
    address(&scheme.id).segment("live")
}

fn looking(asked: &Asked, scheme: &Scheme, id: &str, page: usize) -> Option<Looking> {
    let job = job(asked, id, &scheme.id)?;
    let csv = address(&scheme.id).segment("preview.csv").with("job", id).to_string();
    Some(Looking::new(asked, &job, &here(scheme), csv, page))
}

async fn page(
    asked: &Asked,
    listed: &SchemeView,
    scheme: &Scheme,
    asks: Asks,
    status: StatusCode,
    errors: Errors,
    typed: &str,
) -> Result<Answer, Problem> {
    let wanted = listed.clone();
    let found = asked.read(move |state| Found::read(state, &wanted)).await?;
    let ended = result(asked, scheme, &asks.job);
    let compared = match (&found, &ended) {
        (Some(found), Some(preview)) if found.run.sweep.is_some() => Some(Compared::new(found, preview)),
        _ => None,
    };
    let tested = found.map(|Found { run, .. }| Tested {
        path: Address::of("/runs", &run.id).to_string(),
        at: asked.moment(run.started),
        words: format!("{} selected, {} steps recorded", users(run.counts.selected), run.counts.tested),
        already_so: run.counts.already_so,
        is_old: run.scheme_version != listed.version,
    });
    let number = ended.map(|preview| preview.selected);
    let about = About::Source(&scheme.source);
    let file = listed
        .provisioned
        .then(|| "This scheme is from the configuration file. Write `test_mode: false` there.".to_owned());
    let is_off = (!scheme.test_mode).then(|| "Test mode is off already.".to_owned());
    let mut frame = asked.frame(Place::Schemes, format!("Switch test mode off: {}", scheme.name));
    frame.refused = !errors.is_empty();
    let page = Live {
        frame,
        name: scheme.name.clone(),
        back: address(&listed.id).to_string(),
        path: here(scheme).to_string(),
        tag: listed.tag.clone(),
        typed: typed.to_owned(),
        tested,
        looking: looking(asked, scheme, &asks.job, asks.page),
        job: asks.job,
        compared,
        word: number.map(|number| format!("Switch test mode off for {}", users(number))).unwrap_or_default(),
        number,
        is_sweep: scheme.trigger.kind().is_sweep(),
        errors,
        why_not: asked.why_not(Permission::ChangeSchemes, about).or(file).or(is_off),
        no_look: asked.why_not(Permission::Preview, about),
    };
    Answer::with_status(status, &page)
}

/// `POST /schemes/{id}/live/preview`: looks at what a run would do now.
///
/// # Errors
/// As [`show`]; [`Problem::Forbidden`] if they may not; those of a preview by the API.
pub(in crate::console) async fn look(asked: Asked, _: Form) -> Result<Answer, Problem> {
    let (listed, scheme) = of(&asked)?;
    match begin(&asked, &scheme).await {
        Ok(job) => Ok(Answer::see(here(&scheme).with("job", &job.id))),
        Err(problem @ (Problem::InvalidScheme(_) | Problem::Unavailable(_))) => {
            let text = match &problem {
                Problem::InvalidScheme(wrong) => {
                    wrong.iter().map(|one| sentence(&one.message)).collect::<Vec<_>>().join(" ")
                }
                other => sentence(&other.to_string()),
            };
            let status = actix_web::ResponseError::status_code(&problem);
            let errors = Errors::one("The preview was not begun", "", text);
            page(&asked, &listed, &scheme, Asks::default(), status, errors, "").await
        }
        Err(other) => Err(other),
    }
}

/// `GET /schemes/{id}/preview.csv`: the users of the preview as a file.
///
/// # Errors
/// As [`show`]; [`Problem::NotFound`] if there is no such preview any more, [`Problem::Forbidden`] if they may not.
pub(in crate::console) async fn csv(asked: Asked) -> Result<Answer, Problem> {
    let Asks { job: wanted, .. } = asked.query()?;
    let (_, scheme) = of(&asked)?;
    job(&asked, &wanted, &scheme.id).ok_or_else(|| Problem::NotFound { kind: "preview", id: wanted.clone() })?;
    file(&asked, &wanted).await
}

/// `POST /schemes/{id}/live`: stores the scheme with test mode off.
///
/// # Errors
/// As [`show`]; [`Problem::Forbidden`] if they may not; those of a change by the API.
pub(in crate::console) async fn switch_off(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let (listed, mut scheme) = of(&asked)?;
    may(&asked, &listed, Permission::ChangeSchemes)?;
    let before = changeable(asked.state(), asked.principal(), listed.id.as_str())?;
    let asks = Asks { job: form.get("job").to_owned(), ..Asks::default() };
    let typed = form.get("number").trim().to_owned();
    let title = "Test mode is still on";
    if form.get("tag") != listed.tag {
        let text = "Somebody changed this scheme since you opened the page. Look at what it would do now.";
        let errors = Errors::one(title, "", text);
        return page(&asked, &listed, &scheme, Asks::default(), StatusCode::PRECONDITION_FAILED, errors, "").await;
    }
    let refused = match result(&asked, &scheme, &asks.job) {
        None => Some(("look", "Look first at what it would do now.".to_owned())),
        Some(preview) if typed != preview.selected.to_string() => {
            Some(("number", format!("Type {} to switch test mode off.", preview.selected)))
        }
        Some(_) => None,
    };
    if let Some((field, text)) = refused {
        let errors = Errors::one(title, field, text);
        return page(&asked, &listed, &scheme, asks, StatusCode::UNPROCESSABLE_ENTITY, errors, &typed).await;
    }
    may_switch_on(&asked, &scheme)?;
    scheme.test_mode = false;
    let seen = IfMatch::Tags(vec![listed.tag.clone()]);
    let stored = replace_scheme(asked.state(), asked.principal(), before, as_json(&scheme)?, seen).await?;
    Ok(Answer::see(address(&stored.id).with("said", "live")))
}
