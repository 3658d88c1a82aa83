//! Picks from files in CSV.

use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Bytes, Data, Query},
};

use super::{
    asked::{FileQuery, Take},
    made,
    make::{Selection, keep, list_of, matched},
    rows::{FileCounts, FileRead, PickMade, PickProblem, PickProblems},
};
use crate::{
    admin::{
        AdminState, Problem,
        api::{
            ApiResponse,
            request::{
                body::Body,
                form::{FileForm, is_form},
                lookup, parameters,
                work::{in_turn, waited},
            },
            schemas,
        },
        identity::Principal,
    },
    domain::SourceId,
    roster::NoMatch,
    settings::Wrong,
    user_list::{Encoding, MAX_BYTES, UnreadableList, UserList},
};

/// The most columns that are named.
const MAX_COLUMNS: usize = 100;

/// A file whose users are to be picked.
#[derive(Debug)]
pub(crate) struct PickFile {
    /// The source of the users.
    pub(crate) source: SourceId,
    /// The file itself.
    pub(crate) bytes: Bytes,
    /// The encoding that a person has confirmed.
    pub(crate) encoding: Option<Encoding>,
    /// The users who are taken.
    pub(crate) take: Take,
}

/// Picks the users of a file in CSV, which is the body itself or a field of a form. One of its columns is called `id`, `name` or `email`.
#[utoipa::path(
    post, path = "/picks/csv", tag = "picks", params(FileQuery, parameters::Named),
    request_body(
        description = "The file, as the body (`text/csv` is understood too) or in the field `file` of a form.",
        content((String = "application/octet-stream"), (schemas::FileInForm = "multipart/form-data")),
    ),
    responses(
        (status = 200, description = "With `dry_run`: the file as it was read. Nothing is kept.", body = FileRead),
        (status = 201, description = "The pick, and the lines that stand for nobody in it.", body = PickMade),
        (status = 404, description = "There is no such source."),
        (status = 409, description = "No list of its users has come to its end yet, or there are as many picks or users as are kept."),
        (status = 413, description = "The file is longer than 10 MiB."),
        (status = 422, description = "The file can't be read, or with `take=all` a line of it stands for nobody; `problems` says where and why."),
        (status = 503, description = "It can't be kept now."),
    )
)]
pub(in crate::admin::api) async fn create(
    state: Data<AdminState>,
    caller: Principal,
    request: HttpRequest,
    Query(query): Query<FileQuery>,
    body: Body,
) -> Result<ApiResponse, Problem> {
    let FileQuery { source, encoding, take, dry_run } = query;
    let bytes = sent(&request, lookup::bytes(body, MAX_BYTES)?).await?;
    let file = PickFile { source, bytes, encoding: encoding.map(Encoding::from), take };
    waited(state.runtime(), move || async move {
        if dry_run {
            let read = in_turn(|| read_file(&state, &caller, &file)).await?;
            return ApiResponse::json(StatusCode::OK, &read);
        }
        made(StatusCode::CREATED, &pick_file(&state, &caller, &file).await?)
    })
    .await
}

/// The file that was sent: in a form, or as the body.
async fn sent(request: &HttpRequest, body: Bytes) -> Result<Bytes, Problem> {
    if is_form(request.headers()) {
        let FileForm { file, fields } = FileForm::read(request.headers(), body, MAX_BYTES).await?;
        return match fields.first() {
            None => Ok(file),
            Some((name, _)) => {
                Err(Problem::BadRequest(format!("the form has the field `{name}`; send nothing but the field `file`")))
            }
        };
    }
    if body.len() > MAX_BYTES { Err(Problem::TooLarge(MAX_BYTES)) } else { Ok(body) }
}

/// Keeps the users of a file as a new pick of `caller`. It waits for the disk.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source; [`Problem::InvalidList`] if the file can't be read, or not all of it
/// where all is wanted; [`Problem::Conflict`] if no list of the source's users is there yet, or there are as many picks
/// or users as are kept; [`Problem::Unavailable`] if it can't be kept now.
pub(crate) async fn pick_file(state: &AdminState, caller: &Principal, file: &PickFile) -> Result<PickMade, Problem> {
    let (source, selection, counts) = in_turn(|| selected(state, caller, file)).await?;
    let pick = keep(state, caller, source, selection).await?;
    Ok(PickMade { file: Some(counts), ..pick })
}

/// The file as it would be picked. Nothing is kept. It waits for the disk.
///
/// # Errors
/// As [`pick_file`], except for those about keeping it.
pub(crate) fn read_file(state: &AdminState, caller: &Principal, file: &PickFile) -> Result<FileRead, Problem> {
    let (_, selection, counts) = selected(state, caller, file)?;
    Ok(FileRead { file: counts, left_out: PickProblems::new(selection.problems) })
}

fn selected(
    state: &AdminState,
    caller: &Principal,
    file: &PickFile,
) -> Result<(SourceId, Selection, FileCounts), Problem> {
    let source = lookup::source(state, caller, file.source.as_str())?;
    let list = list_of(state, &source)?.unwrap_or_default();
    let UserList { rows, problems: unreadable, mut ignored_columns } =
        UserList::read(&file.bytes, file.encoding).map_err(|error| unusable(&error))?;
    let found = matched(state, &source, &rows)?;
    let count = |is_so: fn(NoMatch) -> bool| found.problems.iter().filter(|problem| is_so(problem.why)).count();
    ignored_columns.truncate(MAX_COLUMNS);
    let counts = FileCounts {
        found: found.users.len(),
        not_there: count(|why| matches!(why, NoMatch::NotThere | NoMatch::OnlyIds)),
        twice: count(|why| matches!(why, NoMatch::Twice { .. })),
        several: count(|why| why == NoMatch::Several),
        unreadable: unreadable.len(),
        ignored_columns,
    };
    let unreadable = unreadable.iter().map(|line| PickProblem::new(Some(line.line), &line.value, line.why));
    let unmatched = found.problems.iter().map(|line| PickProblem::new(Some(line.line), &line.value, line.why));
    let problems: Vec<_> = unreadable.chain(unmatched).collect();
    if file.take == Take::All && problems.len() > counts.twice {
        return Err(not_all(problems));
    }
    let selection = Selection { users: found.users, from: "a CSV file".to_owned(), list, problems };
    Ok((source, selection, counts))
}

/// Why nothing of the file can be used. Lines that may be in another encoding are shown in it.
fn unusable(error: &UnreadableList) -> Problem {
    let shown = match error {
        UnreadableList::NotUtf8 { as_windows_1252, .. } => &as_windows_1252[..],
        _ => &[],
    };
    let line = |text: &String| Wrong::whole(format!("read as windows-1252: {text}"));
    let problems = shown.iter().map(line).collect();
    let remedy = if shown.is_empty() { "" } else { ", by `encoding=windows-1252`" };
    Problem::InvalidList { detail: format!("{error}{remedy}"), problems }
}

/// Not all of the file can be picked.
fn not_all(problems: Vec<PickProblem>) -> Problem {
    let PickProblems { problems, problem_count } = PickProblems::new(problems);
    let line = |problem: &PickProblem| Wrong {
        line: problem.line.and_then(|line| usize::try_from(line).ok()),
        column: None,
        message: format!("`{}`: {}", problem.value, problem.why),
    };
    let detail = format!(
        "{problem_count} lines of the file add nobody, and `take=all` wants all; mend them, or write `take=found`; \
         nothing was kept"
    );
    Problem::InvalidList { detail, problems: problems.iter().map(line).collect() }
}
