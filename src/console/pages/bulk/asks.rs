//! What the list of users is asked for: it stands in the address, and in the form.

use serde::Deserialize;

use crate::{
    admin::{FilterText, Problem},
    console::{
        Asked,
        addresses::Address,
        form::Form,
        pages::{
            filters::{Filters, time},
            parsed,
        },
    },
    roster::{Sort, UserStatus},
};

/// See the module. What is empty is not asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asks {
    pub(super) source: String,
    pub(super) pick: String,
    /// `picked`: those in the pick, and nobody else.
    pub(super) show: String,
    pub(super) q: String,
    pub(super) domain: String,
    pub(super) status: String,
    pub(super) directory: String,
    pub(super) created_before: String,
    pub(super) last_login_before: String,
    pub(super) never_logged_in: String,
    pub(super) protected: String,
    pub(super) sort: String,
    pub(super) cursor: String,
}

impl Asks {
    /// As a form was sent.
    pub(super) fn sent(form: &Form) -> Self {
        let get = |name| form.get(name).trim().to_owned();
        Self {
            source: get("source"),
            pick: get("pick"),
            show: get("show"),
            q: get("q"),
            domain: get("domain"),
            status: get("status"),
            directory: get("directory"),
            created_before: get("created_before"),
            last_login_before: get("last_login_before"),
            never_logged_in: get("never_logged_in"),
            protected: get("protected"),
            sort: get("sort"),
            cursor: get("cursor"),
        }
    }

    /// Whether it is the pick itself that is looked at.
    pub(super) fn shows_pick(&self) -> bool {
        self.show == "picked"
    }

    /// The conditions.
    ///
    /// # Errors
    /// [`Problem::BadQuery`] names the field that can't be understood.
    pub(super) fn filter(&self, asked: &Asked) -> Result<FilterText, Problem> {
        let moment = |name, text: &str| parsed(name, text, |text| time(asked, text));
        let truth = |name, text: &str| parsed(name, text, |text| text.parse().ok());
        Ok(FilterText {
            q: parsed("q", &self.q, |text| text.to_owned().try_into().ok())?,
            domain: parsed("domain", &self.domain, |text| text.to_owned().try_into().ok())?,
            status: parsed("status", &self.status, UserStatus::of_word)?,
            directory: parsed("directory", &self.directory, |text| text.to_owned().try_into().ok())?,
            last_login_before: moment("last_login_before", &self.last_login_before)?,
            never_logged_in: truth("never_logged_in", &self.never_logged_in)?,
            created_before: moment("created_before", &self.created_before)?,
            protected: truth("protected", &self.protected)?,
            group: None,
        })
    }

    /// The order.
    ///
    /// # Errors
    /// [`Problem::BadQuery`] if there is no such order.
    pub(super) fn order(&self) -> Result<Sort, Problem> {
        Ok(parsed("sort", &self.sort, Sort::of_word)?.unwrap_or_default())
    }

    /// The first page of the list.
    pub(super) fn address(&self) -> Address {
        let all = vec![
            ("source", self.source.as_str()),
            ("pick", &self.pick),
            ("show", &self.show),
            ("q", &self.q),
            ("domain", &self.domain),
            ("status", &self.status),
            ("directory", &self.directory),
            ("created_before", &self.created_before),
            ("last_login_before", &self.last_login_before),
            ("never_logged_in", &self.never_logged_in),
            ("protected", &self.protected),
            ("sort", &self.sort),
        ];
        Filters { path: "/bulk", all }.address()
    }
}
