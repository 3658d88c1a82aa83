//! `/audit`: who did what, when, and what was refused.

use askama::Template;
use serde::Deserialize;

use super::{
    filters::{Filters, Label, time as since},
    parsed,
};
use crate::{
    admin::{
        AdminState, Problem, export_audit,
        identity::{About, Permission},
    },
    console::{
        Answer, Asked,
        addresses::Address,
        frame::{Chip, Frame, Kind, Moment, Pages, Place},
    },
    domain::{ActResult, Timestamp},
    views::{ActionFilter, AdminActionRow, Cursor, Limit, Paging},
};

/// The filters as chips name them.
const LABELS: [Label<'static>; 5] =
    [("by", "By", &[]), ("action", "Action", &[]), ("on", "On", &[]), ("since", "Since", &[]), ("until", "Until", &[])];
/// The length of a day, in milliseconds.
const DAY: i64 = 86_400_000;

#[derive(Template)]
#[template(path = "audit/page.html")]
struct Audit {
    frame: Frame,
    chosen: Asks,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    pages: Pages,
    file: String,
}

struct Row {
    at: Moment,
    by: Option<String>,
    role: Option<String>,
    via: String,
    from: Option<String>,
    action: String,
    on: String,
    change: Option<String>,
    reason: Option<String>,
    run: Option<String>,
    kind: Kind,
    result: &'static str,
}

/// The filters in the address. An empty one is none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    by: String,
    action: String,
    on: String,
    since: String,
    until: String,
    cursor: String,
}

impl Asks {
    fn filter(&self, asked: &Asked) -> Result<ActionFilter, Problem> {
        let text = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(ActionFilter {
            by: text(&self.by),
            action: text(&self.action),
            on: text(&self.on),
            since: parsed("since", &self.since, |text| since(asked, text))?,
            until: parsed("until", &self.until, |text| until(asked, text))?,
            kept_to: asked.kept_to(),
        })
    }

    fn filters(&self) -> Filters<'_> {
        let all = vec![
            ("by", self.by.as_str()),
            ("action", &self.action),
            ("on", &self.on),
            ("since", &self.since),
            ("until", &self.until),
        ];
        Filters { path: "/audit", all }
    }
}

/// A time; or the end of a day in the zone of the console, so that the day is shown whole.
fn until(asked: &Asked, text: &str) -> Option<Timestamp> {
    let Ok(day) = text.parse::<chrono::NaiveDate>() else { return since(asked, text) };
    let next = day.succ_opt()?.to_string();
    since(asked, &next).or_else(|| Some(Timestamp::from_millis(since(asked, text)?.as_millis() + DAY)))
}

impl Row {
    fn new(asked: &Asked, act: AdminActionRow) -> Self {
        let (kind, result) = match ActResult::named(&act.result) {
            Some(ActResult::Accepted) => (Kind::Done, "Accepted"),
            Some(ActResult::Refused) => (Kind::Danger, "Refused"),
            Some(ActResult::Failed) => (Kind::Warn, "Not done"),
            None => (Kind::Off, "Not known"),
        };
        let change = match (act.before, act.after) {
            (Some(before), Some(after)) => Some(format!("{before} → {after}")),
            (Some(before), None) => Some(format!("before: {before}")),
            (None, after) => after,
        };
        Self {
            at: asked.moment(act.at),
            by: act.by,
            role: act.role,
            via: act.via,
            from: act.from,
            action: act.action,
            on: act.on,
            change,
            reason: act.reason,
            run: act.run.map(|run| Address::of("/runs", run).to_string()),
            kind,
            result,
        }
    }
}

/// `GET /audit`.
///
/// # Errors
/// [`Problem::BadQuery`] if a filter is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let chosen: Asks = asked.query()?;
    let filter = chosen.filter(&asked)?;
    let cursor = parsed("cursor", &chosen.cursor, |text| Cursor::try_from(text.to_owned()).ok())?;
    let paging = Paging { limit: Limit::default(), cursor };
    let read = move |state: &AdminState| {
        state.views().admin_actions(&filter, &paging).map_err(|error| Problem::internal(&error))
    };
    let page = asked.read(read).await?;
    let filters = chosen.filters();
    let here = filters.address();
    let older = page.next.map(|next| here.clone().with("cursor", &String::from(next)).to_string());
    let pages = Pages { first: (!chosen.cursor.is_empty()).then(|| here.to_string()), older };
    let rows = page.items.into_iter().map(|act| Row::new(&asked, act)).collect();
    let (chips, file) = (filters.chips(&LABELS), filters.at("/audit.csv").to_string());
    let mut frame = asked.frame(Place::Audit, "Who did what");
    frame.wide = true;
    Answer::html(&Audit { frame, chosen, chips, rows, pages, file })
}

/// `GET /audit.csv`: the same as a file. It is recorded.
///
/// # Errors
/// [`Problem::BadQuery`] if a filter is unknown; [`Problem::Conflict`] if more rows match than a file may have;
/// [`Problem::Unavailable`] if the export can't be recorded.
pub(in crate::console) async fn csv(asked: Asked) -> Result<Answer, Problem> {
    asked.may(Permission::Export, About::Anything)?;
    let chosen: Asks = asked.query()?;
    let filter = chosen.filter(&asked)?;
    let body = export_audit(asked.state(), asked.principal(), filter).await?;
    Ok(Answer::File { content_type: "text/csv; charset=utf-8", name: "usher-audit.csv".to_owned(), body })
}
