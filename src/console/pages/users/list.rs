//! The list of users, with its filters in the address; and the same list as a file.

use askama::Template;
use serde::Deserialize;

use super::{
    super::{
        filters::{Filters, time},
        parsed, source_choices,
    },
    address,
    rosters::Rosters,
    sources, status_badge,
};
use crate::{
    admin::{AdminState, Problem, SourceRow, users_csv},
    console::{
        Answer, Asked,
        frame::{Badge, Chip, Choice, Frame, Kind, Moment, Pages, Place, Switcher},
    },
    domain::{EmailDomain, SourceId},
    roster::{RosterFilter, Sort, UserStatus},
    users::{UserFilter, UserRow, UsersPage},
    views::{Cursor, Limit, Paging},
};

#[derive(Template)]
#[template(path = "users/page.html")]
struct Page {
    frame: Frame,
    chosen: Asks,
    statuses: Vec<Choice>,
    logins: Vec<Choice>,
    protections: Vec<Choice>,
    sorts: Vec<Choice>,
    export: String,
    rosters: Rosters,
    list: List,
}

/// The users, or why there are none.
#[derive(Template)]
#[template(path = "users/list.html")]
struct List {
    are_kept: bool,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    pages: Pages,
    says: String,
}

/// A user in a table.
pub(in crate::console::pages) struct Row {
    pub(in crate::console::pages) path: String,
    /// The login name; without one, the display name.
    pub(in crate::console::pages) name: String,
    pub(in crate::console::pages) display_name: String,
    pub(in crate::console::pages) id: String,
    pub(in crate::console::pages) source: String,
    pub(in crate::console::pages) email: Option<String>,
    pub(in crate::console::pages) kind: Kind,
    pub(in crate::console::pages) status: &'static str,
    pub(in crate::console::pages) created: Option<Moment>,
    pub(in crate::console::pages) last_login: Option<Moment>,
    pub(in crate::console::pages) never: bool,
    pub(in crate::console::pages) protected: bool,
}

/// The filters in the address. An empty one is none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    source: String,
    q: String,
    domain: String,
    status: String,
    directory: String,
    created_before: String,
    last_login_before: String,
    never_logged_in: String,
    protected: String,
    sort: String,
    cursor: String,
    /// The fragment that is wanted.
    part: String,
}

/// The longest text that is looked for.
const MAX_TEXT: usize = 200;

impl Asks {
    fn filter(&self, asked: &Asked) -> Result<UserFilter, Problem> {
        if self.q.chars().count() > MAX_TEXT {
            return Err(Problem::BadQuery(format!("`q` is longer than {MAX_TEXT} characters; write less")));
        }
        let moment = |name, text: &str| parsed(name, text, |text| time(asked, text));
        let truth = |name, text: &str| parsed(name, text, |text| text.parse().ok());
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let roster = RosterFilter {
            text: filled(&self.q),
            domain: parsed("domain", &self.domain, EmailDomain::parse)?,
            status: parsed("status", &self.status, UserStatus::of_word)?,
            directory: filled(&self.directory),
        };
        Ok(UserFilter {
            roster,
            last_login_before: moment("last_login_before", &self.last_login_before)?,
            never_logged_in: truth("never_logged_in", &self.never_logged_in)?,
            created_before: moment("created_before", &self.created_before)?,
            protected: truth("protected", &self.protected)?,
        })
    }

    fn filters(&self) -> Filters<'_> {
        let all = vec![
            ("source", self.source.as_str()),
            ("q", &self.q),
            ("domain", &self.domain),
            ("status", &self.status),
            ("directory", &self.directory),
            ("created_before", &self.created_before),
            ("last_login_before", &self.last_login_before),
            ("never_logged_in", &self.never_logged_in),
            ("protected", &self.protected),
            ("sort", &self.sort),
        ];
        Filters { path: "/users", all }
    }
}

impl Row {
    pub(in crate::console::pages) fn new(asked: &Asked, user: UserRow) -> Self {
        let badge: Badge = status_badge(user.status);
        let display_name = user.display_name.unwrap_or_default();
        let id = user.id.to_string();
        let named = [user.name.as_deref(), Some(display_name.as_str())].into_iter().flatten();
        let name = named.into_iter().find(|name| !name.is_empty()).unwrap_or(&id).to_owned();
        Self {
            path: address(&user.source, &user.id).to_string(),
            name,
            display_name,
            id,
            source: user.source.to_string(),
            email: user.email,
            kind: badge.kind,
            status: badge.word,
            created: user.created.map(|at| asked.moment(at)),
            last_login: user.last_login.map(|at| asked.moment(at)),
            never: user.never_logged_in == Some(true),
            protected: user.protected,
        }
    }
}

