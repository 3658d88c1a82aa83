//! The caller of a page, and all that its function needs.

mod away;
mod refused;
mod sentence;

use std::{
    cell::{Cell, RefCell},
    future::{Ready, ready},
    rc::Rc,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, ResponseError,
    dev::Payload,
    http::{StatusCode, header},
    web::{Data, Path, Query},
};
use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use url::{Url, form_urlencoded};

use super::{
    Answer, Console,
    addresses::{Address, local},
    form::Form,
    frame::{Frame, Look, Moment, Place, length},
    kept_forms::KeptForm,
    session::{Cookies, Session},
};
use crate::{
    admin::{
        AdminState, Problem,
        audit::{Act, Entry, Object},
        identity::{About, Permission, Principal, Refusal},
    },
    clock::{Clock, SystemClock},
    domain::{SourceId, SourceScope, Timestamp},
    views::KeptTo,
};

pub(super) use away::{Away, starting};
pub(super) use refused::page_of_act;
pub(super) use sentence::sentence;

/// Somebody who has signed in, and their request. Cheap to clone.
#[derive(Clone)]
pub(super) struct Asked(Rc<Inner>);

struct Inner {
    console: Data<Console>,
    state: Data<AdminState>,
    session: Session,
    principal: Principal,
    request: HttpRequest,
    now: Timestamp,
    /// The segment of the path that `{id}` stands for, decoded; empty if there is none.
    id: String,
    changes: RefCell<Vec<ChangeOfResponse>>,
    /// The attempt that was refused, until it is recorded.
    refused: RefCell<Option<Attempt>>,
    /// Whether it was refused because the sign-in is too old.
    is_too_old: Cell<bool>,
    /// The address of the form that was sent, if it was kept.
    kept: RefCell<Option<String>>,
}

/// An attempt that was refused.
struct Attempt {
    entry: Entry,
    why: String,
}

/// The parts of pages that ask for themselves again and again.
const POLLS: [&str; 4] = ["progress", "steps", "rosters", "looking"];

type ChangeOfResponse = Box<dyn FnOnce(&Console, &mut HttpResponse)>;

impl Asked {
    /// The parts of usher that answer.
    pub(super) fn state(&self) -> &Data<AdminState> {
        &self.0.state
    }

    /// The state that all pages share.
    pub(super) fn console(&self) -> &Console {
        &self.0.console
    }

    /// The session.
    pub(super) fn session(&self) -> &Session {
        &self.0.session
    }

    /// The caller.
    pub(super) fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// The time of the request.
    pub(super) fn now(&self) -> Timestamp {
        self.0.now
    }

    /// The theme and the density.
    pub(super) fn look(&self) -> Look {
        Look::of(&self.0.request)
    }

    /// The path and query of the request.
    pub(super) fn address(&self) -> &str {
        self.0.request.uri().path_and_query().map_or("/", |address| address.as_str())
    }

    /// The headers of the request.
    pub(super) fn headers(&self) -> &header::HeaderMap {
        self.0.request.headers()
    }

    /// The segment of the path that `{id}` stands for.
    pub(super) fn id(&self) -> &str {
        &self.0.id
    }

