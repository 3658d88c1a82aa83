//! A random password that nobody knows.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRng, rngs::SysRng};

use super::Error;
use crate::secret::Secret;

/// One of each kind of character that policies require. The rest is random, and so may lack one.
const EVERY_SORT: &str = "aZ7!";

/// 256 bits from the operating system, and a character of every sort.
///
/// # Errors
/// [`Error::Unreachable`] if the operating system gives no random numbers.
pub(super) fn random() -> Result<Secret, Error> {
    let mut bytes = [0; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| Error::Unreachable("this machine gives no random numbers".to_owned()))?;
    Ok(Secret::new(format!("{}{EVERY_SORT}", URL_SAFE_NO_PAD.encode(bytes))))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_is_another_one_with_every_sort_of_character() {
        let made: BTreeSet<String> = (0..1_000).map(|_| random().unwrap().reveal().to_owned()).collect();
        assert_eq!(made.len(), 1_000);
        for password in made {
            assert_eq!(password.len(), 47);
            for sort in [char::is_lowercase, char::is_uppercase, char::is_numeric] {
                assert!(password.contains(sort));
            }
        }
    }
}
