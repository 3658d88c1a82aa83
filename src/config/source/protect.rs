//! The users and groups from whom usher never takes anything away.

use url::Url;

use crate::{
    config::{
        Protect,
        reader::{
            Reader,
            node::{Content, Node},
        },
        scheme::{
            compatibility,
            groups::{self, SOME_GROUPS, some_groups, users},
        },
        shape::{
            Part, Shape,
            key::{Key, Or},
            lists::List,
            object::Object,
            values::{Boolean, Whole, as_json},
        },
    },
    domain::{GroupName, Product, UserId, composed},
};

/// The default number of administrators that must remain: one may be ill.
const LAST_ADMINISTRATORS: u32 = 2;

static USERS: Key<Part<Vec<String>>> = Key::new(
    "users",
    "Users, by login name or lasting id, of whom nothing is taken away: break-glass accounts, say. Left out: nobody.",
    Part { read: users, described: &groups::USERS },
);
static ADMIN_GROUPS: Key<&List> = Key::new(
    "admin_groups",
    "Groups whose members are administrators. Left out: those that the product has by default.",
    &SOME_GROUPS,
);
static LAST: Or<Part<u32>> = Or::new(
    "last_administrators",
    "So many administrators must remain. 0: they are not counted.",
    Part { read: last_administrators, described: &HOW_MANY },
    || LAST_ADMINISTRATORS,
    as_json,
);
static HOW_MANY: Whole<u32> = Whole(0..=1_000);
static ACTING_ACCOUNT: Or<Part<bool>> = Or::new(
    "acting_account",
    "Whether nothing is taken away of the account that usher acts with.",
    Part { read: acting_account, described: &Boolean },
    || true,
    as_json,
);
/// The value of `protect`.
pub(in crate::config) static PROTECT: Object =
    Object::new("Protect", "What no scheme takes away, whatever it says.", || {
        vec![&USERS, &ADMIN_GROUPS, &LAST, &ACTING_ACCOUNT]
    })
    .like("{ users: [break-glass] }");

impl Protect {
    /// The defaults for a source of `product` at `base_url`.
    pub fn of(product: Product, base_url: Option<&Url>) -> Self {
        Self {
            users: Vec::new(),
            admin_groups: admin_groups(product, base_url),
            assumed_admin_groups: true,
            last_administrators: (LAST.default)(),
            acting_account: (ACTING_ACCOUNT.default)(),
        }
    }

    /// Whether it lists the user with this lasting id or this login name, in any case.
    pub fn lists(&self, id: &UserId, name: Option<&str>) -> bool {
        let folded = |name: &str| composed(&name.to_lowercase()).into_owned();
        let name = name.map(folded);
        self.users.iter().any(|listed| listed == id.as_str() || Some(folded(listed)) == name)
    }
}

/// The default groups of administrators. A group that does not exist has no members.
///
/// In Cloud these are the default groups of a site in Atlassian's administration guide, old and new; the newer ones end
/// with the site's name.
fn admin_groups(product: Product, base_url: Option<&Url>) -> Vec<GroupName> {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut names = match product {
        Product::JiraDc => owned(&["jira-administrators"]),
        Product::ConfluenceDc => owned(&["confluence-administrators"]),
        Product::BitbucketDc => owned(&["stash-administrators", "bitbucket-administrators"]),
        Product::Crowd => owned(&["crowd-administrators"]),
        Product::JiraCloud | Product::ConfluenceCloud | Product::AtlassianOrg => owned(&[
            "jira-administrators",
            "confluence-administrators",
            "site-admins",
            "org-admins",
            "administrators",
            "system-administrators",
        ]),
    };
    if product.is_cloud()
        && let Some(site) = base_url.and_then(Url::host_str).and_then(|host| host.strip_suffix(".atlassian.net"))
    {
        let by_site = ["jira-admins", "jira-administrators", "confluence-admins", "org-admins"];
        names.extend(by_site.map(|group| format!("{group}-{site}")));
    }
    names.into_iter().map(GroupName::new).collect()
}

/// Reads the `protect` of a source of `product`, if that is known; keys that are left out are as in `default`.
pub(in crate::config) fn protect(
    node: &Node,
    product: Option<Product>,
    default: Protect,
    reader: &mut Reader<'_>,
) -> Option<Protect> {
    let mut fields = PROTECT.open(node, reader)?;
    let users = fields.optional(&USERS, reader);
    let assumed_admin_groups = fields.node(&ADMIN_GROUPS).is_none();
    let admin_groups =
        fields.or_else(&ADMIN_GROUPS, default.admin_groups, |node| written_groups(node, product, reader));
    let last_administrators = fields.or(&LAST, reader);
    let acting_account = fields.or(&ACTING_ACCOUNT, reader);
    fields.done(reader);
    Some(Protect {
        users: users?.unwrap_or(default.users),
        admin_groups: admin_groups?,
        assumed_admin_groups,
        last_administrators: last_administrators?,
        acting_account: acting_account?,
    })
}

fn last_administrators(node: &Node, reader: &mut Reader<'_>) -> Option<u32> {
    let number = HOW_MANY.read(node, reader)?;
    if number == 0 {
        reader.warn(&node.at, "schemes may leave the source without any administrator; write 2, or leave it out");
    }
    Some(number)
}

fn acting_account(node: &Node, reader: &mut Reader<'_>) -> Option<bool> {
    let protected = reader.boolean(node)?;
    if !protected {
        reader.warn(&node.at, "schemes may take usher's own rights away; write `true`, or leave it out");
    }
    Some(protected)
}

/// Reads groups whose members usher has to read.
fn written_groups(node: &Node, product: Option<Product>, reader: &mut Reader<'_>) -> Option<Vec<GroupName>> {
    let groups = some_groups(node, reader)?;
    if let (Some(product), Content::List(items)) = (product, &node.content) {
        groups.iter().zip(items).for_each(|(group, item)| compatibility::check_group(product, group, &item.at, reader));
    }
    Some(groups)
}
