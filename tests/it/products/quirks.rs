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
    /// The requests that change something, by method and a part of the path.
    pub changes: &'static [(&'static str, &'static str)],
    /// The method by which members are removed.
    pub removing: &'static str,
    /// The status by which the product says that its licence is full, and what comes of it.
    pub licence_full: (u16, Disposition),
    /// What a change gives where the user's directory can't be written to.
    pub read_only: &'static [u16],
    /// What deleting somebody gives whom the product does not let go of; none where it says so before it is asked.
    pub undeletable: Option<u16>,
    /// A part of the path by which usher's own rights are looked up, and of no other.
    pub rights: &'static str,
    /// Whether it can be found out that usher's account has lost its rights.
    pub tells_rights: bool,
    /// The application that `developers` and `everybody` give access to.
    pub application: &'static str,
    /// Whether it tells people from other accounts.
    pub knows_people: bool,
    /// How many users stand on a page of the list.
    pub page: usize,
    /// Whether it tells the e-mail address.
    pub tells_email: bool,
    /// Whether it tells if an account is active.
    pub tells_active: bool,
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
        let jira = Self {
            adding: "group/user",
            added: refused,
            removed: refused,
            changes: BY_METHOD,
            removing: "DELETE",
            licence_full: (400, Disposition::ReadThenGiveUp),
            read_only: &[403],
            undeletable: Some(400),
            rights: "mypermissions",
            tells_rights: true,
            application: "jira-software",
            knows_people: product.is_cloud(),
            page: 1_000,
            tells_email: true,
            tells_active: true,
        };
        let confluence = Self {
            added: Ok(()),
            removed: Ok(()),
            undeletable: Some(200), // it tells so at the end of a task that it has taken on
            page: 200,
            application: "confluence",
            ..jira
        };
        match product {
            Product::JiraDc => jira,
            Product::JiraCloud => Self { rights: "group/bulk", ..jira },
            Product::ConfluenceDc => Self {
                adding: "/group/",
                licence_full: (402, Disposition::ReadThenGiveUp),
                rights: "/member",
                tells_email: false,
                ..confluence
            },
            Product::ConfluenceCloud => Self {
                adding: "userByGroupId",
                licence_full: (500, Disposition::ReadThenRetry(None)),
                rights: "user/current",
                tells_active: false,
                ..confluence
            },
            Product::BitbucketDc => Self {
                adding: "add-groups",
                added: Ok(()),
                removing: "POST",
                licence_full: (403, Disposition::ReadThenGiveUp),
                read_only: &[400, 403],
                undeletable: None,
                rights: "permissions/groups",
                application: "bitbucket",
                knows_people: true,
                ..jira
            },
            Product::Crowd => {
                Self { adding: "group/user/direct", rights: "search", tells_rights: false, application: "", ..jira }
            }
            Product::AtlassianOrg => Self {
                adding: "memberships",
                removed: Ok(()),
                changes: IN_ORGANIZATION,
                undeletable: Some(409),
                rights: "/admin/v1/orgs/",
                page: 100,
                ..jira
            },
        }
    }

    /// Whether `product` takes a step on and does it in its own time.
    pub fn takes_its_time(product: Product, step: &Step) -> bool {
        product == Product::ConfluenceDc && *step == Step::Delete
    }
}
