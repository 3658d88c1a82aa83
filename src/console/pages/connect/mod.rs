//! `/connect`: a source is tried out before it is written into the configuration. Nothing is kept.

mod kinds;
mod typed;

use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use self::{
    kinds::Kind,
    typed::{Typed, field_of},
};
use super::{parsed, sources::Checked};
use crate::{
    admin::{
        Problem, check_text,
        identity::{About, Permission},
    },
    console::{
        Answer, Asked,
        form::Form,
        frame::{Choice, Errors, Frame, Place},
    },
    domain::Product,
    source::checks::Checks,
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
}

/// The result of a test.
struct Tried {
    checked: Checked,
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

/// `POST /connect`. The answer is the page itself, with what was found and without the secret: nothing is kept that
/// another page could show.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; [`Problem::Unavailable`] if too many connections are tested now.
pub(in crate::console) async fn test(asked: Asked, form: Form) -> Result<Answer, Problem> {
    asked.may(Permission::ChangeSources, About::Everything)?;
    let missing = || Problem::BadRequest("the form names no product; open the page anew".into());
    let product = named(form.get("product"))?.ok_or_else(missing)?;
    let typed = Typed::of(&form, product);
    let text = typed.to_test(product).map_err(|error| Problem::internal(&error))?;
    match check_text(asked.state(), text.clone()).await {
        Ok(checks) => {
            let tried = Tried::new(&asked, &typed, product, &checks)?;
            page(&asked, product, typed, Errors::default(), Some(tried))
        }
        Err(Problem::InvalidSource(problems)) => {
            let faults = problems.into_iter().map(|wrong| (field_of(&text, wrong.line), wrong.message));
            page(&asked, product, typed, Errors::several("The connection was not tested", faults), None)
        }
        Err(problem) => Err(problem),
    }
}

impl Tried {
    fn new(asked: &Asked, typed: &Typed, product: Product, checks: &Checks) -> Result<Self, Problem> {
        let yaml = typed.to_keep(product).map_err(|error| Problem::internal(&error))?;
        let checked = Checked::new(asked, checks, asked.now(), &asked.principal().by());
        Ok(Self { checked, yaml, variable: typed.variable.clone() })
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
    let status = if frame.refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let forbidden = asked.why_not(Permission::ChangeSources, About::Everything);
    Answer::with_status(status, &Connect { frame, product, kind: Kind::of(product), typed, errors, forbidden, tried })
}
