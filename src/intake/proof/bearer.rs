//! A static `Authorization` header, which the organisation's audit log sends with its webhooks.
//!
//! Source: support.atlassian.com, "Learn more about audit log webhooks".

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::secret::Secret;

/// The accepted values of one source's header, as digests: comparing digests reveals nothing about a value, not even
/// its length.
pub(super) struct Bearers {
    digests: Vec<[u8; 32]>,
}

impl Bearers {
    /// Accepts each of `values`, with and without `Bearer ` in front.
    pub fn new(values: &[Secret]) -> Self {
        let both = |value: &Secret| [value.reveal().to_owned(), format!("Bearer {}", value.reveal())];
        Self { digests: values.iter().flat_map(both).map(|value| digest(value.as_bytes())).collect() }
    }

    /// Whether the header's value is one of them. All are compared, whichever it is.
    pub fn accept(&self, authorization: &[u8]) -> bool {
        let sent = digest(authorization);
        let none = Choice::from(0);
        self.digests.iter().fold(none, |found, known| found | known.ct_eq(&sent)).into()
    }
}

fn digest(value: &[u8]) -> [u8; 32] {
    Sha256::digest(value).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bearers(values: &[&str]) -> Bearers {
        Bearers::new(&values.iter().map(|value| Secret::new(*value)).collect::<Vec<_>>())
    }

    #[test]
    fn a_value_is_compared_whole_as_it_stands_and_behind_bearer() {
        let known = bearers(&["Basic dXNoZXI6eA==", "t0ken"]);
        for right in ["Basic dXNoZXI6eA==", "t0ken", "Bearer t0ken"] {
            assert!(known.accept(right.as_bytes()), "{right}");
        }
        for wrong in ["", "Basic", "Bearer ", "bearer t0ken", "t0ken ", "T0ken", "Bearer Bearer t0ken", "Basic t0ken"] {
            assert!(!known.accept(wrong.as_bytes()), "{wrong}");
        }
        assert!(!bearers(&[]).accept(b"") && !bearers(&[]).accept(b"Bearer "));
    }

    proptest! {
        #[test]
        fn every_flipped_bit_is_refused(value in "[ -~]{1,80}") {
            let known = bearers(&[&value]);
            prop_assert!(known.accept(value.as_bytes()));
            for bit in 0..value.len() * 8 {
                let mut forged = value.clone().into_bytes();
                forged[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(!known.accept(&forged));
            }
        }
    }
}
