//! For tests: a product in memory, with a clock that goes with tokio's, and the answers of views.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::{sync::watch, time::Instant};

use super::{AskedStep, Count, LiveSource, LookUps, References, RunQueries, RunningSource, WrittenSchemes};
use crate::{
    clock::{Clock, SystemClock},
    config::{Auth, Source},
    domain::{
        EmailAddress, GroupName, LastLists, LoginCoverage, Product, RunId, Scheme, SchemeId, SourceId, Step, SweepId,
        SweepPlan, Timestamp, UserId, UserRef,
    },
    metrics::Metrics,
    products::{Client, Error, User, UserPage, cleared_in_test},
    secret::Secret,
    source::{Connection, NoControls},
};

pub(super) const ADMINS: &str = "jira-administrators";
pub(super) const USHER: &str = "usher";
/// A new issue is found by a search after this time.
const SEARCH_LAG: Duration = Duration::from_secs(25);

/// Begins at the second 1,700,000,000.
pub(super) struct TokioClock(pub Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let millis = i64::try_from(self.0.elapsed().as_millis()).unwrap();
        Timestamp::from_millis(1_700_000_000_000 + millis)
    }
}

/// The result of a change.
pub(crate) enum Fate {
    /// Not done, and this is the answer.
    Answered(Error),
    /// Done by the first of several calls; a later one has this answer.
    DoneThen(Error),
    /// Done, and the answer is lost.
    AnswerLost,
    /// Not done, and the connection breaks.
    Broken,
    /// Done or not, there is never an answer.
    Hangs { done: bool },
}

#[derive(Default)]
pub(crate) struct State {
    pub users: BTreeMap<UserId, User>,
    /// The results of the next changes; later ones are done.
    pub fates: VecDeque<Fate>,
    /// The waits of the next changes for their turn; later ones don't wait.
    pub turns: VecDeque<Duration>,
    /// The number of changes that were withheld in their turn.
    pub withheld: usize,
    /// The answer to everybody while the product is away.
    pub away: Option<Error>,
    /// Whether several groups are given by one call.
    pub joins_many_groups: bool,
    /// The constant results of changes, by their name as in `asked`, or by `*`.
    pub always: BTreeMap<String, Error>,
    /// The number of probes.
    pub probes: usize,
    /// Said when it is asked for the administrators.
    pub administrators_refused: Option<Error>,
    /// Markers, and since when they are there.
    pub issues: Vec<(String, Instant)>,
    /// Changes that were asked for, in order: `jane delete`.
    pub asked: Vec<String>,
    /// The number of readings of users.
    pub reads: usize,
    /// Groups that are there; none: all are.
    pub groups: Option<Vec<&'static str>>,
    /// Said when it is asked for a group or for users by their address.
    pub references_refused: Option<Error>,
    /// The number of questions for a group, or for users by their address.
    pub references_asked: usize,
}

/// A product in memory. Its users are what a test puts there.
#[derive(Default)]
pub(crate) struct Stub(Mutex<State>);

impl Stub {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn put(&self, id: &str, groups: &[&str]) {
        let user = User {
            name: Some(id.to_owned()),
            active: Some(true),
            groups: Some(groups.iter().map(|name| GroupName::new(*name)).collect()),
            ..User::new(UserId::new(id))
        };
        self.state().users.insert(user.id.clone(), user);
    }

    pub fn user_named(&self, id: &str) -> Option<User> {
        self.state().users.get(&UserId::new(id)).cloned()
    }

    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    /// Carries out `steps`, which `asked` names, by one call.
    async fn change(&self, user: &User, asked: &str, steps: &[Step]) -> Result<(), Error> {
        let turn = self.state().turns.pop_front().unwrap_or_default();
        tokio::time::sleep(turn).await;
        if let Err(error) = cleared_in_test().await {
            self.state().withheld += 1;
            return Err(error);
        }
        let fate = {
            let mut state = self.state();
            state.there()?;
            let asked = format!("{} {asked}", user.id);
            let fate = state.fates.pop_front().or_else(|| state.always(&asked));
            state.asked.push(asked);
            let done = match fate {
                None | Some(Fate::AnswerLost | Fate::Hangs { done: true }) => steps.len(),
                Some(Fate::DoneThen(_)) => 1,
                Some(Fate::Answered(_) | Fate::Broken | Fate::Hangs { done: false }) => 0,
            };
            steps[..done].iter().for_each(|step| state.carry_out(&user.id, step));
            fate
        };
        tokio::task::yield_now().await; // as a call would
        match fate {
            None => Ok(()),
            Some(Fate::Answered(error) | Fate::DoneThen(error)) => Err(error),
            Some(Fate::AnswerLost | Fate::Broken) => Err(Error::Lost("for the test".into())),
            Some(Fate::Hangs { .. }) => std::future::pending().await,
        }
    }

