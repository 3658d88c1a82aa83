//! The settings of a source's calls, which may change while it is called: the credentials, the transport, the rate.

use std::sync::{Mutex, PoisonError};

use reqwest::{Client, header::HeaderValue};

use super::{client, limits::Limits, pacing::Pacer};
use crate::{
    config::{Auth, Rate, Source, Transport},
    domain::{GroupName, Timestamp},
    last_day::LastDay,
    live::Live,
    products::ConnectError,
};

/// The settings of one source's client. The client keeps its pace and its learned limits when they change.
pub struct CallSettings {
    pub(in crate::products) auth: Live<Auth>,
    pub(in crate::products) way: Live<Way>,
    pub(in crate::products) admin_groups: Live<Vec<GroupName>>,
    pub(in crate::products) pacer: Pacer,
    limits: Limits,
    throttled: Mutex<LastDay>,
}

/// The way that calls go.
pub(in crate::products) struct Way {
    pub(in crate::products) client: Client,
    pub(in crate::products) transport: Transport,
}

/// Settings that were checked, to be taken into use.
pub struct Prepared {
    auth: Auth,
    way: Way,
    admin_groups: Vec<GroupName>,
}

impl CallSettings {
    /// The settings that `source` has, within `limits`.
    ///
    /// # Errors
    /// As [`CallSettings::prepare`].
    pub(in crate::products) fn new(source: &Source, limits: Limits) -> Result<Self, ConnectError> {
        let Prepared { auth, way, admin_groups } = prepared(source, limits)?;
        let pacer = Pacer::new(source.rate);
        Ok(Self {
            auth: auth.into(),
            way: way.into(),
            admin_groups: admin_groups.into(),
            pacer,
            limits,
            throttled: Mutex::default(),
        })
    }

    /// Checks what `source` says, and makes what calls need. Nothing changes yet.
    ///
    /// # Errors
    /// [`ConnectError`] where there can be no calls with it, whatever the product answers.
    pub fn prepare(&self, source: &Source) -> Result<Prepared, ConnectError> {
        prepared(source, self.limits)
    }

    /// Makes calls by `prepared` from now on. Calls under way are finished unchanged.
    pub fn change(&self, prepared: Prepared) {
        let Prepared { auth, way, admin_groups } = prepared;
        self.auth.replace(auth);
        self.way.replace(way);
        self.admin_groups.replace(admin_groups);
    }

    /// The calls a second at most, as it is now: the configured rate, or less if the product asked for that.
    pub fn per_second(&self) -> f64 {
        self.pacer.per_second()
    }

    /// The number of answers in the day before `now` by which the product asked to slow down.
    pub fn throttled(&self, now: Timestamp) -> u64 {
        self.throttled.lock().unwrap_or_else(PoisonError::into_inner).until(now) // never half changed
    }

    /// Counts an answer by which the product asks to slow down.
    pub(in crate::products) fn count_throttled(&self, now: Timestamp) {
        self.throttled.lock().unwrap_or_else(PoisonError::into_inner).count(now);
    }

    /// Sets the rate that is never exceeded from now on.
    pub fn set_rate(&self, rate: Rate) {
        self.pacer.set_rate(rate);
    }
}

fn prepared(source: &Source, limits: Limits) -> Result<Prepared, ConnectError> {
    let way = Way { client: client::client(limits, &source.transport)?, transport: source.transport.clone() };
    Ok(Prepared { auth: checked(&source.auth)?, way, admin_groups: source.protect.admin_groups.clone() })
}

/// A token with a line break in it, as files end, would make every call fail; better say so at once.
fn checked(auth: &Auth) -> Result<Auth, ConnectError> {
    match auth {
        Auth::Bearer(token) if HeaderValue::try_from(token.reveal()).is_err() => Err(ConnectError::Credentials),
        Auth::Basic { username, .. } if username.contains(':') => Err(ConnectError::Credentials),
        Auth::Bearer(_) | Auth::Basic { .. } => Ok(auth.clone()),
    }
}
