//! The actions in their order, and the fields of one of them: for a scheme that is written, and for a bulk action.

use askama::Template;

use super::{
    super::pickers::Picker,
    action::{self, Fields},
};
use crate::{
    admin::Problem,
    config::Document,
    console::{
        Asked,
        addresses::Address,
        form::Form,
        frame::{Badge, Errors, Frame, Place},
        pages::schemes::read::undo_badge,
    },
    domain::{ActionKind, Capability, Product, TriggerKind},
};

/// See the module. Its errors stand on the page around it.
#[derive(Template)]
#[template(path = "schemes/wizard/action_step.html")]
pub(in crate::console::pages) struct ActionStep {
    frame: Frame,
    at: At,
    /// None: they are written in a way that no list shows.
    rows: Option<Vec<Row>>,
    choices: Vec<ActionChoice>,
    editing: Option<Editing>,
}

/// The page around the actions.
pub(in crate::console::pages) struct At {
    /// The address of the draft, or of the pick.
    pub(in crate::console::pages) base: String,
    pub(in crate::console::pages) is_draft: bool,
    /// The tag of the draft that the page shows.
    pub(in crate::console::pages) tag: String,
    /// Whether it goes back to the overview of the draft afterwards.
    pub(in crate::console::pages) to_overview: bool,
    /// The actions themselves, where no draft keeps them.
    pub(in crate::console::pages) actions: String,
    /// The address of the list of actions.
    pub(in crate::console::pages) list: Address,
    pub(in crate::console::pages) why_not: Option<String>,
}

/// The source and the trigger that some actions do not go with.
#[derive(Clone, Copy)]
pub(in crate::console::pages) struct GoesWith {
    pub(in crate::console::pages) trigger: Option<TriggerKind>,
    pub(in crate::console::pages) product: Option<Product>,
}

/// The action that is being changed, from 0, with its fields as they were sent and refused, and with a picker.
#[derive(Default)]
pub(in crate::console::pages) struct Edited {
    pub(in crate::console::pages) place: Option<usize>,
    pub(in crate::console::pages) fields: Option<Fields>,
    /// Proposes groups, where groups are typed.
    pub(in crate::console::pages) picker: Option<Picker>,
}

/// An action of the list.
struct Row {
    place: usize,
    change: String,
    word: String,
    detail: String,
    undo: Option<Badge>,
    is_first: bool,
    is_last: bool,
    is_delete: bool,
}

/// An action that can be added, or why not.
struct ActionChoice {
    value: &'static str,
    word: &'static str,
    undo: Badge,
    why_not: Option<String>,
    caveat: Option<&'static str>,
}

/// The action that is being changed.
struct Editing {
    place: usize,
    word: String,
    kind: &'static str,
    fields: Fields,
    caveat: Option<&'static str>,
    /// Proposes groups, where groups are typed.
    picker: Option<Picker>,
}

/// Why an action can't be added; and the restriction that goes with it.
fn objection(kind: ActionKind, GoesWith { trigger, product }: GoesWith) -> (Option<String>, Option<&'static str>) {
    if trigger.is_some_and(|trigger| !trigger.is_sweep()) && !kind.goes_with_events() {
        let why = "Not with this trigger: it needs a schedule or a person.";
        return (Some(why.to_owned()), None);
    }
    match product.map(|product| (product, product.capability(kind))) {
        Some((product, Capability::No(why))) => (Some(format!("{} can't do it: {why}.", product.title())), None),
        Some((_, Capability::Partly(caveat))) => (None, Some(caveat)),
        Some((_, Capability::Yes)) | None => (None, None),
    }
}

impl Row {
    fn new(list: &Address, place: usize, item: &Document, count: usize) -> Self {
        let known = action::parts(item);
        let detail = match (known, Fields::of(item)) {
            (Some(_), Fields::None | Fields::SendsLink(false)) => String::new(),
            (Some((ActionKind::RemoveApplicationAccess, _)), Fields::Names(names)) if names.is_empty() => {
                "all".to_owned()
            }
            (Some(_), Fields::Names(names)) => names.lines().collect::<Vec<_>>().join(", "),
            (Some(_), Fields::Suffix(suffix)) => suffix,
            (Some(_), Fields::SendsLink(true)) => "with a link to set a new one".to_owned(),
            (Some(_), Fields::Issue { project, summary, .. }) => format!("in {project}: {summary}"),
            (_, Fields::Yaml(text)) => text,
            (None, _) => String::new(),
        };
        let kind = known.map(|(kind, _)| kind);
        Self {
            place,
            change: list.clone().with("edit", &place.to_string()).to_string(),
            word: kind.map_or("As YAML", action::word).to_owned(),
            detail,
            undo: kind.map(undo_badge),
            is_first: place == 0,
            is_last: place + 1 == count,
            is_delete: kind == Some(ActionKind::Delete),
        }
    }
}

