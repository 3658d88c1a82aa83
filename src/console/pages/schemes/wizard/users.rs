//! Step 2: whom the scheme selects.

use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use super::{
    Around, Kept, Step,
    actions::product,
    address,
    caveats::Caveats,
    conditions::{self, Conditions, Objections, listed},
    frame,
    groups::{Group, How, found, path_of, text_of},
    kept::ORDER,
    may_write,
    trigger::changed_elsewhere,
    trigger_kind,
};
use crate::{
    admin::{Problem, estimated},
    config::Document,
    console::{
        Answer, Asked,
        addresses::Address,
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
    caveats: Caveats,
    /// The path of the group that the page is about; empty for the whole selection.
    at: String,
    /// The page of the group that this one is a part of.
    out: Option<String>,
    hows: Vec<How>,
    groups: Vec<GroupRow>,
}

/// A group in the list of groups.
struct GroupRow {
    place: usize,
    word: &'static str,
    yaml: String,
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    /// `overview`, if it is where one comes from.
    back: String,
    /// The path of a group.
    at: String,
}

/// The fields that show a group.
struct Shown {
    how: How,
    conditions: Conditions,
}

/// The fields of the page. None: it is written in a way that the field does not show, and stays as it is.
struct Answers {
    shown: Option<Shown>,
    only_groups: Option<String>,
    exempt_users: Option<String>,
    exempt_groups: Option<String>,
}

/// How many users a draft would select: a part that is swapped in.
#[derive(Template)]
#[template(path = "schemes/wizard/count.html")]
pub(in crate::console::pages::schemes) struct Count {
    estimate: Estimated,
    /// A limit that leaves some room, where one is asked for.
    limit: Option<u64>,
}

impl Count {
    /// The number alone.
    pub(in crate::console::pages::schemes) fn new(estimate: Estimated) -> Self {
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
    /// The fields for the group at `at`; none if there is no such group.
    fn of(document: &Document, at: &[usize]) -> Option<Self> {
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
        let shown = match (Group::of(document.get("select")), at) {
            (Some(root), at) => {
                let group = root.at(at)?;
                Some(Shown { how: group.how, conditions: Conditions::of(&group) })
            }
            (None, []) => None,
            (None, _) => return None,
        };
        Some(Self {
            shown,
            only_groups: names(document.get("only_groups")),
            exempt_users: part("users"),
            exempt_groups: part("groups"),
        })
    }

    fn conditions(&self) -> Option<&Conditions> {
        self.shown.as_ref().map(|shown| &shown.conditions)
    }

    fn how(&self) -> How {
        self.shown.as_ref().map(|shown| shown.how).unwrap_or_default()
    }

    /// As the form was sent. What it did not show is none still.
    fn sent(form: &Form, shown: &Self, at: &[usize]) -> Self {
        let is_whole = at.is_empty();
        let get =
            |name, shown: &Option<String>| (is_whole && shown.is_some()).then(|| form.get(name).replace("\r\n", "\n"));
        let of_group = || Shown { how: How::named(form.get("match")), conditions: Conditions::sent(form) };
        Self {
            shown: shown.shown.is_some().then(of_group),
            only_groups: get("only_groups", &shown.only_groups),
            exempt_users: get("exempt_users", &shown.exempt_users),
            exempt_groups: get("exempt_groups", &shown.exempt_groups),
        }
    }

    fn put_into(&self, document: &mut Document, at: &[usize]) -> Option<FieldError> {
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
        let Shown { how, conditions } = self.shown.as_ref()?;
        let here = Group::of(document.get("select"))?.at(at)?;
        match conditions.put_into(&here) {
            // What is the same stays written as it is.
            Ok(items) if here == (Group { how: *how, items: items.clone() }) => None,
            Ok(items) => {
                change(document, at, Group { how: *how, items });
                None
            }
            Err(more) => Some(FieldError { field: "more", text: more.in_words() }),
        }
    }
}

/// Puts `group` in the place of the one at `at`.
fn change(document: &mut Document, at: &[usize], group: Group) {
    if let Some(root) = Group::of(document.get("select")).and_then(|root| root.with(at, group)) {
        document.set("select", root.select(), &ORDER);
    }
}

/// The act of a button of the page, besides keeping the typed text.
enum Go {
    /// Goes on.
    On,
    /// Adds a group, and shows it.
    Add,
    /// Shows a group.
    Show(usize),
    Remove(usize),
}

impl Go {
    fn sent(form: &Form) -> Self {
        match form.get("go").split_once(':') {
            Some(("show", place)) => place.parse().map_or(Self::On, Self::Show),
            Some(("remove", place)) => place.parse().map_or(Self::On, Self::Remove),
            _ if form.get("go") == "add" => Self::Add,
            _ => Self::On,
        }
    }
}

/// The page of a group; of the whole selection if `at` is empty.
fn page_of(kept: &Kept, at: &[usize], to_overview: bool) -> Address {
    let page = address(kept.id()).segment(Step::Users.path()).with("at", &text_of(at));
    page.with("back", if to_overview { "overview" } else { "" })
}

/// `GET /drafts/{id}/users`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft; [`Problem::BadQuery`] if a parameter is unknown.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let Asks { back, at } = asked.query()?;
    let kept = Kept::of(&asked)?;
    if kept.typed.is_some() {
        return Ok(Answer::see(address(kept.id()).segment("yaml")));
    }
    let to_overview = back == "overview";
    let found = path_of(&at).and_then(|at| Some((Answers::of(&kept.document, &at)?, at)));
    match found {
        Some((answers, at)) => page(&asked, &kept, answers, (&at, to_overview), Errors::default()),
        // The group is gone: here is the selection that it was part of.
        None => Ok(Answer::see(page_of(&kept, &[], to_overview))),
    }
}

fn page(
    asked: &Asked,
    kept: &Kept,
    answers: Answers,
    (at, to_overview): (&[usize], bool),
    errors: Errors,
) -> Result<Answer, Problem> {
    let frame = frame(asked, kept, Step::Users, !errors.is_empty());
    let status = if frame.refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let here = Group::of(kept.document.get("select")).and_then(|root| root.at(at));
    let row = |(place, group): (usize, Group)| GroupRow { place, word: group.how.word(), yaml: group.yaml() };
    let (whole, nested) = ([How::Any, How::All], How::ALL);
    let page = Page {
        around: Around::new(asked, kept, Step::Users, to_overview),
        errors,
        answers,
        objections: Objections::of(trigger_kind(kept)),
        caveats: Caveats::of(product(asked, kept)),
        out: at.split_last().map(|(_, out)| page_of(kept, out, to_overview).to_string()),
        hows: if at.is_empty() { whole.into() } else { nested.into() },
        groups: here.map(|group| group.groups().map(row).collect()).unwrap_or_default(),
        at: text_of(at),
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
    let found = path_of(form.get("at")).and_then(|at| Some((Answers::of(&kept.document, &at)?, at)));
    let Some((shown, at)) = found else { return Ok(Answer::see(page_of(&kept, &[], to_overview))) };
    let answers = Answers::sent(&form, &shown, &at);
    let wrong = answers.put_into(&mut kept.document, &at);
    if !kept.is_seen(&form) {
        return page(&asked, &kept, answers, (&at, to_overview), changed_elsewhere());
    }
    let next = if wrong.is_some() { None } else { leave(&mut kept.document, &at, &Go::sent(&form)) };
    let items = match next {
        // What is still missing can be typed in the group.
        Some(_) => Vec::new(),
        None => wrong.into_iter().chain(faults(&asked, &kept, &at).await?).collect(),
    };
    kept.keep(&asked, Step::Users).await?;
    if let Some(next) = next {
        return Ok(Answer::see(page_of(&kept, &next, to_overview)));
    }
    if !items.is_empty() {
        let title = if at.is_empty() { "The users are not complete yet" } else { "The group is not complete yet" };
        return page(&asked, &kept, answers, (&at, to_overview), Errors { title, items });
    }
    if let Some((_, out)) = at.split_last() {
        return Ok(Answer::see(page_of(&kept, out, to_overview)));
    }
    let next = if to_overview { Step::Overview } else { Step::Users.next() };
    Ok(Answer::see(address(kept.id()).segment(next.path())))
}

/// Adds or removes a group of the one at `at`; gives the group to look at next, if it is not the end of the page.
fn leave(document: &mut Document, at: &[usize], go: &Go) -> Option<Vec<usize>> {
    let mut group = Group::of(document.get("select"))?.at(at)?;
    let inner = |place: usize| [at, &[place]].concat();
    match go {
        Go::On => None,
        Go::Show(place) => Some(inner(*place)),
        Go::Add => {
            let place = group.items.len();
            group.items.push(Group::default().item());
            change(document, at, group);
            Some(inner(place))
        }
        Go::Remove(place) => {
            if group.groups().any(|(other, _)| other == *place) {
                group.items.remove(*place);
                change(document, at, group);
            }
            Some(at.to_vec())
        }
    }
}

/// What is wrong with the group at `at`, by its fields. On the page of the whole selection, all that is wrong.
async fn faults(asked: &Asked, kept: &Kept, at: &[usize]) -> Result<Vec<FieldError>, Problem> {
    let faults = kept.checked(asked).await?.scheme.err().unwrap_or_default();
    let select = kept.document.get("select");
    let of_users = faults.into_iter().filter(|fault| fault.step == Step::Users);
    let here = of_users.filter_map(|fault| {
        let inside = fault.path.split_first().filter(|(key, _)| *key == "select").and_then(|(_, keys)| {
            let (path, key) = found(select?, keys)?;
            path.starts_with(at).then_some((path, key))
        });
        match inside {
            Some((path, key)) if path.len() == at.len() => {
                Some(FieldError { field: conditions::field_of(&key), text: fault.text })
            }
            Some(_) => Some(FieldError { field: "groups", text: fault.text }),
            None => at.is_empty().then(|| fault.on_field()),
        }
    });
    Ok(here.collect())
}

/// `POST /drafts/{id}/count`: how many users the form would select, if it were kept. It is not.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft; an internal one if the part can't be rendered.
pub(in crate::console) async fn count(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let mut kept = Kept::of(&asked)?;
    let found = path_of(form.get("at")).and_then(|at| Some((Answers::of(&kept.document, &at)?, at)));
    let Some((shown, at)) = found else {
        return Answer::html(&Count::new(Estimated::NotKnown("The group is gone.".to_owned())));
    };
    if let Some(wrong) = Answers::sent(&form, &shown, &at).put_into(&mut kept.document, &at) {
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
