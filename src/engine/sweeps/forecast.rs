//! Forecasts: the effect that the steps of a sweep would have on one user, before anything is done. Limits count by it,
//! and a step that is fulfilled already is not read again.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{
    config::Protect,
    domain::{Facts, Forecast, Mode, SchemeId, SchemeVerdict, Step, Truth, UserId},
    engine::{References, executor::guard::Guard},
    live::Live,
    products::User,
    rules::Evaluation,
    runtime::Interrupted,
    source::Connection,
};

/// Foretells for one source.
pub(crate) struct Forecaster {
    connection: Arc<Connection>,
    guard: Guard,
    mode: Live<Mode>,
}

/// Marks the verdicts of `answer` whose steps are all fulfilled by `facts`. The facts need not be fresh, since they
/// only decide that nothing is to be done.
pub(in crate::engine) fn by_facts(answer: &mut Evaluation, facts: &Facts) {
    for verdict in answer.verdicts.iter_mut().filter(|verdict| verdict.selected == Truth::True) {
        let so = verdict.steps.iter().all(|step| facts.satisfies(step) == Some(true));
        verdict.forecast = so.then_some(Forecast::AlreadySo);
    }
}

/// Whether `answer` can have no effect: no scheme may select the user, or all that do have nothing to do.
pub(in crate::engine) fn is_settled(answer: &Evaluation) -> bool {
    answer.verdicts.iter().all(|verdict| match verdict.selected {
        Truth::False => true,
        Truth::True => verdict.forecast == Some(Forecast::AlreadySo),
        Truth::Unknown => false,
    })
}

/// The user as `facts` describe them. Their groups and roles count as unknown, so that they may be an administrator.
fn as_told(user: &UserId, facts: &Facts) -> User {
    let (name, active) = (facts.name.value().cloned(), facts.active.value().copied());
    User { name, active, administers: None, ..User::new(user.clone()) }
}

impl Forecaster {
    /// A forecaster for the source of `connection`; `protect` has the protected users.
    pub(crate) fn new(
        connection: Arc<Connection>,
        protect: impl Into<Live<Protect>>,
        mode: impl Into<Live<Mode>>,
    ) -> Self {
        Self { guard: Guard::new(Arc::clone(&connection), protect), connection, mode: mode.into() }
    }

    /// The same forecaster, with `references` for missing names that hold steps.
    pub(crate) fn referring(self, references: Arc<References>) -> Self {
        Self { guard: self.guard.referring(references), ..self }
    }

