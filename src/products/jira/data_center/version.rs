//! Which version of Jira answers.

use reqwest::Method;
use serde::Deserialize;

use super::JiraDc;
use crate::products::{
    Error,
    http::request::{Call, Operation},
};

const SERVER_INFO: &str = "rest/api/2/serverInfo";

/// The first version of which every release lists its users. 10.3 does as an LTS release, other releases of 10 may not.
/// In a Jira 10 with the list, a search loses nobody silently: if it stops early, the list is not known to be complete.
const LISTS_SINCE: u64 = 11;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerInfo {
    #[serde(default)]
    version_numbers: Vec<u64>,
    version: Option<String>,
}

impl ServerInfo {
    fn major(&self) -> Option<u64> {
        let from_text = || self.version.as_deref()?.split('.').next()?.parse().ok();
        self.version_numbers.first().copied().or_else(from_text)
    }
}

impl JiraDc {
    /// Checks that Jira is so old that it has no list of its users, after the error `missing`. Something in front of
    /// Jira may have answered, for a moment or for ever, and the search that replaces the list finds fewer users.
    ///
    /// # Errors
    ///
    /// `missing`, or [`Error::Unavailable`] in place of a refusal, where Jira is not so old, or does not say.
    pub(super) async fn check_that_it_is_old(&self, missing: Error) -> Result<(), Error> {
        let call = Call::new(Operation::ReadVersion, Method::GET, SERVER_INFO);
        let major = match self.http.send(call).await {
            Ok(answer) => answer.json::<ServerInfo>()?.major(),
            Err(Error::Refused { .. } | Error::Intercepted { .. }) => None,
            Err(error) => return Err(error),
        };
        let why = match major {
            Some(..LISTS_SINCE) => return Ok(()),
            Some(major) => format!("Jira {major} has a list of its users, and this answer says that there is none"),
            None => "neither the list of users nor the version of Jira is there".to_owned(),
        };
        let Error::Refused { status, .. } = missing else { return Err(missing) };
        let message = format!("{why}; look at what stands before Jira, and at `base_url`");
        Err(Error::Unavailable { status, message, retry_after: None })
    }
}

#[test]
fn the_version_is_read_from_either_field() {
    let major = |json: &str| serde_json::from_str::<ServerInfo>(json).unwrap().major();
    assert_eq!(major(r#"{"version":"9.12.3","versionNumbers":[9,12,3]}"#), Some(9));
    assert_eq!(major(r#"{"version":"10.3.24"}"#), Some(10));
    assert_eq!(major(r#"{"versionNumbers":[],"version":"x"}"#), None);
    assert_eq!(major("{}"), None);
}
