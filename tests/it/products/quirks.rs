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
    /// The requests that change something, by method and a part of the path.
    pub changes: &'static [(&'static str, &'static str)],
    /// A part of the path by which usher's own rights are looked up, and of no other.
    pub rights: &'static str,
    /// What deleting somebody gives whom the product does not let go of.
    pub undeletable: u16,
    /// How many users stand on a page of the list.
    pub page: usize,
}

/// Every method by which something is changed.
const BY_METHOD: &[(&str, &str)] = &[("POST", ""), ("PUT", ""), ("DELETE", "")];
/// The organisation is searched by POST.
const IN_ORGANIZATION: &[(&str, &str)] = &[
    ("POST", "memberships"),
    ("DELETE", ""),
    ("POST", "lifecycle"),
    ("POST", "suspend"),
    ("POST", "restore"),
    ("POST", "revoke"),
];

impl Quirks {
    pub fn of(product: Product) -> Self {
        let refused = Err(Disposition::ReadThenGiveUp);
        match product {
            Product::JiraDc | Product::JiraCloud => Self {
                adding: "group/user",
                added: refused,
                removed: refused,
                changes: BY_METHOD,
                rights: if product == Product::JiraDc { "mypermissions" } else { "group/bulk" },
                undeletable: 400,
                page: 1000,
            },
            Product::AtlassianOrg => Self {
                adding: "memberships",
                added: refused,
                removed: Ok(()),
                changes: IN_ORGANIZATION,
                rights: "/admin/v1/orgs/",
                undeletable: 409,
                page: 100,
            },
            other => unreachable!("{other} is not in the list of all yet"),
        }
    }
}
