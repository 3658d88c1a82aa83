//! The steps, each with whether it is done. The fragment polls itself until something has arrived.

use askama::Template;

use super::{
    arrivals::{Way, has_arrived},
    note,
};
use crate::{
    admin::{HealthRow, Problem, SourceNow, SourceState, health_of, sources_now},
    console::{
        Asked,
        frame::{Kind, Moment},
    },
    domain::{Milestone, Scheme},
    settings::Contents,
};

/// The number of sources whose ways are shown: the rest is on their pages.
const MAX_WAYS: usize = 5;

/// See the module.
#[derive(Template)]
#[template(path = "start/steps.html")]
pub(in crate::console::pages) struct Checklist {
    steps: [Step; 6],
    ways: Vec<Way>,
    pub(in crate::console::pages) done: usize,
    polls: bool,
    looked: Moment,
    says: String,
}

struct Step {
    number: usize,
    title: &'static str,
    is_done: bool,
    text: String,
    path: &'static str,
    act: &'static str,
}

/// The data that the steps are judged by.
struct Found {
    sources: Vec<(SourceNow, HealthRow)>,
    schemes: Vec<Scheme>,
}

impl Checklist {
    /// The steps as they are now. What is seen for the first time is noted.
    ///
    /// # Errors
    /// An internal [`Problem`] if the views can't be read.
    pub(in crate::console::pages) async fn read(asked: &Asked) -> Result<Self, Problem> {
        let found = Found::read(asked).await?;
        let settings = asked.state().settings();
        let arrived = found.sources.iter().any(|(now, health)| has_arrived(now, health));
        if arrived {
            note(asked, Milestone::Arrived);
        }
        if asked.state().previews().were_looked_at() {
            note(asked, Milestone::Previewed);
        }
        let reached = |milestone| settings.milestone(milestone).is_some();
        let arrived = arrived || reached(Milestone::Arrived);
        let previewed = asked.state().previews().were_looked_at() || reached(Milestone::Previewed);
        let steps = [
            answers(asked, &found),
            arrives(arrived),
            scheme(&found),
            preview(previewed),
            run(reached(Milestone::RunRead)),
            at_work(&found),
        ];
        let done = steps.iter().filter(|step| step.is_done).count();
        let waiting = found.sources.iter().filter(|_| !arrived).take(MAX_WAYS);
        let ways = waiting.map(|(now, health)| Way::new(now, health)).collect();
        let says = format!("{done} of {} steps done", steps.len());
        let polls = !arrived && !found.sources.is_empty();
        Ok(Self { steps, ways, done, polls, looked: asked.moment(asked.now()), says })
    }
}

impl Found {
    async fn read(asked: &Asked) -> Result<Self, Problem> {
        let sources = asked.state().sources();
        let seen: Vec<_> = sources.iter().filter(|row| asked.principal().sees(row.id())).cloned().collect();
        let read = asked.read(move |state| {
            let sources = sources_now(state, seen)?;
            let with_health = |now: SourceNow| {
                let health = health_of(state, now.source.id().as_str())?;
                Ok((now, health))
            };
            sources.into_iter().map(with_health).collect::<Result<Vec<_>, Problem>>()
        });
        let sources = read.await?;
        let schemes = asked.state().settings().list().into_iter().filter_map(|listed| match listed.contents {
            Contents::Readable(scheme) => Some(*scheme),
            Contents::Broken { .. } => None,
        });
        let schemes = schemes.filter(|scheme| asked.principal().sees(&scheme.source)).collect();
        Ok(Self { sources, schemes })
    }
}

/// Whether a source is known to have answered. That nothing has failed yet proves nothing.
fn has_answered(asked: &Asked, (now, health): &(SourceNow, HealthRow)) -> bool {
    let runs = now.state == Some(SourceState::Running);
    let listed = now.users.as_of.is_some() || health.roster.as_of.is_some();
    runs && (listed || asked.console().checks.passed(now.source.id()))
}

fn answers(asked: &Asked, found: &Found) -> Step {
    let answered: Vec<_> = found.sources.iter().filter(|source| has_answered(asked, source)).collect();
    let names: Vec<_> = answered.iter().map(|(now, _)| now.source.name()).collect();
    let troubled = found.sources.iter().find(|(now, _)| {
        matches!(now.state, Some(SourceState::Halted | SourceState::Unreachable | SourceState::Broken))
    });
    let text = match (names.as_slice(), troubled) {
        ([], Some((now, _))) => {
            format!("{} does not answer yet: {}", now.source.name(), now.why.as_deref().unwrap_or("not known why"))
        }
        ([], None) if found.sources.is_empty() => {
            "No source is connected. Write one under `sources` in the configuration.".to_owned()
        }
        ([], None) => "None was asked yet. Test the connection on the page of a source.".to_owned(),
        ([one], _) => format!("{one} answers."),
        (several, _) => format!("{} sources answer.", several.len()),
    };
    Step { number: 1, title: "A source answers", is_done: !names.is_empty(), text, path: "/sources", act: "Sources" }
}

fn arrives(is_done: bool) -> Step {
    let text = if is_done { "usher hears of what happens." } else { "Nothing yet. This page looks again by itself." };
    let (title, text) = ("A webhook or a login has arrived", text.to_owned());
    Step { number: 2, title, is_done, text, path: "/sources", act: "Sources" }
}

fn scheme(found: &Found) -> Step {
    let in_test = found.schemes.iter().filter(|scheme| scheme.test_mode).count();
    let text = match (found.schemes.len(), in_test) {
        (0, _) => "A scheme says what is done to whom, and when. Begin in test mode: nothing is changed.".to_owned(),
        (1, 1) => "1 scheme, in test mode.".to_owned(),
        (1, _) => "1 scheme.".to_owned(),
        (all, in_test) => format!("{all} schemes, {in_test} of them in test mode."),
    };
    let (title, is_done) = ("A scheme exists, in test mode", !found.schemes.is_empty());
    Step { number: 3, title, is_done, text, path: "/schemes", act: "Schemes" }
}

fn preview(is_done: bool) -> Step {
    let text = if is_done {
        "Somebody has looked at a preview."
    } else {
        "A preview says whom a scheme would select, before anything is done."
    };
    let title = "A preview was looked at";
    Step { number: 4, title, is_done, text: text.to_owned(), path: "/schemes", act: "Schemes" }
}

fn run(is_done: bool) -> Step {
    let text = if is_done {
        "Somebody has read a run."
    } else {
        "A run in test mode says what would have been done to each user, and why."
    };
    let title = "A run was read";
    Step { number: 5, title, is_done, text: text.to_owned(), path: "/runs/latest", act: "Latest run" }
}

fn at_work(found: &Found) -> Step {
    let at_work = found.schemes.iter().filter(|scheme| scheme.enabled && !scheme.test_mode).count();
    let text = match at_work {
        0 => "Take a scheme out of test mode once its runs say what you want.".to_owned(),
        1 => "1 scheme is at work.".to_owned(),
        several => format!("{several} schemes are at work."),
    };
    let title = "Test mode is off";
    Step { number: 6, title, is_done: at_work > 0, text, path: "/schemes", act: "Schemes" }
}
