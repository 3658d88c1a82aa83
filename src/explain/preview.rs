//! Previews a scheme for a whole source, page by page.

use std::{collections::HashSet, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use tokio::{sync::watch, time::Instant};

use super::{Error, Explainer, Question};
use crate::{
    domain::{Scheme, SchemeVerdict, Step, Timestamp, Truth, UserHints, UserId, UserRef},
    products::{Completeness, UserPage},
};

/// Users read at the same time; the client's own pace holds them back further.
pub(super) const CONCURRENCY: usize = 8;

/// The number of remembered users, at sixteen bytes each, so that a user on two pages counts once.
const MAX_REMEMBERED: usize = 1_000_000;

/// The bounds of a preview.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Users to name at most.
    pub users: usize,
    /// The highest time.
    pub time: Duration,
}

/// The channel by which a preview publishes its progress.
pub type Shown = watch::Sender<Preview>;

/// One user who would be selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previewed {
    /// The lasting id.
    pub user: UserId,
    /// The login name, if there is one.
    pub user_name: Option<String>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// The effect of a scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// Users looked at.
    pub seen: u64,
    /// Users who would be selected.
    pub selected: u64,
    /// Users with an unknown verdict, who would not be selected.
    pub unknown: u64,
    /// Those who would be selected, as many as were asked for.
    pub users: Vec<Previewed>,
    /// Whether everybody in the source was looked at.
    pub complete: bool,
    /// Why not, if not.
    pub incomplete_why: Option<String>,
}

/// The reason if the time was too short.
pub(super) const OUT_OF_TIME: &str = "the time to look ran out before everybody was looked at";

impl Explainer {
    /// Looks at everybody in the scheme's source, or as far as `bounds` allow. Reads only those users whom the
    /// product's list does not settle. Where the scheme can select none but those whom it names, only those are read.
    /// What it has found so far goes to `shown`, page by page.
    ///
    /// # Errors
    /// [`Error::NoSuchSource`] if the scheme's source is not connected here, [`Error::Product`] if a call to the
    /// product fails. If the time of `bounds` runs out, the result is what was found so far.
    pub async fn preview(&self, scheme: &Scheme, bounds: Bounds, shown: &Shown) -> Result<Preview, Error> {
        let question = Question::new(scheme);
        if let Some(named) = scheme.select.only_users() {
            return self.preview_named(&question, &named, bounds, shown).await;
        }
        let deadline = Instant::now() + bounds.time;
        let (mut preview, mut cursor, mut seen) = (Preview::default(), None::<String>, SeenUsers::default());
        loop {
            let looking = tokio::time::timeout_at(deadline, self.page(&question, cursor.as_deref(), &mut seen));
            let Ok(looked) = looking.await else { return Ok(preview.ended(Some(OUT_OF_TIME.to_owned()))) };
            let (verdicts, next, completeness) = looked?;
            for verdict in verdicts {
                preview.count(verdict, bounds);
            }
            // Without names: they are shown at the end.
            shown.send_replace(Preview { users: Vec::new(), ..preview.clone() });
            match next {
                // After an incomplete list come pages that repeat many of its users.
                Some(_) if completeness != Completeness::Proved && seen.is_full() => {
                    return Ok(preview.ended(completeness.why()));
                }
                Some(next) => cursor = Some(next), // a client never names the same page twice
                None => return Ok(preview.ended(completeness.why())),
            }
        }
    }

    async fn page(
        &self,
        question: &Question,
        cursor: Option<&str>,
        seen: &mut SeenUsers,
    ) -> Result<(Vec<(Truth, Previewed)>, Option<String>, Completeness), Error> {
        let source = &question.source;
        let page = self.client(source)?.users(cursor).await;
        let UserPage { users, next, completeness, .. } =
            page.map_err(|error| Error::Product { source_id: source.clone(), error })?;
        let new: Vec<_> = users.into_iter().filter(|(user, _)| seen.is_new(user)).collect();
        let looking = stream::iter(new).map(|(user, hints)| self.look_at(question, user, hints));
        Ok((looking.buffer_unordered(CONCURRENCY).try_collect().await?, next, completeness))
    }

    async fn look_at(&self, question: &Question, user: UserId, hints: UserHints) -> Result<(Truth, Previewed), Error> {
        let (source, at, user_name) = (&question.source, self.clock.now(), hints.name.clone());
        let settled = question.ask(&user, &self.listed_facts(source, &user, hints, at), at).is_none();
        let verdict = match settled {
            true => None,
            false => match self.read_and_ask(question, &user, at).await {
                // An unreadable user must not hide the others.
                Err(Error::TooSlow(_)) => {
                    return Ok((Truth::Unknown, Previewed { user, user_name, steps: Vec::new() }));
                }
                read => read?,
            },
        };
        let (selected, steps) = verdict.map_or((Truth::False, Vec::new()), |verdict| (verdict.selected, verdict.steps));
        Ok((selected, Previewed { user, user_name, steps }))
    }

    async fn read_and_ask(
        &self,
        question: &Question,
        user: &UserId,
        at: Timestamp,
    ) -> Result<Option<SchemeVerdict>, Error> {
        match self.read(&question.source, &UserRef::Id(user.clone())).await {
            Ok(found) => Ok(question.ask(user, &self.facts(&question.source, &found, at), at)),
            Err(Error::NoSuchUser { .. }) => Ok(None), // gone since the list was made
            Err(error) => Err(error),
        }
    }
}

/// The users already looked at.
#[derive(Default)]
struct SeenUsers(HashSet<u128>);

impl SeenUsers {
    /// Whether `user` has not been seen, as far as is remembered; they have been from now on.
    fn is_new(&mut self, user: &UserId) -> bool {
        let mut first = [0; 16];
        first.copy_from_slice(&Sha256::digest(user.as_str())[..16]);
        let print = u128::from_be_bytes(first);
        if self.is_full() { !self.0.contains(&print) } else { self.0.insert(print) }
    }

    fn is_full(&self) -> bool {
        self.0.len() >= MAX_REMEMBERED
    }
}

impl Preview {
    /// The final result; `incomplete_why` says why users may be missing.
    pub(super) fn ended(self, incomplete_why: Option<String>) -> Self {
        Self { complete: incomplete_why.is_none(), incomplete_why, ..self }
    }

    pub(super) fn count(&mut self, (selected, user): (Truth, Previewed), bounds: Bounds) {
        self.seen += 1;
        match selected {
            Truth::True => {
                self.selected += 1;
                if self.users.len() < bounds.users {
                    self.users.push(user);
                }
            }
            Truth::Unknown => self.unknown += 1,
            Truth::False => {}
        }
    }
}
