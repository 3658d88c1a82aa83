//! Facts that Bitbucket tells of usher's own account, of its licence and of its directories.

use reqwest::Method;
use serde::Deserialize;

use super::{BitbucketDc, DIRECTORIES, GROUPS, LICENCE, USERS, access::APPLICATION, pages::Page, user::Bean};
use crate::products::{
    Client, Error, Right, SeatLimit, Seats, Standing, Told, UserDirectory,
    http::request::{Call, Operation},
    listing::records::{NamedGroup, Record, Records},
    told,
};

impl BitbucketDc {
    /// Whether usher's account has `right`.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn own_right(&self, right: Right) -> Result<Standing, Error> {
        match right {
            Right::ReadUsers => self.lists::<Bean>(USERS).await,
            Right::ReadGroups => self.lists::<NamedGroup>(GROUPS).await,
            Right::ChangeUsers => self.administers().await.map(told::as_administrator),
            Right::ReadAuditLog => told::by_audit_log(self.audit_log()).await,
        }
    }

    /// Whether the list at `path` can be read, by its first record.
    async fn lists<T: Record>(&self, path: &'static str) -> Result<Standing, Error> {
        let call = Call::new(Operation::ReadRights, Method::GET, path).query("limit", "1");
        self.http.send(call).await?.json::<Page<T>>().map(|_| Standing::Yes)
    }

    /// The seats of the licence.
    ///
    /// # Errors
    /// [`Error`] if the call fails. A Bitbucket without a licence is no error.
    pub(super) async fn licensed(&self) -> Result<Told<Vec<Seats>>, Error> {
        let answer = match self.http.send(Call::new(Operation::ReadApplications, Method::GET, LICENCE)).await {
            Err(Error::Refused { status: 404, .. }) => return Ok(Told::Not("no licence is installed")),
            answer => answer?,
        };
        let licence: Licence = answer.json()?;
        Ok(Told::Known(vec![licence.into()]))
    }

    /// The directories that are in use.
    ///
    /// # Errors
    /// [`Error`] if the call fails, or some of the directories can't be read.
    pub(super) async fn directories(&self) -> Result<Told<Vec<UserDirectory>>, Error> {
        let answer = self.http.send(Call::new(Operation::FindDirectory, Method::GET, DIRECTORIES)).await?;
        // The document has the form of one directory, and its text says that it is a list: of which form is not said.
        let all = match answer.json::<Records<Directory>>() {
            Ok(bare) => bare,
            Err(_) => answer.json::<Page<Directory>>()?.values,
        };
        Ok(Told::Known(all.whole("directories")?.into_iter().map(UserDirectory::from).collect()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Licence {
    maximum_number_of_users: Option<i64>,
    unlimited_number_of_users: Option<bool>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    current_number_of_users: Option<u64>,
}

impl From<Licence> for Seats {
    fn from(licence: Licence) -> Self {
        let limit = match (licence.unlimited_number_of_users, licence.maximum_number_of_users.map(u64::try_from)) {
            (Some(true), _) => SeatLimit::Unlimited,
            (_, Some(Ok(seats))) => SeatLimit::AtMost(seats),
            (_, Some(Err(_)) | None) => SeatLimit::NotTold,
        };
        let used = licence.status.and_then(|status| status.current_number_of_users);
        Self { application: APPLICATION.to_owned(), name: Some("Bitbucket".to_owned()), limit, used }
    }
}

#[derive(Deserialize)]
struct Directory {
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    active: Option<bool>,
}

impl Record for Directory {
    const KIND: &'static str = "directory";
    const NEEDED: &'static [&'static str] = &["name"];
}

impl From<Directory> for UserDirectory {
    fn from(Directory { name, kind, active }: Directory) -> Self {
        Self { id: None, name: Some(name), kind, active }
    }
}

#[test]
fn seats_that_are_not_told_are_not_none() {
    let seats = |json: &str| Seats::from(serde_json::from_str::<Licence>(json).unwrap());
    let full = seats(r#"{"maximumNumberOfUsers":12,"status":{"currentNumberOfUsers":12}}"#);
    assert_eq!((full.limit, full.used, full.left()), (SeatLimit::AtMost(12), Some(12), Some(0)));
    let silent = seats("{}");
    assert_eq!((silent.limit, silent.used, silent.left()), (SeatLimit::NotTold, None, None));
    assert_eq!(seats(r#"{"maximumNumberOfUsers":-1,"unlimitedNumberOfUsers":true}"#).limit, SeatLimit::Unlimited);
    assert_eq!(seats(r#"{"maximumNumberOfUsers":-1}"#).limit, SeatLimit::NotTold);
}
