//! Forms that confirm, each done once: a double click, Back and a reload lead to what the first one made.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::rt;
use tokio::sync::OnceCell;

use super::Answer;
use crate::admin::Problem;

/// The number of forms that are remembered, the newest ones.
const MAX_REMEMBERED: usize = 4_096;

/// The answer to a form: the page to look at, once it is done.
type Done = Arc<OnceCell<String>>;

/// The forms that were sent of late, by session and by the form's own number. They are in memory: after a restart, and
/// in another process, the act itself refuses what is done already.
#[derive(Default)]
pub(super) struct Requests(Mutex<VecDeque<(String, Done)>>);

impl Requests {
    /// Does `act` for the form `name` unless it is done already. An act that is refused may be tried again. It goes on
    /// if the browser goes away meanwhile, as it does on a double click.
    ///
    /// # Errors
    /// The [`Problem`] of `act`; an internal one if it panics.
    pub(super) async fn once<F>(&self, name: String, act: F) -> Result<Answer, Problem>
    where
        F: Future<Output = Result<Answer, Problem>> + 'static,
    {
        let done = self.of(name);
        let task = rt::spawn(async move {
            let first = done.get_or_try_init(|| async {
                match act.await {
                    Ok(Answer::SeeOther(address)) => Ok(address),
                    other => Err(other),
                }
            });
            match first.await {
                Ok(address) => Ok(Answer::SeeOther(address.clone())),
                Err(other) => other,
            }
        });
        task.await.unwrap_or_else(|error| Err(Problem::internal(&error)))
    }

    fn of(&self, name: String) -> Done {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, done)) = known.iter().find(|(other, _)| *other == name) {
            return Arc::clone(done);
        }
        let done = Done::default();
        known.push_back((name, Arc::clone(&done)));
        if known.len() > MAX_REMEMBERED {
            known.pop_front();
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    async fn sent(requests: &Requests, name: &str, acts: &Rc<Cell<u32>>, refused: bool) -> Option<String> {
        let acts = Rc::clone(acts);
        let act = async move {
            rt::task::yield_now().await;
            acts.set(acts.get() + 1);
            if refused { Err(Problem::Internal) } else { Ok(Answer::see(format!("/runs/{}", acts.get()))) }
        };
        match requests.once(name.to_owned(), act).await {
            Ok(Answer::SeeOther(address)) => Some(address),
            _ => None,
        }
    }

    #[actix_web::test]
    async fn a_form_that_is_sent_twice_is_done_once_and_both_lead_to_the_same_page() {
        let (requests, acts) = (Requests::default(), Rc::default());
        let both = futures::join!(sent(&requests, "a", &acts, false), sent(&requests, "a", &acts, false));
        assert_eq!(both, (Some("/runs/1".to_owned()), Some("/runs/1".to_owned())));
        assert_eq!(sent(&requests, "a", &acts, false).await.as_deref(), Some("/runs/1"));
        assert_eq!(sent(&requests, "b", &acts, false).await.as_deref(), Some("/runs/2"));
    }

    #[actix_web::test]
    async fn a_form_that_was_refused_can_be_sent_again() {
        let (requests, acts) = (Requests::default(), Rc::default());
        assert_eq!(sent(&requests, "a", &acts, true).await, None);
        assert_eq!(sent(&requests, "a", &acts, false).await.as_deref(), Some("/runs/2"));
    }

    #[actix_web::test]
    async fn an_act_goes_on_when_the_browser_goes_away() {
        let (requests, acts) = (Requests::default(), Rc::default());
        let mut first = Box::pin(sent(&requests, "a", &acts, false));
        assert!(futures::poll!(&mut first).is_pending());
        drop(first);
        assert_eq!(sent(&requests, "a", &acts, false).await.as_deref(), Some("/runs/1"));
    }

    #[test]
    fn memory_is_bounded() {
        let requests = Requests::default();
        (0..MAX_REMEMBERED + 10).for_each(|number| drop(requests.of(number.to_string())));
        assert_eq!(requests.0.lock().expect("no panic").len(), MAX_REMEMBERED);
    }
}
