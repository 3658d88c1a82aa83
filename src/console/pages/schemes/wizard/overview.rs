//! Step 5: all answers, and what can be done with them.

use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use super::{
    Around, Fault, Kept, Step,
    action::{Fields, parts, word},
    address, frame,
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

/// An answer with the step where it is changed.
struct Row {
    name: &'static str,
    values: Vec<String>,
    change: String,
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
        rows: rows(kept),
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

/// All answers.
fn rows(kept: &Kept) -> Vec<Row> {
    let text = |key| kept.document.get(key).and_then(Document::as_text);
    let said = |value: Option<String>| vec![value.unwrap_or_else(|| "Not said yet".to_owned())];
    let yaml = |value: &Document| value.yaml().unwrap_or_default().trim_end().to_owned();
    let whole = |key: &str| kept.document.get(key).map(yaml);
    let row = |name, step: Step, values| Row {
        name,
        values,
        change: address(kept.id()).segment(step.path()).with("back", "overview").to_string(),
    };
    let conditions = match kept.document.get("select").and_then(Document::entries) {
        Some(entries) => entries.iter().map(|(key, value)| one_condition(key, value)).collect(),
        None => said(whole("select")),
    };
    let actions = match kept.document.get("actions") {
        Some(Document::List(items)) => items.iter().enumerate().map(|(at, item)| one_action(at + 1, item)).collect(),
        _ => said(whole("actions")),
    };
    let mut rows = vec![
        row("Id", Step::Trigger, said(text("id"))),
        row("Source", Step::Trigger, said(text("source"))),
        row("Trigger", Step::Trigger, said(whole("trigger"))),
        row("Users", Step::Users, conditions),
    ];
    for (name, key) in [("Only members of", "only_groups"), ("Never these", "exempt")] {
        if let Some(value) = whole(key) {
            rows.push(row(name, Step::Users, vec![value]));
        }
    }
    rows.push(row("Actions", Step::Actions, actions));
    rows.push(row("Limits", Step::Actions, vec![whole("limits").unwrap_or_else(|| "None".to_owned())]));
    rows.push(row("Name", Step::Audit, vec![text("name").unwrap_or_else(|| "The id".to_owned())]));
    rows
}

fn one_condition(key: &str, value: &Document) -> String {
    Document::Map(vec![(key.to_owned(), value.clone())]).yaml().unwrap_or_default().trim_end().to_owned()
}

fn one_action(number: usize, item: &Document) -> String {
    let detail = match Fields::of(item) {
        Fields::None | Fields::SendsLink(false) => String::new(),
        Fields::Names(names) => names.lines().collect::<Vec<_>>().join(", "),
        Fields::Suffix(suffix) => suffix,
        Fields::SendsLink(true) => "with a link to set a new one".to_owned(),
        Fields::Issue { project, summary, .. } => format!("in {project}: {summary}"),
        Fields::Yaml(text) => text,
    };
    let word = parts(item).map_or("As YAML", |(kind, _)| word(kind));
    format!("{number}. {word} {detail}").trim_end().to_owned()
}