    /// The segments of the path that stand for something, decoded.
    ///
    /// # Errors
    /// [`Problem::NoSuchPath`] if they are not text.
    pub(super) fn segments<T: DeserializeOwned + 'static>(&self) -> Result<T, Problem> {
        let segments = Path::<T>::from_request(&self.0.request, &mut Payload::None).into_inner();
        segments.map(Path::into_inner).map_err(|_| Problem::NoSuchPath)
    }

    /// Whether htmx asks for a part of the page, to swap it in.
    pub(super) fn is_partial(&self) -> bool {
        is_partial(&self.0.request)
    }

    /// Takes note of `form`, which `answer` is to: a kept form that was sent again is forgotten, and one that needs a new
    /// sign-in is kept.
    pub(super) fn sent(&self, form: &Form, answer: &Result<Answer, Problem>) {
        let (forms, whose) = (&self.0.console.kept_forms, self.0.session.whose());
        let is_too_old = self.0.is_too_old.get() && matches!(answer, Err(Problem::Forbidden(_)));
        if !is_too_old {
            return forms.forget(form.get("kept"), whose, self.0.now);
        }
        let page = page_of(&self.0.request).unwrap_or_else(|| "/".to_owned());
        let kept = forms.keep(whose, KeptForm::of(form, self.address().to_owned(), page), self.0.now);
        *self.0.kept.borrow_mut() = kept.map(|id| Address::of("/kept", id).to_string());
    }

    /// The query.
    ///
    /// # Errors
    /// [`Problem::BadQuery`] if a parameter is unknown or of a wrong form.
    pub(super) fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let query = Query::<T>::from_query(self.0.request.query_string());
        query.map(Query::into_inner).map_err(|error| Problem::BadQuery(error.to_string()))
    }

    /// A time as this console shows it.
    pub(super) fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(at, self.now(), self.0.console.zone)
    }

    /// The zone of the times that pages show.
    pub(super) fn zone(&self) -> Tz {
        self.0.console.zone
    }

    /// The sources that whoever asks is kept to; none if they see all.
    pub(super) fn only_sources(&self) -> Option<Vec<SourceId>> {
        match &self.0.principal.sources {
            SourceScope::All => None,
            SourceScope::Only(sources) => Some(sources.iter().cloned().collect()),
        }
    }

    /// The same as a condition of lists.
    pub(super) fn kept_to(&self) -> Option<KeptTo> {
        KeptTo::of(&self.0.principal.sources)
    }

    /// The frame of a page.
    pub(super) fn frame(&self, place: Place, title: impl Into<String>) -> Frame {
        Frame::new(self, place, title.into())
    }

    /// Why they may not do that; none if they may. Shown beside the disabled button.
    pub(super) fn why_not(&self, permission: Permission, about: About<'_>) -> Option<String> {
        self.0.principal.may(permission, about).err().map(|refusal| refusal.to_string())
    }

    /// Refuses what they may not do.
    ///
    /// # Errors
    /// [`Problem::Forbidden`] if their role is too low, or it can't be undone and the sign-in is too old;
    /// [`Problem::NotFound`] if the source is not one of theirs.
    pub(super) fn may(&self, permission: Permission, about: About<'_>) -> Result<(), Problem> {
        if let Err(refusal) = self.0.principal.may(permission, about) {
            if !matches!(refusal, Refusal::Source(_)) {
                self.attempted(permission, about, refusal.to_string());
            }
            return Err(refusal.into());
        }
        if permission.wants_fresh_sign_in() {
            return self.freshly(permission, about, ("This can't be undone", "what can't be undone"));
        }
        Ok(())
    }

    /// The same for what does great harm, although it can be undone: the sign-in may not be old.
    ///
    /// # Errors
    /// As [`may`](Self::may).
    pub(super) fn may_freshly(&self, permission: Permission, about: About<'_>) -> Result<(), Problem> {
        self.may(permission, about)?;
        self.freshly(permission, about, ("This is about a great part of the users", "so great a part of the users"))
    }

    /// `what` says what is done: as a sentence, and for the record.
    fn freshly(&self, permission: Permission, about: About<'_>, (what, recorded): (&str, &str)) -> Result<(), Problem> {
        let lifetimes = self.0.console.lifetimes();
        if self.0.session.is_fresh(lifetimes, self.0.now) {
            return Ok(());
        }
        let age = length(lifetimes.again_after);
        let why = format!(
            "{what}, and you signed in more than {age} ago. Sign in again: the form is kept for an hour, to be sent once more."
        );
        self.attempted(permission, about, format!("the sign-in was too old for {recorded}"));
        self.0.is_too_old.set(true);
        Err(Problem::Forbidden(why))
    }

    fn attempted(&self, permission: Permission, about: About<'_>, why: String) {
        let path = self.0.request.path().to_owned();
        let entry = Entry::new(Act::Attempt(permission.as_str()), Object::Other("path", path));
        let entry = if let About::Source(source) = about { entry.about(source) } else { entry };
        *self.0.refused.borrow_mut() = Some(Attempt { entry, why });
    }

    /// Records the attempt that [`may`](Self::may) refused, if that is the answer. Pages may ask it for what they show.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if it can't be written now; the problem of `answer`.
    pub(super) async fn recorded(&self, answer: Result<Answer, Problem>) -> Result<Answer, Problem> {
        let attempt = self.0.refused.borrow_mut().take();
        let is_refused = match &answer {
            Err(Problem::Forbidden(_)) => true,
            Ok(Answer::Html(status, _)) => *status == StatusCode::FORBIDDEN,
            Ok(_) | Err(_) => false,
        };
        if let Some(Attempt { entry, why }) = attempt.filter(|_| is_refused) {
            self.0.state.refused(&self.0.principal, entry, &why).await?;
        }
        answer
    }

    /// Does `work`, which may wait for the disk, on a thread for such work.
    ///
    /// # Errors
    /// The [`Problem`] of `work`; [`Problem::Unavailable`] if no turn comes in time.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AdminState) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let state = Data::clone(&self.0.state);
        self.0.state.on_thread(move || work(&state)).await
    }

    /// Does `work`, which waits for a product, on a thread for such work.
    ///
    /// # Errors
    /// The [`Problem`] of `work`; [`Problem::Unavailable`] if no turn comes in time.
    pub(super) async fn wait<T, F>(
        &self,
        work: impl FnOnce(Data<AdminState>) -> F + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Problem>>,
    {
        let state = Data::clone(&self.0.state);
        self.0.state.waiting(move || work(state)).await
    }

    /// Has the response changed once it is there: a cookie, say.
    pub(super) fn with_response(&self, change: impl FnOnce(&Console, &mut HttpResponse) + 'static) {
        self.0.changes.borrow_mut().push(Box::new(change));
    }

    /// The response to the request. A problem is a page of its own in the frame.
    pub(super) fn respond(&self, answer: Result<Answer, Problem>) -> HttpResponse {
        let answer = answer.or_else(|problem| self.refused(&problem));
        let mut response = match answer {
            Ok(answer) => answer.response(),
            Err(problem) => super::answer::with_headers(problem.error_response()),
        };
        let changes: Vec<_> = self.0.changes.borrow_mut().drain(..).collect();
        // A page that polls does not keep its session alive; somebody who filters a list does.
        if changes.is_empty()
            && !polls(self.is_partial(), self.0.request.query_string())
            && let Some(renewed) = self.0.session.renewed(self.0.now)
        {
            Cookies(&self.0.console).keep(&renewed, &mut response);
        }
        for change in changes {
            change(&self.0.console, &mut response);
        }
        response
    }
}

