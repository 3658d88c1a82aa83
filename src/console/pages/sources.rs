//! `/sources`: the connected products, and how they are doing.

use askama::Template;

use crate::{
    admin::{Problem, SourceNow, sources_now},
    console::{
        Answer, Asked,
        frame::{Badge, Frame, Kind, Moment, Place, days_left},
    },
    domain::Timestamp,
};

#[derive(Template)]
#[template(path = "sources/page.html")]
struct Sources {
    frame: Frame,
    table: Table,
}

/// The table of sources, also on the first page.
#[derive(Template)]
#[template(path = "sources/table.html")]
pub(super) struct Table {
    rows: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    product: &'static str,
    kind: Kind,
    state: &'static str,
    why: Option<String>,
    runs_held: usize,
    newcomers_held: u64,
    users: String,
    users_as_of: Option<Moment>,
    end_kind: Kind,
    credentials_end: String,
}

/// The end of a source's credentials.
pub(super) struct Ending {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Whether somebody has to care about it by now.
    pub(super) is_near: bool,
}

/// When the credentials of a source end; none if that is not told.
pub(super) fn ending(now: &SourceNow, at: Timestamp) -> Option<Ending> {
    let end = now.source.credentials_expire()?;
    let days = days_left(end, at)?;
    let (kind, text) = match days {
        ..0 => (Kind::Danger, format!("ended on {end}")),
        0 => (Kind::Danger, "end today".to_owned()),
        1..7 => (Kind::Danger, format!("{end}, in {days} days")),
        7..=30 => (Kind::Warn, format!("{end}, in {days} days")),
        _ => (Kind::Done, format!("{end}, in {days} days")),
    };
    Some(Ending { kind, text, is_near: days <= 30 })
}

impl Table {
    pub(super) fn new(asked: &Asked, sources: Vec<SourceNow>) -> Self {
        Self { rows: sources.into_iter().map(|now| Row::new(asked, now)).collect() }
    }
}

impl Row {
    fn new(asked: &Asked, now: SourceNow) -> Self {
        let end = ending(&now, asked.now());
        let (end_kind, credentials_end) =
            end.map_or((Kind::Warn, "Not told".to_owned()), |ending| (ending.kind, ending.text));
        let (state, why) = match (&now.paused_by, now.state) {
            (Some(by), _) => (Badge::new(Kind::Held, "Paused"), Some(format!("by {}", by.by))),
            (None, Some(state)) => (Badge::from(state), now.why),
            (None, None) => (Badge::new(Kind::Off, "Not known"), Some("this process does not work on it".to_owned())),
        };
        let users = match (now.users.count, now.users.complete) {
            (None, _) => "Not listed yet".to_owned(),
            (Some(count), Some(true)) => format!("{count}"),
            (Some(count), _) => format!("{count} or more: the list is not whole"),
        };
        Self {
            id: now.source.id().to_string(),
            name: now.source.name().to_owned(),
            product: now.source.product().title(),
            kind: state.kind,
            state: state.word,
            why,
            runs_held: now.runs_held,
            newcomers_held: now.reconciliation.held,
            users,
            users_as_of: now.users.as_of.map(|at| asked.moment(at)),
            end_kind,
            credentials_end,
        }
    }
}

/// `GET /sources`.
///
/// # Errors
/// An internal [`Problem`] if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let sources = asked.state().sources();
    let seen: Vec<_> = sources.iter().filter(|source| asked.principal().sees(source.id())).cloned().collect();
    let sources = asked.read(move |state| sources_now(state, seen)).await?;
    let mut frame = asked.frame(Place::Sources, "Sources");
    frame.wide = true;
    Answer::html(&Sources { frame, table: Table::new(&asked, sources) })
}
