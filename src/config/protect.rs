//! Whom usher never takes anything from.

use url::{Host, Url};

use crate::domain::{GroupName, Product};

/// Whom of a source usher takes nothing from: neither groups nor access, and never the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protect {
    /// By login name or lasting id.
    pub users: Vec<String>,
    /// Whose members administer the source.
    pub admin_groups: Vec<GroupName>,
    /// At least so many active administrators are left.
    pub last_administrators: u64,
    /// Whether the account that usher acts as is protected.
    pub acting_account: bool,
}

impl Protect {
    /// What is protected where the configuration does not say: the acting account and the last two members of the
    /// groups that a new instance of `product` at `base_url` has for its administrators.
    ///
    /// Sources: support.atlassian.com/user-management/docs/default-groups-and-permissions,
    /// confluence.atlassian.com/adminjiraserver/managing-global-permissions-938847142.html.
    pub fn default_for(product: Product, base_url: &Url) -> Self {
        let mut names: Vec<String> = match product {
            Product::JiraDc => vec!["jira-administrators".into(), "jira-system-administrators".into()],
            Product::JiraCloud => {
                let known = ["site-admins", "org-admins", "administrators", "jira-administrators"];
                known.map(str::to_owned).to_vec()
            }
        };
        if let (Product::JiraCloud, Some(Host::Domain(host))) = (product, base_url.host()) {
            let site = host.split('.').next().unwrap_or(host);
            names.push(format!("jira-admins-{site}"));
        }
        let admin_groups = names.into_iter().map(GroupName::new).collect();
        Self { users: Vec::new(), admin_groups, last_administrators: 2, acting_account: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_site_has_a_group_of_administrators_by_its_own_name() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let cloud = Protect::default_for(Product::JiraCloud, &url("https://acme.atlassian.net"));
        assert!(cloud.admin_groups.contains(&GroupName::new("jira-admins-acme")));
        let dc = Protect::default_for(Product::JiraDc, &url("https://jira.acme.example/jira"));
        assert_eq!(dc.admin_groups[0], GroupName::new("jira-administrators"));
        assert_eq!((dc.last_administrators, dc.acting_account), (2, true));
    }
}