/// The kind of the action of `items` at `place`, which is to be changed.
pub(in crate::console::pages) fn kind_at(items: &[Document], place: usize) -> Option<ActionKind> {
    items.get(place).and_then(action::parts).map(|(kind, _)| kind)
}

impl ActionStep {
    /// The list, or the fields of one action.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if there is no such action.
    pub(in crate::console::pages) fn new(
        asked: &Asked,
        at: At,
        items: Option<&[Document]>,
        goes_with: GoesWith,
        edited: Edited,
    ) -> Result<Self, Problem> {
        let Edited { place, fields, picker } = edited;
        let editing = match (place, items) {
            (None, _) | (_, None) => None,
            (Some(place), Some(items)) => {
                let item = items.get(place).ok_or_else(|| no_action(&place.to_string()))?;
                let kind = kind_at(items, place);
                Some(Editing {
                    place,
                    word: kind.map_or("An action as YAML", action::word).to_owned(),
                    kind: kind.map_or("", ActionKind::as_str),
                    fields: fields.unwrap_or_else(|| Fields::of(item)),
                    caveat: kind.and_then(|kind| objection(kind, goes_with).1),
                    picker,
                })
            }
        };
        let choice = |kind: ActionKind| {
            let (why_not, caveat) = objection(kind, goes_with);
            ActionChoice { value: kind.as_str(), word: action::word(kind), undo: undo_badge(kind), why_not, caveat }
        };
        let rows = items.map(|items| {
            items.iter().enumerate().map(|(place, item)| Row::new(&at.list, place, item, items.len())).collect()
        });
        let (frame, choices) = (asked.frame(Place::Nowhere, ""), ActionKind::ALL.into_iter().map(choice).collect());
        Ok(Self { frame, at, rows, choices, editing })
    }

    /// Whether it is the fields of one action.
    pub(in crate::console::pages) fn is_editing(&self) -> bool {
        self.editing.is_some()
    }
}

fn no_action(place: &str) -> Problem {
    Problem::NotFound { kind: "action", id: place.to_owned() }
}

/// Adds an action to `items`, moves one or removes one, as a button of the list asks. Gives the place of a new one that
/// has fields.
///
/// # Errors
/// Why no action was added.
pub(in crate::console::pages) fn change_list(
    form: &Form,
    items: &mut Vec<Document>,
    goes_with: GoesWith,
) -> Result<Option<usize>, Errors> {
    let place = form.get("place").parse::<usize>().ok();
    let refused = |why: String| Errors::one("No action was added", "kind-add_groups", why);
    let mut edited = None;
    match (form.get("go"), place) {
        ("add", _) => {
            let kind = action::named(form.get("kind")).ok_or_else(|| refused("Choose an action first.".to_owned()))?;
            if let (Some(why), _) = objection(kind, goes_with) {
                return Err(refused(why));
            }
            let item = Document::Map(vec![(kind.as_str().to_owned(), action::empty(kind))]);
            edited = (Fields::of(&item) != Fields::None).then_some(items.len());
            items.push(item);
        }
        ("up", Some(place)) if place > 0 && place < items.len() => items.swap(place - 1, place),
        ("down", Some(place)) if place + 1 < items.len() => items.swap(place, place + 1),
        ("remove", Some(place)) if place < items.len() => drop(items.remove(place)),
        _ => {}
    }
    Ok(edited)
}

/// The fields of the action at `place` as a form was sent, and the action that they make; or why they make none.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such action.
pub(in crate::console::pages) fn sent_action(
    form: &Form,
    items: &[Document],
    place: Option<usize>,
) -> Result<(usize, Fields, Result<Document, String>), Problem> {
    let found = place.and_then(|place| Some((place, items.get(place)?)));
    let (place, item) = found.ok_or_else(|| no_action(form.get("place")))?;
    let fields = Fields::of(item).sent(form);
    let changed = fields.put_into(item);
    Ok((place, fields, changed))
}
