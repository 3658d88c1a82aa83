//! The capabilities of each product.

use actix_web::web::{Json, Query};

use super::{Problem, page, request::query};
use crate::{
    products::table::{self, Row},
    views::Page,
};

/// The capabilities of each product.
#[utoipa::path(
    get, path = "/products", tag = "products", params(query::List), responses(
        (status = 200, body = Page<Row>),
        (status = 409, description = "What the cursor stands behind is gone."),
    )
)]
pub(super) async fn list(Query(query): Query<query::List>) -> Result<Json<Page<Row>>, Problem> {
    Ok(Json(page(&table::rows(), &query.paging(), |row| row.product.as_str())?))
}
