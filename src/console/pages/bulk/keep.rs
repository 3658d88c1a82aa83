//! `POST /bulk`: keeps the ticks of the page in the pick, then does what the button says.

use std::collections::HashSet;

use super::{
    address,
    asks::Asks,
    page_of,
    pick::{page, pick_of, source_of},
};
use crate::{
    admin::{
        Chosen, Problem, add_to_pick, delete_pick,
        identity::{About, Permission},
        make_pick, remove_from_pick,
    },
    console::{Answer, Asked, addresses::Address, asked::sentence, form::Form, frame::Errors},
    domain::{Pick, SourceId, UserId},
    settings::IfMatch,
};

/// A change of the pick, as the form asks for it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Change {
    add: Vec<UserId>,
    remove: Vec<UserId>,
}

impl Change {
    /// The users of the page are in the pick if they are ticked, and are not otherwise. The others stay as they are.
    fn of(form: &Form, before: &HashSet<&str>) -> Self {
        let shown: Vec<_> = form.all("shown").collect();
        let ticked: HashSet<_> = match form.get("go") {
            "page" => shown.iter().copied().collect(),
            _ => form.all("picked").collect(),
        };
        let ids =
            |wanted: &dyn Fn(&&str) -> bool| shown.iter().copied().filter(|id| wanted(id)).map(UserId::new).collect();
        Self {
            add: ids(&|id| ticked.contains(id) && !before.contains(id)),
            remove: ids(&|id| !ticked.contains(id) && before.contains(id)),
        }
    }
}

/// `POST /bulk`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not change many users, [`Problem::NotFound`] if there is no such source; those of
/// picks by the API that the page does not show itself.
pub(in crate::console) async fn save(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let asks = Asks::sent(&form);
    if form.get("go") == "delete" {
        asked.may(Permission::Bulk, About::Anything)?;
        forget(&asked, &asks.pick).await?;
        return Ok(Answer::see("/bulk"));
    }
    let pick = pick_of(&asked, &asks);
    let of = source_of(&asked, &asks, pick.as_deref())?.ok_or_else(|| Problem::BadRequest("choose a source".into()))?;
    asked.may(Permission::Bulk, About::Source(of.id()))?;
    if form.get("go") == "act" {
        return act(&asked, of.id(), UserId::new(form.get("one"))).await;
    }
    let kept = keep(&asked, of.id(), pick.as_deref(), &asks, &form).await;
    let refused = match kept {
        Ok(kept) => match next(&asks, kept.as_deref(), &form) {
            Some(address) => return Ok(Answer::see(address)),
            None => "Tick somebody first.".to_owned(),
        },
        Err(Problem::Conflict(why) | Problem::BadRequest(why) | Problem::BadQuery(why) | Problem::Unavailable(why)) => {
            sentence(&why)
        }
        Err(problem) => return Err(problem),
    };
    let ticked = form.all("picked").map(str::to_owned).collect();
    let asks = match asks.filter(&asked) {
        Ok(_) => asks,
        // The page can't be shown by a filter that is none.
        Err(_) => Asks { source: asks.source, pick: asks.pick, ..Asks::default() },
    };
    page(&asked, asks, Errors::one("Nothing was picked", "", refused), Some(ticked)).await
}

/// Keeps the pick as the form says; none: nobody is picked yet.
async fn keep(
    asked: &Asked,
    source: &SourceId,
    pick: Option<&Pick>,
    asks: &Asks,
    form: &Form,
) -> Result<Option<String>, Problem> {
    let filter = asks.filter(asked)?;
    if form.get("go") == "clear" {
        if let Some(pick) = pick {
            forget(asked, &pick.id).await?;
        }
        return Ok(None);
    }
    let before = pick.map(|pick| pick.users.iter().map(|user| user.as_str()).collect()).unwrap_or_default();
    let Change { add, remove } = Change::of(form, &before);
    let mut id = pick.map(|pick| pick.id.clone());
    if let (Some(id), false) = (&id, remove.is_empty()) {
        let (caller, id) = (asked.principal().clone(), id.clone());
        let removed = move |state: actix_web::web::Data<crate::admin::AdminState>| async move {
            remove_from_pick(&state, &caller, &id, &IfMatch::Any, Chosen::Users(remove)).await
        };
        asked.wait(removed).await?;
    }
    if !add.is_empty() {
        id = Some(with(asked, source, id, Chosen::Users(add)).await?);
    }
    if form.get("go") == "all" {
        id = Some(with(asked, source, id, Chosen::Filter(filter)).await?);
    }
    Ok(id)
}

