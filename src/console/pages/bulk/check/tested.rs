//! The test run of a plan.
//!
//! A test run is asked for with a number that its form made up. The id of the run is made of that number, of whoever asks
//! and of the plan. So the number in the address proves nothing by itself: with another plan it leads to no run.

use actix_web::http::header::{HeaderName, HeaderValue};
use askama::Template;

use super::Checked;
use crate::{
    admin::{AdminState, NamedPlan, Problem, identity::Principal, run_of_bulk},
    console::{
        Answer, Asked,
        addresses::Address,
        frame::{Badge, Kind, users},
    },
    domain::{RequestKey, RunId},
    views::{Run, RunState},
};

/// See the module.
#[derive(Template)]
#[template(path = "bulk/tested.html")]
pub(super) struct Tested {
    path: String,
    part: String,
    page: String,
    kind: Kind,
    word: &'static str,
    test_kind: Kind,
    words: String,
    polls: bool,
    /// Whether it shows what the run would do.
    pub(super) counts: bool,
}

/// The key of the test run that the form with this number asks for.
pub(super) fn key(caller: &Principal, plan: &NamedPlan, number: &str) -> RequestKey {
    RequestKey::new(&caller.name, &format!("console {number}"), &[b"bulk test", plan.plan.as_bytes()])
}

/// The run that the form with this number asks for.
pub(super) fn run(caller: &Principal, plan: &NamedPlan, number: &str) -> RunId {
    run_of_bulk(&key(caller, plan, number))
}

impl Tested {
    /// The test run of the plan that was asked for with `number`; none if there is none.
    pub(super) async fn of(asked: &Asked, checked: &Checked, number: &str) -> Result<Option<Self>, Problem> {
        if number.is_empty() {
            return Ok(None);
        }
        let id = run(asked.principal(), &checked.plan, number);
        let wanted = id.clone();
        let read = move |state: &AdminState| state.views().run(&wanted).map_err(|error| Problem::internal(&error));
        let found = asked.read(read).await?.filter(|run| run.test_mode);
        Ok(found.map(|run| Self::new(&run, checked, number)))
    }

    fn new(run: &Run, checked: &Checked, number: &str) -> Self {
        let badge = Badge::from(run.state);
        let counts = &run.counts;
        let words = format!(
            "{}: {} steps recorded, {} so already, {} held, {} failed.",
            users(counts.selected),
            counts.tested,
            counts.unchanged,
            counts.held,
            counts.failed
        );
        let here = checked.here(number);
        Self {
            path: Address::of("/runs", &run.id).to_string(),
            part: here.clone().with("part", "progress").to_string(),
            page: here.to_string(),
            kind: badge.kind,
            word: badge.word,
            test_kind: Kind::Test,
            words,
            polls: !run.state.is_final(),
            counts: matches!(run.state, RunState::Done | RunState::Failed),
        }
    }

    /// As a part of the page. When the run has ended, the whole page says more.
    ///
    /// # Errors
    /// An internal [`Problem`] if it can't be rendered.
    pub(super) fn part(self, asked: &Asked, checked: &Checked, number: &str) -> Result<Answer, Problem> {
        if !self.polls {
            let page = HeaderValue::from_str(&checked.here(number).to_string());
            asked.with_response(move |_, response| {
                if let Ok(page) = page {
                    response.headers_mut().insert(HeaderName::from_static("hx-redirect"), page);
                }
            });
        }
        Answer::html(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Actor, Channel, Role, SourceScope};

    #[test]
    fn a_number_leads_to_the_test_run_of_one_plan_of_one_person_alone() {
        let of = |name: &str| {
            Principal::new(name.parse::<Actor>().expect("a name"), Role::Operator, SourceScope::All, Channel::Console)
        };
        let plan = |plan: &str| NamedPlan { plan: plan.to_owned(), actions: Vec::new(), is_irreversible: false };
        let first = run(&of("jane"), &plan("a"), "1");
        assert_eq!(run(&of("jane"), &plan("a"), "1"), first);
        for other in
            [run(&of("jane"), &plan("b"), "1"), run(&of("jane"), &plan("a"), "2"), run(&of("joe"), &plan("a"), "1")]
        {
            assert_ne!(other, first);
        }
    }
}
