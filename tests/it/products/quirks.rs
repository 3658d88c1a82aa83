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
    /// The method by which members are removed.
    pub removing: &'static str,
    /// What adding a member gives where no seats are left.
    pub licence_full: u16,
    /// What a change gives where the user's directory can't be written to.
    pub read_only: &'static [u16],
    /// A part of the path by which it is found out whether usher's account has its rights still.
    pub rights: &'static str,
    /// The application that two of Jane's groups give access to.
    pub application: &'static str,
    /// Whether it can be found out that usher's account has lost its rights.
    pub tells_rights: bool,
    /// Whether it tells people from other accounts.
    pub knows_people: bool,
}

impl Quirks {
    pub fn of(product: Product) -> Self {
        let refused = Err(Disposition::ReadThenGiveUp);
        match product {
            Product::JiraDc | Product::JiraCloud => Self {
                adding: "group/user",
                added: refused,
                removed: refused,
                removing: "DELETE",
                licence_full: 400,
                read_only: &[403],
                rights: if product == Product::JiraDc { "mypermissions" } else { "group/bulk" },
                application: "jira-software",
                tells_rights: true,
                knows_people: product.is_cloud(),
            },
            Product::BitbucketDc => Self {
                adding: "add-groups",
                added: Ok(()),
                removed: refused,
                removing: "POST",
                licence_full: 403,
                read_only: &[400, 403],
                rights: "permissions/groups",
                application: "bitbucket",
                tells_rights: true,
                knows_people: true,
            },
            Product::Crowd => Self {
                adding: "group/user/direct",
                added: refused,
                removed: refused,
                removing: "DELETE",
                licence_full: 400,
                read_only: &[403],
                rights: "search",
                application: "",
                tells_rights: false,
                knows_people: false,
            },
            other => unreachable!("{other} is not in the list of all yet"),
        }
    }
}
