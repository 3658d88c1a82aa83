//! Plans which parts of a wanted configuration take effect at once, and which need a restart. Pure.
//!
//! Structs of the configuration are destructured without `..`: a new key does not compile until it is classified here.

use std::collections::BTreeSet;

use crate::{
    config::{Admin, Config, ProvisionedScheme, Source, Webhooks},
    domain::SourceId,
};

/// The plan for a wanted configuration.
#[derive(Debug)]
pub struct Plan {
    /// The configuration afterwards.
    pub config: Config,
    /// The keys that change at once.
    pub changed: Vec<String>,
    /// The keys that change with a restart only.
    pub pending: Vec<String>,
}

/// Plans how a process that runs with `running` takes `wanted` into use.
pub fn plan(running: &Config, wanted: Config) -> Plan {
    let mut keys = Keys::default();
    let Config { data_dir, mode, webhooks, admin, console, log, secrets_key, sources, schemes } = wanted;
    let data_dir = keys.keep("data_dir", &running.data_dir, &data_dir);
    let mode = keys.take("mode", &running.mode, &mode);
    let webhooks = keys.webhooks(&running.webhooks, &webhooks);
    let admin = keys.admin(&running.admin, &admin);
    let console = keys.keep("console", &running.console, &console);
    let log = keys.keep("log", &running.log, &log);
    let secrets_key = keys.keep("secrets_key", &running.secrets_key, &secrets_key);
    let sources = keys.sources(&running.sources, &sources);
    let schemes = keys.schemes(running, &schemes);
    let Keys { changed, pending, .. } = keys;
    let config = Config { data_dir, mode, webhooks, admin, console, log, secrets_key, sources, schemes };
    Plan { config, changed, pending }
}

/// The keys that were found to differ.
#[derive(Default)]
struct Keys {
    changed: Vec<String>,
    pending: Vec<String>,
    /// The sources that stay completely as they are.
    frozen: BTreeSet<SourceId>,
}

impl Keys {
    /// The wanted value, which takes effect at once.
    fn take<T: PartialEq + Clone>(&mut self, key: impl Into<String>, running: &T, wanted: &T) -> T {
        if running != wanted {
            self.changed.push(key.into());
        }
        wanted.clone()
    }

    /// The running value, which stays until a restart.
    fn keep<T: PartialEq + Clone>(&mut self, key: impl Into<String>, running: &T, wanted: &T) -> T {
        if running != wanted {
            self.pending.push(key.into());
        }
        running.clone()
    }

    fn webhooks(&mut self, running: &Webhooks, wanted: &Webhooks) -> Webhooks {
        let Webhooks { listen, max_body, linger, trust_traceparent } = wanted;
        Webhooks {
            listen: self.keep("webhooks.listen", &running.listen, listen),
            max_body: self.keep("webhooks.max_body", &running.max_body, max_body),
            linger: self.keep("webhooks.linger", &running.linger, linger),
            trust_traceparent: self.keep("webhooks.trust_traceparent", &running.trust_traceparent, trust_traceparent),
        }
    }

    fn admin(&mut self, running: &Admin, wanted: &Admin) -> Admin {
        let Admin { listen, token, tokens, public_url, session, oidc } = wanted;
        let listen = self.keep("admin.listen", &running.listen, listen);
        // Left out, usher would have to make one and show it.
        let token = match token {
            Some(_) => self.take("admin.token", &running.token, token),
            None => self.keep("admin.token", &running.token, token),
        };
        let tokens = self.take("admin.tokens", &running.tokens, tokens);
        let public_url = self.take("admin.public_url", &running.public_url, public_url);
        let session = self.take("admin.session", &running.session, session);
        let oidc = self.take("admin.oidc", &running.oidc, oidc);
        Admin { listen, token, tokens, public_url, session, oidc }
    }

