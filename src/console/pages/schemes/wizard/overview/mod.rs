//! Step 5: all answers, and what can be done with them.

mod rows;

use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use self::rows::{Row, rows};
use super::{
    Around, Fault, Kept, Step, address, frame,
    kept::Checked,
    preview::{self, Seen},
    users::count::{Count, estimate},
};
use crate::{
    admin::{
        Problem, conflicts_of,
        identity::{About, Permission},
        in_words,
    },
    config::Document,
    console::{
        Answer, Asked,
        asked::sentence,
        frame::{Errors, FieldError, Frame, users},
        pages::schemes::read::Reading,
    },
    domain::Scheme,
};

#[derive(Template)]
#[template(path = "schemes/wizard/overview.html")]
struct Page {
    frame: Frame,
    around: Around,
    errors: Errors,
    sentence: Option<String>,
    faults: Vec<FaultLink>,
    warnings: Vec<String>,
    rows: Vec<Row>,
    count: Option<Count>,
    seen: Option<Seen>,
    /// The id of the preview that was looked at.
    seen_id: String,
    on_word: String,
    no_preview: Option<String>,
    no_save: Option<String>,
    was_live: bool,
}

/// Something that is wrong, with the step where it is put right.
struct FaultLink {
    text: String,
    path: String,
    step: &'static str,
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    /// The preview that was looked at.
    seen: String,
    /// Whether the users are to be counted at once.
    count: String,
    part: String,
    back: String,
}

/// `GET /drafts/{id}/overview`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft; [`Problem::BadQuery`] if a parameter is unknown.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let kept = Kept::of(&asked)?;
    if kept.typed.is_some() {
        return Ok(Answer::see(address(kept.id()).segment("yaml")));
    }
    if asks.part == "count" && asked.is_partial() {
        return Answer::html(&Count::new(estimate(&asked, kept.document).await?));
    }
    if asks.part == "limit" && asked.is_partial() {
        return Answer::html(&Count::with_limit(estimate(&asked, kept.document).await?));
    }
    page(&asked, &kept, &asks.seen, asks.count == "yes", StatusCode::OK, Errors::default()).await
}

/// The whole page; `seen` names the preview that was looked at.
pub(super) async fn page(
    asked: &Asked,
    kept: &Kept,
    seen: &str,
    counts: bool,
    status: StatusCode,
    errors: Errors,
) -> Result<Answer, Problem> {
    let Checked { scheme, warnings } = kept.checked(asked).await?;
    let mut warnings: Vec<_> = warnings.iter().map(|warning| sentence(warning)).collect();
    let (mut words, mut faults, mut no_save) = (None, Vec::new(), None);
    let mut seen_now = None;
    match &scheme {
        Ok(scheme) => {
            words = Some(in_words(asked.state(), scheme));
            warnings.extend(conflicts(asked, scheme).await?);
            seen_now = preview::seen(asked, scheme, seen);
            no_save = asked.why_not(Permission::ChangeSchemes, About::Source(&scheme.source));
        }
        Err(wrong) => faults = wrong.iter().map(|fault| FaultLink::new(kept, fault)).collect(),
    }
    if !faults.is_empty() {
        no_save = Some("The scheme can't be used yet. What is missing stands above.".to_owned());
    }
    let provisioned = kept.based_on().and_then(|based_on| asked.state().settings().get(&based_on.id));
    if provisioned.as_ref().is_some_and(|listed| listed.provisioned) {
        let why =
            "The scheme is from the configuration file, which usher does not change. Copy the YAML into the file.";
        no_save = Some(why.to_owned());
    }
    let no_preview = (!faults.is_empty()).then(|| "The scheme can't be used yet.".to_owned());
    let reading = match scheme {
        Ok(scheme) => Some(Reading::new(asked, &scheme)),
        Err(_) => kept.so_far(asked).await?.map(|scheme| Reading::new(asked, &scheme)),
    };
    let count = match counts {
        true => Some(Count::new(estimate(asked, kept.document.clone()).await?)),
        false => None,
    };
    let mut frame = frame(asked, kept, Step::Overview, !errors.is_empty());
    frame.said = if seen_now.is_some() { "The preview was looked at." } else { "" };
    let on_word = match &seen_now {
        Some(seen) => format!("Save and switch on for {}", users(seen.selected)),
        None => String::new(),
    };
    let was_live = kept.document.get("test_mode").and_then(Document::as_text).is_some_and(|text| text == "false");
    let page = Page {
        around: Around::new(asked, kept, Step::Overview, false),
        errors,
        sentence: words,
        faults,
        warnings,
        rows: rows(kept, reading.as_ref()),
        count,
        seen_id: if seen_now.is_some() { seen.to_owned() } else { String::new() },
        seen: seen_now,
        on_word,
        no_preview,
        no_save,
        was_live,
        frame,
    };
    Answer::with_status(status, &page)
}

/// The schemes that undo the scheme, or are undone by it, each with a user as a witness.
async fn conflicts(asked: &Asked, scheme: &Scheme) -> Result<Vec<String>, Problem> {
    let scheme = Scheme { enabled: true, ..scheme.clone() };
    let rows = asked.read(move |state| Ok(conflicts_of(state.settings(), &scheme).rows)).await?;
    Ok(rows.iter().map(|row| format!("{} For example {}.", sentence(&row.why), row.witness.text)).collect())
}

impl FaultLink {
    fn new(kept: &Kept, fault: &Fault) -> Self {
        let (path, step) = match fault.step {
            Step::Overview => (address(kept.id()).segment("yaml"), "YAML"),
            step => (address(kept.id()).segment(step.path()).with("back", "overview"), step.word()),
        };
        Self { text: fault.text.clone(), path: path.to_string(), step }
    }
}

/// The faults of a scheme that was refused when it was to be stored.
pub(super) fn refused(wrong: &[crate::settings::Wrong]) -> Errors {
    let items = wrong.iter().map(|one| FieldError { field: "", text: sentence(&one.message) }).collect();
    Errors { title: "The scheme was not stored", items }
}