/// The pick `id` with those who are `chosen`, or a new one.
async fn with(asked: &Asked, source: &SourceId, id: Option<String>, chosen: Chosen) -> Result<String, Problem> {
    let (caller, source) = (asked.principal().clone(), source.clone());
    let made = asked.wait(move |state| async move {
        match id {
            Some(id) => add_to_pick(&state, &caller, &id, &IfMatch::Any, chosen).await,
            None => make_pick(&state, &caller, &source, chosen).await,
        }
    });
    Ok(made.await?.pick.id)
}

/// Deletes a pick; one that is not there is deleted.
async fn forget(asked: &Asked, id: &str) -> Result<(), Problem> {
    match delete_pick(asked.state(), asked.principal(), id, &IfMatch::Any).await {
        Err(Problem::NotFound { .. }) => Ok(()),
        deleted => deleted,
    }
}

/// The page behind the button; none if it is for those who have picked somebody.
fn next(asks: &Asks, pick: Option<&str>, form: &Form) -> Option<Address> {
    let asks = Asks { pick: pick.unwrap_or_default().to_owned(), ..asks.clone() };
    let here = |asks: &Asks| asks.address().with("cursor", &asks.cursor);
    Some(match form.get("go") {
        "on" => Address::of("/bulk", pick?).segment("action"),
        "show" => {
            pick?;
            Asks { show: "picked".to_owned(), ..asks }.address()
        }
        "users" => Asks { show: String::new(), ..asks }.address(),
        "next" => asks.address().with("cursor", form.get("next")),
        "page" | "all" => here(&asks),
        "clear" => Asks { show: String::new(), ..asks }.address(),
        _ => asks.address(),
    })
}

/// Picks one user alone, and leads to the actions. The same pick serves again.
async fn act(asked: &Asked, source: &SourceId, user: UserId) -> Result<Answer, Problem> {
    let picks = asked.state().settings().picks(&asked.principal().by());
    if let Some(pick) = picks.iter().find(|pick| pick.source == *source && *pick.users == [user.clone()]) {
        return Ok(Answer::see(page_of(pick, "action")));
    }
    let id = with(asked, source, None, Chosen::Users(vec![user.clone()])).await?;
    let pick = crate::admin::own_pick(asked.state(), asked.principal(), &id)?;
    if pick.users.is_empty() {
        forget(asked, &id).await?;
        let why = format!("the last list of `{source}` has no user `{user}`; list its users again, then act");
        return Err(Problem::Conflict(why));
    }
    Ok(Answer::see(page_of(&pick, "action")))
}

/// Leads to a pick that was just made, with its users.
pub(super) fn see(asked: &Asked, id: &str) -> Result<Answer, Problem> {
    let pick = crate::admin::own_pick(asked.state(), asked.principal(), id)?;
    Ok(Answer::see(address(&pick).with("show", "picked")))
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;

    use super::*;

    fn form(body: &str) -> Form {
        Form::read(Ok(Bytes::copy_from_slice(body.as_bytes()))).expect("a form")
    }

    fn change(body: &str, before: &[&str]) -> (Vec<String>, Vec<String>) {
        let Change { add, remove } = Change::of(&form(body), &before.iter().copied().collect());
        let ids = |users: Vec<UserId>| users.iter().map(ToString::to_string).collect();
        (ids(add), ids(remove))
    }

    #[test]
    fn the_boxes_of_a_page_decide_about_its_users_and_about_nobody_else() {
        let page = "shown=a&shown=b&shown=c&picked=a&picked=b";
        assert_eq!(change(page, &[]), (vec!["a".into(), "b".into()], vec![]));
        assert_eq!(change(page, &["a", "c", "z"]), (vec!["b".into()], vec!["c".into()]), "z is on another page");
        assert_eq!(change(&format!("{page}&go=page"), &["a"]), (vec!["b".into(), "c".into()], vec![]));
        assert_eq!(change("picked=x", &[]), (vec![], vec![]), "nobody picks a user whom the page did not show");
    }

    #[test]
    fn a_button_leads_on_with_the_pick() {
        let asks = Asks { source: "acme".into(), q: "a&b".into(), cursor: "c1".into(), ..Asks::default() };
        let to = |body: &str, pick: Option<&str>| next(&asks, pick, &form(body)).map(|to| to.to_string());
        assert_eq!(to("go=filter", None).as_deref(), Some("/bulk?source=acme&q=a%26b"));
        assert_eq!(to("go=next&next=c2", Some("p")).as_deref(), Some("/bulk?source=acme&pick=p&q=a%26b&cursor=c2"));
        assert_eq!(to("go=page", Some("p")).as_deref(), Some("/bulk?source=acme&pick=p&q=a%26b&cursor=c1"));
        assert_eq!(to("go=show", Some("p")).as_deref(), Some("/bulk?source=acme&pick=p&show=picked&q=a%26b"));
        assert_eq!(to("go=on", Some("p")).as_deref(), Some("/bulk/p/action"));
        assert_eq!((to("go=on", None), to("go=show", None)), (None, None));
    }
}
