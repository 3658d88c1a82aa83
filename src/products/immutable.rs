//! The properties of a user that can't be changed, as the product reports them beforehand.

use super::Error;

/// The properties of a user that can't be changed, because the user's directory is read-only. Empty if the product does
/// not report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fixed {
    /// Which groups they are in.
    pub groups: bool,
    /// Their name and password.
    pub details: bool,
    /// The existence: the user can't be deleted.
    pub existence: bool,
}

impl Fixed {
    /// Refuses a change of memberships that the product would refuse.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the groups can't be changed.
    pub(super) fn check_groups(self) -> Result<(), Error> {
        refuse(self.groups, "the user's directory does not let it change who is in which group; change it there")
    }

    /// Refuses a change of the name or password that the product would refuse.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the name and the password can't be changed.
    pub(super) fn check_details(self) -> Result<(), Error> {
        refuse(self.details, "the user's directory does not let it change names and passwords; change them there")
    }

    /// Refuses a deletion that the product would refuse.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the user can't be deleted.
    pub(super) fn check_existence(self) -> Result<(), Error> {
        refuse(self.existence, "the user's directory does not let it delete users; delete them there")
    }
}

fn refuse(fixed: bool, why: &'static str) -> Result<(), Error> {
    if fixed { Err(Error::NotSupported(why)) } else { Ok(()) }
}