    /// Whether `facts` are enough to count `user`, of whom a run with limits keeps all steps back anyway. Each verdict
    /// of `answer` that selects has a forecast then. A protected user is not counted by facts, and neither is one of
    /// whom a scheme without limits may change something: they are read.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn count_by_facts(
        &self,
        answer: &mut Evaluation,
        user: &UserId,
        facts: &Facts,
        stop: &CancellationToken,
    ) -> Result<bool, Interrupted> {
        let user = as_told(user, facts);
        for verdict in answer.verdicts.iter_mut().filter(|verdict| verdict.forecast.is_none()) {
            match verdict.selected {
                Truth::False => continue,
                Truth::True if verdict.held => {}
                Truth::True | Truth::Unknown => return Ok(false),
            }
            if !self.would_change(verdict, &user, facts, stop).await? {
                return Ok(false);
            }
            verdict.forecast = Some(Forecast::WouldChange);
        }
        Ok(answer.unknown.is_empty())
    }

    /// Whether `facts` show that a step of `verdict` is not fulfilled, and nothing protects `user` from it.
    async fn would_change(
        &self,
        verdict: &SchemeVerdict,
        user: &User,
        facts: &Facts,
        stop: &CancellationToken,
    ) -> Result<bool, Interrupted> {
        for step in verdict.steps.iter().filter(|step| facts.satisfies(step) == Some(false)) {
            if !self.guard.would_refuse(step, &verdict.scheme.id, user, stop).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds a forecast to each verdict of `answer` for `user`, who was just read; `facts` are the facts about the user.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn foretell(
        &self,
        answer: &mut Evaluation,
        user: &User,
        facts: &Facts,
        stop: &CancellationToken,
    ) -> Result<(), Interrupted> {
        // A scheme may change what the ones behind it depend on, so their forecasts may differ from the reading.
        let mut acted_before = false;
        for verdict in answer.verdicts.iter_mut().filter(|verdict| verdict.selected == Truth::True) {
            let forecast = self.of(verdict, user, facts, stop).await?;
            let forecast =
                if acted_before && forecast == Forecast::AlreadySo { Forecast::WouldChange } else { forecast };
            verdict.forecast = Some(forecast);
            let is_done_now = !verdict.held && !verdict.test_mode && *self.mode.get() == Mode::Active;
            acted_before |= is_done_now && forecast == Forecast::WouldChange;
        }
        Ok(())
    }

    async fn of(
        &self,
        verdict: &SchemeVerdict,
        user: &User,
        facts: &Facts,
        stop: &CancellationToken,
    ) -> Result<Forecast, Interrupted> {
        let mut forecast = Forecast::AlreadySo;
        for step in &verdict.steps {
            match self.of_step(step, &verdict.scheme.id, user, facts, stop).await? {
                Forecast::AlreadySo => {}
                Forecast::WouldChange => return Ok(Forecast::WouldChange),
                Forecast::Protected => forecast = Forecast::Protected,
            }
        }
        Ok(forecast)
    }

    /// The effect of `step` of `scheme` on `user`, who was just read; `facts` are the facts about the user.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(crate) async fn of_step(
        &self,
        step: &Step,
        scheme: &SchemeId,
        user: &User,
        facts: &Facts,
        stop: &CancellationToken,
    ) -> Result<Forecast, Interrupted> {
        if self.is_so(step, user, facts, stop).await? {
            return Ok(Forecast::AlreadySo);
        }
        let is_refused = self.guard.would_refuse(step, scheme, user, stop).await?;
        Ok(if is_refused { Forecast::Protected } else { Forecast::WouldChange })
    }

    /// Whether `step` is known to be fulfilled. The product is asked if the facts are not enough. Then the executor
    /// does not have to ask the same.
    async fn is_so(
        &self,
        step: &Step,
        user: &User,
        facts: &Facts,
        stop: &CancellationToken,
    ) -> Result<bool, Interrupted> {
        if let Some(is_so) = facts.satisfies(step) {
            return Ok(is_so);
        }
        let client = &self.connection.client;
        let told = self.connection.query(stop, || client.is_so(user, step)).await?;
        Ok(matches!(told, Ok(Some(true)))) // what nobody can tell is not so
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::SystemClock,
        domain::{GroupName, Issue, Missing, Product, Timestamp},
        engine::testing::{ADMINS, Stub, USHER},
        metrics::Metrics,
        source::NoControls,
        views::testing::{source, verdict},
    };

    /// The forecasts for `schemes`, one after the other, each with steps and whether it is held, for the user `name` of
    /// `product`.
    async fn foretold(product: Arc<Stub>, name: &str, schemes: &[(&[Step], bool)]) -> Vec<Forecast> {
        let user = product.user_named(name).expect("a user");
        let (controls, metrics) = (Arc::new(NoControls::default()), Metrics::new().expect("metrics"));
        let connection = Connection::new(source(), product, 2, Arc::new(SystemClock), controls, metrics);
        let protect = Protect { users: vec!["breakglass".into()], ..Protect::of(Product::JiraDc, None) };
        let said = |(steps, held): &(&[Step], bool)| SchemeVerdict {
            steps: steps.to_vec(),
            held: *held,
            ..verdict("a", Truth::True, &[])
        };
        let verdicts = schemes.iter().map(said).collect();
        let mut answer = Evaluation { no_action: None, verdicts, others: 0, unknown: Vec::new() };
        let facts = user.facts(Timestamp::from_millis(0));
        let forecaster = Forecaster::new(connection, protect, Mode::Active);
        forecaster.foretell(&mut answer, &user, &facts, &CancellationToken::new()).await.expect("not stopped");
        answer.verdicts.iter().map(|verdict| verdict.forecast.expect("foretold")).collect()
    }

    fn group(name: &str) -> GroupName {
        GroupName::new(name)
    }

    async fn of(name: &str, groups: &[&str], steps: &[Step]) -> Forecast {
        let product = Arc::new(Stub::default());
        product.put(name, groups);
        foretold(product, name, &[(steps, true)]).await[0]
    }

    #[tokio::test]
    async fn everything_must_be_so_for_a_user_to_be_so_already() {
        let (add, leave) = (Step::AddGroup(group("staff")), Step::RemoveGroup(group("vpn")));
        assert_eq!(of("jane", &["staff"], &[add.clone(), leave.clone()]).await, Forecast::AlreadySo);
        assert_eq!(of("jane", &["staff", "vpn"], &[add.clone(), leave.clone()]).await, Forecast::WouldChange);
        assert_eq!(of("jane", &[], &[Step::RemoveAllGroups]).await, Forecast::AlreadySo);
        assert_eq!(of("jane", &[], &[Step::Reactivate]).await, Forecast::AlreadySo);
        for step in [Step::Deactivate, Step::Delete, Step::InvalidatePassword { send_reset_link: false }] {
            assert_eq!(of("jane", &[], &[step]).await, Forecast::WouldChange);
        }
    }

    #[tokio::test]
    async fn what_a_users_record_does_not_tell_is_asked_for() {
        let access = Step::RemoveApplicationAccess(vec!["jira-software".into()]);
        assert_eq!(of("jane", &[], std::slice::from_ref(&access)).await, Forecast::AlreadySo);
        assert_eq!(of("jane", &["staff"], &[access]).await, Forecast::WouldChange);
        let issue = Issue {
            project: "OPS".into(),
            issue_type: "Task".into(),
            summary: "x".into(),
            fields: serde_json::Map::new(),
            marker: "m".into(),
        };
        assert_eq!(of("jane", &[], &[Step::CreateIssue(Box::new(issue))]).await, Forecast::WouldChange);
    }

    #[tokio::test]
    async fn who_is_protected_from_all_that_is_not_so_would_not_be_changed() {
        for name in [USHER, "breakglass"] {
            assert_eq!(of(name, &[], &[Step::Deactivate]).await, Forecast::Protected);
            assert_eq!(of(name, &[], &[Step::Deactivate, Step::AddGroup(group("x"))]).await, Forecast::WouldChange);
            assert_eq!(of(name, &[], &[Step::RemoveAllGroups]).await, Forecast::AlreadySo);
        }
        assert_eq!(of("boss", &[ADMINS], &[Step::RemoveAllGroups]).await, Forecast::Protected);
        assert_eq!(of("boss", &[ADMINS], &[Step::Deactivate]).await, Forecast::WouldChange, "it depends on the others");
    }

    #[tokio::test]
    async fn what_the_scheme_before_may_change_is_not_so_already() {
        let (leave, add) = ([Step::RemoveGroup(group("staff"))], [Step::AddGroup(group("staff"))]);
        let product = || {
            let product = Arc::new(Stub::default());
            product.put("jane", &["staff"]);
            product
        };
        let acting = foretold(product(), "jane", &[(&leave, false), (&add, true)]).await;
        assert_eq!(acting, [Forecast::WouldChange, Forecast::WouldChange]);
        let kept_back = foretold(product(), "jane", &[(&leave, true), (&add, true)]).await;
        assert_eq!(kept_back, [Forecast::WouldChange, Forecast::AlreadySo]);
    }

    #[test]
    fn facts_that_are_not_known_settle_nothing() {
        let verdicts =
            vec![SchemeVerdict { steps: vec![Step::AddGroup(group("x"))], ..verdict("a", Truth::True, &[]) }];
        let mut answer = Evaluation { no_action: None, verdicts, others: 0, unknown: Vec::new() };
        by_facts(&mut answer, &Facts::unknown(Missing::NotInPayload));
        assert_eq!((answer.verdicts[0].forecast, is_settled(&answer)), (None, false));
    }
}
