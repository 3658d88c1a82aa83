//! `/connect`: a source is tried out, and saved, or written into the configuration. What is not saved is not kept.

mod kinds;
mod typed;

use askama::Template;
use serde::Deserialize;

use self::{
    kinds::Kind,
    typed::{Typed, field_of},
};
use super::{
    parsed,
    sources::{Checked, new_secret},
};
use crate::{
    admin::{
        Problem, check_text, create_source,
        identity::{About, Permission},
    },
    console::{
        Answer, Asked,
        addresses::Address,
        form::Form,
        frame::{Choice, Errors, Frame, Place},
    },
    domain::Product,
    source::checks::{CheckResult, Checks},
};

#[derive(Template)]
#[template(path = "connect/products.html")]
struct Products {
    frame: Frame,
    products: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "connect/page.html")]
struct Connect {
    frame: Frame,
    product: Product,
    kind: Kind,
    typed: Typed,
    errors: Errors,
    forbidden: Option<String>,
    tried: Option<Tried>,
    /// Whether a check failed, so that saving needs a reason.
    asks_reason: bool,
}

#[derive(Template)]
#[template(path = "connect/saved.html")]
struct Saved {
    frame: Frame,
    path: String,
    id: String,
    /// The secret that usher has made for its webhooks.
    secret: Option<String>,
    is_paused: bool,
}

/// The result of a test.
struct Tried {
    checked: Checked,
    has_failed: bool,
    yaml: String,
    variable: String,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    product: String,
}

/// `GET /connect`.
///
/// # Errors
/// [`Problem::BadQuery`] if there is no such product.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let Asks { product } = asked.query()?;
    match named(&product)? {
        Some(product) => page(&asked, product, Typed::default(), Errors::default(), None),
        None => {
            let products = Product::ALL.map(|product| Choice::new(product.as_str(), product.title())).into();
            Answer::html(&Products { frame: asked.frame(Place::Sources, "Connect a source"), products })
        }
    }
}

/// `POST /connect`: `do=save` saves the source when its connection is seen to work, or there is a reason to save it all the
/// same. The answer is the page itself, with what was found and without the secret: nothing is kept that another page
/// could show.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; [`Problem::Unavailable`] if too many connections are tested now, or the source
/// can't be stored.
pub(in crate::console) async fn test(asked: Asked, form: Form) -> Result<Answer, Problem> {
    asked.may(Permission::ChangeSources, About::Everything)?;
    let missing = || Problem::BadRequest("the form names no product; open the page anew".into());
    let product = named(form.get("product"))?.ok_or_else(missing)?;
    let typed = Typed::of(&form, product);
    let text = typed.to_test(product).map_err(|error| Problem::internal(&error))?;
    let checks = match check_text(asked.state(), text.clone()).await {
        Ok(checks) => checks,
        Err(Problem::InvalidSource(problems)) => {
            let faults = problems.into_iter().map(|wrong| (field_of(&text, wrong.line), wrong.message));
            return page(&asked, product, typed, Errors::several("The connection was not tested", faults), None);
        }
        Err(problem) => return Err(problem),
    };
    let tried = Tried::new(&asked, &typed, product, &checks)?;
    if form.get("do") == "save" {
        save(&asked, product, typed, (tried, checks)).await
    } else {
        page(&asked, product, typed, Errors::default(), Some(tried))
    }
}

/// Saves the source that was tried.
async fn save(
    asked: &Asked,
    product: Product,
    typed: Typed,
    (tried, checks): (Tried, Checks),
) -> Result<Answer, Problem> {
    let not_saved = "The source was not saved";
    if tried.has_failed && typed.reason.is_empty() {
        let why = "A check failed. Mend it and type the secret again, or say why the source is saved all the same: it is paused then.";
        return page(asked, product, typed, Errors::one(not_saved, "reason", why), Some(tried));
    }
    let secret = typed.makes_secret.then(new_secret);
    let text = typed.to_save(product, secret.as_deref()).map_err(|error| Problem::internal(&error))?;
    let reason = Some(typed.reason.clone()).filter(|_| tried.has_failed);
    let is_paused = reason.is_some();
    match create_source(asked.state(), asked.principal(), text, reason).await {
        Ok(stored) => {
            asked.console().checks.keep(stored.id.clone(), checks, asked.now(), asked.principal().by());
            let (path, id) = (Address::of("/sources", &stored.id).to_string(), stored.id.to_string());
            let frame = asked.frame(Place::Sources, "The source is saved");
            Answer::html(&Saved { frame, path, id, secret, is_paused })
        }
        Err(Problem::Conflict(why)) => page(asked, product, typed, Errors::one(not_saved, "id", why), Some(tried)),
        Err(problem) => Err(problem),
    }
}

impl Tried {
    fn new(asked: &Asked, typed: &Typed, product: Product, checks: &Checks) -> Result<Self, Problem> {
        let yaml = typed.to_keep(product).map_err(|error| Problem::internal(&error))?;
        let checked = Checked::new(asked, checks, asked.now(), &asked.principal().by());
        let has_failed = checks.each().any(|check| check.result() == CheckResult::Fail);
        Ok(Self { checked, has_failed, yaml, variable: typed.variable.clone() })
    }
}

fn named(product: &str) -> Result<Option<Product>, Problem> {
    parsed("product", product, |text| Product::ALL.into_iter().find(|product| product.as_str() == text))
}

fn page(
    asked: &Asked,
    product: Product,
    typed: Typed,
    errors: Errors,
    tried: Option<Tried>,
) -> Result<Answer, Problem> {
    let mut frame = asked.frame(Place::Sources, format!("Connect {}", product.title()));
    frame.refused = !errors.is_empty();
    frame.said = if tried.is_some() { "The connection was tested. The result is on top." } else { "" };
    let asks_reason = tried.as_ref().is_some_and(|tried| tried.has_failed);
    let status = frame.status();
    let forbidden = asked.why_not(Permission::ChangeSources, About::Everything);
    let kind = Kind::of(product);
    Answer::with_status(status, &Connect { frame, product, kind, typed, errors, forbidden, tried, asks_reason })
}