/// Whether a part of a page asks for itself, without anybody doing something.
fn polls(is_partial: bool, query: &str) -> bool {
    let mut parts = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "part");
    is_partial && parts.any(|(_, part)| POLLS.contains(&&*part))
}

fn is_partial(request: &HttpRequest) -> bool {
    request.headers().get("HX-Request-Type").is_some_and(|kind| kind == "partial")
}

/// The page from which a request came, as the browser says.
fn page_of(request: &HttpRequest) -> Option<String> {
    let headers = request.headers();
    let said = headers.get("HX-Current-URL").or_else(|| headers.get(header::REFERER))?.to_str().ok()?;
    let url = Url::parse(said).ok()?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    local(&format!("{}{query}", url.path())).map(str::to_owned)
}

impl FromRequest for Asked {
    type Error = Away;
    type Future = Ready<Result<Self, Away>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(asked(request))
    }
}

fn asked(request: &HttpRequest) -> Result<Asked, Away> {
    let console = request.app_data::<Data<Console>>().ok_or(Away::Starting)?;
    let state = console.listener.state().ok_or(Away::Starting)?;
    let now = SystemClock.now();
    let known = Cookies(console).session(request).and_then(|session| {
        let principal = session.principal(state, console.lifetimes(), now)?;
        Some((session, principal))
    });
    let Some((session, mut principal)) = known else {
        let is_partial = is_partial(request);
        let here = request.uri().path_and_query().and_then(|here| local(here.as_str())).map(str::to_owned);
        let to = if request.method().is_safe() && !is_partial { here } else { page_of(request) };
        return Err(Away::SignIn { to: to.unwrap_or_else(|| "/".to_owned()), is_partial });
    };
    principal.from = request.peer_addr().map(|address| address.ip());
    if let Some(connection) = request.conn_data::<std::sync::Arc<crate::http_server::Connection>>() {
        connection.proved();
    }
    let (console, state) = (Data::clone(console), Data::clone(state));
    // The router leaves `%2F` as it is; this decodes all.
    let id = Path::<String>::from_request(request, &mut Payload::None).into_inner();
    let id = id.map(Path::into_inner).unwrap_or_default();
    let (request, changes, refused) = (request.clone(), RefCell::default(), RefCell::default());
    let (is_too_old, kept) = (Cell::new(false), RefCell::default());
    let inner = Inner { console, state, session, principal, request, now, id, changes, refused, is_too_old, kept };
    Ok(Asked(Rc::new(inner)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_polls_keeps_no_session_alive_and_somebody_who_filters_does() {
        for query in ["part=progress", "part=steps", "part=rosters&source=acme", "job=1&part=looking"] {
            assert!(polls(true, query), "{query}");
            assert!(!polls(false, query), "{query}: a whole page");
        }
        for query in ["", "q=progress", "state=held&cursor=1", "user=jane&part=why", "part=count"] {
            assert!(!polls(true, query), "{query}");
        }
    }
}
