//! What differs from product to product, as their references have it, and is all right in each.

use usher::{
    domain::{Product, Step},
    products::Disposition,
};

/// What differs.
pub struct Quirks {
    /// A part of the path by which members are added, and of no other that a step asks for.
    pub adding: &'static str,
    /// What adding somebody gives who is a member already.
    pub added: Result<(), Disposition>,
    /// What removing somebody gives who is no member.
    pub removed: Result<(), Disposition>,
    /// The status by which the product says that its licence is full, and what comes of it.
    pub licence_full: (u16, Disposition),
    /// A part of the path by which it is asked for usher's rights after a 403.
    pub rights: &'static str,
    /// How many users stand on a page of the list of all.
    pub page: usize,
    /// The application that `developers` and `everybody` give access to.
    pub application: &'static str,
    /// Whether it tells the e-mail address.
    pub tells_email: bool,
    /// Whether it tells if an account is active.
    pub tells_active: bool,
}

impl Quirks {
    pub fn of(product: Product) -> Self {
        let refused = Err(Disposition::ReadThenGiveUp);
        let jira = Self {
            adding: "group/user",
            added: refused,
            removed: refused,
            licence_full: (400, Disposition::ReadThenGiveUp),
            rights: "mypermissions",
            page: 1_000,
            application: "jira-software",
            tells_email: true,
            tells_active: true,
        };
        match product {
            Product::JiraDc => jira,
            Product::JiraCloud => Self { rights: "group/bulk", ..jira },
            Product::ConfluenceDc => Self {
                adding: "/group/",
                added: Ok(()),
                removed: Ok(()),
                licence_full: (402, Disposition::ReadThenGiveUp),
                rights: "/member",
                page: 200,
                application: "confluence",
                tells_email: false,
                tells_active: true,
            },
            Product::ConfluenceCloud => Self {
                adding: "userByGroupId",
                added: Ok(()),
                removed: Ok(()),
                licence_full: (500, Disposition::ReadThenRetry(None)),
                rights: "user/current",
                page: 200,
                application: "confluence",
                tells_email: true,
                tells_active: false,
            },
            other => unreachable!("{other} is not in the list of all yet"),
        }
    }

    /// Whether `product` takes a step on and does it in its own time.
    pub fn takes_its_time(product: Product, step: &Step) -> bool {
        product == Product::ConfluenceDc && *step == Step::Delete
    }
}