    /// Whether a change hangs now.
    pub fn has_been_asked(&self, times: usize) -> bool {
        self.state().asked.len() >= times
    }
}

impl State {
    fn there(&self) -> Result<(), Error> {
        self.away.clone().map_or(Ok(()), Err)
    }

    fn always(&self, asked: &str) -> Option<Fate> {
        self.always.get(asked).or_else(|| self.always.get("*")).cloned().map(Fate::Answered)
    }

    fn administrators(&self) -> BTreeSet<UserId> {
        let is_one = |user: &&User| {
            user.active == Some(true) && user.groups.as_ref().is_some_and(|all| all.contains(&GroupName::new(ADMINS)))
        };
        self.users.values().filter(is_one).map(|user| user.id.clone()).collect()
    }

    fn carry_out(&mut self, id: &UserId, step: &Step) {
        if *step == Step::Delete {
            self.users.remove(id);
        }
        let Some(user) = self.users.get_mut(id) else { return };
        let groups = user.groups.get_or_insert_default();
        match step {
            Step::AddGroup(group) => drop(groups.insert(group.clone())),
            Step::RemoveGroup(group) => drop(groups.remove(group)),
            Step::RemoveAllGroups | Step::RemoveApplicationAccess(_) => groups.clear(),
            Step::Deactivate => user.active = Some(false),
            Step::Reactivate => user.active = Some(true),
            Step::NameBack { to, .. } => user.name = Some(to.clone()),
            Step::Rename { suffix } => user.name.get_or_insert_default().push_str(suffix),
            Step::CreateIssue(issue) => self.issues.push((issue.marker.clone(), Instant::now())),
            Step::InvalidatePassword { .. } | Step::Delete => {}
        }
    }
}

#[async_trait]
impl Client for Stub {
    async fn user(&self, user: &UserRef) -> Result<User, Error> {
        let mut state = self.state();
        state.there()?;
        state.reads += 1;
        user.id().and_then(|id| state.users.get(id).cloned()).ok_or(Error::NoSuchUser)
    }

    async fn users(&self, _: Option<&str>) -> Result<UserPage, Error> {
        Ok(UserPage::new(Vec::new(), None))
    }

    async fn is_so(&self, user: &User, step: &Step) -> Result<Option<bool>, Error> {
        Ok(match step {
            Step::CreateIssue(issue) => {
                let found = |(marker, at): &(String, Instant)| *marker == issue.marker && at.elapsed() >= SEARCH_LAG;
                Some(self.state().issues.iter().any(found))
            }
            Step::RemoveApplicationAccess(_) => user.groups.as_ref().map(BTreeSet::is_empty),
            step => user.satisfies(step),
        })
    }

    async fn make_so(&self, user: &User, step: &Step) -> Result<(), Error> {
        self.change(user, step.action(), std::slice::from_ref(step)).await
    }

    fn joins_many_groups(&self) -> bool {
        self.state().joins_many_groups
    }

    async fn join_groups(&self, user: &User, groups: &[&GroupName]) -> Result<(), Error> {
        let steps: Vec<_> = groups.iter().map(|group| Step::AddGroup((*group).clone())).collect();
        let names: Vec<_> = groups.iter().map(|group| group.as_str()).collect();
        self.change(user, &names.join("+"), &steps).await
    }

    async fn group_exists(&self, group: &GroupName) -> Result<bool, Error> {
        let mut state = self.state();
        state.references_asked += 1;
        let is_there = state.groups.as_ref().is_none_or(|all| all.contains(&group.as_str())); // in exactly this form
        state.references_refused.clone().map_or(Ok(is_there), Err)
    }

    async fn groups_like(&self, part: &str) -> Result<Vec<GroupName>, Error> {
        let state = self.state();
        let all = state.groups.iter().flatten().filter(|name| name.to_lowercase().contains(part));
        Ok(all.map(|name| GroupName::new(*name)).collect())
    }

    async fn find_users(&self, text: &str) -> Result<Vec<User>, Error> {
        let mut state = self.state();
        state.references_asked += 1;
        let has = |user: &&User| {
            let email = user.email.as_ref().map(EmailAddress::as_str);
            email.into_iter().chain(user.name.as_deref()).any(|one| one.contains(text))
        };
        let found = state.users.values().filter(has).cloned().collect();
        state.references_refused.clone().map_or(Ok(found), Err)
    }

