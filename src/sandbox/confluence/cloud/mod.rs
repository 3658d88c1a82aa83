//! Confluence Cloud, REST API v1, as far as usher uses it.
//!
//! Paths, statuses and bodies follow Atlassian's OpenAPI document (developer.atlassian.com/cloud/confluence/rest/v1).
//! The answer to adding a member again is not documented there: 201 here.

mod group_json;
mod groups;
mod users;

use actix_web::http::Method;

use crate::{
    config::Auth,
    sandbox::{
        ACCOUNT_EMAIL, TOKEN,
        api::{Api, Route, basic},
        confluence,
        faults::limits::TokenState,
        jira::cloud::JiraCloud,
        reply::Reply,
    },
};

pub(in crate::sandbox) struct ConfluenceCloud;

static ROUTES: &[Route] = &[
    Route::new(Method::GET, "/wiki/rest/api/user", users::get),
    Route::new(Method::GET, "/wiki/rest/api/user/current", users::current),
    Route::new(Method::GET, "/wiki/rest/api/user/memberof", users::groups),
    Route::new(Method::GET, "/wiki/rest/api/search/user", users::search),
    Route::new(Method::GET, "/wiki/rest/api/group", groups::list),
    Route::new(Method::GET, "/wiki/rest/api/group/picker", groups::picker),
    Route::adds(Method::POST, "/wiki/rest/api/group/userByGroupId", groups::add_member),
    Route::new(Method::DELETE, "/wiki/rest/api/group/userByGroupId", groups::remove_member),
    Route::new(Method::GET, "/wiki/rest/api/group/{groupId}/membersByGroupId", groups::members),
];

impl Api for ConfluenceCloud {
    fn prefix(&self) -> &'static str {
        "/confluence-cloud"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    /// E-mail address and API token; passwords and bare tokens are not taken.
    fn accepts(&self, authorization: &str) -> bool {
        authorization == basic(ACCOUNT_EMAIL, TOKEN)
    }

    /// Plain text, as in Jira.
    fn unauthorized(&self) -> Reply {
        JiraCloud.unauthorized()
    }

    fn forbidden(&self) -> Reply {
        confluence::forbidden()
    }

    /// With 500 as it is known to be; source: CONFCLOUD-84635 on jira.atlassian.com.
    fn licence_full(&self, status: u16) -> Reply {
        let said =
            "com.netflix.hystrix.exception.HystrixRuntimeException: AddUserToGroupsIdentityPlatformCommand failed";
        confluence::refused(status, said)
    }

    fn refused(&self, status: u16, message: &str) -> Reply {
        confluence::refused(status, message)
    }

    fn auth(&self) -> Auth {
        JiraCloud.auth()
    }

    fn acting_id(&self) -> &'static str {
        "557058:0000-usher"
    }

    /// The same as in Jira.
    fn rate_headers(&self, standing: &TokenState) -> Vec<(&'static str, String)> {
        JiraCloud.rate_headers(standing)
    }
}
