//! `/sources`: the connected products, and how they are doing.

use askama::Template;

use super::{address, ending, state};
use crate::{
    admin::{Problem, SourceNow, sources_now},
    console::{
        Answer, Asked,
        frame::{Frame, Kind, Moment, Place},
    },
    source::LastDeliveries,
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
pub(in crate::console::pages) struct Table {
    rows: Vec<Row>,
}

struct Row {
    id: String,
    path: String,
    name: String,
    product: &'static str,
    kind: Kind,
    state: &'static str,
    why: Option<String>,
    runs_held: usize,
    newcomers_held: u64,
    accepted: u64,
    refused: u64,
    users: String,
    users_as_of: Option<Moment>,
    end_kind: Kind,
    credentials_end: String,
}

impl Table {
    pub(in crate::console::pages) fn new(asked: &Asked, sources: Vec<SourceNow>) -> Self {
        Self { rows: sources.into_iter().map(|now| Row::new(asked, now)).collect() }
    }
}

impl Row {
    fn new(asked: &Asked, now: SourceNow) -> Self {
        let end = ending(&now, asked.now());
        let (end_kind, credentials_end) =
            end.map_or((Kind::Warn, "Not told".to_owned()), |ending| (ending.kind, ending.text));
        let (state, why) = state(&now);
        let LastDeliveries { accepted, refused, .. } = asked.state().last_day(now.source.id());
        let users = match (now.users.count, now.users.complete) {
            (None, _) => "Not listed yet".to_owned(),
            (Some(count), Some(true)) => format!("{count}"),
            (Some(count), _) => format!("{count} or more: the list is not whole"),
        };
        Self {
            id: now.source.id().to_string(),
            path: address(now.source.id()).to_string(),
            name: now.source.name().to_owned(),
            product: now.source.product().title(),
            kind: state.kind,
            state: state.word,
            why,
            runs_held: now.runs_held,
            newcomers_held: now.reconciliation.held,
            accepted,
            refused,
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
