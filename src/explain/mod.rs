//! Explanations and previews: what a scheme would do now and why, for one user or for a whole source. Nothing is
//! changed.

mod estimate;
mod foresight;
mod jobs;
mod named;
mod preview;

use std::{sync::Arc, time::Duration};

pub use estimate::Estimator;
pub use foresight::{Foreseeing, Foresight, StepCounts};
pub use jobs::{Job, JobState, Previews, TooMany};
pub use preview::{Bounds, Preview, Previewed, Shown};

use crate::{
    clock::Clock,
    domain::{
        AccountType, Activity, Event, EventId, EventKind, Facts, LoginCoverage, Reason, Scheme, SchemeId, SchemeRef,
        SchemeVerdict, SourceId, Step, Timestamp, TriggerKind, Truth, UserHints, UserId, UserRef, Via,
    },
    engine::{References, Register},
    products::{Client, Error as ProductError, User},
    rules::{self, Schemes, Subject, VersionedScheme, Waiting},
};

/// The time-out for reading one user. Nobody waits at a terminal for longer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The known activity of users.
pub trait ActivityQueries: Send + Sync + 'static {
    /// The activity of one user; none if nothing is known.
    fn activity(&self, source: &SourceId, user: &UserId) -> Option<Activity>;

    /// The latest period in which the source reported logins.
    fn login_coverage(&self, source: &SourceId) -> Option<LoginCoverage>;
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The scheme's source is not connected here.
    #[error("there is no source `{0}`")]
    NoSuchSource(SourceId),
    /// No user has this id or name.
    #[error("there is no user `{user}` in {source_id}; write the lasting id or, in Data Center, the login name")]
    NoSuchUser {
        /// The requested user.
        user: String,
        /// The source.
        source_id: SourceId,
    },
    /// The call to the product failed; a later one may succeed.
    #[error("{source_id} does not tell: {error}")]
    Product {
        /// The source.
        source_id: SourceId,
        /// The error.
        error: ProductError,
    },
    /// The product took too long; asking again later may help.
    #[error("{0} took too long to answer")]
    TooSlow(SourceId),
}

/// Why one scheme selects one user, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The user's lasting id.
    pub user: UserId,
    /// The login name, if there is one.
    pub user_name: Option<String>,
    /// The scheme in its present version.
    pub scheme: SchemeRef,
    /// Condition by condition; the truth at the root is the answer.
    pub reasons: Reason,
    /// The steps; empty unless the user is selected.
    pub steps: Vec<Step>,
    /// The fewest changes that would turn the answer round; none if nothing can.
    pub change: Option<Vec<String>>,
    /// Other obstacles.
    pub notes: Vec<&'static str>,
    /// When this was looked at.
    pub at: Timestamp,
}

impl Explanation {
    /// The answer and its reason in one line.
    pub fn in_one_line(&self) -> String {
        let reason = &self.reasons;
        match reason.truth {
            Truth::True => "selects the user".to_owned(),
            Truth::Unknown => match reason.left_open(1).as_str() {
                "" => "can't tell".to_owned(),
                open => format!("can't tell: {open}"),
            },
            Truth::False => match first_no(reason) {
                Some(Reason { condition, because, .. }) => format!("does not select the user: {condition}: {because}"),
                None => "does not select the user".to_owned(),
            },
        }
    }
}

/// The first condition that does not hold and has no parts.
fn first_no(reason: &Reason) -> Option<&Reason> {
    match reason.parts.as_slice() {
        [] => (reason.truth == Truth::False).then_some(reason),
        parts => parts.iter().filter(|part| part.truth == Truth::False).find_map(first_no),
    }
}

/// Answers from the products as they are now.
#[derive(Clone)]
pub struct Explainer {
    register: Register,
    seen: Arc<dyn ActivityQueries>,
    clock: Arc<dyn Clock>,
}

impl Explainer {
    /// Asks the products of the sources in `register` about users, and `seen` about the activity that usher knows.
    pub fn new(register: Register, seen: Arc<dyn ActivityQueries>, clock: Arc<dyn Clock>) -> Self {
        Self { register, seen, clock }
    }

    /// Why `scheme` selects `user`, by lasting id or else by login name, or why not.
    ///
    /// # Errors
    /// [`Error::NoSuchSource`] if the scheme's source is not connected here, [`Error::NoSuchUser`] if nobody has this
    /// id or login name, [`Error::Product`] if the call to the product fails, [`Error::TooSlow`] if it does not
    /// answer in time.
    pub async fn explain(&self, scheme: &Scheme, user: &str) -> Result<Explanation, Error> {
        let user = self.find(&scheme.source, user).await?;
        let at = self.clock.now();
        let facts = self.facts(&scheme.source, &user, at);
        Ok(self.explanation(scheme, &user, &facts, at))
    }

    fn explanation(&self, scheme: &Scheme, user: &User, facts: &Facts, at: Timestamp) -> Explanation {
        let reasons = rules::evaluate(scheme, &Subject { user: Some(&user.id), facts, now: at });
        let steps = Question::new(scheme).ask(&user.id, facts, at).map_or(Vec::new(), |verdict| verdict.steps);
        let (change, mut notes) = (rules::smallest_change(&reasons), notes(scheme, facts));
        if self.references(&scheme.source).is_some_and(|references| references.is_in_doubt(&scheme.id)) {
            notes.push("a name under `exempt` or `protect` is not in the product: what takes something away is held");
        }
        let (scheme, user, user_name) = (scheme.reference(), user.id.clone(), user.name.clone());
        Explanation { scheme, user, user_name, reasons, steps, change, notes, at }
    }

