//! Forms that were sent when their session had ended. They are kept for a while, so that nothing typed is lost by
//! signing in again.
//!
//! Only a page of a session that this console began gets a form kept, and only whoever began that session sees it again.
//! Secrets are not kept. The forms are in memory: after a restart, and in another process, they are gone.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::form::Form;
use crate::domain::Timestamp;

/// The time for which a form is kept.
const KEPT_FOR: Duration = Duration::from_hours(1);
/// The highest number of forms; a new one takes the place of the oldest.
const MAX_FORMS: usize = 64;
/// The highest number of forms of one person or token.
const MAX_OF_ONE: usize = 8;
/// The longest form, in bytes: a draft of a scheme has as many at most.
const MAX_BYTES: usize = 512 * 1024;
/// The highest number of bytes of all forms.
const MAX_OF_ALL: usize = 8 * 1024 * 1024;

/// The fields that a page adds for itself. A kept form gets new ones.
const OF_THE_PAGE: [&str; 3] = ["form_token", "request", "kept"];
/// Parts of the names of fields that hold secrets.
const SECRET: [&str; 5] = ["secret", "password", "token", "credential", "private_key"];
/// A box to tick. It is called after a secret, and holds none.
const NO_SECRET: &str = "makes_secret";

/// Whether a field of this name holds a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    name != NO_SECRET && SECRET.iter().any(|part| name.contains(part))
}

/// A form that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptForm {
    /// The address that it was sent to.
    pub(super) action: String,
    /// The page that it was sent from.
    pub(super) page: String,
    /// Its fields, without secrets.
    pub(super) fields: Vec<(String, String)>,
    /// Whether it is done once, however often it is sent.
    pub(super) confirms: bool,
    /// Whether it held a secret, which was not kept.
    pub(super) had_secret: bool,
}

impl KeptForm {
    /// The part of `form` that is kept. It was sent to `action` from `page`.
    pub(super) fn of(form: &Form, action: String, page: String) -> Self {
        let typed = form.fields().filter(|(name, _)| !OF_THE_PAGE.contains(name));
        let (secret, fields): (Vec<_>, Vec<_>) = typed.partition(|(name, _)| is_secret(name));
        Self {
            action,
            page,
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            confirms: !form.get("request").is_empty(),
            had_secret: secret.iter().any(|(_, value)| !value.is_empty()),
        }
    }

    fn bytes(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.action.len() + self.page.len() + fields
    }
}

struct Kept {
    id: String,
    whose: String,
    at: Timestamp,
    form: Arc<KeptForm>,
}

/// See the module.
#[derive(Default)]
pub(super) struct KeptForms(Mutex<VecDeque<Kept>>);

impl KeptForms {
    /// Keeps `form` for the person or token that `whose` stands for; gives its id. None if it is too long.
    pub(super) fn keep(&self, whose: &str, form: KeptForm, now: Timestamp) -> Option<String> {
        if form.bytes() > MAX_BYTES {
            return None;
        }
        let mut all = self.young(now);
        let of_one = all.iter().filter(|kept| kept.whose == whose).count();
        if of_one >= MAX_OF_ONE
            && let Some(oldest) = all.iter().position(|kept| kept.whose == whose)
        {
            all.remove(oldest);
        }
        let id = hex::encode(rand::random::<[u8; 16]>());
        all.push_back(Kept { id: id.clone(), whose: whose.to_owned(), at: now, form: Arc::new(form) });
        while all.len() > MAX_FORMS || all.iter().map(|kept| kept.form.bytes()).sum::<usize>() > MAX_OF_ALL {
            all.pop_front();
        }
        Some(id)
    }

    /// The form with this id, if it is kept for `whose`.
    pub(super) fn get(&self, id: &str, whose: &str, now: Timestamp) -> Option<Arc<KeptForm>> {
        let all = self.young(now);
        all.iter().find(|kept| kept.id == id && kept.whose == whose).map(|kept| Arc::clone(&kept.form))
    }

    /// Forgets a form: it was sent again.
    pub(super) fn forget(&self, id: &str, whose: &str, now: Timestamp) {
        self.young(now).retain(|kept| !(kept.id == id && kept.whose == whose));
    }

    fn young(&self, now: Timestamp) -> MutexGuard<'_, VecDeque<Kept>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|kept| kept.at.until(now) <= KEPT_FOR);
        all
    }
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    fn form(body: &str) -> KeptForm {
        let form = Form::read(Ok(Bytes::copy_from_slice(body.as_bytes()))).expect("a form");
        KeptForm::of(&form, "/a".into(), "/b".into())
    }

    #[test]
    fn what_was_typed_is_kept_and_secrets_and_what_the_page_adds_are_not() {
        let kept =
            form("form_token=f&request=1&number=3&secret=s&webhook_secret_2=s&Password=p&admin_token=t&name=a&name=b");
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(kept.fields, [field("number", "3"), field("name", "a"), field("name", "b")]);
        assert!(kept.confirms && kept.had_secret);
        let ticked = form("makes_secret=yes");
        assert!(ticked.fields == [field("makes_secret", "yes")] && !ticked.had_secret, "a box is no secret");
        assert!(!form("number=3&secret=").had_secret && !form("number=3").confirms);
    }

    #[test]
    fn a_form_is_kept_for_whoever_sent_it_for_an_hour_or_until_it_is_sent_again() {
        let forms = KeptForms::default();
        let id = forms.keep("ann", form("a=1"), at(0)).expect("kept");
        assert_eq!(forms.get(&id, "ann", at(60)).as_deref(), Some(&form("a=1")));
        assert_eq!(forms.get(&id, "bob", at(1)), None);
        forms.forget(&id, "bob", at(1));
        assert!(forms.get(&id, "ann", at(1)).is_some());
        forms.forget(&id, "ann", at(1));
        assert_eq!(forms.get(&id, "ann", at(1)), None);
        let id = forms.keep("ann", form("a=1"), at(0)).expect("kept");
        assert_eq!(forms.get(&id, "ann", at(61)), None);
    }

    #[test]
    fn memory_is_bounded() {
        let forms = KeptForms::default();
        let count = || forms.0.lock().expect("no panic").len();
        for number in 0..200 {
            assert!(forms.keep("ann", form(&format!("a={number}")), at(0)).is_some());
        }
        assert_eq!(count(), MAX_OF_ONE);
        for number in 0..200 {
            forms.keep(&number.to_string(), form("a=1"), at(0));
        }
        assert_eq!(count(), MAX_FORMS);
        let long = |bytes: usize| form(&format!("a={}", "x".repeat(bytes)));
        assert_eq!(forms.keep("ann", long(MAX_BYTES), at(0)), None);
        for number in 0..MAX_FORMS {
            forms.keep(&number.to_string(), long(MAX_BYTES - 100), at(0));
        }
        assert_eq!(count(), MAX_OF_ALL / MAX_BYTES);
    }
}