/// The values of filters with their words.
pub(in crate::console::pages) fn truths(yes: &str, no: &str) -> Vec<Choice> {
    vec![Choice::new(true, yes), Choice::new(false, no)]
}

/// The states of accounts with their words.
pub(in crate::console::pages) fn statuses() -> Vec<Choice> {
    UserStatus::ALL.map(|status| Choice::new(status.as_str(), status_badge(Some(status)).word)).to_vec()
}

/// The orders with their words.
pub(in crate::console::pages) fn sorts() -> Vec<Choice> {
    let words = [
        ("name", "Name"),
        ("-name", "Name, from the end"),
        ("display_name", "Display name"),
        ("email", "E-mail address"),
        ("id", "Id"),
    ];
    words.map(|(value, word)| Choice::new(value, word)).to_vec()
}

/// `GET /users`: the page, or how the lists of the sources stand.
///
/// # Errors
/// [`Problem::BadQuery`] if a filter is unknown; [`Problem::NotFound`] if there is no such source; an internal one if
/// the roster or the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let chosen: Asks = asked.query()?;
    let of = sources(&asked, &chosen.source)?;
    if chosen.part == "rosters" && asked.is_partial() {
        return Answer::html(&Rosters::read(&asked, of, &chosen.source).await?);
    }
    let list = list(&asked, &chosen, &of).await?;
    let choices = source_choices(&asked);
    let filters = chosen.filters();
    let mut frame = asked.frame(Place::Users, "Users");
    frame.wide = true;
    let kept = filters.kept(&["source"]);
    frame.switcher = Some(Switcher { action: "/users", choices, chosen: chosen.source.clone(), kept });
    let page = Page {
        export: filters.at("/users.csv").to_string(),
        rosters: Rosters::read(&asked, of, &chosen.source).await?,
        statuses: statuses(),
        logins: truths("Never", "At least once"),
        protections: truths("Protected", "Not protected"),
        sorts: sorts(),
        frame,
        chosen,
        list,
    };
    Answer::html(&page)
}

async fn list(asked: &Asked, chosen: &Asks, of: &[SourceRow]) -> Result<List, Problem> {
    let are_kept = asked.state().users().are_kept();
    let filter = chosen.filter(asked)?;
    let sort = parsed("sort", &chosen.sort, Sort::of_word)?.unwrap_or_default();
    let cursor = parsed("cursor", &chosen.cursor, |text| Cursor::try_from(text.to_owned()).ok())?;
    let (ids, paging) = (ids(of), Paging { limit: Limit::CONSOLE, cursor });
    let UsersPage { items, next, .. } =
        asked.read(move |state: &AdminState| Ok(state.users().page(&ids, &filter, sort, &paging)?)).await?;
    let filters = chosen.filters();
    let older = next.map(|next| filters.address().with("cursor", &String::from(next)).to_string());
    let pages = Pages { first: (!chosen.cursor.is_empty()).then(|| filters.address().to_string()), older };
    let chips = filters.chips(&[
        ("q", "Text", &[]),
        ("domain", "E-mail domain", &[]),
        ("status", "Status", &statuses()),
        ("directory", "Directory", &[]),
        ("created_before", "Created before", &[]),
        ("last_login_before", "Last login before", &[]),
        ("never_logged_in", "Logged in", &truths("never", "at least once")),
        ("protected", "Protected", &truths("yes", "no")),
    ]);
    let rows: Vec<_> = items.into_iter().map(|user| Row::new(asked, user)).collect();
    let says = match rows.len() {
        1 => "1 user is shown".to_owned(),
        count => format!("{count} users are shown"),
    };
    Ok(List { are_kept, chips, rows, pages, says })
}

fn ids(of: &[SourceRow]) -> Vec<SourceId> {
    of.iter().map(|source| source.id().clone()).collect()
}

/// `GET /users.csv`: the users that the filters let through, as a file.
///
/// # Errors
/// As [`show`]; [`Problem::Conflict`] if no users are kept; [`Problem::Unavailable`] if others are being exported.
pub(in crate::console) async fn export(asked: Asked) -> Result<Answer, Problem> {
    let chosen: Asks = asked.query()?;
    let source = parsed("source", &chosen.source, |text| text.parse().ok())?;
    let file = users_csv(asked.state(), asked.principal(), source.as_ref(), chosen.filter(&asked)?, false);
    file.await.map(Answer::Stream)
}
