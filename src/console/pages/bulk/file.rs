//! `/bulk/file`: picks the users of a file. What is not clear is asked first, and what stands for nobody is shown.

use actix_web::{http::StatusCode, web::Bytes};
use askama::Template;

use super::{files::Uploaded, keep::see, steps};
use crate::{
    admin::{
        AdminState, FileRead, PickFile, Problem,
        identity::{About, Permission},
        pick_file, read_file,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        form::Form,
        frame::{Errors, Frame, Place, users},
    },
    domain::SourceId,
    user_list::Encoding,
};

/// The number of lines that are shown: a page has 100 KB at most.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "bulk/file.html")]
struct Page {
    frame: Frame,
    steps: Vec<super::Step>,
    errors: Errors,
    back: String,
    /// Names the file that is kept until it is taken.
    upload: String,
    encoding: String,
    /// Three of its lines in an encoding that nobody has confirmed yet.
    as_windows: Vec<String>,
    counts: Vec<(String, &'static str)>,
    ignored: String,
    problems: Vec<Line>,
    more: Option<String>,
    /// The button that takes those who were found; none if there are none.
    take: Option<String>,
}

/// A line that adds nobody.
struct Line {
    number: String,
    value: String,
    why: String,
}

/// A file with the answers about it.
struct Sent {
    source: SourceId,
    bytes: Bytes,
    encoding: Option<Encoding>,
    upload: Option<String>,
}

impl Sent {
    fn file(&self) -> PickFile {
        let (source, bytes) = (self.source.clone(), self.bytes.clone());
        PickFile { source, bytes, encoding: self.encoding, take: Default::default() }
    }
}

/// The word of an encoding in forms.
const WINDOWS_1252: &str = "windows-1252";

fn encoding_of(word: &str) -> Option<Encoding> {
    (word == WINDOWS_1252).then_some(Encoding::Windows1252)
}

/// `GET /bulk/file`: there is nothing to see without a file.
///
/// # Errors
/// None.
pub(in crate::console) async fn show(_: Asked) -> Result<Answer, Problem> {
    Ok(Answer::see("/bulk"))
}

/// `POST /bulk/file`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not change many users, [`Problem::NotFound`] if there is no such source; those of
/// picks from files by the API that the page does not show itself.
pub(in crate::console) async fn upload(asked: Asked, form: Form, bytes: Bytes) -> Result<Answer, Problem> {
    let source = form.get("source").parse::<SourceId>();
    let source = source.map_err(|_| Problem::BadRequest("choose a source".into()))?;
    let sent = Sent { source, bytes, encoding: encoding_of(form.get("encoding")), upload: None };
    looked_at(&asked, sent).await
}

/// `POST /bulk/file/again`: takes those who were found, or reads the file in the encoding that was confirmed.
///
/// # Errors
/// As [`upload`]; [`Problem::NotFound`] if the file is not kept any more.
pub(in crate::console) async fn again(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let (files, id) = (&asked.console().files, form.get("upload"));
    let kept = files.get(id, &asked.principal().by(), asked.now());
    let Uploaded { source, bytes, .. } = kept.ok_or_else(|| Problem::NotFound { kind: "file", id: id.to_owned() })?;
    let sent = Sent { source, bytes, encoding: encoding_of(form.get("encoding")), upload: Some(id.to_owned()) };
    if form.get("take") == "found" { take(&asked, sent).await } else { looked_at(&asked, sent).await }
}

/// Shows what is not clear; takes the users at once if everything is.
async fn looked_at(asked: &Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.may(Permission::Bulk, About::Source(&sent.source))?;
    let (caller, file) = (asked.principal().clone(), sent.file());
    match asked.read(move |state: &AdminState| read_file(state, &caller, &file)).await {
        Ok(read) if read.left_out.problem_count == 0 && read.file.found > 0 => take(asked, sent).await,
        Ok(read) => not_taken(asked, sent, Read::Found(read)),
        Err(Problem::InvalidList { detail, problems }) => {
            let lines = problems.iter().map(|line| {
                line.message.split_once(": ").map_or_else(|| line.message.clone(), |(_, text)| text.to_owned())
            });
            not_taken(asked, sent, Read::Unclear { why: detail, lines: lines.collect() })
        }
        Err(Problem::Conflict(why) | Problem::Unavailable(why)) => {
            not_taken(asked, sent, Read::Unclear { why, lines: Vec::new() })
        }
        Err(problem) => Err(problem),
    }
}

async fn take(asked: &Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.may(Permission::Bulk, About::Source(&sent.source))?;
    let (caller, file) = (asked.principal().clone(), sent.file());
    match asked.wait(move |state| async move { pick_file(&state, &caller, &file).await }).await {
        Ok(made) => {
            if let Some(id) = &sent.upload {
                asked.console().files.forget(id);
            }
            see(asked, &made.pick.id)
        }
        Err(Problem::Conflict(why) | Problem::Unavailable(why)) => {
            not_taken(asked, sent, Read::Unclear { why, lines: Vec::new() })
        }
        Err(problem) => Err(problem),
    }
}

/// The result of reading a file.
enum Read {
    Found(FileRead),
    /// Why it can't be read; and some lines, if another encoding would do.
    Unclear {
        why: String,
        lines: Vec<String>,
    },
}

fn not_taken(asked: &Asked, sent: Sent, read: Read) -> Result<Answer, Problem> {
    let files = &asked.console().files;
    let back = Address::new("/bulk").with("source", sent.source.as_str()).to_string();
    let encoding = if sent.encoding.is_some() { WINDOWS_1252 } else { "" }.to_owned();
    let upload =
        sent.upload.unwrap_or_else(|| files.keep(asked.principal().by(), sent.source, sent.bytes, asked.now()));
    let mut frame = asked.frame(Place::Bulk, "Users from a file");
    frame.refused = true;
    let title = "Nobody is picked yet";
    let mut page = Page {
        steps: steps(0, std::slice::from_ref(&back)),
        errors: Errors::default(),
        back,
        upload,
        encoding,
        as_windows: Vec::new(),
        counts: Vec::new(),
        ignored: String::new(),
        problems: Vec::new(),
        more: None,
        take: None,
        frame,
    };
    match read {
        Read::Unclear { why, lines } => {
            page.errors = Errors::one(title, "", sentence(&why));
            page.as_windows = lines;
        }
        Read::Found(FileRead { file, left_out }) => {
            let text = match file.found {
                0 => "No line of the file stands for a user of the source.".to_owned(),
                _ if left_out.problem_count == 1 => "1 line of the file adds nobody.".to_owned(),
                _ => format!("{} lines of the file add nobody.", left_out.problem_count),
            };
            page.errors = Errors::one(title, "problems", text);
            page.counts = counts(&file.found, [file.not_there, file.twice, file.several, file.unreadable]);
            page.ignored = file.ignored_columns.join(", ");
            page.take = match file.found {
                0 => None,
                1 => Some("Take the 1 that was found".to_owned()),
                found => Some(format!("Take the {found} that were found")),
            };
            let more = left_out.problem_count.saturating_sub(SHOWN);
            page.more = (more > 0).then(|| format!("These are the first {SHOWN}; {more} more are not shown."));
            page.problems = left_out
                .problems
                .into_iter()
                .take(SHOWN)
                .map(|problem| Line {
                    number: problem.line.map(|line| line.to_string()).unwrap_or_default(),
                    value: problem.value,
                    why: problem.why,
                })
                .collect();
        }
    }
    Answer::with_status(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn counts(found: &usize, [not_there, twice, several, unreadable]: [usize; 4]) -> Vec<(String, &'static str)> {
    let others = [
        (not_there, "not there"),
        (twice, "twice in the file"),
        (several, "fit several users"),
        (unreadable, "can't be read"),
    ];
    let found = (users(*found as u64), "found");
    let others = others.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| {
        let lines = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
        (lines, word)
    });
    std::iter::once(found).chain(others).collect()
}
