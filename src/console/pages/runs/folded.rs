//! `/runs/folded`: the runs of single events, one line an hour for each scheme and source.

use std::time::Duration;

use askama::Template;
use serde::Deserialize;

use super::super::{
    filters::{Filters, time},
    parsed, source_choices,
};
use crate::{
    admin::{AdminState, Problem},
    console::{
        Answer, Asked,
        addresses::Address,
        frame::{Chip, Choice, Frame, Moment, Pages, Place},
    },
    domain::Bulk,
    views::{Cursor, GroupFilter, Limit, Paging, RunGroup},
};

#[derive(Template)]
#[template(path = "runs/folded.html")]
struct Folded {
    frame: Frame,
    chosen: Asks,
    sources: Vec<Choice>,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    pages: Pages,
}

struct Row {
    path: String,
    hour: Moment,
    scheme: String,
    source: String,
    about: String,
    group: RunGroup,
}

/// The filters in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    scheme: String,
    source: String,
    since: String,
    until: String,
    cursor: String,
}

/// The last moment of an hour that its runs may have begun in.
const TO_ITS_END: Duration = Duration::from_millis(3_599_999);

impl Row {
    fn new(asked: &Asked, group: RunGroup) -> Self {
        let path = match &group.run {
            Some(run) => Address::of("/runs", run),
            None => Address::new("/runs")
                .with("scheme", group.scheme.as_str())
                .with("source", group.source.as_str())
                .with("since", &group.hour.to_string())
                .with("until", &group.hour.plus(TO_ITS_END).to_string()),
        };
        let about = match (&group.run, group.runs) {
            (Some(run), _) => format!("the run {run}"),
            (None, 1) => "1 event".to_owned(),
            (None, count) => format!("{count} events"),
        };
        Self {
            path: path.to_string(),
            hour: asked.moment(group.hour),
            scheme: match Bulk::is_id(&group.scheme) {
                true => "Bulk action".to_owned(),
                false => group.scheme.to_string(),
            },
            source: group.source.to_string(),
            about,
            group,
        }
    }
}

/// `GET /runs/folded`.
///
/// # Errors
/// [`Problem::BadQuery`] if a filter is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let chosen: Asks = asked.query()?;
    let filter = GroupFilter {
        scheme: parsed("scheme", &chosen.scheme, |text| text.parse().ok())?,
        source: parsed("source", &chosen.source, |text| text.parse().ok())?,
        since: parsed("since", &chosen.since, |text| time(&asked, text))?,
        until: parsed("until", &chosen.until, |text| time(&asked, text))?,
        kept_to: asked.kept_to(),
    };
    let cursor = parsed("cursor", &chosen.cursor, |text| Cursor::try_from(text.to_owned()).ok())?;
    let paging = Paging { limit: Limit::CONSOLE, cursor };
    let read =
        move |state: &AdminState| state.views().run_groups(&filter, &paging).map_err(|error| Problem::internal(&error));
    let page = asked.read(read).await?;
    let all = vec![
        ("scheme", chosen.scheme.as_str()),
        ("source", &chosen.source),
        ("since", &chosen.since),
        ("until", &chosen.until),
    ];
    let (filters, sources) = (Filters { path: "/runs/folded", all }, source_choices(&asked));
    let here = filters.address();
    let older = page.next.map(|next| here.clone().with("cursor", &String::from(next)).to_string());
    let pages = Pages { first: (!chosen.cursor.is_empty()).then(|| here.to_string()), older };
    let chips = filters.chips(&[
        ("scheme", "Scheme", &[]),
        ("source", "Source", &sources),
        ("since", "Since", &[]),
        ("until", "Until", &[]),
    ]);
    let rows = page.items.into_iter().map(|group| Row::new(&asked, group)).collect();
    let mut frame = asked.frame(Place::Runs, "Runs by the hour");
    frame.wide = true;
    Answer::html(&Folded { frame, chosen, sources, chips, rows, pages })
}
