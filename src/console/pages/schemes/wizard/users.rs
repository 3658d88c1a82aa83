//! Step 2: whom the scheme selects.

use actix_web::http::StatusCode;
use askama::Template;

use super::{
    Around, Fault, Kept, Step, address,
    conditions::{Conditions, Objections, listed},
    frame,
    kept::ORDER,
    may_write,
    trigger::{Asks, changed_elsewhere},
    trigger_kind,
};
use crate::{
    admin::{Problem, estimated},
    config::Document,
    console::{
        Answer, Asked,
        form::Form,
        frame::{Errors, FieldError, Frame},
        pages::schemes::run::Estimated,
    },
};

#[derive(Template)]
#[template(path = "schemes/wizard/users.html")]
struct Page {
    frame: Frame,
    around: Around,
    errors: Errors,
    answers: Answers,
    objections: Objections,
}

/// The fields of the page. None: it is written in a way that the field does not show, and stays as it is.
struct Answers {
    conditions: Option<Conditions>,
    only_groups: Option<String>,
    exempt_users: Option<String>,
    exempt_groups: Option<String>,
}

/// How many users a draft would select: a part that is swapped in.
#[derive(Template)]
#[template(path = "schemes/wizard/count.html")]
pub(super) struct Count {
    estimate: Estimated,
    /// A limit that leaves some room, where one is asked for.
    limit: Option<u64>,
}

impl Count {
    /// The number alone.
    pub(super) fn new(estimate: Estimated) -> Self {
        Self { estimate, limit: None }
    }

    /// The number with a limit.
    pub(super) fn with_limit(estimate: Estimated) -> Self {
        let limit = match &estimate {
            Estimated::Told { selected, .. } => Some(selected.saturating_mul(3).div_ceil(2).max(1)),
            Estimated::NotKnown(_) => None,
        };
        Self { estimate, limit }
    }
}

impl Answers {
    fn of(document: &Document) -> Self {
        let names = |value: Option<&Document>| match value {
            None => Some(String::new()),
            Some(Document::List(items)) if items.is_empty() => Some(String::new()),
            Some(value) => listed(value),
        };
        let exempt = document.get("exempt");
        let is_shown = exempt.is_none_or(|exempt| {
            exempt.entries().is_some_and(|keys| keys.iter().all(|(key, _)| ["users", "groups"].contains(&&**key)))
        });
        let part = |key| if is_shown { names(exempt.and_then(|exempt| exempt.get(key))) } else { None };
        Self {
            conditions: Conditions::of(document.get("select")),
            only_groups: names(document.get("only_groups")),
            exempt_users: part("users"),
            exempt_groups: part("groups"),
        }
    }

    /// As the form was sent. What it did not show is none still.
    fn sent(form: &Form, shown: &Self) -> Self {
        let get = |name, shown: &Option<String>| shown.is_some().then(|| form.get(name).replace("\r\n", "\n"));
        Self {
            conditions: shown.conditions.is_some().then(|| Conditions::sent(form)),
            only_groups: get("only_groups", &shown.only_groups),
            exempt_users: get("exempt_users", &shown.exempt_users),
            exempt_groups: get("exempt_groups", &shown.exempt_groups),
        }
    }

    fn put_into(&self, document: &mut Document) -> Option<FieldError> {
        let names = |text: &str| {
            let names: Vec<_> =
                text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
            (!names.is_empty()).then(|| Document::texts(names))
        };
        if let Some(groups) = &self.only_groups {
            document.set("only_groups", names(groups), &ORDER);
        }
        let mut exempt = document.get("exempt").cloned().unwrap_or(Document::Map(Vec::new()));
        for (key, text) in [("users", &self.exempt_users), ("groups", &self.exempt_groups)] {
            if let Some(text) = text {
                exempt.set(key, names(text), &["users", "groups"]);
            }
        }
        let is_empty = exempt.entries().is_some_and(<[_]>::is_empty);
        document.set("exempt", (!is_empty).then_some(exempt), &ORDER);
        let conditions = self.conditions.as_ref()?;
        match conditions.select(document.get("select")) {
            Ok(select) => {
                document.set("select", select, &ORDER);
                None
            }
            Err(more) => Some(FieldError { field: "more", text: more.in_words() }),
        }
    }
}

