//! How the lists of the users of the sources stand, and the request to list them anew.

use std::time::Duration;

use askama::Template;

use super::sources;
use crate::{
    admin::{
        AdminState, Problem, SourceRow,
        identity::{About, Permission},
        refresh_roster,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        form::Form,
        frame::{Frame, Kind, Moment, Place, users},
    },
    domain::Timestamp,
    users::{RefreshState, RosterRow},
};

/// A list is old after this time, if its source is not compared with the known users more seldom.
const OLD: Duration = Duration::from_hours(48);

/// So many lists stand open; more of them would hide the users below.
const OPEN: usize = 3;

/// See the module.
#[derive(Template)]
#[template(path = "users/rosters.html")]
pub(super) struct Rosters {
    frame: Frame,
    /// The fragment asks for itself at this address while a list is being read.
    path: String,
    polls: bool,
    are_kept: bool,
    chosen: String,
    rows: Vec<Row>,
    /// How they stand in one line, if they don't stand open.
    folded: Option<String>,
    says: String,
}

struct Row {
    id: String,
    kind: Kind,
    word: &'static str,
    text: String,
    at: Option<Moment>,
    trouble: Option<String>,
    /// The word of the button; none while the users are being listed.
    act: Option<String>,
    forbidden: Option<String>,
    /// The id of the button in the page.
    button: String,
}

impl Rosters {
    /// The lists of `of`. `chosen` is the source in the address.
    pub(super) async fn read(asked: &Asked, of: Vec<SourceRow>, chosen: &str) -> Result<Self, Problem> {
        let read = move |state: &AdminState| {
            let standing = |source: SourceRow| {
                let (roster, refresh) =
                    (state.users().standing(source.id())?, state.users().refresh_state(source.id()));
                Ok((source, roster, refresh))
            };
            of.into_iter().map(standing).collect::<Result<Vec<_>, Problem>>()
        };
        let found = asked.read(read).await?;
        let rows: Vec<_> =
            found.iter().map(|(source, roster, refresh)| row(asked, source, roster, refresh.as_ref())).collect();
        let polls = rows.iter().any(|row| row.act.is_none());
        let path = Address::new("/users").with("part", "rosters").with("source", chosen).to_string();
        let says = if polls { "The users are being listed." } else { "" }.to_owned();
        let are_kept = asked.state().users().are_kept();
        let (frame, chosen, folded) = (asked.frame(Place::Users, ""), chosen.to_owned(), folded(&rows));
        Ok(Self { frame, path, polls, are_kept, chosen, rows, folded, says })
    }
}

fn folded(rows: &[Row]) -> Option<String> {
    let words = [("Whole", "whole"), ("Old", "old"), ("Not whole", "not whole"), ("No list", "missing")];
    let counts = words.map(|(of, word)| (rows.iter().filter(|row| row.word == of).count(), word));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    (rows.len() > OPEN).then(|| format!("The lists of {} sources: {counts}", rows.len()))
}

fn row(asked: &Asked, source: &SourceRow, roster: &RosterRow, refresh: Option<&RefreshState>) -> Row {
    let name = source.name();
    let (kind, word, text, at) = match (roster.as_of, roster.users, roster.whole) {
        (Some(as_of), count, Some(true)) => {
            let (kind, word) =
                if is_old(source, as_of, asked.now()) { (Kind::Warn, "Old") } else { (Kind::Done, "Whole") };
            (kind, word, format!("{name}: {}, listed", users(count.unwrap_or_default())), Some(as_of))
        }
        (Some(as_of), count, _) => {
            let why = roster.why.as_deref().unwrap_or("why is not known");
            let text = format!(
                "{name}: the first {} only; others are missing ({why}). Listed",
                users(count.unwrap_or_default())
            );
            (Kind::Warn, "Not whole", text, Some(as_of))
        }
        (None, ..) => (Kind::Info, "No list", format!("Nobody of {name} is listed."), None),
    };
    let (trouble, is_listing) = match refresh {
        Some(RefreshState::Listing { users: count, .. }) => {
            (Some(format!("It is being listed now: {} so far.", users(*count))), true)
        }
        Some(RefreshState::Failed { why, .. }) => (Some(crate::console::asked::sentence(why)), false),
        Some(RefreshState::Done { .. }) | None => (None, false),
    };
    let act = match at {
        Some(_) => format!("List the users of {name} again"),
        None => format!("List the users of {name}"),
    };
    Row {
        id: source.id().to_string(),
        button: format!("list-{}", source.id()),
        kind,
        word,
        text,
        at: at.map(|at| asked.moment(at)),
        trouble,
        act: (!is_listing).then_some(act),
        forbidden: asked.why_not(Permission::AskProduct, About::Source(source.id())),
    }
}

/// Whether the list is older than twice its normal age.
fn is_old(source: &SourceRow, as_of: Timestamp, now: Timestamp) -> bool {
    as_of.until(now) > source.reconciles_every().map_or(OLD, |every| every.saturating_mul(2))
}

/// `POST /users/refresh`: lists the users of a source anew.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn refresh(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let of = sources(&asked, form.get("source"))?;
    let [source] = of.as_slice() else {
        return Err(Problem::BadRequest("name one source".into()));
    };
    asked.may(Permission::AskProduct, About::Source(source.id()))?;
    refresh_roster(asked.state(), source.id())?;
    Ok(Answer::see(Address::new("/users").with("source", form.get("back"))))
}
