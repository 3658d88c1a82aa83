//! All pages and forms, with what holds for each of them.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Resource, ResponseError, Route,
    web::{self, Bytes, Payload, PayloadConfig},
};

use super::{
    Answer, Asked,
    asked::{Away, page_of_act},
    assets,
    form::{self, Form},
    pages,
    session::{oidc, sign_in, sign_out},
};
use crate::{
    admin::{FileForm, Problem, page_resource, reading},
    user_list::MAX_BYTES as MAX_LIST,
};

/// The methods of a page.
const READING: &str = "GET, HEAD";

/// The longest form with a draft of a scheme, in bytes: a draft has 512 KiB at most, and escapes take thrice as much.
const MAX_DRAFT: usize = 2 * 1024 * 1024;

/// The longest form with the ticks of a page, in bytes: a page has 40 users, and an id may have 255 characters.
const MAX_TICKS: usize = 256 * 1024;

/// The longest form with a file, in bytes: what is around the file has room besides.
const MAX_UPLOAD: usize = MAX_LIST + 128 * 1024;

/// The longest number of a form, in bytes.
const MAX_REQUEST: usize = 64;

/// All of them.
pub(super) fn all() -> Vec<Resource> {
    vec![
        page_resource("/assets/{name}", READING).route(reading(assets::show)),
        page_resource("/sign-in", "GET, HEAD, POST")
            .app_data(PayloadConfig::new(form::MAX_BODY))
            .route(reading(sign_in::show))
            .route(web::post().to(sign_in::sign_in)),
        page_resource("/sign-in/oidc", READING).route(reading(oidc::begin)),
        // Not for HEAD: a code counts once.
        page_resource(oidc::CALLBACK, "GET").route(web::get().to(oidc::callback_of)),
        act("/sign-out", sign_out::here),
        act("/sign-out/everywhere", sign_out::everywhere),
        page("/", pages::today::show),
        page("/start", pages::start::show),
        act("/start/dismiss", pages::start::dismiss),
        both("/connect", pages::connect::show, pages::connect::test),
        page("/sources", pages::sources::list::show),
        page("/sources/{id}", pages::sources::one::show),
        page("/sources/{id}/yaml", pages::sources::yaml::show),
        act("/sources/{id}/test", pages::sources::one::test),
        both("/sources/{id}/edit", pages::sources::edit::show, pages::sources::edit::change),
        act("/sources/{id}/secrets", pages::sources::secrets::change),
        both("/sources/{id}/delete", pages::sources::delete::show, pages::sources::delete::delete),
        both("/sources/{id}/pause", pages::sources::pause::ask_pause, pages::sources::pause::pause),
        both("/sources/{id}/resume", pages::sources::pause::ask_resume, pages::sources::pause::resume),
        page("/sources/{id}/newcomers", pages::sources::newcomers::show),
        act("/sources/{id}/newcomers/release", pages::sources::newcomers::release),
        act("/sources/{id}/newcomers/dismiss", pages::sources::newcomers::dismiss),
        page("/schemes", pages::schemes::list::show),
        page("/schemes/{id}", pages::schemes::one::show),
        both("/schemes/{id}/run", pages::schemes::run::show, pages::schemes::run::run),
        both("/schemes/{id}/delete", pages::schemes::delete::show, pages::schemes::delete::delete),
        page("/schemes/{id}/history", pages::schemes::history::show),
        act("/schemes/{id}/edit", pages::schemes::wizard::drafts::edit),
        both("/schemes/{id}/live", pages::schemes::live::show, pages::schemes::live::switch_off),
        act("/schemes/{id}/live/preview", pages::schemes::live::look),
        page("/schemes/{id}/preview.csv", pages::schemes::live::csv),
        page("/drafts", pages::schemes::wizard::drafts::list),
        act("/drafts/next", pages::schemes::wizard::trigger::times::next),
        both("/drafts/new", pages::schemes::wizard::trigger::new, pages::schemes::wizard::trigger::create),
        page("/drafts/{id}", pages::schemes::wizard::drafts::go_on),
        act("/drafts/{id}/delete", pages::schemes::wizard::drafts::delete),
        both("/drafts/{id}/trigger", pages::schemes::wizard::trigger::show, pages::schemes::wizard::trigger::save),
        long("/drafts/{id}/users", pages::schemes::wizard::users::show, pages::schemes::wizard::users::save),
        act_of("/drafts/{id}/count", MAX_DRAFT, pages::schemes::wizard::users::count::count),
        long("/drafts/{id}/actions", pages::schemes::wizard::actions::show, pages::schemes::wizard::actions::save),
        both("/drafts/{id}/audit", pages::schemes::wizard::audit::show, pages::schemes::wizard::audit::save),
        page("/drafts/{id}/groups", pages::schemes::wizard::pickers::groups),
        page("/drafts/{id}/overview", pages::schemes::wizard::overview::show),
        long("/drafts/{id}/yaml", pages::schemes::wizard::text::show, pages::schemes::wizard::text::save),
        both(
            "/drafts/{id}/preview",
            pages::schemes::wizard::preview::show,
            pages::schemes::wizard::preview::begin_of_draft,
        ),
        page("/drafts/{id}/preview.csv", pages::schemes::wizard::preview::csv),
        act("/drafts/{id}/save", pages::schemes::wizard::save::save),
        act("/schemes/{id}/bring-back", pages::schemes::history::bring_back),
        act("/schemes/{id}/pause", pages::schemes::act::pause),
        act("/schemes/{id}/resume", pages::schemes::act::resume),
        act("/schemes/{id}/enable", pages::schemes::act::enable),
        act("/schemes/{id}/disable", pages::schemes::act::disable),
        act("/schemes/{id}/test", pages::schemes::act::test_mode),
        both_of("/bulk", MAX_TICKS, pages::bulk::pick::show, pages::bulk::save),
        upload("/bulk/file", pages::bulk::file::show, pages::bulk::file::upload),
        act("/bulk/file/again", pages::bulk::file::again),
        both("/bulk/{pick}/action", pages::bulk::action::show, pages::bulk::action::change),
        page("/bulk/{pick}/groups", pages::bulk::action::groups),
        both("/bulk/{pick}/check", pages::bulk::check::show, pages::bulk::check::order),
        page("/runs", pages::runs::list::show),
        page("/runs/latest", pages::runs::list::latest),
        page("/runs/folded", pages::runs::folded::show),
        both("/runs/delete", pages::runs::delete::show, pages::runs::delete::delete),
        page("/runs.csv", pages::runs::list::csv),
        page("/runs.json", pages::runs::list::json),
        page("/runs/{id}", pages::runs::one::show),
        page("/runs/{id}/entry", pages::runs::entry::show),
        page("/runs/{id}/entries.csv", pages::runs::one::csv),
        page("/runs/{id}/entries.json", pages::runs::one::json),
        page("/runs/{id}/diff", pages::runs::diff::show),
        both("/runs/{id}/undo", pages::runs::undo::show, pages::runs::undo::undo),
        act("/runs/{id}/release", pages::runs::decide::release),
        act("/runs/{id}/pick", pages::bulk::failed::pick),
        act("/runs/{id}/cancel", pages::runs::decide::cancel),
        page("/dead-letters", pages::dead_letters::list::show),
        both("/dead-letters/again", pages::dead_letters::again::show, pages::dead_letters::again::again),
        both("/dead-letters/dismiss", pages::dead_letters::dismiss::show, pages::dead_letters::dismiss::dismiss),
        page("/users", pages::users::list::show),
        page("/users.csv", pages::users::list::export),
        act("/users/refresh", pages::users::rosters::refresh),
        page("/users/{source}/{id}", pages::users::one::show),
        page("/kept/{id}", pages::kept::show),
        page("/audit", pages::audit::show),
        page("/audit.csv", pages::audit::csv),
        page("/settings", pages::settings::show),
        act("/settings/appearance", pages::settings::appearance),
        page("/settings/components", pages::components::show),
    ]
}

