//! The directory of the organisation in which users are changed.

use reqwest::Method;
use serde::Deserialize;

use super::{AtlassianOrg, users::pages::MOST};
use crate::products::{Error, UserDirectory, http::request::Operation, listing::records::Record};

const DIRECTORIES: &str = "admin/v2/orgs/{orgId}/directories";

/// A directory, as they are listed.
#[derive(Deserialize, Debug, Clone)]
#[serde(rename_all = "camelCase")]
pub(super) struct Directory {
    #[serde(rename = "directoryId")]
    pub id: String,
    pub name: Option<String>,
    /// Whether there are other directories.
    #[serde(skip)]
    pub one_of_several: bool,
}

impl Record for Directory {
    const KIND: &'static str = "directory";
    const NEEDED: &'static [&'static str] = &["directoryId"];
}

impl From<Directory> for UserDirectory {
    fn from(Directory { id, name, .. }: Directory) -> Self {
        Self { id: Some(id), name, kind: None, active: None }
    }
}

impl AtlassianOrg {
    /// The directory in which users are changed; read once.
    ///
    /// # Errors
    /// [`Error`] if the call fails; [`Error::Misconfigured`] if the organisation is not there, or the directory to use
    /// is not clear.
    pub(super) async fn directory(&self) -> Result<&Directory, Error> {
        self.directory.get_or_try_init(|| self.find_directory()).await
    }

    async fn find_directory(&self) -> Result<Directory, Error> {
        let all = self.list_directories().await?;
        choose(all, self.organization.directory.as_deref()).map_err(Error::Misconfigured)
    }

    /// All directories that the key may manage.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or some of the directories can't be read; [`Error::Misconfigured`] if the organisation
    /// is not there.
    pub(super) async fn list_directories(&self) -> Result<Vec<Directory>, Error> {
        let call = |cursor: Option<&str>| {
            let call = self.call(Operation::FindDirectory, Method::GET, DIRECTORIES);
            match cursor {
                Some(cursor) => call.query("cursor", cursor.to_owned()),
                None => call.query("limit", MOST.to_string()),
            }
        };
        let all = self.all("directories", call).await.map_err(|error| match error {
            Error::Refused { status, message } => {
                Error::Misconfigured(format!("it has no such organisation, or none of this key ({status}: {message})"))
            }
            other => other,
        })?;
        all.whole("directories")
    }
}

/// The directory with the id `wanted`, or the only one; otherwise an error that says what to write.
fn choose(all: Vec<Directory>, wanted: Option<&str>) -> Result<Directory, String> {
    let list = || {
        let one = |one: &Directory| format!("{} ({})", one.id, one.name.as_deref().unwrap_or("without a name"));
        all.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let one_of_several = all.len() > 1;
    match (wanted, all.as_slice()) {
        (_, []) => Err("the key may manage no directory of the organisation".to_owned()),
        (None, [only]) => Ok(only.clone()),
        (None, _) => {
            Err(format!("the organisation has several directories; write `directory:` with one of {}", list()))
        }
        (Some(wanted), _) => {
            let found = all.iter().find(|one| one.id == wanted);
            let found = found.map(|one| Directory { one_of_several, ..one.clone() });
            found.ok_or_else(|| format!("there is no directory `{wanted}`; write `directory:` with one of {}", list()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directories(ids: &[&str]) -> Vec<Directory> {
        ids.iter()
            .map(|id| Directory { id: (*id).to_owned(), name: Some(format!("name of {id}")), one_of_several: false })
            .collect()
    }

    #[test]
    fn the_only_one_is_meant_and_of_several_the_one_that_is_named() {
        let id = |all: &[&str], wanted| choose(directories(all), wanted).map(|one| one.id);
        assert_eq!(id(&["a"], None).as_deref(), Ok("a"));
        assert_eq!(id(&["a", "b"], Some("b")).as_deref(), Ok("b"));
        let several = |all: &[&str]| choose(directories(all), Some("a")).map(|one| one.one_of_several);
        assert_eq!((several(&["a"]), several(&["a", "b"])), (Ok(false), Ok(true)));
        let several = id(&["a", "b"], None).unwrap_err();
        assert!(several.contains("a (name of a), b (name of b)") && several.contains("`directory:`"), "{several}");
        let other = id(&["a"], Some("c")).unwrap_err();
        assert!(other.contains("`c`") && other.contains("a (name of a)"), "{other}");
        assert!(id(&[], Some("c")).is_err());
    }
}
