//! The bodies of user events.

use serde_json::{Value, json};

use crate::{
    domain::{Product, Timestamp},
    sandbox::{Account, jira},
};

/// The event of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// `user_created`.
    Created,
    /// `user_updated`.
    Updated,
    /// `user_deleted`.
    Deleted,
    /// `user_login`: not sent by Jira itself, but by a custom listener.
    LoggedIn,
}

impl Happening {
    /// The value of `webhookEvent`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "user_created",
            Self::Updated => "user_updated",
            Self::Deleted => "user_deleted",
            Self::LoggedIn => "user_login",
        }
    }
}

/// The body for `happening`.
pub(super) fn of(product: Product, happening: Happening, account: &Account, at: Timestamp) -> Value {
    let user = match (happening, product) {
        (Happening::LoggedIn, _) => login(product, account),
        (_, Product::ConfluenceDc) => return confluence(happening, account, at),
        (_, Product::JiraDc | Product::BitbucketDc | Product::Crowd) => data_center(happening, account),
        (_, Product::JiraCloud | Product::ConfluenceCloud | Product::AtlassianOrg) => cloud(account),
    };
    json!({ "timestamp": at.as_millis(), "webhookEvent": happening.as_str(), "user": user })
}

const DC: &str = "https://jira.example.com";
/// The key of the author.
const ADMINISTRATOR: &str = "4028d0000000000000000000ad000001";
const CLOUD: &str = "https://example.atlassian.net";

/// Key and name are separate. A creation has `active` as text, as samples of Data Center do; other events have a
/// boolean, as the REST API does.
fn data_center(happening: Happening, account: &Account) -> Value {
    let active: Value = match happening {
        Happening::Created => account.active.to_string().into(),
        Happening::Updated | Happening::Deleted | Happening::LoggedIn => account.active.into(),
    };
    let user = json!({
        "self": format!("{DC}/rest/api/2/user?username={}", jira::escape(&account.name)),
        "name": account.name, "key": account.id, "emailAddress": account.email.clone().unwrap_or_default(),
        "avatarUrls": jira::avatars(DC, &account.id), "displayName": account.display_name, "active": active,
        "timeZone": "Europe/Berlin",
    });
    with_extra(user, account)
}

/// A short body: the author, and the user by key and name. The form of the user is not documented; it is like that of a
/// page.
fn confluence(happening: Happening, account: &Account, at: Timestamp) -> Value {
    let event = match happening {
        Happening::Updated if account.active => "user_reactivated",
        Happening::Updated => "user_deactivated",
        Happening::Deleted => "user_removed",
        Happening::Created | Happening::LoggedIn => happening.as_str(),
    };
    let user = json!({ "userKey": account.id, "username": account.name });
    json!({ "timestamp": at.as_millis(), "event": event, "userKey": ADMINISTRATOR, "user": with_extra(user, account) })
}

/// Without e-mail address, groups, roles and locale; `self` is of version 2 of the API.
///
/// Source: developer.atlassian.com/cloud/jira/platform/webhooks.
fn cloud(account: &Account) -> Value {
    let user = json!({
        "self": format!("{CLOUD}/rest/api/2/user?accountId={}", jira::escape(&account.id)),
        "accountId": account.id, "accountType": account.account_type, "avatarUrls": jira::avatars(CLOUD, &account.id),
        "displayName": account.display_name, "active": account.active, "timeZone": "Europe/Berlin",
    });
    with_extra(user, account)
}

/// Whatever names the user has in the product.
fn login(product: Product, account: &Account) -> Value {
    if product.is_cloud() {
        return json!({ "accountId": account.id });
    }
    json!({ "name": account.name, "key": account.id, "emailAddress": account.email })
}

fn with_extra(user: Value, account: &Account) -> Value {
    match user {
        Value::Object(fields) => jira::with_extra(fields, account),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(product: Product, happening: Happening, account: &Account) -> Value {
        of(product, happening, account, Timestamp::from_millis(1_606_480_436_302))
    }

    fn jane() -> Account {
        Account::new("JIRAUSER10100", "jdoe").email("jane@acme.example").extra("someNewField", json!({ "a": [1] }))
    }

    #[test]
    fn data_center_tells_key_and_name_and_active_as_text_on_creation_only() {
        let created = body(Product::JiraDc, Happening::Created, &jane());
        assert_eq!(created["webhookEvent"], "user_created");
        assert_eq!(created["timestamp"], 1_606_480_436_302_i64);
        assert_eq!((&created["user"]["key"], &created["user"]["name"]), (&"JIRAUSER10100".into(), &"jdoe".into()));
        assert_eq!(created["user"]["active"], "true");
        assert_eq!(created["user"]["someNewField"]["a"][0], 1);
        assert_eq!(body(Product::JiraDc, Happening::Updated, &jane().inactive())["user"]["active"], false);
    }

    #[test]
    fn cloud_tells_neither_name_nor_e_mail_address() {
        let deleted = body(Product::JiraCloud, Happening::Deleted, &jane().account_type("customer"));
        let user = deleted["user"].as_object().expect("an object");
        assert_eq!((&user["accountId"], &user["accountType"]), (&"JIRAUSER10100".into(), &"customer".into()));
        assert!(["emailAddress", "name", "key", "groups", "locale"].iter().all(|field| !user.contains_key(*field)));
    }

    #[test]
    fn confluence_has_its_own_words_and_tells_who_did_it_too() {
        for (happening, account, event) in [
            (Happening::Created, jane(), "user_created"),
            (Happening::Updated, jane(), "user_reactivated"),
            (Happening::Updated, jane().inactive(), "user_deactivated"),
            (Happening::Deleted, jane(), "user_removed"),
        ] {
            let body = body(Product::ConfluenceDc, happening, &account);
            assert_eq!((&body["event"], &body["user"]["userKey"]), (&event.into(), &"JIRAUSER10100".into()));
            assert!(body.get("webhookEvent").is_none() && body["userKey"] != body["user"]["userKey"], "{body}");
        }
        assert_eq!(body(Product::ConfluenceDc, Happening::LoggedIn, &jane())["webhookEvent"], "user_login");
    }

    #[test]
    fn a_login_names_the_user_and_nothing_more() {
        let login = body(Product::JiraDc, Happening::LoggedIn, &jane());
        let wanted = json!({ "name": "jdoe", "key": "JIRAUSER10100", "emailAddress": "jane@acme.example" });
        assert_eq!((&login["webhookEvent"], &login["user"]), (&"user_login".into(), &wanted));
        assert_eq!(
            body(Product::JiraCloud, Happening::LoggedIn, &jane())["user"],
            json!({ "accountId": "JIRAUSER10100" })
        );
    }
}
