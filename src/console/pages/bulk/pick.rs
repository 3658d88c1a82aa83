//! `/bulk`: the users of a source, each with a box to tick. The form keeps the pick on the server, so that it outlives pages
//! and filters.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use askama::Template;

use super::{address, asks::Asks, number_of, source, source_name, steps};
use crate::{
    admin::{
        AdminState, FilterText, Problem, SourceRow,
        identity::{About, Permission, Principal},
        picked_users,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        frame::{Choice, Errors, Frame, Moment, Place, Switcher, users},
        pages::{
            parsed, source_choices,
            users::list::{Row as UserRow, sorts, statuses, truths},
        },
    },
    domain::{Pick, SourceId},
    users::{RosterRow, UserRow as User},
    views::{Cursor, Limit, Paging},
};

/// The time for counting those who match. A page does not wait longer.
const COUNTING: Duration = Duration::from_millis(60);

#[derive(Template)]
#[template(path = "bulk/pick.html")]
struct Page {
    frame: Frame,
    steps: Vec<super::Step>,
    errors: Errors,
    /// The pick of the address is not there any more.
    has_ended: bool,
    sources: Vec<(String, String)>,
    picks: Vec<OwnPick>,
    list: Option<List>,
    why_not: Option<String>,
}

/// The users of one source.
struct List {
    source: String,
    roster: String,
    roster_at: Option<Moment>,
    /// Why the list is not whole.
    missing: Option<String>,
    refresh: String,
    are_kept: bool,
    chosen: Asks,
    statuses: Vec<Choice>,
    logins: Vec<Choice>,
    protections: Vec<Choice>,
    sorts: Vec<Choice>,
    rows: Vec<Row>,
    next: String,
    picked: usize,
    bar: String,
    select_all: Option<String>,
}

struct Row {
    user: UserRow,
    is_ticked: bool,
}

/// A pick of whoever asks.
struct OwnPick {
    id: String,
    path: String,
    words: String,
    changed: Moment,
}

/// How many users match the filter.
enum Matching {
    Exactly(u64),
    AtLeast(u64),
}

/// A page of users, as it was read.
struct Found {
    roster: RosterRow,
    users: Vec<User>,
    next: Option<Cursor>,
    matching: Matching,
}

impl Found {
    /// Those of `source` whom the page is about; waits for the disk.
    fn read(
        state: &AdminState,
        (caller, source): (&Principal, &SourceId),
        pick: Option<&Pick>,
        filter: &FilterText,
        asks: &Asks,
        cursor: Option<Cursor>,
    ) -> Result<Self, Problem> {
        let roster = state.users().standing(source)?;
        let paging = Paging { limit: Limit::CONSOLE, cursor };
        if let Some(pick) = pick.filter(|_| asks.shows_pick()) {
            let first = Paging { limit: Limit::CONSOLE, cursor: None };
            let page = match picked_users(state, caller, &pick.id, &paging) {
                // The user behind whom it goes on has left the pick.
                Err(Problem::Conflict(_)) => picked_users(state, caller, &pick.id, &first)?,
                page => page?,
            };
            let matching = Matching::Exactly(pick.users.len() as u64);
            return Ok(Self { roster, users: page.items, next: page.next, matching });
        }
        let wanted = filter.filter()?;
        let page = state.users().page(std::slice::from_ref(source), &wanted, asks.order()?, &paging)?;
        let matching = match roster.users {
            Some(all) if *filter == FilterText::default() => Matching::Exactly(all),
            _ => {
                let (mut count, begun) = (0, Instant::now());
                let mut is_cut = false;
                state.users().each(source, &wanted, |part| {
                    count += part.len() as u64;
                    is_cut = begun.elapsed() > COUNTING;
                    !is_cut
                })?;
                if is_cut { Matching::AtLeast(count) } else { Matching::Exactly(count) }
            }
        };
        Ok(Self { roster, users: page.items, next: page.next, matching })
    }
}

/// `GET /bulk`.
///
/// # Errors
/// [`Problem::BadQuery`] if a filter is unknown, [`Problem::NotFound`] if there is no such source; an internal one if the
/// users can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    page(&asked, asks, Errors::default(), None).await
}

/// The pick that `asks` names, if it is still there.
pub(super) fn pick_of(asked: &Asked, asks: &Asks) -> Option<std::sync::Arc<Pick>> {
    crate::admin::own_pick(asked.state(), asked.principal(), &asks.pick).ok()
}

/// The source of the list: that of the pick, the one that is asked for, or the only one.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source.
pub(super) fn source_of(asked: &Asked, asks: &Asks, pick: Option<&Pick>) -> Result<Option<SourceRow>, Problem> {
    let wanted = match pick {
        Some(pick) => Some(pick.source.clone()),
        None => parsed("source", &asks.source, |text| text.parse::<SourceId>().ok())?,
    };
    if let Some(id) = wanted {
        let none = || Problem::NotFound { kind: "source", id: id.to_string() };
        return source(asked, &id).map(Some).ok_or_else(none);
    }
    let sources = asked.state().sources();
    let mut seen = sources.iter().filter(|row| asked.principal().sees(row.id()));
    Ok(seen.next().filter(|_| seen.next().is_none()).cloned())
}

