//! What differs from product to product, as their references have it, and is all right in each.

use usher::{domain::Product, products::Disposition};

/// What differs.
pub struct Quirks {
    /// A part of the path by which members are added, and of no other.
    pub adding: &'static str,
    /// What adding somebody gives who is a member already.
    pub added: Result<(), Disposition>,
    /// What removing somebody gives who is no member.
    pub removed: Result<(), Disposition>,
}

impl Quirks {
    pub fn of(product: Product) -> Self {
        let refused = Err(Disposition::ReadThenGiveUp);
        match product {
            Product::JiraDc | Product::JiraCloud => Self { adding: "group/user", added: refused, removed: refused },
            other => unreachable!("{other} is not in the list of all yet"),
        }
    }
}
