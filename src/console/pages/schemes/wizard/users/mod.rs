//! Step 2: whom the scheme selects.

mod answers;
pub(super) mod conditions;
pub(in crate::console) mod count;
mod groups;

use askama::Template;
use serde::Deserialize;

use self::{
    answers::{Answers, change},
    conditions::Objections,
    groups::{Group, How, found, text_of},
};
use super::{
    Around, Kept, Step,
    actions::product,
    address,
    caveats::Caveats,
    frame, may_write,
    pickers::{Groups, Look, Picker},
    trigger::changed_elsewhere,
    trigger_kind,
};
use crate::{
    admin::Problem,
    config::Document,
    console::{
        Answer, Asked,
        addresses::Address,
        form::Form,
        frame::{Errors, FieldError, Frame},
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
    only_picker: Picker,
    exempt_picker: Picker,
}

/// The part of the selection that a page is about.
struct Here<'p> {
    at: &'p [usize],
    to_overview: bool,
    /// Groups that are looked up.
    look: Option<Look>,
}

/// A group in the list of groups.
struct GroupRow {
    place: usize,
    word: &'static str,
    yaml: String,
}

/// What has to hold of a group's conditions, as its choice is called.
pub(super) fn how_in_words(value: &str) -> Option<&'static str> {
    How::ALL.into_iter().find(|how| how.as_str() == value).map(How::word)
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    /// `overview`, if it is where one comes from.
    back: String,
    /// The path of a group.
    at: String,
    /// The field for which groups are looked up, and a part of their names.
    look: String,
    like: String,
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
    let Asks { back, at, look, like } = asked.query()?;
    let kept = Kept::of(&asked)?;
    if kept.typed.is_some() {
        return Ok(Answer::see(address(kept.id()).segment("yaml")));
    }
    let to_overview = back == "overview";
    match Answers::at(&kept.document, &at) {
        Some((answers, at)) => {
            let here = Here { at: &at, to_overview, look: Look::new(&look, like) };
            page(&asked, &kept, answers, here, Errors::default()).await
        }
        // The group is gone: here is the selection that it was part of.
        None => Ok(Answer::see(page_of(&kept, &[], to_overview))),
    }
}

async fn page(
    asked: &Asked,
    kept: &Kept,
    answers: Answers,
    Here { at, to_overview, look }: Here<'_>,
    errors: Errors,
) -> Result<Answer, Problem> {
    let frame = frame(asked, kept, Step::Users, !errors.is_empty());
    let status = frame.status();
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
        only_picker: Picker::new(asked, &Groups::of(kept), "only_groups", look.as_ref()).await,
        exempt_picker: Picker::new(asked, &Groups::of(kept), "exempt_groups", look.as_ref()).await,
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
    let Some((shown, at)) = Answers::at(&kept.document, form.get("at")) else {
        return Ok(Answer::see(page_of(&kept, &[], to_overview)));
    };
    let answers = Answers::sent(&form, &shown, &at);
    let wrong = answers.put_into(&mut kept.document, &at);
    if !kept.is_seen(&form) {
        let here = Here { at: &at, to_overview, look: None };
        return page(&asked, &kept, answers, here, changed_elsewhere()).await;
    }
    if let (None, Some(look)) = (&wrong, Look::sent(&form)) {
        kept.keep(&asked, Step::Users).await?;
        return Ok(look.see(page_of(&kept, &at, to_overview)));
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
        let here = Here { at: &at, to_overview, look: None };
        return page(&asked, &kept, answers, here, Errors { title, items }).await;
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

/// The faults of the group at `at`, by its fields. On the page of the whole selection, all faults.
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