    async fn myself(&self) -> Result<Option<UserId>, Error> {
        Ok(Some(UserId::new(USHER)))
    }

    async fn administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        let told = self.state().administrators();
        tokio::task::yield_now().await; // as a call would: another caller must not see the same meanwhile
        self.state().administrators_refused.clone().map_or(Ok(told), Err)
    }

    async fn probe(&self) -> Result<(), Error> {
        let mut state = self.state();
        state.probes += 1;
        state.there()
    }
}

/// The source `id` in the register, with `client` as its product and no schemes.
pub(crate) fn running(id: SourceId, client: Arc<dyn Client>) -> Arc<RunningSource> {
    let address = "https://jira.example".parse().unwrap();
    let source = Source::new(id, Product::JiraDc, address, Auth::Bearer(Secret::new("token")));
    let (metrics, controls) = (Metrics::new().unwrap(), Arc::new(NoControls::default()));
    let connection = Connection::new(source.id.clone(), client, 1, Arc::new(SystemClock), controls, metrics.clone());
    let (live, schemes) = (LiveSource::from(&source), Arc::new(NoSchemes(watch::Sender::new(0))));
    let (protect, look_ups) = (live.protect.clone(), LookUps::default());
    let references = References::new(Arc::clone(&connection), source.product, protect, schemes, look_ups, metrics);
    Arc::new(RunningSource { connection, references, live })
}

/// There are none, and none come.
struct NoSchemes(watch::Sender<u64>);

impl WrittenSchemes for NoSchemes {
    fn schemes_of(&self, _: &SourceId) -> Vec<Scheme> {
        Vec::new()
    }

    fn schemes_changed(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// The answers of views that have read nothing, but for what a test puts here.
#[derive(Default)]
pub(super) struct FakeQueries {
    /// The keys of the steps that have ended.
    pub ended: Mutex<BTreeSet<String>>,
    /// Whether every other step has ended too.
    pub all_ended: bool,
    /// How often it was asked whether a step has ended.
    pub ended_asked: AtomicUsize,
    /// Until where the outcomes of every partition are read, at each question; the last one stays. Empty: it is unknown.
    pub read_until: Mutex<Vec<u64>>,
    /// How often it was asked what was heard of logins.
    pub heard_asked: AtomicUsize,
    /// The plan of any sweep.
    pub plan: Option<Arc<SweepPlan>>,
    /// Until when the schedule of any scheme has asked.
    pub asked_until: Option<Timestamp>,
    /// The number of users that any run selects.
    pub count: Option<Count>,
    /// The sweeps of which the run of any scheme is held.
    pub held: Vec<SweepId>,
    /// How many users were created, whenever that was.
    pub created: u64,
    pub known_users: u64,
    pub progress: watch::Sender<u64>,
}

impl RunQueries for FakeQueries {
    fn outcomes_read_until(&self, _: crate::log::Partition) -> Option<u64> {
        let mut read = self.read_until.lock().unwrap();
        if read.len() > 1 { Some(read.remove(0)) } else { read.first().copied() }
    }

    fn has_ended(&self, step: &AskedStep) -> bool {
        self.ended_asked.fetch_add(1, SeqCst);
        self.all_ended || self.ended.lock().unwrap().contains(step.key.as_str())
    }

    fn login_coverage(&self, _: &SourceId) -> Option<LoginCoverage> {
        self.heard_asked.fetch_add(1, SeqCst);
        None
    }

    fn sweep(&self, _: &SweepId) -> Option<Arc<SweepPlan>> {
        self.plan.clone()
    }

    fn asked_until(&self, _: &SchemeId) -> Option<Timestamp> {
        self.asked_until
    }

    fn is_over(&self, _: &RunId) -> bool {
        false
    }

    fn count(&self, _: &RunId) -> Option<Count> {
        self.count
    }

    fn kept_back(&self, _: &RunId, _: Option<&UserId>) -> Option<Vec<UserId>> {
        None
    }

    fn last_lists(&self, _: &SourceId) -> Option<LastLists> {
        None
    }

    fn last_reads(&self, _: &SchemeId) -> Option<u64> {
        None
    }

    fn held(&self, _: &SchemeId) -> Vec<SweepId> {
        self.held.clone()
    }

    fn created(&self, _: &SourceId, _: Timestamp, _: Timestamp, enough: u64) -> u64 {
        self.created.min(enough)
    }

    fn known_users(&self, _: &SourceId) -> u64 {
        self.known_users
    }

    fn progress(&self) -> watch::Receiver<u64> {
        self.progress.subscribe()
    }
}