    fn sources(&mut self, running: &[Source], wanted: &[Source]) -> Vec<Source> {
        for gone in running.iter().filter(|running| wanted.iter().all(|wanted| running.id != wanted.id)) {
            self.changed.push(format!("sources.{}", gone.id));
        }
        wanted
            .iter()
            .map(|wanted| match running.iter().find(|running| running.id == wanted.id) {
                Some(running) => self.source(running, wanted),
                None => {
                    self.changed.push(format!("sources.{}", wanted.id));
                    wanted.clone()
                }
            })
            .collect()
    }

    fn source(&mut self, running: &Source, wanted: &Source) -> Source {
        let before = self.pending.len();
        let key = |name: &str| format!("sources.{}.{name}", running.id);
        let Source {
            id: _,
            name,
            product,
            base_url,
            organization,
            auth,
            credentials_expire,
            webhook,
            reconcile,
            mass_creation,
            feed,
            actions,
            rate,
            transport,
            protect,
        } = wanted;
        self.keep(key("product"), &running.product, product);
        self.keep(key("base_url"), &running.base_url, base_url);
        self.keep(key("organization"), &running.organization, organization);
        if self.pending.len() > before {
            self.frozen.insert(running.id.clone());
            return running.clone(); // it is another source now: nothing of that one is for this one
        }
        let mut planned = Source {
            id: running.id.clone(),
            product: running.product,
            base_url: running.base_url.clone(),
            organization: running.organization.clone(),
            name: self.take(key("name"), &running.name, name),
            auth: self.take(key("auth"), &running.auth, auth),
            credentials_expire: self.take(key("credentials_expire"), &running.credentials_expire, credentials_expire),
            webhook: webhook.clone(),
            reconcile: self.keep(key("reconcile"), &running.reconcile, reconcile),
            mass_creation: self.take(key("mass_creation"), &running.mass_creation, mass_creation),
            feed: self.keep(key("feed"), &running.feed, feed),
            actions: self.keep(key("actions"), &running.actions, actions),
            rate: self.take(key("rate"), &running.rate, rate),
            transport: self.take(key("transport"), &running.transport, transport),
            protect: self.take(key("protect"), &running.protect, protect),
        };
        // By this the ids of logins are made, also by a feed: two in one process must not differ.
        planned.webhook = match planned.tells_logins_twice() == running.tells_logins_twice() {
            true => self.take(key("webhook"), &running.webhook, webhook),
            false => self.keep(key("webhook"), &running.webhook, webhook),
        };
        planned
    }

    /// The schemes of sources that run as wanted. Those of other sources stay as they were, but removed or disabled
    /// ones end at once: nothing may be done that is no longer wanted.
    fn schemes(&mut self, running: &Config, wanted: &[ProvisionedScheme]) -> Vec<ProvisionedScheme> {
        let mut planned = Vec::new();
        for wanted in wanted {
            let key = format!("schemes.{}", wanted.scheme.id);
            let before = running.schemes.iter().find(|before| before.scheme.id == wanted.scheme.id);
            let may_change = self.goes_along(&wanted.scheme.source)
                && before.is_none_or(|before| self.goes_along(&before.scheme.source));
            match before {
                Some(before) if before == wanted => planned.push(before.clone()),
                _ if may_change => {
                    self.changed.push(key);
                    planned.push(wanted.clone());
                }
                Some(_) if !wanted.scheme.enabled => self.changed.push(key),
                Some(before) => {
                    self.pending.push(key);
                    planned.push(before.clone());
                }
                None => self.pending.push(key),
            }
        }
        let is_gone = |before: &&ProvisionedScheme| wanted.iter().all(|wanted| wanted.scheme.id != before.scheme.id);
        self.changed.extend(running.schemes.iter().filter(is_gone).map(|gone| format!("schemes.{}", gone.scheme.id)));
        planned
    }

    /// Whether `source` is as it is wanted to be, or is not wanted any more.
    fn goes_along(&self, source: &SourceId) -> bool {
        !self.frozen.contains(source)
    }
}

#[cfg(test)]
mod tests;
