//! Faults: the matching requests, how often they are hit, and the effect.

use serde::{Deserialize, Serialize};

use super::{
    foreign::{Instead, Packing},
    list_fault::ListFault,
};
use crate::domain::Product;

/// The effect on a request. "After work" means that the product has done its work first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// 429, and nothing is done; `retry_after` in seconds, without the header if it is none.
    TooManyRequests {
        /// The value of `Retry-After`.
        retry_after: Option<u64>,
    },
    /// 500, 503 or another status.
    Fail {
        /// The HTTP status.
        status: u16,
        /// The value of `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
        /// Whether the work is done nevertheless.
        #[serde(default)]
        after_work: bool,
    },
    /// No answer, ever; nothing done. Ends when the fault is removed: the connection is cut then.
    Hang,
    /// The connection ends without an answer.
    Cut {
        /// Whether the work is done nevertheless.
        after_work: bool,
    },
    /// The answer comes late; the work is done after the delay.
    Delay {
        /// The time in milliseconds.
        millis: u64,
    },
    /// Adding a member is refused in the product's form of "no seats left"; other requests pass.
    LicenceFull {
        /// 400 in Jira; other statuses show how a caller handles them.
        status: u16,
    },
    /// Something in front of the product answers in its place.
    Instead {
        /// The HTTP status.
        status: u16,
        /// The answer.
        body: Instead,
        /// Whether the work is done nevertheless.
        #[serde(default)]
        after_work: bool,
    },
    /// The product's own answer, the work being done, packed by something on the way, whether or not it was asked for.
    Packed(Packing),
    /// A list is not as it should be.
    List(ListFault),
    /// A Jira Data Center before version 10: it says so, and has no list of its users. Other requests pass.
    BeforeTen,
    /// The product's own answer, by a clock that is so many seconds ahead, or behind if it is negative.
    Clock {
        /// The difference in seconds.
        seconds: i64,
    },
    /// 401, as if the credentials were revoked.
    Unauthorized,
    /// 403, as if the acting account lacked the rights.
    Forbidden,
}

/// How often the matching requests are hit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Every one, until the fault is removed.
    Always,
    /// The next requests, of this number.
    Next(u64),
    /// Every so-many-th; never where 0.
    Every(u64),
    /// Each with this probability, 0 to 1, from the sandbox's seed.
    Chance(f64),
}

/// A fault to be injected. Of several that match a request, the first one made that fires is taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only on this site.
    #[serde(default)]
    pub site: Option<Product>,
    /// Only this HTTP method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only paths below the site's base URL that contain this.
    #[serde(default)]
    pub path: Option<String>,
    /// How often.
    pub when: When,
    /// The effect.
    pub effect: Effect,
}

impl Fault {
    /// A fault that hits every request.
    pub fn new(effect: Effect) -> Self {
        Self { site: None, method: None, path: None, when: When::Always, effect }
    }

    /// Only on this site.
    #[must_use]
    pub fn site(mut self, site: Product) -> Self {
        self.site = Some(site);
        self
    }

    /// Only this HTTP method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Only paths that contain this.
    #[must_use]
    pub fn path(mut self, part: impl Into<String>) -> Self {
        self.path = Some(part.into());
        self
    }

    /// Only so often.
    #[must_use]
    pub fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// Whether it is about such a request; `adds` says whether that adds a member.
    pub(in crate::sandbox) fn matches(&self, site: Product, method: &str, path: &str, adds: bool) -> bool {
        self.site.is_none_or(|own| own == site)
            && self.method.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|part| path.contains(part))
            && (adds || !matches!(self.effect, Effect::LicenceFull { .. }))
            && (self.effect != Effect::BeforeTen || (site == Product::JiraDc && is_about_version(path)))
    }
}

/// Whether a Jira before version 10 answers otherwise there.
fn is_about_version(path: &str) -> bool {
    path.ends_with("/user/list") || path.ends_with("/serverInfo")
}

/// An active fault, with its counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Injected {
    /// To remove it by.
    pub id: u64,
    /// The number of matching requests.
    pub matched: u64,
    /// The number of requests that were hit.
    pub fired: u64,
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
}