    /// Why each of `schemes`, which are all of `source`, selects `user` or not, from one reading. It gives the user as
    /// read, too.
    ///
    /// # Errors
    /// As [`Explainer::explain`].
    pub async fn explain_all<'s>(
        &self,
        source: &SourceId,
        schemes: impl IntoIterator<Item = &'s Scheme>,
        user: &str,
    ) -> Result<(User, Vec<Explanation>), Error> {
        let user = self.find(source, user).await?;
        let at = self.clock.now();
        let facts = self.facts(source, &user, at);
        let explained = schemes.into_iter().map(|scheme| self.explanation(scheme, &user, &facts, at)).collect();
        Ok((user, explained))
    }

    /// The user with this lasting id, read now, with the facts about them.
    ///
    /// # Errors
    /// As [`Explainer::explain`].
    pub async fn read_user(&self, source: &SourceId, user: &UserId) -> Result<(User, Facts, Timestamp), Error> {
        let user = self.read(source, &UserRef::Id(user.clone())).await?;
        let at = self.clock.now();
        let facts = self.facts(source, &user, at);
        Ok((user, facts, at))
    }

    async fn find(&self, source: &SourceId, user: &str) -> Result<User, Error> {
        match self.read(source, &UserRef::Id(UserId::new(user))).await {
            Err(Error::NoSuchUser { .. }) => self.read(source, &UserRef::Name(user.to_owned())).await,
            found => found,
        }
    }

    async fn read(&self, source: &SourceId, user: &UserRef) -> Result<User, Error> {
        let reading = tokio::time::timeout(READ_TIMEOUT, self.client(source)?.user(user)).await;
        match reading.map_err(|_| Error::TooSlow(source.clone()))? {
            Ok(found) => Ok(found),
            Err(ProductError::NoSuchUser) => {
                Err(Error::NoSuchUser { user: user.to_string(), source_id: source.clone() })
            }
            Err(error) => Err(Error::Product { source_id: source.clone(), error }),
        }
    }

    fn client(&self, source: &SourceId) -> Result<Arc<dyn Client>, Error> {
        let running = self.register.get(source).ok_or_else(|| Error::NoSuchSource(source.clone()))?;
        Ok(Arc::clone(&running.connection.client))
    }

    /// The look-ups of the names of a source and its schemes.
    fn references(&self, source: &SourceId) -> Option<Arc<References>> {
        Some(Arc::clone(&self.register.get(source)?.references))
    }

    fn facts(&self, source: &SourceId, user: &User, at: Timestamp) -> Facts {
        self.with_activity(user.facts(at), source, &user.id, at)
    }

    fn with_activity(&self, facts: Facts, source: &SourceId, user: &UserId, at: Timestamp) -> Facts {
        let called = self.references(source).map_or_else(Vec::new, |references| references.called(user));
        let facts = Facts { called, ..facts };
        facts.with_activity(self.seen.activity(source, user).as_ref(), self.seen.login_coverage(source), at)
    }

    /// The facts about a user in a list.
    fn listed_facts(&self, source: &SourceId, user: &UserId, hints: UserHints, at: Timestamp) -> Facts {
        let facts = Facts::from_payload(&Event { hints, ..sighting(source, user, at) });
        self.with_activity(facts, source, user, at)
    }
}

/// One scheme, ready to be asked about many users: as a sweep would, whatever its trigger, and also if it is not
/// enabled.
struct Question {
    schemes: Schemes,
    id: SchemeId,
    source: SourceId,
}

impl Question {
    fn new(scheme: &Scheme) -> Self {
        let versioned =
            VersionedScheme { reference: scheme.reference(), scheme: Scheme { enabled: true, ..scheme.clone() } };
        Self { schemes: Schemes::new([versioned]), id: scheme.id.clone(), source: scheme.source.clone() }
    }

    /// The verdict of the scheme, unless it clearly does not select the user.
    fn ask(&self, user: &UserId, facts: &Facts, now: Timestamp) -> Option<SchemeVerdict> {
        let waiting = Waiting::ForSweep { schemes: std::slice::from_ref(&self.id), released: true };
        let answer = rules::plan(&self.schemes, &sighting(&self.source, user, now), waiting, facts, now);
        answer.verdicts.into_iter().find(|verdict| verdict.selected != Truth::False)
    }
}

fn sighting(source: &SourceId, user: &UserId, at: Timestamp) -> Event {
    Event {
        id: EventId::new(""),
        source: source.clone(),
        kind: EventKind::Sighted,
        via: Via::Sweep,
        user: UserRef::Id(user.clone()),
        hints: UserHints::default(),
        occurred: None,
        accepted: at,
        sweep: None,
    }
}

fn notes(scheme: &Scheme, facts: &Facts) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if !scheme.enabled {
        notes.push("the scheme is not enabled, so it is never asked");
    }
    if scheme.test_mode {
        notes.push("the scheme is in test mode: what it would do is recorded and not done");
    }
    if matches!(facts.account_type.value(), Some(AccountType::Other(_))) {
        notes.push("the account is not a person's, and no scheme is asked about those");
    }
    if scheme.trigger.kind() == TriggerKind::OnLogin {
        notes.push("on a login, what was known before that login counts");
    }
    notes
}

#[cfg(test)]
mod tests;
