//! Writes a source without its secrets: those that are kept elsewhere as where they are kept, those that stand in the
//! configuration itself empty, which no reader takes. So are the names that belong to them: in Cloud they are addresses of
//! people.

use std::time::Duration;

use chrono::NaiveDate;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;
use url::Url;

use super::{reach::address::is_shown_on_the_way, reach::proxy::Proxy};
use crate::{
    config::{
        AuditActions, Auth, Connect, Feed, Forge, ForgeKeys, Protect, Rate, Reconcile, Source, Webhook,
        shape::{lengths, values::OFF_TEXT},
    },
    domain::{GroupName, MassCreation},
    secret::{KeptIn, Secret},
};

/// Written for what is not told.
const LEFT_OUT: &str = "";

impl Source {
    /// The source as one item of `sources`, in YAML, with its keys in the order in which people write them. It holds no
    /// secret.
    ///
    /// # Errors
    /// If a text in it can't be written as YAML.
    pub fn as_yaml(&self) -> Result<String, serde_saphyr::SerializeError> {
        serde_saphyr::to_string(&SourceText::from(self))
    }

    /// Its address without credentials. Readers refuse one that has some; a source that was made otherwise may have them.
    pub fn address(&self) -> Url {
        let mut url = self.base_url.clone();
        // Fails only for addresses that can't have credentials.
        let _nothing_to_remove = url.set_username("").and_then(|()| url.set_password(None));
        url
    }
}

#[derive(Serialize)]
struct SourceText<'s> {
    id: &'s str,
    name: &'s str,
    product: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    plain_http: Option<&'s str>,
    base_url: Url,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<&'s str>,
    auth: AuthText<'s>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials_expire: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<WebhookText<'s>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed: Option<FeedText<'s>>,
    reconcile: OrOff<ReconcileText>,
    mass_creation: OrOff<MassCreationText>,
    rate: RateText,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<ProxyText<'s>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<&'s str>,
    protect: ProtectText<'s>,
}

impl<'s> From<&'s Source> for SourceText<'s> {
    fn from(source: &'s Source) -> Self {
        let Source { id, name, product, base_url, organization, auth, credentials_expire, webhook, .. } = source;
        let Source { reconcile, mass_creation, feed, actions, rate, transport, protect, .. } = source;
        let written = Some(actions).filter(|actions| **actions != AuditActions::default());
        let (by_feed, by_webhook) = if feed.is_some() { (written, None) } else { (None, written) };
        let has_webhook = webhook.is_set_up() || by_webhook.is_some();
        Self {
            id: id.as_str(),
            name,
            product: product.as_str(),
            plain_http: base_url.host_str().filter(|_| is_shown_on_the_way(base_url)),
            base_url: source.address(),
            organization: organization.as_ref().map(|organization| organization.id.as_str()),
            directory: organization.as_ref().and_then(|organization| organization.directory.as_deref()),
            auth: auth.into(),
            credentials_expire: *credentials_expire,
            webhook: has_webhook.then(|| WebhookText::new(webhook, by_webhook)),
            feed: feed.as_ref().map(|feed| FeedText::new(feed, by_feed)),
            reconcile: OrOff(reconcile.map(|Reconcile { every }| ReconcileText { every: Length(every) })),
            mass_creation: OrOff(mass_creation.map(MassCreationText::from)),
            rate: RateText::from(*rate),
            proxy: transport.proxy.as_ref().map(ProxyText::from),
            ca: transport.ca.as_ref().map(|ca| ca.path()),
            protect: protect.into(),
        }
    }
}

/// A secret as the place where it is kept.
struct Place<'s>(&'s Secret);

impl Serialize for Place<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, place) = match self.0.place() {
            Some(KeptIn::Env(name)) => ("env", name.as_ref()),
            Some(KeptIn::File(path)) => ("file", path.as_ref()),
            Some(KeptIn::Sealed(name)) => ("sealed", name.as_ref()),
            None => ("value", LEFT_OUT),
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(key, place)?;
        map.end()
    }
}

fn places(secrets: &[Secret]) -> Vec<Place<'_>> {
    secrets.iter().map(Place).collect()
}

/// A length of time.
struct Length(Duration);

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match lengths::shown(&self.0) {
            Value::String(text) => serializer.serialize_str(&text),
            other => other.serialize(serializer),
        }
    }
}

/// A value, or `off`.
struct OrOff<T>(Option<T>);

impl<T: Serialize> Serialize for OrOff<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(value) => value.serialize(serializer),
            None => serializer.serialize_str(OFF_TEXT),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum AuthText<'s> {
    Bearer(Place<'s>),
    Basic { username: &'static str, password: Place<'s> },
}

