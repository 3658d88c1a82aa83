//! Deleting a user, which Confluence takes on and does in its own time.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use reqwest::Method;
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::ConfluenceDc;
use crate::{
    domain::UserId,
    products::{
        Error, User,
        http::{
            message,
            request::{Call, Operation},
        },
    },
};

const ADMIN_USER: &str = "rest/api/admin/user/{username}";
const TASK: &str = "rest/api/longtask/{id}";

/// Between two questions: at first this long, then twice as long each time, up to the other.
const WAITS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// The time after which the deletion is checked again.
const LATER: Duration = Duration::from_secs(10);

/// The tasks that are not known to have ended. Another request to delete the same user does not start another task.
/// They are lost when usher ends: then Confluence has two tasks, the second of which finds nobody.
#[derive(Default)]
pub(super) struct Deletions {
    open: Mutex<HashMap<UserId, String>>,
}

impl Deletions {
    fn open(&self) -> MutexGuard<'_, HashMap<UserId, String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner) // a map is never half changed
    }
}

/// The end of a task.
enum End {
    Done,
    Failed(String),
    /// Confluence no longer knows the task, or usher's account may not read it. If that account has lost its rights
    /// altogether, reading the user shows it.
    Forgotten,
    /// The task has not ended within usher's time-out.
    Open,
}

impl ConfluenceDc {
    /// Deletes the user and waits until that is done. If it takes longer, or the state is unknown, the user is to be
    /// read again: it is done when there is none.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if the task has failed; [`Error::Lost`] if its end is unknown;
    /// [`Error::Unavailable`] if it takes longer.
    pub(super) async fn delete(&self, user: &User) -> Result<(), Error> {
        let open = self.deletions.open().get(&user.id).cloned();
        let task = match open {
            Some(task) => task,
            None => {
                let task = self.submit(user).await?;
                self.deletions.open().insert(user.id.clone(), task.clone());
                task
            }
        };
        let end = self.follow(&task, user).await?; // where the task can't be asked for now, it goes on all the same
        if !matches!(end, End::Open) {
            self.deletions.open().remove(&user.id);
        }
        match end {
            End::Done => Ok(()),
            End::Failed(message) => Err(Error::Refused { status: 200, message }),
            End::Forgotten => Err(Error::Lost("it tells no more of the task that deletes the user".to_owned())),
            End::Open => {
                let message = "it has not finished the task that deletes the user".to_owned();
                Err(Error::Unavailable { status: 202, message, retry_after: Some(LATER) })
            }
        }
    }

    async fn submit(&self, user: &User) -> Result<String, Error> {
        self.check_name(user).await?;
        let call = Call::new(Operation::DeleteUser, Method::DELETE, ADMIN_USER).user_segment(user.login_name()?);
        Ok(self.change(user, call).await?.json::<Submission>()?.id)
    }

    async fn follow(&self, task: &str, user: &User) -> Result<End, Error> {
        let (began, mut wait) = (Instant::now(), WAITS.0);
        while began.elapsed() < self.http.limits().task {
            sleep(wait).await;
            wait = WAITS.1.min(wait * 2);
            let call = Call::new(Operation::ReadTask, Method::GET, TASK).segment(task).about(user.id.as_str());
            let task = match self.http.send(call.about(user.login_name()?)).await {
                Err(Error::Refused { status: 404, .. } | Error::Unauthorized { .. }) => return Ok(End::Forgotten),
                answer => answer?.json::<Task>()?,
            };
            if task.percentage_complete >= 100 {
                return Ok(if task.successful { End::Done } else { End::Failed(task.said(user)) });
            }
        }
        Ok(End::Open)
    }
}

#[derive(Deserialize)]
struct Submission {
    id: String,
}

/// A task; whether it is `successful` means something only when it is complete.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    percentage_complete: u32,
    successful: bool,
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    translation: Option<String>,
}

impl Task {
    fn said(self, user: &User) -> String {
        let said: Vec<String> = self.messages.into_iter().filter_map(|message| message.translation).collect();
        let personal = [user.id.as_str(), user.name.as_deref().unwrap_or_default()];
        let said = message::fit_to_show(&said.join("; "), &personal);
        if said.is_empty() { "the task that deletes the user has failed".to_owned() } else { said }
    }
}
