//! A static `Authorization` header, which the organisation's audit log sends with its webhooks.
//!
//! Source: support.atlassian.com, "Learn more about audit log webhooks".

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::secret::Secret;

/// The accepted values of one source's header, as digests: comparing digests reveals nothing about a value, not even
/// its length.
pub(super) struct Bearers {
    /// Of each value as it is, and behind `Bearer `.
    digests: Vec<[[u8; 32]; 2]>,
}

impl Bearers {
    /// Accepts each of `values`, with and without `Bearer ` in front.
    pub fn new(values: &[Secret]) -> Self {
        let both = |value: &Secret| {
            [digest(value.reveal().as_bytes()), digest(format!("Bearer {}", value.reveal()).as_bytes())]
        };
        Self { digests: values.iter().map(both).collect() }
    }

    /// The place of the value that the header has; none if it has none of them. All are compared, whichever it is.
    pub fn accept(&self, authorization: &[u8]) -> Option<usize> {
        let sent = digest(authorization);
        let (mut found, mut place) = (Choice::from(0), 0);
        for (at, [bare, with_scheme]) in (0_u64..).zip(&self.digests) {
            let same = bare.ct_eq(&sent) | with_scheme.ct_eq(&sent);
            place.conditional_assign(&at, same & !found);
            found |= same;
        }
        bool::from(found).then(|| usize::try_from(place).unwrap_or_default())
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
            let place = usize::from(right.contains("t0ken"));
            assert_eq!(known.accept(right.as_bytes()), Some(place), "{right}");
        }
        for wrong in ["", "Basic", "Bearer ", "bearer t0ken", "t0ken ", "T0ken", "Bearer Bearer t0ken", "Basic t0ken"] {
            assert_eq!(known.accept(wrong.as_bytes()), None, "{wrong}");
        }
        assert!(bearers(&[]).accept(b"").is_none() && bearers(&[]).accept(b"Bearer ").is_none());
    }

    proptest! {
        #[test]
        fn every_flipped_bit_is_refused(value in "[ -~]{1,80}") {
            let known = bearers(&[&value]);
            prop_assert_eq!(known.accept(value.as_bytes()), Some(0));
            for bit in 0..value.len() * 8 {
                let mut forged = value.clone().into_bytes();
                forged[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(known.accept(&forged).is_none());
            }
        }
    }
}
