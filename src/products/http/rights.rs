//! Whether a 401 or 403 is about usher's account or about the one user or project it was asked to change.

use crate::products::{Disposition, Error};

/// The meaning of a change that was answered with 403; `administers` says whether the account still has its rights. If
/// it has, the refusal is about this user: the directory is read-only, or the user has more rights. The source as a
/// whole stops only if the account has lost its rights.
pub(in crate::products) fn weigh(message: String, administers: Result<bool, Error>) -> Error {
    weigh_as(403, message, administers)
}

/// The same for another `status` that the product uses for missing rights too.
pub(in crate::products) fn weigh_as(status: u16, message: String, administers: Result<bool, Error>) -> Error {
    match administers {
        Ok(true) => Error::Refused { status, message },
        Ok(false) => Error::Unauthorized { status, message },
        Err(error) => match error.disposition() {
            // Nothing was changed, so that to be asked again is right for the change too.
            Disposition::Retry(_) | Disposition::ReadThenRetry(_) => error,
            Disposition::Halt | Disposition::ReadThenGiveUp | Disposition::GiveUp => {
                Error::Unauthorized { status, message }
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disposition(administers: Result<bool, Error>) -> Disposition {
        weigh("no".to_owned(), administers).disposition()
    }

    #[test]
    fn the_source_stops_only_where_the_account_has_lost_its_rights() {
        assert_eq!(disposition(Ok(true)), Disposition::ReadThenGiveUp);
        assert_eq!(disposition(Ok(false)), Disposition::Halt);
        let lost = Error::Unauthorized { status: 401, message: String::new() };
        assert_eq!(disposition(Err(lost)), Disposition::Halt);
        assert_eq!(disposition(Err(Error::Refused { status: 404, message: String::new() })), Disposition::Halt);
        assert_eq!(disposition(Err(Error::RateLimited { retry_after: None })), Disposition::Retry(None));
    }
}
