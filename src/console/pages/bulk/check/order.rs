//! `POST /bulk/{pick}/check`: the test run, and the run itself.

use super::{
    Checked, Plan, Tested, Typed,
    confirm::{Harm, harm, permission},
    known, page,
    tested::key,
};
use crate::{
    admin::{
        BulkOrder, Problem, checked_reason,
        identity::{About, Permission},
        once_shown, order_bulk,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        form::Form,
        frame::{Errors, FieldError},
    },
    domain::{RequestKey, RunId},
};

/// The number of a form, which tells it from others; it is part of an address.
fn number(form: &Form) -> Result<String, Problem> {
    let number = form.get("request");
    let is_one = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let why = || Problem::BadRequest("the form has no number that usher gave it; open the page anew".into());
    if is_one { Ok(number.to_owned()) } else { Err(why()) }
}

/// `POST /bulk/{pick}/check`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not, or have to sign in anew; those of the page and of the same order by the API.
pub(in crate::console) async fn order(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let checked = Checked::read(&asked, form.get("actions")).await?;
    let number = number(&form)?;
    if form.get("go") == "test" {
        asked.may(Permission::TestRun, About::Source(&checked.pick.source))?;
    } else {
        may(&asked, &checked)?;
    }
    if form.get("plan") != checked.plan.plan {
        let why = "The pick or the actions are other ones than the page showed. Look at what would happen now.";
        return refused(&asked, &checked, &form, vec![("", why.to_owned())]).await;
    }
    if form.get("go") == "test" {
        let key = key(asked.principal(), &checked.plan, &number);
        return match ordered(&asked, &checked, true, None, key).await {
            Ok(_) => Ok(Answer::see(checked.here(&number))),
            Err(problem) => not_ordered(&asked, &checked, &form, problem).await,
        };
    }
    let reason = form.get("reason").trim();
    let wrong = wrong(&asked, &checked, &form, reason).await?;
    if !wrong.is_empty() {
        return refused(&asked, &checked, &form, wrong).await;
    }
    let reason = (!reason.is_empty()).then(|| reason.to_owned());
    let plan = checked.plan.plan.as_bytes();
    let key = RequestKey::new(&asked.principal().name, &format!("console {number}"), &[b"bulk", plan]);
    match ordered(&asked, &checked, false, reason, key).await {
        Ok(run) => Ok(Answer::see(Address::of("/runs", &run))),
        Err(problem) => not_ordered(&asked, &checked, &form, problem).await,
    }
}

/// Refuses those who may not do it, and those whose sign-in is too old for what does great harm.
fn may(asked: &Asked, checked: &Checked) -> Result<(), Problem> {
    let about = About::Source(&checked.pick.source);
    match harm(checked) {
        Harm::Little | Harm::Some => asked.may(permission(checked), about),
        Harm::Great => asked.may_freshly(permission(checked), about),
    }
}

/// What is missing in the form, each with its field.
async fn wrong(
    asked: &Asked,
    checked: &Checked,
    form: &Form,
    reason: &str,
) -> Result<Vec<(&'static str, String)>, Problem> {
    let (harm, count) = (harm(checked), checked.pick.users.len());
    let mut wrong = Vec::new();
    let test = Tested::of(asked, checked, form.get("tested")).await?;
    if harm > Harm::Little && !test.is_some_and(|test| test.counts) {
        wrong.push(("test", "Make a test run of this plan first, and wait for its end.".to_owned()));
    }
    if harm > Harm::Little && form.get("number").trim() != count.to_string() {
        wrong.push(("number", format!("Type {count}, the number of users.")));
    }
    if harm == Harm::Great && reason.is_empty() {
        wrong.push(("reason", "Say why. The reason is kept with the run.".to_owned()));
    }
    if let Err(problem) = checked_reason(Some(reason.to_owned())) {
        wrong.push(("reason", sentence(&problem.to_string())));
    }
    Ok(wrong)
}

async fn ordered(
    asked: &Asked,
    checked: &Checked,
    test_mode: bool,
    reason: Option<String>,
    key: RequestKey,
) -> Result<RunId, Problem> {
    let order = BulkOrder {
        pick: checked.pick.id.clone(),
        actions: checked.actions.clone(),
        plan: checked.plan.plan.clone(),
        test_mode,
        reason,
    };
    let run = order_bulk(asked.state(), asked.principal(), order, Some(key)).await?;
    once_shown(asked.state(), &run, |_| true).await?;
    Ok(run)
}

/// The page with why nothing was ordered.
async fn not_ordered(asked: &Asked, checked: &Checked, form: &Form, problem: Problem) -> Result<Answer, Problem> {
    match problem {
        Problem::Conflict(why) | Problem::BadRequest(why) | Problem::Unavailable(why) => {
            refused(asked, checked, form, vec![("", sentence(&why))]).await
        }
        problem @ Problem::PlanChanged => {
            refused(asked, checked, form, vec![("", sentence(&problem.to_string()))]).await
        }
        problem => Err(problem),
    }
}

async fn refused(
    asked: &Asked,
    checked: &Checked,
    form: &Form,
    wrong: Vec<(&'static str, String)>,
) -> Result<Answer, Problem> {
    let items = wrong.into_iter().map(|(field, text)| FieldError { field, text }).collect();
    let errors = Errors { title: "Nothing was done", items };
    let typed = Typed { number: form.get("number").to_owned(), reason: form.get("reason").to_owned() };
    let plan = Plan::new(asked, checked, form.get("tested"), known(asked, checked).map(Ok))?;
    page(asked, checked, form.get("tested"), plan, errors, typed).await
}
