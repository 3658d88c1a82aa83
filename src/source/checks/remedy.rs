//! The words for what to grant, in the terms of each product.

use super::What;
use crate::domain::Product;

/// The remedy, so that `who` may do `what` in `product`.
pub(super) fn remedy(product: Product, what: What, who: &str) -> String {
    match product {
        Product::JiraDc => in_jira(what, who),
        Product::ConfluenceDc => in_confluence(what, who),
        Product::BitbucketDc => in_bitbucket(what, who),
        Product::JiraCloud | Product::ConfluenceCloud => on_a_site(product, what, who),
        Product::AtlassianOrg => in_an_organisation(what).to_owned(),
        Product::Crowd => in_crowd(what).to_owned(),
    }
}

fn in_jira(what: What, who: &str) -> String {
    let permission = match what {
        What::ReadUsers | What::ReadGroups => "Browse users",
        What::LicenceSeats => "Jira administrators",
        _ => "Jira System administrators",
    };
    format!("give {who} the global permission \"{permission}\" (System, Global permissions)")
}

fn in_confluence(what: What, who: &str) -> String {
    let permission = match what {
        What::ReadUsers | What::ReadGroups => "Confluence Administrator",
        _ => "System Administrator",
    };
    format!("give {who} the global permission \"{permission}\" (General configuration, Global permissions)")
}

fn in_bitbucket(what: What, who: &str) -> String {
    let permission = match what {
        What::ReadUsers | What::ReadGroups => "Bitbucket User",
        What::LicenceSeats | What::Directories => "Admin",
        _ => "System Admin",
    };
    format!("give {who} the global permission \"{permission}\" (Administration, Global permissions)")
}

fn on_a_site(product: Product, what: What, who: &str) -> String {
    match (product, what) {
        (_, What::ChangeUsers) => format!(
            "have an administrator of the organisation make {who} an administrator of the site: put it into a group that \
             administers the site, at admin.atlassian.com"
        ),
        (Product::ConfluenceCloud, _) => format!(
            "give {who} access to Confluence at admin.atlassian.com, and the permission \"Can use\" in Confluence's global \
             permissions"
        ),
        (_, What::ReadUsers | What::ReadGroups) => format!(
            "give {who} the global permission \"Browse users and groups\" (Settings, System, Global permissions)"
        ),
        _ => format!("give {who} the global permission \"Administer Jira\" (Settings, System, Global permissions)"),
    }
}

const fn in_an_organisation(what: What) -> &'static str {
    match what {
        What::ReadUsers => {
            "make an API key without scopes at admin.atlassian.com, or one with `read:directories:admin` and \
             `read:accounts:admin`"
        }
        What::ReadGroups => {
            "make an API key without scopes at admin.atlassian.com, or one with `read:directories:admin` and \
             `read:groups:admin`"
        }
        What::Directories => {
            "make an API key without scopes at admin.atlassian.com, or one with `read:directories:admin`"
        }
        What::ReadAuditLog => {
            "make an API key without scopes at admin.atlassian.com, or one with `read:events:admin`; the audit log needs \
             Atlassian Guard"
        }
        _ => "make an API key without scopes at admin.atlassian.com",
    }
}

const fn in_crowd(what: What) -> &'static str {
    match what {
        What::ChangeUsers => {
            "allow the application to change users and groups, on its page in Crowd, under Permissions"
        }
        _ => {
            "look at the application's page in Crowd: its directories, its permissions, and that usher's address is among \
             its remote addresses"
        }
    }
}

/// The account in these words, where its name is not known.
pub(super) const fn nameless(product: Product) -> &'static str {
    match product {
        Product::AtlassianOrg => "the key",
        Product::Crowd => "the application",
        Product::JiraDc
        | Product::ConfluenceDc
        | Product::BitbucketDc
        | Product::JiraCloud
        | Product::ConfluenceCloud => "usher's account",
    }
}