/// The page; with the boxes that were `ticked` if the form was refused.
pub(super) async fn page(
    asked: &Asked,
    mut asks: Asks,
    errors: Errors,
    ticked: Option<HashSet<String>>,
) -> Result<Answer, Problem> {
    let pick = pick_of(asked, &asks);
    let has_ended = pick.is_none() && !asks.pick.is_empty();
    if has_ended {
        (asks.pick, asks.show) = (String::new(), String::new());
    }
    let of = source_of(asked, &asks, pick.as_deref())?;
    let mut frame = asked.frame(Place::Bulk, "Bulk action");
    (frame.wide, frame.refused) = (true, !errors.is_empty());
    let status = frame.status();
    let list = match of {
        None => None,
        Some(of) => {
            asks.source = of.id().to_string();
            let kept = Vec::new();
            let (choices, chosen) = (source_choices(asked), asks.source.clone());
            frame.switcher = Some(Switcher { action: "/bulk", choices, chosen, kept });
            Some(list(asked, asks, &of, pick.as_deref(), ticked).await?)
        }
    };
    let sources = if list.is_some() { Vec::new() } else { source_choices(asked) };
    let to = |choice: Choice| (Address::new("/bulk").with("source", &choice.value).to_string(), choice.word);
    let page = Page {
        steps: steps(0, &[]),
        errors,
        has_ended,
        sources: sources.into_iter().map(to).collect(),
        picks: if pick.is_none() { own_picks(asked) } else { Vec::new() },
        list,
        why_not: asked.why_not(Permission::Bulk, About::Anything),
        frame,
    };
    Answer::with_status(status, &page)
}

async fn list(
    asked: &Asked,
    asks: Asks,
    of: &SourceRow,
    pick: Option<&Pick>,
    ticked: Option<HashSet<String>>,
) -> Result<List, Problem> {
    let filter = asks.filter(asked)?;
    let cursor = parsed("cursor", &asks.cursor, |text| Cursor::try_from(text.to_owned()).ok())?;
    let (caller, wanted, own, conditions, id) =
        (asked.principal().clone(), asks.clone(), pick.cloned(), filter.clone(), of.id().clone());
    let read = move |state: &AdminState| Found::read(state, (&caller, &id), own.as_ref(), &conditions, &wanted, cursor);
    let found = asked.read(read).await?;
    let picked: HashSet<&str> =
        pick.map(|pick| pick.users.iter().map(|user| user.as_str()).collect()).unwrap_or_default();
    let row = |user: User| {
        let id = user.id.as_str();
        let is_ticked = ticked.as_ref().map_or_else(|| picked.contains(id), |ticked| ticked.contains(id));
        Row { is_ticked, user: UserRow::new(asked, user) }
    };
    let count = pick.map_or(0, |pick| pick.users.len());
    let name = of.name();
    let (roster, missing) = match (found.roster.users, found.roster.whole) {
        (Some(count), Some(true)) => (format!("{name}: {}, listed", users(count)), None),
        (Some(count), _) => {
            let why = found.roster.why.unwrap_or_else(|| "why is not known".to_owned());
            (
                format!("{name}: the first {} only, listed", users(count)),
                Some(format!("Others are missing: {why}. Select all picks among these alone.")),
            )
        }
        (None, _) => (format!("Nobody of {name} is listed."), None),
    };
    let select_all = match (found.matching, filter == FilterText::default(), asks.shows_pick()) {
        (Matching::Exactly(0), ..) | (.., true) => None,
        (Matching::Exactly(count), true, _) => Some(format!("Select all {}", users(count))),
        (Matching::Exactly(1), false, _) => Some("Select the 1 that matches".to_owned()),
        (Matching::Exactly(count), false, _) => Some(format!("Select all {count} that match")),
        (Matching::AtLeast(count), ..) => Some(format!("Select all that match (more than {count})")),
    };
    Ok(List {
        source: name.to_owned(),
        roster,
        roster_at: found.roster.as_of.map(|at| asked.moment(at)),
        missing: missing.map(|why| sentence(&why)),
        refresh: Address::new("/users").with("source", of.id().as_str()).to_string(),
        are_kept: asked.state().users().are_kept(),
        statuses: statuses(),
        logins: truths("Never", "At least once"),
        protections: truths("Protected", "Not protected"),
        sorts: sorts(),
        rows: found.users.into_iter().map(row).collect(),
        next: found.next.map(String::from).unwrap_or_default(),
        picked: count,
        bar: match found.roster.users {
            Some(all) => format!("{count} of {all} picked"),
            None => format!("{count} picked"),
        },
        select_all,
        chosen: asks,
    })
}

fn own_picks(asked: &Asked) -> Vec<OwnPick> {
    let picks = asked.state().settings().picks(&asked.principal().by());
    let seen = picks.iter().filter(|pick| asked.principal().sees(&pick.source));
    let own = seen.map(|pick| OwnPick {
        id: pick.id.clone(),
        path: address(pick).with("show", "picked").to_string(),
        words: format!("{} of {}: {}", number_of(pick), source_name(asked, pick), pick.from),
        changed: asked.moment(pick.at),
    });
    own.collect()
}