impl<'s> From<&'s Auth> for AuthText<'s> {
    fn from(auth: &'s Auth) -> Self {
        match auth {
            Auth::Bearer(token) => Self::Bearer(Place(token)),
            Auth::Basic { password, .. } => Self::Basic { username: LEFT_OUT, password: Place(password) },
        }
    }
}

#[derive(Serialize)]
struct WebhookText<'s> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hmac: Vec<Place<'s>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bearer: Vec<Place<'s>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<ActionsText<'s>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect: Option<ConnectText<'s>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forge: Option<ForgeText<'s>>,
}

impl<'s> WebhookText<'s> {
    fn new(webhook: &'s Webhook, actions: Option<&'s AuditActions>) -> Self {
        let Webhook { hmac, bearer, connect, forge } = webhook;
        Self {
            hmac: places(hmac),
            bearer: places(bearer),
            actions: actions.map(ActionsText::from),
            connect: connect.as_ref().map(ConnectText::from),
            forge: forge.as_ref().map(ForgeText::from),
        }
    }
}

#[derive(Serialize)]
struct ActionsText<'s> {
    login: &'s [String],
    created: &'s [String],
}

impl<'s> From<&'s AuditActions> for ActionsText<'s> {
    fn from(AuditActions { login, created }: &'s AuditActions) -> Self {
        Self { login, created }
    }
}

#[derive(Serialize)]
struct ConnectText<'s> {
    client_key: &'s str,
    shared_secret: Vec<Place<'s>>,
    base_path: &'s str,
}

impl<'s> From<&'s Connect> for ConnectText<'s> {
    fn from(Connect { client_key, shared_secret, base_path }: &'s Connect) -> Self {
        Self { client_key, shared_secret: places(shared_secret), base_path }
    }
}

#[derive(Serialize)]
struct ForgeText<'s> {
    app_id: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_url: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_file: Option<&'s str>,
}

impl<'s> From<&'s Forge> for ForgeText<'s> {
    fn from(Forge { app_id, keys }: &'s Forge) -> Self {
        let (jwks_url, jwks_file) = match keys {
            ForgeKeys::Url(url) => (Some(url.as_str()), None),
            ForgeKeys::Fixed { file, .. } => (None, Some(file.as_str())),
        };
        Self { app_id, jwks_url, jwks_file }
    }
}

#[derive(Serialize)]
struct FeedText<'s> {
    kind: &'static str,
    every: Length,
    overlap: Length,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<ActionsText<'s>>,
}

impl<'s> FeedText<'s> {
    fn new(feed: &Feed, actions: Option<&'s AuditActions>) -> Self {
        let Feed { every, overlap } = *feed;
        let actions = actions.map(ActionsText::from);
        Self { kind: "audit-log", every: Length(every), overlap: Length(overlap), actions }
    }
}

#[derive(Serialize)]
struct ReconcileText {
    every: Length,
}

#[derive(Serialize)]
struct MassCreationText {
    users: u64,
    percent: u8,
    within: Length,
}

impl From<MassCreation> for MassCreationText {
    fn from(MassCreation { users, percent, within }: MassCreation) -> Self {
        Self { users, percent, within: Length(within) }
    }
}

#[derive(Serialize)]
struct RateText {
    per_second: f64,
    concurrency: usize,
}

impl From<Rate> for RateText {
    fn from(Rate { per_second, concurrency }: Rate) -> Self {
        Self { per_second, concurrency }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum ProxyText<'s> {
    Alone(&'s str),
    With { url: &'s str, username: &'static str, password: Place<'s> },
}

impl<'s> From<&'s Proxy> for ProxyText<'s> {
    fn from(Proxy { url, credentials }: &'s Proxy) -> Self {
        let url = url.as_str();
        match credentials {
            None => Self::Alone(url),
            Some(known) => Self::With { url, username: LEFT_OUT, password: Place(&known.password) },
        }
    }
}

#[derive(Serialize)]
struct ProtectText<'s> {
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    users: &'s [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_groups: Option<&'s [GroupName]>,
    last_administrators: u32,
    acting_account: bool,
}

impl<'s> From<&'s Protect> for ProtectText<'s> {
    fn from(protect: &'s Protect) -> Self {
        let Protect { users, admin_groups, assumed_admin_groups, last_administrators, acting_account } = protect;
        // Groups that usher assumes are not written: read back they would count as named by somebody.
        let admin_groups = (!assumed_admin_groups).then_some(admin_groups.as_slice());
        let (last_administrators, acting_account) = (*last_administrators, *acting_account);
        Self { users, admin_groups, last_administrators, acting_account }
    }
}
