//! The facts about a user: each with its origin and age, or with the reason why it is not known.

use askama::Template;

use super::{address, status_badge};
use crate::{
    admin::{AdminState, Problem, SourceRow, known_user, read_user},
    console::{
        Asked,
        addresses::Address,
        asked::sentence,
        frame::{Moment, users},
    },
    domain::{Timestamp, UserId},
    users::{ASKS_FRESH, FactRow, UserView},
};

/// See the module.
#[derive(Template)]
#[template(path = "users/facts.html")]
pub(super) struct Facts {
    /// The addresses at which the product is asked: the whole page, and this part of it.
    fresh: String,
    part: String,
    source: String,
    /// Why the product did not tell.
    trouble: Option<String>,
    is_fresh: bool,
    rows: Vec<Row>,
    /// The facts that usher has seen itself.
    seen: Vec<Row>,
}

struct Row {
    name: &'static str,
    value: Option<String>,
    at: Option<Moment>,
    /// Its origin and its age.
    from: Option<&'static str>,
    as_of: Option<Moment>,
    why: Option<String>,
}

/// The known facts of a user, and why the product did not tell more.
pub(super) struct Known {
    pub(super) view: Option<UserView>,
    trouble: Option<String>,
    is_fresh: bool,
}

impl Known {
    /// The user, by what usher knows; read from the product if it is to be `fresh`.
    pub(super) async fn read(asked: &Asked, source: &SourceRow, id: &UserId, fresh: bool) -> Result<Self, Problem> {
        let mut trouble = None;
        if fresh {
            let (of, id) = (source.id().clone(), id.clone());
            match asked.wait(move |state| async move { read_user(&state, &of, &id).await }).await {
                Ok(view) => return Ok(Self { view: Some(view), trouble: None, is_fresh: true }),
                Err(Problem::Unavailable(why) | Problem::NoSuchUser(why)) => trouble = Some(sentence(&why)),
                Err(other) => return Err(other),
            }
        }
        let (of, id) = (source.id().clone(), id.clone());
        let known = asked.read(move |state: &AdminState| match known_user(state, &of, &id) {
            Err(Problem::NoSuchUser(_)) => Ok(None),
            known => known.map(Some),
        });
        Ok(Self { view: known.await?, trouble, is_fresh: false })
    }
}

impl Facts {
    pub(super) fn new(asked: &Asked, source: &SourceRow, id: &UserId, known: &Known) -> Self {
        let here: Address = address(source.id(), id);
        let rows = known.view.as_ref().map(|view| facts(asked, view)).unwrap_or_default();
        let seen = known.view.as_ref().map(|view| seen(asked, view)).unwrap_or_default();
        Self {
            fresh: here.clone().with("read", "now").to_string(),
            part: here.with("read", "now").with("part", "facts").to_string(),
            source: source.name().to_owned(),
            trouble: known.trouble.clone(),
            is_fresh: known.is_fresh,
            rows,
            seen,
        }
    }
}

fn facts(asked: &Asked, view: &UserView) -> Vec<Row> {
    let facts = &view.facts;
    let text = |name, fact: &FactRow<Option<String>>| row(asked, name, fact, String::clone);
    let list = |name, fact: &FactRow<Option<Vec<String>>>| {
        row(asked, name, fact, |all| if all.is_empty() { "none".to_owned() } else { all.join(", ") })
    };
    let time = |name, fact: &FactRow<Option<Timestamp>>| {
        let at = fact.value.map(|at| asked.moment(at));
        Row { at, ..row(asked, name, fact, |_| String::new()) }
    };
    vec![
        text("Login name", &facts.name),
        text("Display name", &facts.display_name),
        text("E-mail", &facts.email),
        row(asked, "Status", &facts.status, |status| status_badge(Some(*status)).word.to_owned()),
        text("Kind of account", &facts.account_type),
        text("Directory", &facts.directory),
        list("Groups", &facts.groups),
        list("Applications", &facts.applications),
        time("Created", &facts.created),
        last_login(asked, view),
    ]
}

/// A user who has never logged in has no last login; that is known, and told from not knowing.
fn last_login(asked: &Asked, view: &UserView) -> Row {
    let fact = &view.facts.last_login;
    let at = fact.value.map(|at| asked.moment(at));
    let row = row(asked, "Last login", fact, |_| String::new());
    if fact.value.is_none() && view.activity.never_logged_in == Some(true) {
        return Row { value: Some("never".to_owned()), why: None, at, ..row };
    }
    Row { at, ..row }
}

fn row<T>(asked: &Asked, name: &'static str, fact: &FactRow<Option<T>>, show: impl FnOnce(&T) -> String) -> Row {
    let why = fact.why.as_deref().map(|why| match why.strip_suffix(ASKS_FRESH) {
        Some(why) => format!("{why}; Read now asks the product"),
        None => why.to_owned(),
    });
    Row {
        name,
        value: fact.value.as_ref().map(show),
        at: None,
        from: fact.from,
        as_of: fact.as_of.map(|at| asked.moment(at)),
        why,
    }
}

/// The facts that usher has seen of the user itself. It knows of nothing before it was there.
fn seen(asked: &Asked, view: &UserView) -> Vec<Row> {
    let activity = &view.activity;
    let nothing = || Row { name: "", value: None, at: None, from: None, as_of: None, why: None };
    let time = |name, at: Option<Timestamp>, why: &str| Row {
        name,
        value: at.map(|_| String::new()),
        at: at.map(|at| asked.moment(at)),
        why: Some(why.to_owned()),
        ..nothing()
    };
    let logins = activity.logins.map(|count| format!("{count}, since usher hears of logins here"));
    vec![
        time("First event", activity.first_seen, "usher has seen no event of this user"),
        time("Creation told", activity.created, "nobody told usher of it"),
        time("Last login told", activity.last_login, "nobody told usher of one"),
        Row {
            name: "Logins told",
            value: logins,
            why: Some("usher has seen no event of this user".to_owned()),
            ..nothing()
        },
    ]
}

/// How the list of the user's source stands, in one line.
pub(super) fn of_list(view: &UserView) -> String {
    match (view.roster.users, view.roster.whole) {
        (Some(count), Some(true)) => format!("The last list of the source has {}, and is whole.", users(count)),
        (Some(count), _) => format!("The last list of the source has the first {} only.", users(count)),
        (None, _) => "The users of the source were not listed yet.".to_owned(),
    }
}
