//! Groups of the source, for the fields in which groups are typed: proposed while somebody types, or looked up by a
//! button.

use askama::Template;
use serde::Deserialize;

use super::{Kept, address};
use crate::{
    admin::{Problem, pick_groups},
    config::Document,
    console::{Answer, Asked, addresses::Address, asked::sentence, form::Form, frame::counted},
    products::{ManagedBy, PickedGroup},
};

/// The fields for groups, each with the group's part in the scheme.
const FIELDS: [(&str, &str); 3] = [
    ("only_groups", "whose members alone are selected"),
    ("exempt_groups", "whose members are never selected"),
    ("names", "of this action"),
];
/// The number of groups that are shown.
const SHOWN: usize = 50;
/// The longest part of a name, in characters.
const LONGEST: usize = 255;

/// The source whose groups are proposed, and the address that proposes them while somebody types.
pub(in crate::console::pages) struct Groups {
    pub(in crate::console::pages) source: Option<String>,
    pub(in crate::console::pages) path: Address,
}

impl Groups {
    /// Those of the draft's source.
    pub(super) fn of(kept: &Kept) -> Self {
        let source = kept.document.get("source").and_then(Document::as_text);
        Self { source, path: address(kept.id()).segment("groups") }
    }
}

/// A field for one more group, beside the field that has all of them.
pub(in crate::console::pages) struct Picker {
    pub(super) field: &'static str,
    pub(super) about: &'static str,
    pub(super) path: String,
    pub(super) found: Found,
}

/// The groups that were found: a part that is swapped in.
#[derive(Template, Default)]
#[template(path = "schemes/wizard/groups.html")]
pub(in crate::console::pages) struct Found {
    field: &'static str,
    groups: Vec<Group>,
    /// The title of boxes to tick, where there are any.
    looked_up: Option<String>,
    problem: Option<String>,
    may_be_more: bool,
    says: String,
}

struct Group {
    name: String,
    /// Whether its members are changed elsewhere.
    is_foreign: bool,
}

/// What a button beside such a field asks for: to add what was picked, and perhaps to look groups up.
pub(in crate::console::pages) struct Look {
    field: &'static str,
    /// A part of the names of groups, if they are looked up.
    like: Option<String>,
}

fn named(field: &str) -> Option<(&'static str, &'static str)> {
    FIELDS.into_iter().find(|(name, _)| *name == field)
}

impl Look {
    /// As a query tells it.
    pub(in crate::console::pages) fn new(field: &str, like: String) -> Option<Self> {
        named(field).map(|(field, _)| Self { field, like: Some(like) })
    }

    /// As a form was sent; none if it asks for something else.
    pub(in crate::console::pages) fn sent(form: &Form) -> Option<Self> {
        let (what, field) = form.get("go").split_once(':')?;
        let (field, _) = named(field)?;
        let typed = || form.get(&format!("{field}_more")).trim().chars().take(LONGEST).collect();
        match what {
            "more" => Some(Self { field, like: None }),
            "look" => Some(Self { field, like: Some(typed()) }),
            _ => None,
        }
    }

    /// Leads to `page`, at the field.
    pub(in crate::console::pages) fn see(&self, page: Address) -> Answer {
        let field = self.field;
        match &self.like {
            None => Answer::see(format!("{page}#{field}_more")),
            Some(like) => {
                let page = page.with("look", field).with("like", like);
                Answer::see(format!("{page}#{field}_found"))
            }
        }
    }
}

impl Picker {
    /// For the field called `field`, with what was looked up for it.
    pub(in crate::console::pages) async fn new(
        asked: &Asked,
        groups: &Groups,
        field: &'static str,
        look: Option<&Look>,
    ) -> Self {
        let about = named(field).map_or("", |(_, about)| about);
        let like = look.filter(|look| look.field == field).and_then(|look| look.like.as_deref());
        let found = match like {
            Some(like) => Found::of(asked, groups, field, like).await.looked_up(like),
            None => Found { field, ..Found::default() },
        };
        Self { field, about, path: groups.path.clone().with("field", field).to_string(), found }
    }
}

impl Found {
    /// The groups of the source with `like` in their names, or why they are not known.
    async fn of(asked: &Asked, groups: &Groups, field: &'static str, like: &str) -> Self {
        let Some(source) = &groups.source else {
            return Self::unknown(field, "No source is chosen yet.".to_owned());
        };
        match pick_groups(asked.state(), asked.principal(), source, like.to_owned()).await {
            Ok(found) => {
                let groups: Vec<_> = found.groups.iter().filter_map(Group::new).collect();
                let may_be_more = found.may_be_more || groups.len() > SHOWN;
                let groups: Vec<_> = groups.into_iter().take(SHOWN).collect();
                let count = counted(u64::try_from(groups.len()).unwrap_or(u64::MAX), "group");
                let says = format!("{count} found{}", if may_be_more { ", and there may be more." } else { "." });
                Self { field, groups, may_be_more, says, ..Self::default() }
            }
            Err(problem) => Self::unknown(field, sentence(&problem.to_string())),
        }
    }

