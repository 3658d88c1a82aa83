//! The next times of a schedule.

use askama::Template;

use crate::{
    admin::{NextRow, Problem, next_times},
    console::{Answer, Asked, asked::sentence, form::Form, frame::Moment},
};

/// The next times of a schedule; a part that is swapped in.
#[derive(Template, Default)]
#[template(path = "schemes/wizard/next.html")]
pub(super) struct Next {
    times: Vec<Moment>,
    change: Option<(Moment, String, String)>,
    around_change: Vec<Moment>,
    problem: Option<String>,
}

impl Next {
    pub(super) fn of(asked: &Asked, pattern: &str, timezone: &str) -> Self {
        if pattern.is_empty() {
            return Self::default();
        }
        let timezone = if timezone.is_empty() { "UTC" } else { timezone };
        let trigger = serde_json::json!({ "trigger": { "cron": pattern, "timezone": timezone } });
        match next_times(&trigger.to_string(), asked.now()) {
            Ok(row) => Self::told(asked, row),
            Err(Problem::InvalidScheme(wrong)) => {
                let all = wrong.iter().map(|one| sentence(&one.message)).collect::<Vec<_>>().join(" ");
                Self { problem: Some(all), ..Self::default() }
            }
            Err(problem) => Self { problem: Some(sentence(&problem.to_string())), ..Self::default() },
        }
    }

    fn told(asked: &Asked, row: NextRow) -> Self {
        let zone = row.timezone.and_then(|name| name.parse().ok()).unwrap_or(chrono_tz::Tz::UTC);
        let moment = |at| Moment::new(at, asked.now(), zone);
        let times = row.items.iter().map(|time| moment(time.at)).collect();
        let (change, around_change) = match row.clock_change {
            None => (None, Vec::new()),
            Some(change) => {
                let around = change.items.iter().map(|time| moment(time.at)).collect();
                (Some((moment(change.at), change.before, change.after)), around)
            }
        };
        Self { times, change, around_change, problem: None }
    }
}

/// `POST /drafts/next`: the next times of a schedule, a part that is swapped in. It comes with the whole form, which is
/// kept if the session has ended.
///
/// # Errors
/// An internal one if the template can't be rendered.
pub(in crate::console) async fn next(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let (plain, cron) = (form.get("plain").trim(), form.get("cron").trim());
    let pattern = if cron.is_empty() { plain } else { cron };
    Answer::html(&Next::of(&asked, pattern, form.get("timezone").trim()))
}