/// `GET /drafts/{id}/users`.
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
    page(&asked, &kept, answers, asks.back == "overview", Errors::default())
}

fn page(asked: &Asked, kept: &Kept, answers: Answers, to_overview: bool, errors: Errors) -> Result<Answer, Problem> {
    let frame = frame(asked, kept, Step::Users, !errors.is_empty());
    let status = if frame.refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page {
        around: Around::new(asked, kept, Step::Users, to_overview),
        errors,
        answers,
        objections: Objections::of(trigger_kind(kept)),
        frame,
    };
    Answer::with_status(status, &page)
}

/// `POST /drafts/{id}/users`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not write schemes, [`Problem::NotFound`] if they have no such draft; those of
/// keeping a draft by the API.
pub(in crate::console) async fn save(asked: Asked, form: Form) -> Result<Answer, Problem> {
    may_write(&asked)?;
    let mut kept = Kept::of(&asked)?;
    let to_overview = form.get("back") == "overview";
    let answers = Answers::sent(&form, &Answers::of(&kept.document));
    let wrong = answers.put_into(&mut kept.document);
    if !kept.is_seen(&form) {
        return page(&asked, &kept, answers, to_overview, changed_elsewhere());
    }
    let faults = kept.checked(&asked).await?.scheme.err().unwrap_or_default();
    let faults = faults.into_iter().filter(|fault| fault.step == Step::Users).map(Fault::on_field);
    let items: Vec<_> = wrong.into_iter().chain(faults).collect();
    kept.keep(&asked, Step::Users).await?;
    if !items.is_empty() {
        return page(&asked, &kept, answers, to_overview, Errors { title: "The users are not complete yet", items });
    }
    let next = if to_overview { Step::Overview } else { Step::Users.next() };
    Ok(Answer::see(address(kept.id()).segment(next.path())))
}

/// `POST /drafts/{id}/count`: how many users the form would select, if it were kept. It is not.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft; an internal one if the part can't be rendered.
pub(in crate::console) async fn count(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let mut kept = Kept::of(&asked)?;
    let answers = Answers::sent(&form, &Answers::of(&kept.document));
    if let Some(wrong) = answers.put_into(&mut kept.document) {
        return Answer::html(&Count::new(Estimated::NotKnown(wrong.text)));
    }
    Answer::html(&Count::new(estimate(&asked, kept.document).await?))
}

/// The number of users that `document` would select by the last list, whatever is still missing from it.
///
/// # Errors
/// [`Problem::Unavailable`] if no turn comes in time.
pub(super) async fn estimate(asked: &Asked, mut document: Document) -> Result<Estimated, Problem> {
    if document.get("select").is_none() {
        return Ok(Estimated::NotKnown("No condition is chosen yet.".to_owned()));
    }
    let source = document.get("source").and_then(Document::as_text).unwrap_or_default();
    if !source.parse().is_ok_and(|source| asked.principal().sees(&source)) {
        return Ok(Estimated::NotKnown("No source is chosen yet.".to_owned()));
    }
    // What is asked for later does not matter to the selection.
    document.set("id", Some(Document::text("estimate")), &ORDER);
    let group = Document::Map(vec![("add_groups".to_owned(), Document::texts(["estimate".to_owned()]))]);
    document.set("actions", Some(Document::List(vec![group])), &ORDER);
    document.set("limits", None, &ORDER);
    let text = serde_json::to_string(&document).map_err(|error| Problem::internal(&error))?;
    let caller = asked.principal().clone();
    Ok(Estimated::new(asked, asked.read(move |state| estimated(state, &caller, &text)).await))
}
