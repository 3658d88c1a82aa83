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
    /// The method by which members are removed.
    pub removing: &'static str,
    /// What adding a member gives where no seats are left.
    pub licence_full: u16,
    /// What a change gives where the user's directory can't be written to.
    pub read_only: &'static [u16],
    /// What deleting somebody gives whom the product does not let go of; none where it says so before it is asked.
    pub undeletable: Option<u16>,
    /// A part of the path by which usher's own rights are looked up, and of no other.
    pub rights: &'static str,
    /// Whether it can be found out that usher's account has lost its rights.
    pub tells_rights: bool,
    /// The application that two of Jane's groups give access to.
    pub application: &'static str,
    /// Whether it tells people from other accounts.
    pub knows_people: bool,
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
                removing: "DELETE",
                licence_full: 400,
                read_only: &[403],
                undeletable: Some(400),
                rights: if product == Product::JiraDc { "mypermissions" } else { "group/bulk" },
                tells_rights: true,
                application: "jira-software",
                knows_people: product.is_cloud(),
                page: 1000,
            },
            Product::BitbucketDc => Self {
                adding: "add-groups",
                added: Ok(()),
                removed: refused,
                changes: BY_METHOD,
                removing: "POST",
                licence_full: 403,
                read_only: &[400, 403],
                undeletable: None,
                rights: "permissions/groups",
                tells_rights: true,
                application: "bitbucket",
                knows_people: true,
                page: 1000,
            },
            Product::Crowd => Self {
                adding: "group/user/direct",
                added: refused,
                removed: refused,
                changes: BY_METHOD,
                removing: "DELETE",
                licence_full: 400,
                read_only: &[403],
                undeletable: Some(400),
                rights: "search",
                tells_rights: false,
                application: "",
                knows_people: false,
                page: 1000,
            },
            Product::AtlassianOrg => Self {
                adding: "memberships",
                added: refused,
                removed: Ok(()),
                changes: IN_ORGANIZATION,
                removing: "DELETE",
                licence_full: 400,
                read_only: &[403],
                undeletable: Some(409),
                rights: "/admin/v1/orgs/",
                tells_rights: true,
                application: "jira-software",
                knows_people: true,
                page: 100,
            },
            other => unreachable!("{other} is not in the list of all yet"),
        }
    }
}