/// A path for those who have signed in. To a method that is not in `allow`, a page answers.
fn resource(path: &str, allow: &'static str) -> Resource {
    let not_taken = move |asked: Result<Asked, Away>, request: HttpRequest| {
        let answer = match asked {
            Ok(asked) => asked.not_taken(allow),
            // Whoever follows an old link to an act is led to the page of it.
            Err(away) if request.method().is_safe() => away.then(page_of_act(&request)).error_response(),
            Err(_) => Problem::MethodNotAllowed { allow: allow.to_owned() }.error_response(),
        };
        std::future::ready(answer)
    };
    page_resource(path, allow).default_service(web::to(not_taken))
}

/// A page for those who have signed in. It changes nothing.
fn page<F>(path: &str, show: fn(Asked) -> F) -> Resource
where
    F: Future<Output = Result<Answer, Problem>> + 'static,
{
    resource(path, READING).route(shows(show))
}

/// A page that asks before something is done, and its form at the same path.
fn both<F, A>(path: &str, show: fn(Asked) -> F, act: fn(Asked, Form) -> A) -> Resource
where
    F: Future<Output = Result<Answer, Problem>> + 'static,
    A: Future<Output = Result<Answer, Problem>> + 'static,
{
    both_of(path, form::MAX_BODY, show, act)
}

/// The same, for a form with a draft of a scheme.
fn long<S, F>(path: &str, show: fn(Asked) -> S, act: fn(Asked, Form) -> F) -> Resource
where
    S: Future<Output = Result<Answer, Problem>> + 'static,
    F: Future<Output = Result<Answer, Problem>> + 'static,
{
    both_of(path, MAX_DRAFT, show, act)
}

fn both_of<S, F>(path: &str, most: usize, show: fn(Asked) -> S, act: fn(Asked, Form) -> F) -> Resource
where
    S: Future<Output = Result<Answer, Problem>> + 'static,
    F: Future<Output = Result<Answer, Problem>> + 'static,
{
    resource(path, "GET, HEAD, POST").app_data(PayloadConfig::new(most)).route(shows(show)).route(acts(act))
}

