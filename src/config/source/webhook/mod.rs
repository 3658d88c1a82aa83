//! How the deliveries of a source prove who sent them, and which entries of an audit log mean what.

mod apps;
mod read;

pub(in crate::config) use read::{AUDIT_ACTIONS, WEBHOOK, actions, webhook};

use url::Url;

use crate::{key_set::KeySet, secret::Secret};

/// How the deliveries of a source prove who sent them: any of these ways will do. Without any, they are refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Webhook {
    /// Secrets that sign bodies (`X-Hub-Signature`), any of which verifies.
    pub hmac: Vec<Secret>,
    /// Values of the `Authorization` header of audit-log webhooks, any of which will do.
    pub bearer: Vec<Secret>,
    /// The installation of a Connect app.
    pub connect: Option<Connect>,
    /// A Forge app.
    pub forge: Option<Forge>,
}

impl Webhook {
    /// Whether any delivery can prove itself: webhooks tell what happens in the source.
    pub fn is_set_up(&self) -> bool {
        !self.hmac.is_empty() || !self.bearer.is_empty() || self.connect.is_some() || self.forge.is_some()
    }
}

/// The ids of audit-log actions that mean something to usher: `attributes.action` in Cloud, `type.actionI18nKey` in
/// Data Center. The defaults are those of all products; none has an id of another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditActions {
    /// A user logged in.
    pub login: Vec<String>,
    /// A user was created.
    pub created: Vec<String>,
}

impl Default for AuditActions {
    /// Source: the audit-log samples and mappings of github.com/elastic/integrations, `packages/atlassian_*`.
    fn default() -> Self {
        let owned = |ids: [&str; 4]| ids.map(str::to_owned).into();
        Self {
            login: owned([
                "user_login",
                "jira.auditing.user.logged.in",
                "audit.logging.summary.login.success",
                "bitbucket.service.user.audit.action.authenticationsuccess",
            ]),
            created: owned([
                "user_created",
                "jira.auditing.user.created",
                "audit.logging.summary.user.created",
                "bitbucket.service.user.audit.action.usercreated",
            ]),
        }
    }
}

/// One installation of a Connect app: what the `installed` callback told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// Who makes the tokens.
    pub client_key: String,
    /// Secrets that sign the tokens, any of which verifies.
    pub shared_secret: Vec<Secret>,
    /// The path of the app's base URL.
    pub base_path: String,
}

/// A Forge app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forge {
    /// For whom the tokens are: `ari:cloud:ecosystem::app/…`.
    pub app_id: String,
    /// What the tokens are signed with.
    pub keys: ForgeKeys,
}

/// Where the keys of Forge's tokens are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForgeKeys {
    /// Published, and changed now and then.
    Url(Url),
    /// These and no others.
    Fixed(KeySet),
}