    fn unknown(field: &'static str, problem: String) -> Self {
        Self { field, says: problem.clone(), problem: Some(problem), ..Self::default() }
    }

    /// With boxes to tick.
    fn looked_up(self, like: &str) -> Self {
        let title = match (self.groups.is_empty(), like) {
            _ if self.problem.is_some() => return self,
            (true, "") => "The product names no group".to_owned(),
            (true, like) => format!("No group has “{like}” in its name"),
            (false, "") => "Groups".to_owned(),
            (false, like) => format!("Groups with “{like}” in their names"),
        };
        Self { looked_up: Some(title), ..self }
    }
}

impl Group {
    /// None if its name can't stand in a line of its own.
    fn new(group: &PickedGroup) -> Option<Self> {
        let name = group.name.to_string();
        let fits = name.trim() == name && !name.contains(char::is_control);
        fits.then(|| Self { name, is_foreign: group.managed_by == Some(ManagedBy::IdentityProvider) })
    }
}

/// The names in `field`, with those that were ticked, and with the one that was typed beside it, unless it is to be looked up.
pub(super) fn with_picked(form: &Form, field: &str, mut text: String) -> String {
    let typed = match form.get("go").split_once(':') {
        Some(("look", looked_up)) if looked_up == field => "",
        _ => form.get(&format!("{field}_more")).trim(),
    };
    let ticked = format!("{field}_found");
    for name in form.all(&ticked).map(str::trim).chain([typed]) {
        if !name.is_empty() && !text.lines().any(|line| line.trim() == name) {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(name);
        }
    }
    text
}

/// The query of the part: the field, and what was typed there.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    field: String,
    only_groups_more: String,
    exempt_groups_more: String,
    names_more: String,
}

/// `GET /drafts/{id}/groups`: the groups for a field, while somebody types; a part that is swapped in.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft; [`Problem::BadQuery`] if there is no such field, or a parameter is
/// unknown.
pub(in crate::console) async fn groups(asked: Asked) -> Result<Answer, Problem> {
    let kept = Kept::of(&asked)?;
    part(&asked, &Groups::of(&kept), address(kept.id())).await
}

/// The groups for a field, while somebody types; `page` for those who ask for no part.
///
/// # Errors
/// [`Problem::BadQuery`] if there is no such field, or a parameter is unknown.
pub(in crate::console::pages) async fn part(asked: &Asked, groups: &Groups, page: Address) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    if !asked.is_partial() {
        return Ok(Answer::see(page));
    }
    let field = named(&asks.field).map(|(field, _)| field);
    let field = field.ok_or_else(|| Problem::BadQuery("`field` is none of those for groups".to_owned()))?;
    let typed = [asks.only_groups_more, asks.exempt_groups_more, asks.names_more].concat();
    match typed.trim() {
        "" => Answer::html(&Found { field, ..Found::default() }),
        like => Answer::html(&Found::of(asked, groups, field, like).await),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;

    use super::*;

    fn form(body: &str) -> Form {
        Form::read(Ok(Bytes::copy_from_slice(body.as_bytes()))).expect("a form")
    }

    #[test]
    fn what_is_picked_is_added_once_and_what_is_looked_up_is_not() {
        let picked = |body: &str, text: &str| with_picked(&form(body), "names", text.to_owned());
        assert_eq!(picked("names_more=+staff+", "vip"), "vip\nstaff");
        assert_eq!(
            picked("names_more=staff&names_found=a+b&names_found=vip&names_found=a+b", "vip\n"),
            "vip\na b\nstaff"
        );
        assert_eq!(picked("names_more=vip", "  vip  \n"), "  vip  \n", "what is typed stays as it is");
        assert_eq!(picked("go=look:names&names_more=sta&names_found=vip", ""), "vip");
        assert_eq!(picked("go=look:only_groups&names_more=staff&only_groups_more=x", ""), "staff");
    }

    #[test]
    fn a_button_leads_back_to_its_field() {
        let leads =
            |body: &str| match Look::sent(&form(body))?.see(Address::new("/drafts/a/users").with("back", "overview")) {
                Answer::SeeOther(to) => Some(to),
                _ => None,
            };
        assert_eq!(leads("go=more:names").as_deref(), Some("/drafts/a/users?back=overview#names_more"));
        let looked_up = "/drafts/a/users?back=overview&look=only_groups&like=a%26b#only_groups_found";
        assert_eq!(leads("go=look:only_groups&only_groups_more=+a%26b").as_deref(), Some(looked_up));
        for other in ["go=look:odd", "go=show:1", "go=next", ""] {
            assert_eq!(leads(other), None, "{other}");
        }
    }
}