fn shows<F>(show: fn(Asked) -> F) -> Route
where
    F: Future<Output = Result<Answer, Problem>> + 'static,
{
    reading(move |asked: Asked| async move {
        let answer = show(asked.clone()).await;
        let answer = asked.recorded(answer).await;
        asked.respond(answer)
    })
}

/// A form for those who have signed in. It is taken from a page of this console and of this session alone, and one that
/// confirms is done once.
fn act<F>(path: &str, act: fn(Asked, Form) -> F) -> Resource
where
    F: Future<Output = Result<Answer, Problem>> + 'static,
{
    act_of(path, form::MAX_BODY, act)
}

/// The same, of at most so many bytes.
fn act_of<F>(path: &str, most: usize, act: fn(Asked, Form) -> F) -> Resource
where
    F: Future<Output = Result<Answer, Problem>> + 'static,
{
    resource(path, "POST").app_data(PayloadConfig::new(most)).route(acts(act))
}

fn acts<F>(act: fn(Asked, Form) -> F) -> Route
where
    F: Future<Output = Result<Answer, Problem>> + 'static,
{
    let handler = move |asked: Result<Asked, Away>, request: HttpRequest, payload: Payload| async move {
        // The body is read for those who have signed in, or had before.
        let mut payload = payload.into_inner();
        match asked {
            Ok(asked) => {
                let body = Bytes::from_request(&request, &mut payload).await;
                done(asked, body, act).await
            }
            Err(away) if away.may_keep(&request) => {
                let body = Bytes::from_request(&request, &mut payload).await;
                away.keeping(&request, body).error_response()
            }
            Err(away) => away.error_response(),
        }
    };
    web::post().to(handler)
}

/// A form with a file. It is not kept for those whose session has ended: a file is sent once more.
fn upload<S, F>(path: &str, show: fn(Asked) -> S, act: fn(Asked, Form, Bytes) -> F) -> Resource
where
    S: Future<Output = Result<Answer, Problem>> + 'static,
    F: Future<Output = Result<Answer, Problem>> + 'static,
{
    let handler = move |asked: Result<Asked, Away>, request: HttpRequest, payload: Payload| async move {
        let asked = match asked {
            Ok(asked) => asked,
            Err(away) => return away.then(page_of_act(&request)).error_response(),
        };
        let body = Bytes::from_request(&request, &mut payload.into_inner()).await;
        let answer = match taken_apart(&asked, body).await {
            Ok((form, file)) => act(asked.clone(), form, file).await,
            Err(problem) => Err(problem),
        };
        let answer = asked.recorded(answer).await;
        asked.respond(answer)
    };
    let all = resource(path, "GET, HEAD, POST").app_data(PayloadConfig::new(MAX_UPLOAD));
    all.route(shows(show)).route(web::post().to(handler))
}

/// The form and its file, if a page of this console and of this session sent them.
async fn taken_apart(asked: &Asked, body: Result<Bytes, actix_web::Error>) -> Result<(Form, Bytes), Problem> {
    let body = body.map_err(|_| Problem::TooLarge(MAX_LIST))?;
    let FileForm { file, fields } = FileForm::read(asked.headers(), body, MAX_LIST).await?;
    Ok((checked(asked, Form::of(fields))?, file))
}

async fn done<F>(asked: Asked, body: Result<Bytes, actix_web::Error>, act: fn(Asked, Form) -> F) -> HttpResponse
where
    F: Future<Output = Result<Answer, Problem>> + 'static,
{
    let form = proved(&asked, body);
    let sent = form.as_ref().ok().cloned();
    let answer = match form {
        Err(problem) => Err(problem),
        Ok(form) if form.get("request").is_empty() => act(asked.clone(), form).await,
        Ok(form) => {
            let name = format!("{} {} {}", asked.session().id, form.get("request"), asked.address());
            asked.console().requests.once(name, act(asked.clone(), form)).await
        }
    };
    if let Some(form) = sent {
        asked.sent(&form, &answer);
    }
    let answer = asked.recorded(answer).await;
    asked.respond(answer)
}

/// The form, if a page of this console and of this session sent it.
fn proved(asked: &Asked, body: Result<Bytes, actix_web::Error>) -> Result<Form, Problem> {
    checked(asked, Form::read(body)?)
}

/// The same, of a form that was read.
fn checked(asked: &Asked, form: Form) -> Result<Form, Problem> {
    let console = asked.console();
    if !console.origin().sent(asked.headers()) || !console.keys().is_form_token(asked.session(), form.get("form_token"))
    {
        let why = "The form did not come from a page of this session. Nothing was changed. Open the page anew, and send it from there.";
        return Err(Problem::Forbidden(why.to_owned()));
    }
    if form.get("request").len() > MAX_REQUEST {
        return Err(Problem::BadRequest("the form has no number that usher gave it; open the page anew".into()));
    }
    Ok(form)
}
